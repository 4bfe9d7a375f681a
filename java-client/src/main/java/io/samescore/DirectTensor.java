package io.samescore;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** A tensor of one row over memory of its own, made once: filled and read by the client, seen by onnxruntime without a copy. */
final class DirectTensor implements AutoCloseable {
    private final TensorType type;
    private final int[] shape;
    private final ByteBuffer memory;
    private final OnnxTensor tensor;

    private DirectTensor(TensorType type, int[] shape, ByteBuffer memory, OnnxTensor tensor) {
        this.type = type;
        this.shape = shape;
        this.memory = memory;
        this.tensor = tensor;
    }

    /** Zeros of a type other than {@code STRING}. */
    static DirectTensor of(OrtEnvironment environment, TensorType type, int... shape) throws OrtException {
        int width =
                switch (type) {
                    case FLOAT64, INT64 -> Double.BYTES;
                    case FLOAT32, INT32 -> Float.BYTES;
                    case BOOL -> 1;
                    case STRING -> throw new IllegalArgumentException("strings lie in no buffer");
                };
        OnnxJavaType element =
                switch (type) {
                    case FLOAT64 -> OnnxJavaType.DOUBLE;
                    case FLOAT32 -> OnnxJavaType.FLOAT;
                    case INT64 -> OnnxJavaType.INT64;
                    case INT32 -> OnnxJavaType.INT32;
                    default -> OnnxJavaType.BOOL;
                };
        long[] extents = new long[shape.length];
        for (int axis = 0; axis < shape.length; axis++) {
            extents[axis] = shape[axis];
        }
        ByteBuffer memory = ByteBuffer.allocateDirect(Array.size(shape) * width).order(ByteOrder.nativeOrder());
        return new DirectTensor(type, shape, memory, OnnxTensor.createTensor(environment, memory, extents, element));
    }

    OnnxTensor tensor() {
        return tensor;
    }

    /** Takes the elements of an array of this type and size. */
    void put(Array array) {
        switch (type) {
            case FLOAT64 -> memory.asDoubleBuffer().put((double[]) array.data());
            case FLOAT32 -> memory.asFloatBuffer().put((float[]) array.data());
            case INT64 -> memory.asLongBuffer().put((long[]) array.data());
            case INT32 -> memory.asIntBuffer().put((int[]) array.data());
            default -> {
                boolean[] flags = (boolean[]) array.data();
                for (int i = 0; i < flags.length; i++) {
                    memory.put(i, (byte) (flags[i] ? 1 : 0));
                }
            }
        }
    }

    /** A copy of the elements. */
    Array get() {
        int size = Array.size(shape);
        return new Array(shape.clone(), elements(size));
    }

    private Object elements(int size) {
        switch (type) {
            case FLOAT64 -> {
                double[] values = new double[size];
                memory.asDoubleBuffer().get(values);
                return values;
            }
            case FLOAT32 -> {
                float[] values = new float[size];
                memory.asFloatBuffer().get(values);
                return values;
            }
            case INT64 -> {
                long[] values = new long[size];
                memory.asLongBuffer().get(values);
                return values;
            }
            case INT32 -> {
                int[] values = new int[size];
                memory.asIntBuffer().get(values);
                return values;
            }
            default -> {
                boolean[] values = new boolean[size];
                for (int i = 0; i < size; i++) {
                    values[i] = memory.get(i) != 0;
                }
                return values;
            }
        }
    }

    @Override
    public void close() {
        tensor.close();
    }
}
