package io.samescore;

import java.util.Map;

/** The tensors of floats, which also hold what is nullable: NaN where missing. */
final class FloatingBuffers {
    private FloatingBuffers() {}

    /** A float64 tensor. */
    static final class Doubles extends TensorBuffer {
        private final String name;
        private final int width;
        private final Array array;
        private final double[] values;

        Doubles(String name, int rows, int width) {
            this.name = name;
            this.width = width;
            this.values = new double[Array.size(rows, width)];
            this.array = Array.of(values, rows, width);
        }

        @Override
        void number(int row, int position, double value) {
            values[row * width + position] = value;
        }

        @Override
        void integer(int row, int position, long value) {
            values[row * width + position] = value;
        }

        @Override
        void flag(int row, int position, boolean value) {
            values[row * width + position] = value ? 1 : 0;
        }

        @Override
        void missing(int row, int position) {
            values[row * width + position] = Double.NaN;
        }

        @Override
        void finish(Map<String, Array> into) {
            into.put(name, array);
        }
    }

    /** A float32 tensor: each number is rounded once, from the double. */
    static final class Floats extends TensorBuffer {
        private final String name;
        private final int width;
        private final Array array;
        private final float[] values;

        Floats(String name, int rows, int width) {
            this.name = name;
            this.width = width;
            this.values = new float[Array.size(rows, width)];
            this.array = Array.of(values, rows, width);
        }

        @Override
        void number(int row, int position, double value) {
            values[row * width + position] = (float) value;
        }

        @Override
        void missing(int row, int position) {
            values[row * width + position] = Float.NaN;
        }

        @Override
        void finish(Map<String, Array> into) {
            into.put(name, array);
        }
    }
}
