package io.samescore;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.TensorInfo;
import java.nio.ByteBuffer;

/** An output tensor as an array of ours: one copy, no nested arrays of numbers. */
final class OutputReader {
    private OutputReader() {}

    static Array read(OnnxTensor tensor) throws OrtException {
        TensorInfo info = tensor.getInfo();
        long[] extents = info.getShape();
        int[] shape = new int[extents.length];
        for (int axis = 0; axis < shape.length; axis++) {
            shape[axis] = Math.toIntExact(extents[axis]);
        }
        int size = Array.size(shape);
        return new Array(shape, elements(tensor, info, size));
    }

    private static Object elements(OnnxTensor tensor, TensorInfo info, int size) throws OrtException {
        switch (info.type) {
            case DOUBLE -> {
                double[] values = new double[size];
                tensor.getDoubleBuffer().get(values);
                return values;
            }
            case FLOAT -> {
                float[] values = new float[size];
                tensor.getFloatBuffer().get(values);
                return values;
            }
            case INT64 -> {
                long[] values = new long[size];
                tensor.getLongBuffer().get(values);
                return values;
            }
            case INT32 -> {
                int[] values = new int[size];
                tensor.getIntBuffer().get(values);
                return values;
            }
            case BOOL -> {
                boolean[] values = new boolean[size];
                ByteBuffer bytes = tensor.getByteBuffer();
                for (int i = 0; i < size; i++) {
                    values[i] = bytes.get() != 0;
                }
                return values;
            }
            case STRING -> {
                String[] values = new String[size];
                if (size > 0) {
                    flatten(tensor.getValue(), values, 0);
                }
                return values;
            }
            default -> throw new OrtException("an output of type " + info.type);
        }
    }

    /** Copies strings out of nested arrays, in row-major order. */
    private static int flatten(Object from, String[] to, int at) {
        int next = at;
        if (from instanceof String text) {
            to[next++] = text;
        } else {
            for (Object part : (Object[]) from) {
                next = flatten(part, to, next);
            }
        }
        return next;
    }
}
