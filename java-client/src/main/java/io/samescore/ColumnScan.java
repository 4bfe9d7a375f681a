package io.samescore;

/** Whole columns, read without a box per cell where the array's type allows it. */
final class ColumnScan {
    private ColumnScan() {}

    /** Reads a batch's column under the contract. */
    static void read(Object values, CellReader reader, TensorBuffer into, Problems problems) {
        if (values instanceof double[] doubles) {
            for (int row = 0; row < doubles.length; row++) {
                add(readFloating(doubles[row], reader, into, row), row, reader, problems);
            }
        } else if (values instanceof float[] floats) {
            for (int row = 0; row < floats.length; row++) {
                add(readFloating(floats[row], reader, into, row), row, reader, problems);
            }
        } else if (values instanceof long[] longs) {
            for (int row = 0; row < longs.length; row++) {
                add(reader.readLong(longs[row], into, row), row, reader, problems);
            }
        } else if (values instanceof int[] ints) {
            for (int row = 0; row < ints.length; row++) {
                add(reader.readLong(ints[row], into, row), row, reader, problems);
            }
        } else if (values instanceof boolean[] flags) {
            for (int row = 0; row < flags.length; row++) {
                add(reader.readBoolean(flags[row], into, row), row, reader, problems);
            }
        } else {
            Object[] objects = (Object[]) values;
            for (int row = 0; row < objects.length; row++) {
                add(reader.read(objects[row], into, row), row, reader, problems);
            }
        }
    }

    /** In an array of doubles NaN is how any nullable column says that a value is missing. */
    private static Refusal readFloating(double value, CellReader reader, TensorBuffer into, int row) {
        return Double.isNaN(value) && reader.column.nullable()
                ? reader.readMissing(into, row)
                : reader.readDouble(value, into, row);
    }

    private static void add(Refusal refusal, int row, CellReader reader, Problems problems) {
        if (refusal != null) {
            problems.add(row, reader.column, refusal);
        }
    }

    /** Packs a golden column as it is. */
    static void pack(Array values, CellReader reader, TensorBuffer into) {
        int position = reader.position;
        for (int row = 0; row < values.rows(); row++) {
            if (values.data() instanceof double[] doubles) {
                into.number(row, position, doubles[row]);
            } else if (values.data() instanceof float[] floats) {
                into.number(row, position, floats[row]);
            } else if (values.data() instanceof long[] longs) {
                into.integer(row, position, longs[row]);
            } else if (values.data() instanceof boolean[] flags) {
                into.flag(row, position, flags[row]);
            } else if (values.data() instanceof String[] texts && texts[row] != null) {
                into.text(row, position, texts[row]);
            } else if (values.data() instanceof String[][] lists && lists[row] != null) {
                into.list(row, position, lists[row]);
            } else if (values.data() instanceof int[]) {
                throw new IllegalStateException("no column travels as int32");
            } else {
                into.missing(row, position);
            }
        }
    }
}
