package io.samescore;

import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.OptionalLong;

/** Cells of a datetime column: microseconds since 1970-01-01 UTC, text, or a value of {@code java.time}. */
final class DatetimeReader extends IntegerReader {
    DatetimeReader(Column column) {
        super(column);
    }

    @Override
    Refusal readValue(Object value, TensorBuffer into, int row) {
        if (value instanceof String text) {
            OptionalLong moment = Timestamps.parse(text);
            if (moment.isEmpty()) {
                return refuse(Problem.Code.BAD_DATETIME, value);
            }
            return readLong(moment.getAsLong(), into, row);
        }
        Instant instant = instant(value);
        return instant == null ? super.readValue(value, into, row) : readInstant(instant, value, into, row);
    }

    private static Instant instant(Object value) {
        if (value instanceof Instant instant) {
            return instant;
        } else if (value instanceof LocalDate date) {
            return date.atStartOfDay().toInstant(ZoneOffset.UTC);
        } else if (value instanceof LocalDateTime time) {
            return time.toInstant(ZoneOffset.UTC);
        } else if (value instanceof OffsetDateTime time) {
            return time.toInstant();
        } else if (value instanceof ZonedDateTime time) {
            return time.toInstant();
        }
        return null;
    }

    /** What is finer than a microsecond is cut, as Python's times hold no more. */
    private Refusal readInstant(Instant instant, Object value, TensorBuffer into, int row) {
        long microseconds;
        try {
            long seconds = Math.multiplyExact(instant.getEpochSecond(), 1_000_000L);
            microseconds = Math.addExact(seconds, instant.getNano() / 1000);
        } catch (ArithmeticException error) {
            return refuse(Problem.Code.BAD_DATETIME, value);
        }
        return readLong(microseconds, into, row);
    }
}
