package io.samescore;

import java.util.Arrays;
import java.util.Map;

/** The tensors that hold texts, in the three ways they travel. Each may have a mask of what is missing. */
final class StringBuffers {
    private StringBuffers() {}

    /** A tensor of strings, one per cell: the empty string and true in the mask where missing. */
    static final class Strings extends TensorBuffer {
        private final Tensor tensor;
        private final int width;
        private final int rows;
        private final String[] values;
        private final boolean[] mask;

        Strings(Tensor tensor, int rows, int width) {
            this.tensor = tensor;
            this.width = width;
            this.rows = rows;
            this.values = new String[Array.size(rows, width)];
            this.mask = new boolean[values.length];
        }

        @Override
        void text(int row, int position, String value) {
            values[row * width + position] = value;
        }

        @Override
        void missing(int row, int position) {
            values[row * width + position] = "";
            mask[row * width + position] = true;
        }

        @Override
        void finish(Map<String, Array> into) {
            into.put(tensor.name(), Array.of(values, rows, width));
            if (tensor.missing() != null) {
                into.put(tensor.missing(), Array.of(mask, rows, width));
            }
        }
    }

    /** A tensor of code points, one text a row, filled up with -1. */
    static final class CodePoints extends TensorBuffer {
        private static final int FILL = -1;

        private final Tensor tensor;
        private final String[] texts;
        private final boolean[] mask;
        private int longest = 1;

        CodePoints(Tensor tensor, int rows) {
            this.tensor = tensor;
            this.texts = new String[rows];
            this.mask = new boolean[rows];
        }

        @Override
        void text(int row, int position, String value) {
            texts[row] = value;
            longest = Math.max(longest, value.codePointCount(0, value.length()));
        }

        @Override
        void missing(int row, int position) {
            texts[row] = "";
            mask[row] = true;
        }

        @Override
        void finish(Map<String, Array> into) {
            int[] points = new int[Array.size(texts.length, longest)];
            for (int row = 0; row < texts.length; row++) {
                int at = row * longest;
                String text = texts[row];
                for (int i = 0; i < text.length(); i += Character.charCount(points[at - 1])) {
                    points[at++] = text.codePointAt(i);
                }
                Arrays.fill(points, at, (row + 1) * longest, FILL);
            }
            into.put(tensor.name(), Array.of(points, texts.length, longest));
            if (tensor.missing() != null) {
                into.put(tensor.missing(), Array.of(mask, texts.length, 1));
            }
        }
    }

    /** A tensor of strings, one list a row, filled up with the empty string and true in the mask. */
    static final class Lists extends TensorBuffer {
        private static final String[] EMPTY = {};

        private final Tensor tensor;
        private final String[][] lists;
        private int longest = 1;

        Lists(Tensor tensor, int rows) {
            this.tensor = tensor;
            this.lists = new String[rows][];
        }

        @Override
        void list(int row, int position, String[] value) {
            lists[row] = value;
            longest = Math.max(longest, value.length);
        }

        @Override
        void missing(int row, int position) {
            lists[row] = EMPTY;
        }

        @Override
        void finish(Map<String, Array> into) {
            String[] values = new String[Array.size(lists.length, longest)];
            boolean[] mask = new boolean[values.length];
            for (int row = 0; row < lists.length; row++) {
                int from = row * longest;
                int filled = from + lists[row].length;
                System.arraycopy(lists[row], 0, values, from, lists[row].length);
                Arrays.fill(values, filled, from + longest, "");
                Arrays.fill(mask, filled, from + longest, true);
            }
            into.put(tensor.name(), Array.of(values, lists.length, longest));
            if (tensor.missing() != null) {
                into.put(tensor.missing(), Array.of(mask, lists.length, longest));
            }
        }
    }
}
