package io.samescore;

import io.samescore.SamescoreException.Code;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * Rows as columns: one array per column, all of one length, without a boxed value per cell. Arrays are not copied; they
 * must not change while the batch is scored. Not safe for use by several threads while it is being filled.
 *
 * <p>The rules per cell are those of {@link Row}, with one widening, as data frames have it: NaN in a {@code double[]} or
 * {@code float[]} is a missing value of any nullable column, whatever its type.
 */
public final class Batch {
    private final Map<String, Object> columns = new LinkedHashMap<>();
    private int rows = -1;

    /** An empty batch. */
    public Batch() {}

    /**
     * Sets a column of doubles.
     *
     * @param column the column's name
     * @param values a value per row, NaN where missing
     * @return this batch
     * @throws SamescoreException {@code INPUT} if the length is not that of the other columns
     */
    public Batch set(String column, double[] values) {
        return add(column, values, values.length);
    }

    /**
     * Sets a column of floats.
     *
     * @param column the column's name
     * @param values a value per row, NaN where missing
     * @return this batch
     * @throws SamescoreException {@code INPUT} if the length is not that of the other columns
     */
    public Batch set(String column, float[] values) {
        return add(column, values, values.length);
    }

    /**
     * Sets a column of longs.
     *
     * @param column the column's name
     * @param values a value per row; in a datetime column, microseconds since 1970-01-01 UTC
     * @return this batch
     * @throws SamescoreException {@code INPUT} if the length is not that of the other columns
     */
    public Batch set(String column, long[] values) {
        return add(column, values, values.length);
    }

    /**
     * Sets a column of ints.
     *
     * @param column the column's name
     * @param values a value per row
     * @return this batch
     * @throws SamescoreException {@code INPUT} if the length is not that of the other columns
     */
    public Batch set(String column, int[] values) {
        return add(column, values, values.length);
    }

    /**
     * Sets a column of booleans.
     *
     * @param column the column's name
     * @param values a value per row
     * @return this batch
     * @throws SamescoreException {@code INPUT} if the length is not that of the other columns
     */
    public Batch set(String column, boolean[] values) {
        return add(column, values, values.length);
    }

    /**
     * Sets a column of objects: {@code String[]} for strings, {@code String[][]} for lists of strings, and for example
     * {@code Long[]}, {@code Boolean[]} or {@code Instant[]} where values may be missing.
     *
     * @param column the column's name
     * @param values a value per row, {@code null} where missing
     * @return this batch
     * @throws SamescoreException {@code INPUT} if the length is not that of the other columns
     */
    public Batch set(String column, Object[] values) {
        return add(column, values, values.length);
    }

    /**
     * The number of rows.
     *
     * @return the length of every column; 0 before the first is set
     */
    public int rows() {
        return Math.max(rows, 0);
    }

    /** The names of the columns that were set. */
    Set<String> names() {
        return columns.keySet();
    }

    /** The array of a column, or null if it was not set. */
    Object column(String name) {
        return columns.get(name);
    }

    private Batch add(String column, Object values, int length) {
        Objects.requireNonNull(column);
        boolean alone = columns.isEmpty() || (columns.size() == 1 && columns.containsKey(column));
        if (!alone && length != rows) {
            throw new SamescoreException(
                    Code.INPUT, "columns." + column, length + " values", rows + " values, as the other columns have");
        }
        columns.put(column, values);
        rows = length;
        return this;
    }
}
