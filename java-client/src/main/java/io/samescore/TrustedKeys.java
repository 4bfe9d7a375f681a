package io.samescore;

import io.samescore.SamescoreException.Code;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;

/**
 * Ed25519 public keys whose signatures are trusted. A signed artifact has its signature beside it: {@code model.onnx.sig}, 64 bytes over all
 * bytes of {@code model.onnx}. Several keys may be trusted at once, so that one can be replaced by another.
 */
public final class TrustedKeys {
    private static final int SIGNATURE_BYTES = 64;
    private static final String BEGIN = "-----BEGIN PUBLIC KEY-----";
    private static final String END = "-----END PUBLIC KEY-----";

    private final List<PublicKey> keys;

    private TrustedKeys(List<PublicKey> keys) {
        this.keys = keys;
    }

    /**
     * Reads keys as {@code samescore keygen} and openssl write them: PEM, SubjectPublicKeyInfo.
     *
     * @param files at least one
     * @return the keys
     * @throws SamescoreException {@code UNREADABLE} if a file cannot be read or holds no Ed25519 public key
     * @throws IllegalArgumentException without files
     */
    public static TrustedKeys read(Path... files) {
        if (files.length == 0) {
            throw new IllegalArgumentException("keys: none; at least one");
        }
        List<PublicKey> keys = new ArrayList<>();
        for (Path file : files) {
            keys.add(key(file));
        }
        return new TrustedKeys(keys);
    }

    private static PublicKey key(Path file) {
        try {
            String text = Files.readString(file, StandardCharsets.US_ASCII);
            int begin = text.indexOf(BEGIN);
            int end = text.indexOf(END);
            if (begin >= 0 && end > begin) {
                byte[] der = Base64.getMimeDecoder().decode(text.substring(begin + BEGIN.length(), end));
                return KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(der));
            }
        } catch (IOException | GeneralSecurityException | IllegalArgumentException error) {
            throw unreadable(file, error);
        }
        throw unreadable(file, null);
    }

    private static SamescoreException unreadable(Path file, Exception cause) {
        String found = cause instanceof NoSuchFileException ? "no such file" : "no Ed25519 public key";
        return new SamescoreException(Code.UNREADABLE, file.toString(), found, "a public key in PEM", cause);
    }

    /**
     * Checks the signature beside a file.
     *
     * @param content the file's bytes, already read: those that are used are those that were checked
     */
    void check(Path file, byte[] content) {
        Path beside = Path.of(file + ".sig");
        byte[] signature;
        try {
            signature = Files.readAllBytes(beside);
        } catch (NoSuchFileException error) {
            throw refuse(file, "no signature at " + beside, error);
        } catch (IOException error) {
            throw refuse(file, "an unreadable signature (" + error + ")", error);
        }
        if (signature.length != SIGNATURE_BYTES) {
            throw refuse(file, "a signature of " + signature.length + " bytes", null);
        }
        if (keys.stream().noneMatch(key -> made(key, content, signature))) {
            throw refuse(file, "a signature that none of the keys made for these bytes", null);
        }
    }

    private static boolean made(PublicKey key, byte[] content, byte[] signature) {
        try {
            Signature check = Signature.getInstance("Ed25519");
            check.initVerify(key);
            check.update(content);
            return check.verify(Arrays.copyOf(signature, signature.length));
        } catch (GeneralSecurityException error) {
            // Bytes that no key could have made: points that are not on the curve.
            return false;
        }
    }

    private static SamescoreException refuse(Path file, String found, Exception cause) {
        return new SamescoreException(
                Code.SIGNATURE, file.toString(), found, "a signature by a trusted key", cause);
    }
}
