package io.samescore;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * The checksum over an artifact's bytes, and its metadata as found on the way.
 *
 * @param sha256 the checksum in hex
 * @param metadata key to value
 */
record Integrity(String sha256, Map<String, String> metadata) {
    static final String KEY = "samescore.integrity";

    private static final int METADATA_FIELD = 14;
    private static final int KEY_FIELD = 1;
    private static final int VALUE_FIELD = 2;

    /** Takes the sum over the bytes as they are; {@code where} names them in a refusal. */
    static Integrity of(byte[] content, String where) {
        MessageDigest sha = newDigest();
        Map<byte[], byte[]> entries = new TreeMap<>(Arrays::compareUnsigned);
        WireWalk fields = new WireWalk(content, 0, content.length, where);
        while (fields.next()) {
            if (fields.number() != METADATA_FIELD) {
                sha.update(content, fields.start(), fields.end() - fields.start());
                continue;
            }
            if (fields.wireType() != WireWalk.BYTES) {
                throw fields.malformed("metadata that is no message");
            }
            addEntry(entries, content, fields, where);
        }
        Map<String, String> metadata = new LinkedHashMap<>();
        for (Map.Entry<byte[], byte[]> entry : entries.entrySet()) {
            String key = decode(entry.getKey(), fields);
            metadata.put(key, decode(entry.getValue(), fields));
            if (!key.equals(KEY)) {
                feed(sha, entry.getKey());
                feed(sha, entry.getValue());
            }
        }
        return new Integrity(HexFormat.of().formatHex(sha.digest()), metadata);
    }

    static MessageDigest newDigest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException error) {
            throw new IllegalStateException("every Java platform has SHA-256", error);
        }
    }

    private static void addEntry(Map<byte[], byte[]> entries, byte[] content, WireWalk fields, String where) {
        byte[] key = {};
        byte[] value = {};
        WireWalk parts = new WireWalk(content, fields.payload(), fields.end(), where);
        while (parts.next()) {
            boolean known = parts.number() == KEY_FIELD || parts.number() == VALUE_FIELD;
            if (!known || parts.wireType() != WireWalk.BYTES) {
                throw parts.malformed("field " + parts.number() + " in a metadata entry");
            }
            byte[] bytes = Arrays.copyOfRange(content, parts.payload(), parts.end());
            if (parts.number() == KEY_FIELD) {
                key = bytes;
            } else {
                value = bytes;
            }
        }
        if (entries.put(key, value) != null) {
            throw fields.malformed("the metadata key " + Wording.quoted(decode(key, fields)) + " twice");
        }
    }

    private static String decode(byte[] utf8, WireWalk fields) {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString();
        } catch (CharacterCodingException error) {
            throw fields.malformed("metadata that is not UTF-8");
        }
    }

    private static void feed(MessageDigest sha, byte[] bytes) {
        sha.update(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(bytes.length).array());
        sha.update(bytes);
    }
}
