package io.samescore;

import java.util.Set;

/** Cells of a string column. */
final class StringReader extends CellReader {
    /** What a closed column knows; null where every string is accepted. */
    private final Set<String> known;

    StringReader(Column column) {
        super(column);
        this.known = column.closed() ? Set.copyOf(column.categories()) : null;
    }

    @Override
    Refusal readValue(Object value, TensorBuffer into, int row) {
        if (!(value instanceof String text) || !isText(text)) {
            return refuse(Problem.Code.WRONG_TYPE, value);
        }
        if (known != null && !known.contains(text)) {
            return refuse(Problem.Code.UNKNOWN_CATEGORY, value);
        }
        into.text(row, position, text);
        return null;
    }
}
