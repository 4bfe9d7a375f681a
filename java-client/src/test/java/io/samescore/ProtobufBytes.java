package io.samescore;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Protobuf messages put together by hand. */
final class ProtobufBytes {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    ProtobufBytes raw(int... values) {
        for (int value : values) {
            bytes.write(value);
        }
        return this;
    }

    ProtobufBytes varint(long value) {
        long rest = value;
        while ((rest & ~0x7FL) != 0) {
            bytes.write((int) (rest & 0x7F) | 0x80);
            rest >>>= 7;
        }
        bytes.write((int) rest);
        return this;
    }

    ProtobufBytes field(int number, long value) {
        return varint((long) number << 3).varint(value);
    }

    ProtobufBytes field(int number, byte[] payload) {
        varint((long) number << 3 | 2).varint(payload.length);
        bytes.writeBytes(payload);
        return this;
    }

    ProtobufBytes field(int number, String text) {
        return field(number, text.getBytes(StandardCharsets.UTF_8));
    }

    ProtobufBytes metadata(String key, String value) {
        return field(14, new ProtobufBytes().field(1, key).field(2, value).bytes());
    }

    byte[] bytes() {
        return bytes.toByteArray();
    }
}
