package io.samescore;

/** Cells of a bool column: true and false, and nothing that could stand for them. */
final class BoolReader extends CellReader {
    BoolReader(Column column) {
        super(column);
    }

    @Override
    Refusal readValue(Object value, TensorBuffer into, int row) {
        return value instanceof Boolean flag
                ? readBoolean(flag, into, row)
                : refuse(Problem.Code.WRONG_TYPE, value);
    }

    @Override
    Refusal readBoolean(boolean value, TensorBuffer into, int row) {
        into.flag(row, position, value);
        return null;
    }
}
