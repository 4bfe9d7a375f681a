package io.samescore;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.List;

/** Array objects: numbers inside JSON, exact to the bit. */
final class ArrayCodec {
    private ArrayCodec() {}

    static Array decode(Node node) {
        List<Node> extents = node.get("shape").items();
        int[] shape = extents.stream().mapToInt(Node::integer).toArray();
        String dtype = node.get("dtype").text();
        Node data = node.get("data");
        Object elements =
                switch (dtype) {
                    case "string" -> strings(data);
                    case "list<string>" -> lists(data);
                    default -> numbers(dtype, node);
                };
        try {
            return new Array(shape, elements);
        } catch (IllegalArgumentException error) {
            throw node.refuse(error.getMessage(), "as many elements as the shape says");
        }
    }

    private static String[] strings(Node data) {
        return data.items().stream().map(Node::textOrNull).toArray(String[]::new);
    }

    private static String[][] lists(Node data) {
        return data.items().stream().map(item -> item.isNull() ? null : strings(item)).toArray(String[][]::new);
    }

    private static Object numbers(String dtype, Node node) {
        ByteBuffer bytes = bytes(node.get("data"));
        int width =
                switch (dtype) {
                    case "float64", "int64" -> 8;
                    case "float32", "int32" -> 4;
                    case "bool" -> 1;
                    default -> throw node.refuse(
                            "dtype " + Wording.quoted(dtype), "float64, float32, int64, int32, bool, string, list<string>");
                };
        int size = bytes.remaining() / width;
        if (size * width != bytes.remaining()) {
            throw node.refuse(bytes.remaining() + " bytes", "elements of " + width + " bytes");
        }
        switch (dtype) {
            case "float64" -> {
                double[] values = new double[size];
                bytes.asDoubleBuffer().get(values);
                return values;
            }
            case "int64" -> {
                long[] values = new long[size];
                bytes.asLongBuffer().get(values);
                return values;
            }
            case "float32" -> {
                float[] values = new float[size];
                bytes.asFloatBuffer().get(values);
                return values;
            }
            case "int32" -> {
                int[] values = new int[size];
                bytes.asIntBuffer().get(values);
                return values;
            }
            default -> {
                boolean[] values = new boolean[size];
                for (int i = 0; i < size; i++) {
                    values[i] = bytes.get() != 0;
                }
                return values;
            }
        }
    }

    private static ByteBuffer bytes(Node data) {
        try {
            return ByteBuffer.wrap(Base64.getDecoder().decode(data.text())).order(ByteOrder.LITTLE_ENDIAN);
        } catch (IllegalArgumentException error) {
            throw data.refuse("no base64", "base64 with padding");
        }
    }

    static void write(JsonGenerator json, Array array) throws IOException {
        json.writeStartObject();
        json.writeStringField("dtype", array.dtype());
        json.writeFieldName("shape");
        json.writeArray(array.shape(), 0, array.shape().length);
        if (array.data() instanceof String[] strings) {
            json.writeArrayFieldStart("data");
            for (String text : strings) {
                json.writeString(text);
            }
            json.writeEndArray();
        } else {
            json.writeStringField("data", base64(array));
        }
        json.writeEndObject();
    }

    private static String base64(Array array) {
        ByteBuffer bytes = ByteBuffer.allocate(Math.multiplyExact(array.size(), 8)).order(ByteOrder.LITTLE_ENDIAN);
        if (array.data() instanceof double[] values) {
            bytes.asDoubleBuffer().put(values);
            bytes.limit(8 * values.length);
        } else if (array.data() instanceof long[] values) {
            bytes.asLongBuffer().put(values);
            bytes.limit(8 * values.length);
        } else if (array.data() instanceof float[] values) {
            bytes.asFloatBuffer().put(values);
            bytes.limit(4 * values.length);
        } else if (array.data() instanceof int[] values) {
            bytes.asIntBuffer().put(values);
            bytes.limit(4 * values.length);
        } else if (array.data() instanceof boolean[] values) {
            for (boolean value : values) {
                bytes.put((byte) (value ? 1 : 0));
            }
            bytes.flip();
        } else {
            throw new IllegalArgumentException("no encoding for " + array.dtype());
        }
        byte[] used = new byte[bytes.limit()];
        bytes.rewind().get(used);
        return Base64.getEncoder().encodeToString(used);
    }
}
