package io.samescore;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Tensors as the body of an inference request of the Open Inference Protocol V2 with the binary tensor extension: a header in JSON,
 * and behind it each tensor's elements, little-endian in row-major order.
 *
 * @param body all of it
 * @param headerLength bytes of the header
 */
record InferRequest(byte[] body, int headerLength) {
    static InferRequest of(Map<String, Array> tensors) {
        List<byte[]> parts = new ArrayList<>();
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        try (JsonGenerator json = Json.FACTORY.createGenerator(body)) {
            json.writeStartObject();
            json.writeArrayFieldStart("inputs");
            for (Map.Entry<String, Array> tensor : tensors.entrySet()) {
                byte[] part = bytes(tensor.getValue().data());
                parts.add(part);
                json.writeStartObject();
                json.writeStringField("name", tensor.getKey());
                json.writeStringField("datatype", datatype(tensor.getValue().data()));
                json.writeFieldName("shape");
                json.writeArray(tensor.getValue().shape(), 0, tensor.getValue().shape().length);
                json.writeObjectFieldStart("parameters");
                json.writeNumberField("binary_data_size", part.length);
                json.writeEndObject();
                json.writeEndObject();
            }
            json.writeEndArray();
            json.writeObjectFieldStart("parameters");
            json.writeBooleanField("binary_data_output", true);
            json.writeEndObject();
            json.writeEndObject();
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
        int header = body.size();
        parts.forEach(body::writeBytes);
        return new InferRequest(body.toByteArray(), header);
    }

    private static String datatype(Object data) {
        if (data instanceof double[]) {
            return "FP64";
        } else if (data instanceof float[]) {
            return "FP32";
        } else if (data instanceof long[]) {
            return "INT64";
        } else if (data instanceof int[]) {
            return "INT32";
        }
        return data instanceof boolean[] ? "BOOL" : "BYTES";
    }

    private static byte[] bytes(Object data) {
        if (data instanceof double[] values) {
            ByteBuffer buffer = littleEndian(values.length, Double.BYTES);
            buffer.asDoubleBuffer().put(values);
            return buffer.array();
        } else if (data instanceof float[] values) {
            ByteBuffer buffer = littleEndian(values.length, Float.BYTES);
            buffer.asFloatBuffer().put(values);
            return buffer.array();
        } else if (data instanceof long[] values) {
            ByteBuffer buffer = littleEndian(values.length, Long.BYTES);
            buffer.asLongBuffer().put(values);
            return buffer.array();
        } else if (data instanceof int[] values) {
            ByteBuffer buffer = littleEndian(values.length, Integer.BYTES);
            buffer.asIntBuffer().put(values);
            return buffer.array();
        } else if (data instanceof boolean[] values) {
            byte[] flags = new byte[values.length];
            for (int i = 0; i < flags.length; i++) {
                flags[i] = (byte) (values[i] ? 1 : 0);
            }
            return flags;
        }
        return texts((String[]) data);
    }

    private static ByteBuffer littleEndian(int elements, int width) {
        return ByteBuffer.allocate(Math.multiplyExact(elements, width)).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Each text as its length in four bytes and UTF-8. */
    private static byte[] texts(String[] texts) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (String text : texts) {
            byte[] encoded = text.getBytes(StandardCharsets.UTF_8);
            bytes.writeBytes(littleEndian(1, Integer.BYTES).putInt(encoded.length).array());
            bytes.writeBytes(encoded);
        }
        return bytes.toByteArray();
    }
}
