package io.samescore;

import java.util.Objects;

/**
 * Everything samescore refuses or fails at. The message reads {@code where: found; accepted}, and the three parts are at
 * hand as data.
 *
 * @serial exclude
 */
public sealed class SamescoreException extends RuntimeException permits ContractException {
    private static final long serialVersionUID = 1L;

    /** What kind of refusal or failure an exception is. */
    public enum Code {
        /** A file that cannot be read: absent, a folder, no permission, larger than a Java array. */
        UNREADABLE,
        /** A signature was asked for, and there is none by a trusted key. */
        SIGNATURE,
        /** Bytes that are no ONNX model written by samescore. */
        NOT_AN_ARTIFACT,
        /** An entry of the artifact has a format number this version does not know. */
        UNKNOWN_FORMAT,
        /** The bytes are not those that were written: the checksum differs. */
        INTEGRITY,
        /** The model is not what its contract says, or this onnxruntime cannot open it. */
        CONTRACT_MISMATCH,
        /** The artifact's own expected scores do not come out on this machine. */
        SELF_CHECK,
        /** Rows that break the contract; always a {@link ContractException}. */
        CONTRACT,
        /** A batch that cannot be scored whatever its values are, such as columns of unequal length. */
        INPUT,
        /** An output that is not there, or was asked for as a type or shape it does not have. */
        OUTPUT,
        /** The model was closed. */
        CLOSED,
        /** onnxruntime failed, or its native library cannot be loaded here. */
        RUNTIME,
        /** A service cannot be reached, or is too busy, also after the retries allowed. */
        UNAVAILABLE,
        /** A service refused the request, or its answer is none of the protocol's. */
        REMOTE
    }

    private final Code code;
    private final String where;
    private final String found;
    private final String accepted;

    SamescoreException(Code code, String where, String found, String accepted) {
        this(code, where, found, accepted, null);
    }

    SamescoreException(Code code, String where, String found, String accepted, Throwable cause) {
        super(where + ": " + found + "; " + accepted, cause);
        this.code = Objects.requireNonNull(code);
        this.where = where;
        this.found = found;
        this.accepted = accepted;
    }

    /**
     * What kind of refusal this is.
     *
     * @return the code
     */
    public Code code() {
        return code;
    }

    /**
     * The file, column, tensor or output concerned.
     *
     * @return the first part of the message
     */
    public String where() {
        return where;
    }

    /**
     * What was there.
     *
     * @return the second part of the message
     */
    public String found() {
        return found;
    }

    /**
     * What would have been accepted.
     *
     * @return the third part of the message
     */
    public String accepted() {
        return accepted;
    }
}
