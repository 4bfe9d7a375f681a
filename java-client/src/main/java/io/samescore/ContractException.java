package io.samescore;

import java.util.List;

/**
 * Rows that break the contract: every problem of the batch, not just the first.
 *
 * @serial exclude
 */
public final class ContractException extends SamescoreException {
    private static final long serialVersionUID = 1L;

    private final Problem[] problems;
    private final int total;

    ContractException(List<Problem> problems, int total) {
        super(
                Code.CONTRACT,
                "rows",
                total + (total == 1 ? " problem" : " problems"),
                "rows that keep the contract");
        this.problems = problems.toArray(new Problem[0]);
        this.total = total;
    }

    /**
     * The first problems in the order of rows, then of the contract's columns.
     *
     * @return at least 1 and at most 20 problems
     */
    public List<Problem> problems() {
        return List.of(problems);
    }

    /**
     * How many problems the batch has.
     *
     * @return at least 1; larger than the size of {@link #problems()} where not all are written out
     */
    public int total() {
        return total;
    }

    /**
     * One line per problem, and behind them how many are not written out.
     *
     * @return lines parted by {@code \n}, without one at the end
     */
    @Override
    public String getMessage() {
        StringBuilder lines = new StringBuilder();
        for (Problem problem : problems) {
            lines.append(lines.isEmpty() ? "" : "\n").append(problem.message());
        }
        int hidden = total - problems.length;
        return hidden > 0 ? lines.append("\n... and ").append(hidden).append(" more").toString() : lines.toString();
    }
}
