package io.samescore;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.List;
import java.util.stream.Collectors;

/** The words of a refusal: what was found and what is accepted, the same in every language samescore has. */
final class Wording {
    static final String INT64_RANGE = "an integer from -9223372036854775808 to 9223372036854775807";
    private static final String DATETIME = "a date or time in ISO 8601, or microseconds since 1970 UTC";

    /** Code points of a text shown in a message; the rest is cut. */
    private static final int SHOWN_TEXT = 40;
    /** Categories named in a message; the rest is counted. */
    private static final int SHOWN_CATEGORIES = 5;

    private Wording() {}

    /** What a value is. */
    static String found(Object value) {
        if (value == null) {
            return "null";
        } else if (value instanceof Boolean) {
            return value.toString();
        } else if (value instanceof Long
                || value instanceof Integer
                || value instanceof Short
                || value instanceof Byte
                || value instanceof BigInteger) {
            return "the number " + value;
        } else if (value instanceof Double || value instanceof Float || value instanceof BigDecimal) {
            return foundDouble(((Number) value).doubleValue());
        } else if (value instanceof String text) {
            return "the string " + quoted(text);
        } else if (value instanceof List<?> list) {
            return "a list of " + list.size() + " elements";
        } else if (value.getClass().isArray()) {
            return "a list of " + java.lang.reflect.Array.getLength(value) + " elements";
        }
        return "an object";
    }

    private static String foundDouble(double value) {
        return Double.isFinite(value) ? "the number " + ShortestDouble.text(value) : Double.toString(value);
    }

    /** What a column accepts, with {@code or null} behind it where it is nullable. */
    static String accepted(Column column) {
        return acceptedValue(column) + (column.nullable() ? " or null" : "");
    }

    /** What a column accepts, in the words of the code {@code out_of_range}. */
    static String acceptedRange(Column column) {
        return column.type() == ColumnType.INT64 ? INT64_RANGE : acceptedValue(column);
    }

    private static String acceptedValue(Column column) {
        return switch (column.type()) {
            case FLOAT64, FLOAT32 -> column.limit() != null
                    ? "a finite number of magnitude up to " + ShortestDouble.text(column.limit())
                    : column.finite() ? "a finite number" : "a number";
            case INT64 -> "an integer";
            case BOOL -> "true or false";
            case STRING -> column.closed() ? oneOf(column.categories()) : "a string";
            case DATETIME -> DATETIME;
            case LIST_STRING -> "a list of strings";
        };
    }

    /** {@code one of} and the first of the strings. */
    static String oneOf(List<String> categories) {
        String shown =
                categories.stream().limit(SHOWN_CATEGORIES).map(Wording::quoted).collect(Collectors.joining(", "));
        boolean more = categories.size() > SHOWN_CATEGORIES;
        return "one of " + shown + (more ? ", … (" + categories.size() + " in all)" : "");
    }

    /** The text between quotes, cut and escaped so that a message stays one readable line. */
    static String quoted(String text) {
        boolean cut = text.codePointCount(0, text.length()) > SHOWN_TEXT;
        int end = cut ? text.offsetByCodePoints(0, SHOWN_TEXT) : text.length();
        StringBuilder quoted = new StringBuilder("\"");
        text.substring(0, end).codePoints().forEach(point -> appendEscaped(quoted, point));
        return quoted.append(cut ? "…\"" : "\"").toString();
    }

    private static void appendEscaped(StringBuilder to, int point) {
        switch (point) {
            case '"' -> to.append("\\\"");
            case '\\' -> to.append("\\\\");
            case '\n' -> to.append("\\n");
            case '\r' -> to.append("\\r");
            case '\t' -> to.append("\\t");
            case '\b' -> to.append("\\b");
            case '\f' -> to.append("\\f");
            default -> {
                // A surrogate is a code point of its own only where its other half is not beside it.
                if (point < 0x20 || (point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE)) {
                    to.append(String.format("\\u%04x", point));
                } else {
                    to.appendCodePoint(point);
                }
            }
        }
    }
}
