package io.samescore;

import java.util.Map;

/** The tensors of integers and flags that cannot be missing. */
final class DiscreteBuffers {
    private DiscreteBuffers() {}

    /** An int64 tensor. */
    static final class Longs extends TensorBuffer {
        private final String name;
        private final int width;
        private final Array array;
        private final long[] values;

        Longs(String name, int rows, int width) {
            this.name = name;
            this.width = width;
            this.values = new long[Array.size(rows, width)];
            this.array = Array.of(values, rows, width);
        }

        @Override
        void integer(int row, int position, long value) {
            values[row * width + position] = value;
        }

        @Override
        void finish(Map<String, Array> into) {
            into.put(name, array);
        }
    }

    /** A bool tensor. */
    static final class Flags extends TensorBuffer {
        private final String name;
        private final int width;
        private final Array array;
        private final boolean[] values;

        Flags(String name, int rows, int width) {
            this.name = name;
            this.width = width;
            this.values = new boolean[Array.size(rows, width)];
            this.array = Array.of(values, rows, width);
        }

        @Override
        void flag(int row, int position, boolean value) {
            values[row * width + position] = value;
        }

        @Override
        void finish(Map<String, Array> into) {
            into.put(name, array);
        }
    }
}
