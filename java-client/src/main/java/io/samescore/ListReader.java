package io.samescore;

import java.util.Arrays;
import java.util.List;

/** Cells of a column of lists of strings. */
final class ListReader extends CellReader {
    ListReader(Column column) {
        super(column);
    }

    @Override
    Refusal readValue(Object value, TensorBuffer into, int row) {
        List<?> elements;
        if (value instanceof List<?> list) {
            elements = list;
        } else if (value instanceof Object[] array) {
            elements = Arrays.asList(array);
        } else {
            return refuse(Problem.Code.WRONG_TYPE, value);
        }
        String[] texts = new String[elements.size()];
        int index = 0;
        for (Object element : elements) {
            if (!(element instanceof String text) || !isText(text)) {
                return new Refusal(Problem.Code.WRONG_TYPE, element, "a string", index);
            }
            texts[index++] = text;
        }
        if (column.maxLength() != null && texts.length > column.maxLength()) {
            return new Refusal(Problem.Code.TOO_LONG, value, "at most " + column.maxLength() + " elements");
        }
        into.list(row, position, texts);
        return null;
    }
}
