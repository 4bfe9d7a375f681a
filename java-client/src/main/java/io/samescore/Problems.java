package io.samescore;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Collects the refusals of one batch, which is read column by column, and tells them in row order. Every column's first
 * ones are kept, which is enough to name the first of all; the rest is counted. Within a column they come in row order.
 */
final class Problems {
    /** Problems written out. */
    private static final int SHOWN = 20;

    private record Kept(int row, int position, Problem problem) {}

    private final List<Kept> kept = new ArrayList<>();
    private int total;
    private int position = -1;
    private int inColumn;

    /** Begins the next column of the contract. */
    void nextColumn() {
        position++;
        inColumn = 0;
    }

    void add(int row, Column column, Refusal refusal) {
        if (count()) {
            String element = refusal.element() < 0 ? "" : "[" + refusal.element() + "]";
            String where = "rows[" + row + "]." + column.name() + element;
            String message = where + ": " + Wording.found(refusal.value()) + "; " + refusal.accepted();
            kept.add(new Kept(row, position, new Problem(row, column.name(), refusal.code(), message)));
        }
    }

    /** A column that is not there: in one row, or ({@code row} null) in the whole batch. */
    void addAbsent(Integer row, Column column) {
        if (count()) {
            String where = row == null ? "rows" : "rows[" + row + "]";
            String message = where + "." + column.name() + ": no such column; " + Wording.accepted(column);
            Problem problem = new Problem(row, column.name(), Problem.Code.MISSING_COLUMN, message);
            kept.add(new Kept(row == null ? -1 : row, position, problem));
        }
    }

    /** A key that is no column, where the contract is closed; told after all columns of its row. */
    void addUnknown(Integer row, String name, List<Column> columns) {
        if (count()) {
            String where = row == null ? "rows" : "rows[" + row + "]";
            String known = Wording.oneOf(columns.stream().map(Column::name).toList());
            String message = where + "." + name + ": no column of this name; " + known;
            Problem problem = new Problem(row, name, Problem.Code.UNKNOWN_COLUMN, message);
            kept.add(new Kept(row == null ? -1 : row, position, problem));
        }
    }

    private boolean count() {
        total++;
        return inColumn++ < SHOWN;
    }

    /** Throws if there is any problem. */
    void refuse() {
        if (total > 0) {
            kept.sort(Comparator.comparingInt(Kept::row).thenComparingInt(Kept::position));
            throw new ContractException(kept.stream().limit(SHOWN).map(Kept::problem).toList(), total);
        }
    }
}
