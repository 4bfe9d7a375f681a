package io.samescore;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One row: a value per column name. Not safe for use by several threads while it is being filled.
 *
 * <p>Accepted as a value, by the column's type:
 *
 * <ul>
 *   <li>floats: {@code Byte} to {@code Long}, {@code BigInteger}, {@code Float}, {@code Double}, {@code BigDecimal}, and
 *       the texts {@code "NaN"}, {@code "Infinity"}, {@code "-Infinity"};
 *   <li>int64: the same integers, and floating-point numbers with an integral value of magnitude up to 2^53;
 *   <li>bool: {@code Boolean};
 *   <li>string: {@code String} without unpaired surrogates;
 *   <li>datetime: microseconds since 1970-01-01 UTC under the rules of int64, ISO 8601 text, {@code Instant},
 *       {@code LocalDate}, {@code LocalDateTime} (both UTC), {@code OffsetDateTime}, {@code ZonedDateTime};
 *   <li>list of strings: {@code List} or an array of objects.
 * </ul>
 *
 * <p>{@code null} is a missing value of every type, and must be set: a column that is absent is refused, unless it is optional.
 */
public final class Row {
    private final Map<String, Object> values = new LinkedHashMap<>();

    /** An empty row. */
    public Row() {}

    /**
     * A row of the values of a map.
     *
     * @param values column name to value; copied; keys that are no column are ignored when the row is scored
     * @return a new row
     */
    public static Row of(Map<String, ?> values) {
        Row row = new Row();
        row.values.putAll(values);
        return row;
    }

    /**
     * Sets a value.
     *
     * @param column the column's name
     * @param value the value, {@code null} for a missing one
     * @return this row
     */
    public Row set(String column, Object value) {
        values.put(column, value);
        return this;
    }

    /**
     * The values set so far.
     *
     * @return a view that cannot be changed
     */
    public Map<String, Object> values() {
        return Collections.unmodifiableMap(values);
    }
}
