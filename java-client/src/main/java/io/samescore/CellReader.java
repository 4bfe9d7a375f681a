package io.samescore;

/**
 * Reads the cells of one column: a value goes into the tensor, or the one reason why not comes back. The checks run in the
 * contract's order: missing, type, finite, range, category, length.
 */
abstract class CellReader {
    final Column column;
    final int position;
    private final String accepted;

    CellReader(Column column) {
        this.column = column;
        this.position = column.place().position();
        this.accepted = Wording.accepted(column);
    }

    static CellReader of(Column column) {
        return switch (column.type()) {
            case FLOAT64, FLOAT32 -> new FloatReader(column);
            case INT64 -> new IntegerReader(column);
            case BOOL -> new BoolReader(column);
            case STRING -> new StringReader(column);
            case DATETIME -> new DatetimeReader(column);
            case LIST_STRING -> new ListReader(column);
        };
    }

    /** Reads a value that may be null; null comes back if it was accepted. */
    final Refusal read(Object value, TensorBuffer into, int row) {
        return value == null ? readMissing(into, row) : readValue(value, into, row);
    }

    /** Reads a value that is there. */
    abstract Refusal readValue(Object value, TensorBuffer into, int row);

    /** As {@link #readValue}, for columns that take doubles without a box. */
    Refusal readDouble(double value, TensorBuffer into, int row) {
        return readValue(value, into, row);
    }

    /** As {@link #readValue}, for columns that take longs without a box. */
    Refusal readLong(long value, TensorBuffer into, int row) {
        return readValue(value, into, row);
    }

    /** As {@link #readValue}, for columns that take booleans without a box. */
    Refusal readBoolean(boolean value, TensorBuffer into, int row) {
        return readValue(value, into, row);
    }

    Refusal readMissing(TensorBuffer into, int row) {
        if (!column.nullable()) {
            return new Refusal(Problem.Code.NOT_NULLABLE, null, accepted);
        }
        into.missing(row, position);
        return null;
    }

    Refusal refuse(Problem.Code code, Object value) {
        return new Refusal(code, value, code == Problem.Code.OUT_OF_RANGE ? Wording.acceptedRange(column) : accepted);
    }

    /** Whether a string holds Unicode scalar values only: no surrogate without its other half. */
    static boolean isText(String value) {
        for (int i = 0; i < value.length(); i++) {
            char unit = value.charAt(i);
            if (Character.isSurrogate(unit)) {
                if (Character.isLowSurrogate(unit)
                        || i + 1 == value.length()
                        || !Character.isLowSurrogate(value.charAt(i + 1))) {
                    return false;
                }
                i++;
            }
        }
        return true;
    }
}
