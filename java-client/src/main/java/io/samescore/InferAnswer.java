package io.samescore;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The answer to an inference request: its outputs, and the artifact that scored where the service says which.
 *
 * @param outputs by name, in the service's order
 * @param digest of the artifact, or {@code null}
 */
record InferAnswer(Map<String, Array> outputs, String digest) {
    /**
     * Reads a body.
     *
     * @param headerLength bytes of JSON, with binary data behind it; below 0 if all is JSON
     * @throws SamescoreException {@code NOT_AN_ARTIFACT}, which the caller tells in words of its own, if it is no such answer
     */
    static InferAnswer of(String where, byte[] body, int headerLength) {
        int length = headerLength < 0 ? body.length : headerLength;
        Node header = new Node(where, null);
        if (length > body.length) {
            throw header.refuse("a header of " + length + " bytes in a body of " + body.length, "a header within the body");
        }
        header = Node.parse(where, new String(body, 0, length, StandardCharsets.UTF_8));
        ByteBuffer binary = ByteBuffer.wrap(body, length, body.length - length).slice().order(ByteOrder.LITTLE_ENDIAN);
        Map<String, Array> outputs = new LinkedHashMap<>();
        for (Node output : header.get("outputs").items()) {
            outputs.put(output.get("name").text(), array(output, binary));
        }
        if (binary.hasRemaining()) {
            throw header.refuse(binary.remaining() + " bytes more", "as many as the outputs need");
        }
        Object parameters = header.object().get("parameters");
        Object digest = parameters instanceof Map<?, ?> map ? map.get("digest") : null;
        return new InferAnswer(outputs, digest instanceof String text ? text : null);
    }

    private static Array array(Node output, ByteBuffer binary) {
        int[] shape = output.get("shape").items().stream().mapToInt(Node::integer).toArray();
        String datatype = output.get("datatype").text();
        int size = Array.size(shape);
        Object parameters = output.object().get("parameters");
        Object bytes = parameters instanceof Map<?, ?> map ? map.get("binary_data_size") : null;
        if (bytes == null) {
            return new Array(shape, fromJson(output, datatype, size));
        }
        if (!(bytes instanceof Long number) || number < 0 || number > binary.remaining()) {
            throw output.refuse("binary_data_size " + bytes, "at most the " + binary.remaining() + " bytes left");
        }
        ByteBuffer part = binary.slice(binary.position(), number.intValue()).order(ByteOrder.LITTLE_ENDIAN);
        binary.position(binary.position() + number.intValue());
        return new Array(shape, fromBytes(output, datatype, size, part));
    }

    private static Object fromBytes(Node output, String datatype, int size, ByteBuffer part) {
        if (datatype.equals("BYTES")) {
            return texts(output, size, part);
        }
        int width = width(output, datatype);
        if (part.remaining() != (long) size * width) {
            throw output.refuse(part.remaining() + " bytes", (long) size * width + " bytes");
        }
        switch (datatype) {
            case "FP64" -> {
                double[] values = new double[size];
                part.asDoubleBuffer().get(values);
                return values;
            }
            case "FP32" -> {
                float[] values = new float[size];
                part.asFloatBuffer().get(values);
                return values;
            }
            case "INT64" -> {
                long[] values = new long[size];
                part.asLongBuffer().get(values);
                return values;
            }
            case "INT32" -> {
                int[] values = new int[size];
                part.asIntBuffer().get(values);
                return values;
            }
            default -> {
                boolean[] values = new boolean[size];
                for (int i = 0; i < size; i++) {
                    values[i] = part.get() != 0;
                }
                return values;
            }
        }
    }

    private static int width(Node output, String datatype) {
        return switch (datatype) {
            case "FP64", "INT64" -> Double.BYTES;
            case "FP32", "INT32" -> Float.BYTES;
            case "BOOL" -> 1;
            default -> throw output.refuse("datatype " + datatype, "FP64, FP32, INT64, INT32, BOOL or BYTES");
        };
    }

    private static String[] texts(Node output, int size, ByteBuffer part) {
        String[] texts = new String[size];
        for (int i = 0; i < size; i++) {
            int length = part.remaining() < Integer.BYTES ? -1 : part.getInt();
            if (length < 0 || length > part.remaining()) {
                throw output.refuse("a text beyond its bytes", "a length and as many bytes for each text");
            }
            byte[] bytes = new byte[length];
            part.get(bytes);
            texts[i] = new String(bytes, StandardCharsets.UTF_8);
        }
        if (part.hasRemaining()) {
            throw output.refuse(part.remaining() + " bytes more", size + " texts");
        }
        return texts;
    }

    /** From a server without the extension: elements flat or nested, null for NaN. */
    private static Object fromJson(Node output, String datatype, int size) {
        List<Node> items = output.get("data").items();
        while (!items.isEmpty() && items.get(0).value() instanceof List<?>) {
            items = items.stream().flatMap(item -> item.items().stream()).toList();
        }
        if (items.size() != size) {
            throw output.refuse(items.size() + " elements", size + " elements");
        }
        switch (datatype) {
            case "FP64", "FP32" -> {
                double[] values = items.stream().mapToDouble(InferAnswer::number).toArray();
                if (datatype.equals("FP64")) {
                    return values;
                }
                float[] narrow = new float[size];
                for (int i = 0; i < size; i++) {
                    narrow[i] = (float) values[i];
                }
                return narrow;
            }
            case "INT64" -> {
                return items.stream().mapToLong(Node::whole).toArray();
            }
            case "INT32" -> {
                return items.stream().mapToInt(item -> (int) item.whole()).toArray();
            }
            case "BOOL" -> {
                boolean[] values = new boolean[size];
                for (int i = 0; i < size; i++) {
                    values[i] = items.get(i).flag();
                }
                return values;
            }
            case "BYTES" -> {
                return items.stream().map(Node::text).toArray(String[]::new);
            }
            default -> throw output.refuse("datatype " + datatype, "FP64, FP32, INT64, INT32, BOOL or BYTES");
        }
    }

    private static double number(Node item) {
        if (item.isNull()) {
            return Double.NaN;
        }
        boolean named = item.value() instanceof String text && Arrays.asList("NaN", "Infinity", "-Infinity").contains(text);
        return named ? Double.parseDouble(item.text()) : item.number();
    }
}
