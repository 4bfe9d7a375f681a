package io.samescore;

import java.util.List;

/**
 * One input column.
 *
 * @param name unique name
 * @param type which values it holds
 * @param nullable whether a missing value ({@code null}; for floats also NaN) is accepted
 * @param finite floats only: whether infinities are refused
 * @param limit floats only: the largest magnitude accepted, or {@code null} for none
 * @param range what was observed, or {@code null}
 * @param categories the known strings, sorted by code point, or {@code null}
 * @param closed whether a string outside {@code categories} is refused
 * @param maxLength lists only: the largest number of elements, or {@code null}
 * @param unit text for people, or {@code null}
 * @param description text for people, or {@code null}
 * @param place where the values go
 * @param optional whether the column may be absent, which is then a missing value
 */
public record Column(
        String name,
        ColumnType type,
        boolean nullable,
        boolean finite,
        Double limit,
        Range range,
        List<String> categories,
        boolean closed,
        Integer maxLength,
        String unit,
        String description,
        Place place,
        boolean optional) {}
