package io.samescore;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZonedDateTime;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What only Java values can be; the rest is in the shared cases. */
class CellReaderTest {
    private static final Contract FLOAT = Fixtures.contract(ColumnType.FLOAT64, false);
    private static final Contract INTEGER = Fixtures.contract(ColumnType.INT64, false);
    private static final Contract DATETIME = Fixtures.contract(ColumnType.DATETIME, false);
    private static final Contract LISTS = Fixtures.contract(ColumnType.LIST_STRING, true);

    @Test
    void floatColumnsTakeEveryNumberOfJava() {
        for (Object number : List.of((byte) 3, (short) 3, 3, 3L, 3f, 3.0, BigInteger.valueOf(3), new BigDecimal("3.0"))) {
            assertArrayEquals(new double[] {3}, (double[]) Fixtures.data(FLOAT, number), number.getClass().getName());
        }
        assertEquals(
                "rows[0].x: the number " + BigInteger.TEN.pow(400) + "; a number",
                Fixtures.problem(FLOAT, BigInteger.TEN.pow(400)));
    }

    @Test
    void integerColumnsTakeEveryIntegerOfJava() {
        for (Object number : List.of((byte) 3, (short) 3, 3, 3L, 3f, 3.0, BigInteger.valueOf(3), new BigDecimal("3.0"))) {
            assertArrayEquals(new long[] {3}, (long[]) Fixtures.data(INTEGER, number), number.getClass().getName());
        }
        assertArrayEquals(new long[] {Long.MIN_VALUE}, (long[]) Fixtures.data(INTEGER, Long.MIN_VALUE));
        assertEquals("rows[0].x: the number -9.223372036854776e+18; an integer", Fixtures.problem(INTEGER, -0x1p63));
        assertEquals(
                "rows[0].x: the number 9.223372036854776e+18; " + Wording.INT64_RANGE, Fixtures.problem(INTEGER, 0x1p63));
        assertEquals("rows[0].x: NaN; an integer", Fixtures.problem(INTEGER, Double.NaN));
        assertEquals("rows[0].x: Infinity; an integer", Fixtures.problem(INTEGER, Float.POSITIVE_INFINITY));
    }

    @Test
    void objectsOfOtherClassesAreRefused() {
        for (Object other : List.of(Map.of(), Set.of("a"), 'c', new StringBuilder("a"), LocalDate.EPOCH)) {
            assertEquals("rows[0].x: an object; a number", Fixtures.problem(FLOAT, other));
        }
        assertEquals("rows[0].x: a list of 2 elements; a number", Fixtures.problem(FLOAT, new int[2]));
    }

    @Test
    void datetimeColumnsTakeJavaTimes() {
        long microseconds = 1_321_920_000_000_000L;
        for (Object moment : List.of(
                microseconds,
                (double) microseconds,
                "2011-11-22",
                "2011-11-22T01:30:00.0+01:30",
                Instant.ofEpochSecond(1_321_920_000L, 999),
                LocalDate.of(2011, 11, 22),
                LocalDateTime.of(2011, 11, 22, 0, 0),
                OffsetDateTime.parse("2011-11-22T02:00+02:00"),
                ZonedDateTime.parse("2011-11-22T01:00+01:00[Europe/Berlin]"))) {
            assertArrayEquals(new long[] {microseconds}, (long[]) Fixtures.data(DATETIME, moment), moment.toString());
        }
        assertArrayEquals(new long[] {-1}, (long[]) Fixtures.data(DATETIME, Instant.ofEpochSecond(-1, 999_999_999)));
        assertEquals(
                "rows[0].x: an object; a date or time in ISO 8601, or microseconds since 1970 UTC",
                Fixtures.problem(DATETIME, Instant.MAX));
    }

    @Test
    void listsMayBeArrays() {
        String[] expected = {"a", "b"};
        assertArrayEquals(expected, (String[]) Fixtures.data(LISTS, expected));
        assertArrayEquals(expected, (String[]) Fixtures.data(LISTS, new Object[] {"a", "b"}));
        assertArrayEquals(expected, (String[]) Fixtures.data(LISTS, List.of("a", "b")));
        assertArrayEquals(new String[] {""}, (String[]) Fixtures.data(LISTS, null));
        assertEquals("rows[0].x: a list of 1 elements; a list of strings or null", Fixtures.problem(LISTS, new long[1]));
    }

    @Test
    void textIsUnicodeScalarValues() {
        assertTrue(CellReader.isText(""));
        assertTrue(CellReader.isText("a\u0000\ud83d\ude00\uffff"));
        assertFalse(CellReader.isText("\ud83d"));
        assertFalse(CellReader.isText("\ude00\ud83d"));
        assertFalse(CellReader.isText("\ud83d\ud83d\ude00"));
    }
}
