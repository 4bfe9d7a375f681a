package io.samescore;

import java.util.List;
import java.util.Map;

/**
 * Scores rows with one model: in this JVM ({@link Model}) or in a service ({@link RemoteModel}). Code written against this does not
 * change when scoring moves. Any number of threads may score at once.
 */
public sealed interface Scorer extends AutoCloseable permits Model, RemoteModel {
    /**
     * What the model takes and gives.
     *
     * @return the artifact's contract
     */
    Contract contract();

    /**
     * Which artifact scores.
     *
     * @return SHA-256 of the artifact's bytes, 64 hex digits
     */
    String digest();

    /**
     * Scores one row.
     *
     * @param row column name to value, {@code null} for a missing one; see {@link Row} for the values accepted
     * @return the scores of one row
     * @throws ContractException if the row breaks the contract, with every problem
     * @throws SamescoreException {@code CLOSED} or {@code RUNTIME}; from a service also {@code UNAVAILABLE} or {@code REMOTE}
     */
    Scores score(Map<String, ?> row);

    /**
     * Scores one row.
     *
     * @param row the row
     * @return the scores of one row
     * @throws ContractException if the row breaks the contract, with every problem
     * @throws SamescoreException {@code CLOSED} or {@code RUNTIME}; from a service also {@code UNAVAILABLE} or {@code REMOTE}
     */
    Scores score(Row row);

    /**
     * Scores rows.
     *
     * @param rows any number of rows, also none
     * @return the scores, in the order of the rows
     * @throws ContractException if any row breaks the contract, with the problems of all rows
     * @throws SamescoreException {@code CLOSED} or {@code RUNTIME}, or {@code INPUT} if the rows are too many for one call; from a service
     *     also {@code UNAVAILABLE} or {@code REMOTE}
     */
    Scores score(List<Row> rows);

    /**
     * Scores columns.
     *
     * @param batch an array per column
     * @return the scores, in the order of the rows
     * @throws ContractException if any cell breaks the contract or a column is absent, with the problems of all rows
     * @throws SamescoreException {@code CLOSED} or {@code RUNTIME}, or {@code INPUT} if the rows are too many for one call; from a service
     *     also {@code UNAVAILABLE} or {@code REMOTE}
     */
    Scores score(Batch batch);

    /** Frees what the scorer holds, once no call is under way. Closing again does nothing; a call that begins later is refused. */
    @Override
    void close();
}
