package io.samescore;

import java.math.BigDecimal;
import java.math.BigInteger;

/** Cells of a float64 or float32 column. */
final class FloatReader extends CellReader {
    /** The largest double that rounds to a finite float. */
    private static final double FLOAT32_LIMIT = 3.4028235677973362e38;

    private final double largest;
    private final boolean infinite;

    FloatReader(Column column) {
        super(column);
        double limit = column.limit() == null ? Double.MAX_VALUE : Math.min(column.limit(), Double.MAX_VALUE);
        this.largest = column.type() == ColumnType.FLOAT32 ? Math.min(limit, FLOAT32_LIMIT) : limit;
        this.infinite = !column.finite() && column.limit() == null;
    }

    @Override
    Refusal readValue(Object value, TensorBuffer into, int row) {
        double number;
        if (value instanceof Double || value instanceof Float || value instanceof BigDecimal) {
            number = ((Number) value).doubleValue();
        } else if (value instanceof Long || value instanceof Integer || value instanceof Short || value instanceof Byte) {
            return number(((Number) value).longValue(), value, into, row);
        } else if (value instanceof BigInteger integer) {
            number = integer.doubleValue();
            // The integer is finite, so its double is beyond every bound and not an infinity that was meant.
            return Double.isInfinite(number)
                    ? refuse(Problem.Code.OUT_OF_RANGE, value)
                    : number(number, value, into, row);
        } else if (value.equals("NaN")) {
            number = Double.NaN;
        } else if (value.equals("Infinity")) {
            number = Double.POSITIVE_INFINITY;
        } else if (value.equals("-Infinity")) {
            number = Double.NEGATIVE_INFINITY;
        } else {
            return refuse(Problem.Code.WRONG_TYPE, value);
        }
        return number(number, null, into, row);
    }

    @Override
    Refusal readDouble(double value, TensorBuffer into, int row) {
        return number(value, null, into, row);
    }

    @Override
    Refusal readLong(long value, TensorBuffer into, int row) {
        // The box is made only where it is needed for the words.
        return Math.abs((double) value) <= largest ? number(value, null, into, row) : number(value, value, into, row);
    }

    /** {@code original} is what to name in a message if it is not the number itself, else null. */
    private Refusal number(double number, Object original, TensorBuffer into, int row) {
        if (Math.abs(number) <= largest) {
            into.number(row, position, number);
            return null;
        }
        if (Double.isNaN(number)) {
            if (!column.nullable()) {
                return refuse(Problem.Code.NOT_NULLABLE, number);
            }
            into.number(row, position, number);
            return null;
        }
        if (Double.isInfinite(number)) {
            if (infinite) {
                into.number(row, position, number);
                return null;
            }
            if (column.finite()) {
                return refuse(Problem.Code.NOT_FINITE, number);
            }
        }
        return refuse(Problem.Code.OUT_OF_RANGE, original == null ? (Object) number : original);
    }
}
