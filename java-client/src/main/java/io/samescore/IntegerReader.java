package io.samescore;

import java.math.BigDecimal;
import java.math.BigInteger;

/** Cells of an int64 column; the rules of a datetime given as microseconds are the same. */
class IntegerReader extends CellReader {
    /** Beyond this magnitude a double no longer holds every integer. */
    private static final double EXACT_DOUBLE = 0x1p53;

    IntegerReader(Column column) {
        super(column);
    }

    @Override
    Refusal readValue(Object value, TensorBuffer into, int row) {
        if (value instanceof Long || value instanceof Integer || value instanceof Short || value instanceof Byte) {
            into.integer(row, position, ((Number) value).longValue());
            return null;
        }
        if (value instanceof Double || value instanceof Float || value instanceof BigDecimal) {
            return readDouble(((Number) value).doubleValue(), into, row);
        }
        if (value instanceof BigInteger integer) {
            if (integer.bitLength() > 63) {
                return refuse(Problem.Code.OUT_OF_RANGE, value);
            }
            into.integer(row, position, integer.longValue());
            return null;
        }
        return refuse(Problem.Code.WRONG_TYPE, value);
    }

    @Override
    Refusal readDouble(double value, TensorBuffer into, int row) {
        if (Double.isInfinite(value) || value != Math.rint(value)) {
            return refuse(Problem.Code.WRONG_TYPE, value);
        }
        if (value < -0x1p63 || value >= 0x1p63) {
            return refuse(Problem.Code.OUT_OF_RANGE, value);
        }
        if (Math.abs(value) > EXACT_DOUBLE) {
            return refuse(Problem.Code.WRONG_TYPE, value);
        }
        into.integer(row, position, (long) value);
        return null;
    }

    @Override
    Refusal readLong(long value, TensorBuffer into, int row) {
        into.integer(row, position, value);
        return null;
    }
}
