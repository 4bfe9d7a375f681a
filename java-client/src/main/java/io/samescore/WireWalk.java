package io.samescore;

import io.samescore.SamescoreException.Code;

/**
 * A walk over the fields of one protobuf message, by the wire format alone. No protobuf library takes part: one that
 * skips what it does not know would leave bytes unchecked.
 */
final class WireWalk {
    static final int VARINT = 0;
    static final int FIXED64 = 1;
    static final int BYTES = 2;
    static final int FIXED32 = 5;

    private static final long LARGEST_NUMBER = (1L << 29) - 1;

    private final byte[] data;
    private final int limit;
    private final String where;
    private int at;

    private int number;
    private int wireType;
    private int start;
    private int payload;

    WireWalk(byte[] data, int from, int to, String where) {
        this.data = data;
        this.at = from;
        this.limit = to;
        this.where = where;
    }

    /** Moves to the next field; false at the end of the message. */
    boolean next() {
        if (at == limit) {
            return false;
        }
        start = at;
        long tag = varint();
        long field = tag >>> 3;
        if (field == 0 || field > LARGEST_NUMBER) {
            throw malformed("a malformed field at byte " + start);
        }
        number = (int) field;
        wireType = (int) (tag & 7);
        payload = at;
        switch (wireType) {
            case VARINT -> varint();
            case FIXED64 -> skip(8);
            case FIXED32 -> skip(4);
            case BYTES -> {
                long length = varint();
                payload = at;
                skip(length);
            }
            default -> throw malformed("wire type " + wireType + " at byte " + start);
        }
        return true;
    }

    int number() {
        return number;
    }

    int wireType() {
        return wireType;
    }

    /** Index of the field's first byte, the tag. */
    int start() {
        return start;
    }

    /** Index of the payload's first byte: behind the length, if the field has one. */
    int payload() {
        return payload;
    }

    /** Index behind the field's last byte. */
    int end() {
        return at;
    }

    SamescoreException malformed(String found) {
        return new SamescoreException(Code.NOT_AN_ARTIFACT, where, found, "an ONNX model that samescore wrote");
    }

    private void skip(long length) {
        // A length of 64 bits may be negative as a long.
        if (length < 0 || length > limit - at) {
            throw malformed("a malformed field at byte " + start);
        }
        at += (int) length;
    }

    private long varint() {
        long value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            if (at == limit) {
                break;
            }
            byte next = data[at++];
            value |= (long) (next & 0x7F) << shift;
            if (next >= 0) {
                // The tenth byte has room for one bit; more would be lost and the number read as another.
                if (shift == 63 && next > 1) {
                    break;
                }
                return value;
            }
        }
        throw malformed("a truncated or overlong number at byte " + at);
    }
}
