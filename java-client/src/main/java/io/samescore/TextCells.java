package io.samescore;

import java.io.IOException;
import java.math.BigInteger;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Text cells of a CSV file to values of the contract's types, as {@code samescore score} reads them. A cell that is no such value stays the
 * text it is, so that the contract refuses it in its own words.
 */
final class TextCells {
    private static final Pattern WHOLE = Pattern.compile("[+-]?[0-9]+");
    private static final Pattern DECIMAL =
            Pattern.compile("[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?");

    private TextCells() {}

    static Object value(Column column, String cell) {
        if (column.type() == ColumnType.STRING) {
            return cell.isEmpty() && column.nullable() ? null : cell;
        }
        String text = cell.strip();
        if (text.isEmpty()) {
            return column.type() == ColumnType.LIST_STRING && !column.nullable() ? List.of() : null;
        }
        return switch (column.type()) {
            case FLOAT64, FLOAT32 -> number(text);
            case INT64 -> WHOLE.matcher(text).matches() ? (Object) new BigInteger(text) : number(text);
            case DATETIME -> WHOLE.matcher(text).matches() ? (Object) new BigInteger(text) : text;
            case BOOL -> flag(text);
            default -> list(text);
        };
    }

    private static Object number(String text) {
        String lower = text.toLowerCase(Locale.ROOT);
        String unsigned = lower.startsWith("-") || lower.startsWith("+") ? lower.substring(1) : lower;
        if (unsigned.equals("nan")) {
            return Double.NaN;
        } else if (unsigned.equals("inf") || unsigned.equals("infinity")) {
            return lower.startsWith("-") ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
        } else if (!DECIMAL.matcher(text).matches()) {
            return text;
        }
        double value = Double.parseDouble(text);
        // A decimal too large for a double is no infinity that was meant.
        return Double.isInfinite(value) ? (Object) text : value;
    }

    private static Object flag(String text) {
        return switch (text.toLowerCase(Locale.ROOT)) {
            case "true" -> true;
            case "false" -> false;
            default -> text;
        };
    }

    private static Object list(String text) {
        try {
            return Json.parse(text);
        } catch (IOException error) {
            return text;
        }
    }
}
