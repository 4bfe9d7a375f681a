package io.samescore;

import io.samescore.SamescoreException.Code;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * A model that passed its self-check: rows in, scores out. Any number of threads may score with it at once. Each call
 * runs on the calling thread; onnxruntime is given no threads of its own, since with more than one, sums may change their
 * order and scores their last bits.
 *
 * <p>A model holds native memory until it is closed. {@link #close} waits for calls under way, which finish as if nothing
 * had happened; a call that begins later is refused with the code {@code CLOSED}.
 */
public final class Model implements AutoCloseable {
    private final ArtifactFile artifact;
    private final Encoder encoder;
    private final Graph graph;
    // Scoring holds the read side, so that closing frees nothing in use.
    private final ReadWriteLock lifecycle = new ReentrantReadWriteLock();
    private boolean closed;

    private Model(ArtifactFile artifact, Encoder encoder, Graph graph) {
        this.artifact = artifact;
        this.encoder = encoder;
        this.graph = graph;
    }

    /**
     * Opens an artifact after all its checks: format, integrity, contract, and its goldens scored on this machine.
     *
     * @param path an .onnx file that samescore wrote
     * @return the open model, to be closed by the caller
     * @throws SamescoreException {@code UNREADABLE}, {@code NOT_AN_ARTIFACT}, {@code UNKNOWN_FORMAT}, {@code INTEGRITY},
     *     {@code CONTRACT_MISMATCH} or {@code SELF_CHECK}, whichever check fails first; {@code RUNTIME} if onnxruntime
     *     cannot be loaded on this platform. Nothing stays open then
     */
    public static Model open(Path path) {
        return open(ArtifactFile.read(path));
    }

    /**
     * Opens an artifact given as bytes, under the same checks as {@link #open(Path)}.
     *
     * @param content the bytes of an .onnx file that samescore wrote; they must not change while the call lasts
     * @return the open model, to be closed by the caller
     * @throws SamescoreException as {@link #open(Path)}, without {@code UNREADABLE}
     */
    public static Model open(byte[] content) {
        return open(ArtifactFile.read("artifact", content));
    }

    private static Model open(ArtifactFile artifact) {
        Encoder encoder = new Encoder(artifact.contract());
        Session session = Session.open(artifact.content(), artifact.name());
        try {
            SessionCheck.check(session, artifact.contract(), artifact.name());
            Graph graph = new Graph(session, artifact.contract(), artifact.name());
            SelfCheck.run(artifact, encoder, graph);
            return new Model(artifact.withoutContent(), encoder, graph);
        } catch (RuntimeException | Error error) {
            session.close();
            throw error;
        }
    }

    /**
     * What the model takes and gives.
     *
     * @return the artifact's contract
     */
    public Contract contract() {
        return artifact.contract();
    }

    /**
     * Which artifact this is.
     *
     * @return SHA-256 of the file's bytes, 64 hex digits
     */
    public String digest() {
        return artifact.digest();
    }

    /**
     * Scores one row.
     *
     * @param row column name to value, {@code null} for a missing one; see {@link Row} for the values accepted
     * @return the scores of one row
     * @throws ContractException if the row breaks the contract, with every problem
     * @throws SamescoreException {@code CLOSED} or {@code RUNTIME}
     */
    public Scores score(Map<String, ?> row) {
        return scoreMaps(List.of(row));
    }

    /**
     * Scores one row.
     *
     * @param row the row
     * @return the scores of one row
     * @throws ContractException if the row breaks the contract, with every problem
     * @throws SamescoreException {@code CLOSED} or {@code RUNTIME}
     */
    public Scores score(Row row) {
        return scoreMaps(List.of(row.values()));
    }

    /**
     * Scores rows.
     *
     * @param rows any number of rows, also none
     * @return the scores, in the order of the rows
     * @throws ContractException if any row breaks the contract, with the problems of all rows
     * @throws SamescoreException {@code CLOSED}, {@code RUNTIME}, or {@code INPUT} if the rows are too many for one call
     */
    public Scores score(List<Row> rows) {
        List<Map<String, ?>> maps = new ArrayList<>(rows.size());
        rows.forEach(row -> maps.add(row.values()));
        return scoreMaps(maps);
    }

    /**
     * Scores columns.
     *
     * @param batch an array per column
     * @return the scores, in the order of the rows
     * @throws ContractException if any cell breaks the contract or a column is absent, with the problems of all rows
     * @throws SamescoreException {@code CLOSED}, {@code RUNTIME}, or {@code INPUT} if the rows are too many for one call
     */
    public Scores score(Batch batch) {
        return new Scores(contract(), batch.rows(), run(encoder.encode(batch)));
    }

    private Scores scoreMaps(List<Map<String, ?>> rows) {
        return new Scores(contract(), rows.size(), run(encoder.encode(rows)));
    }

    /** Scores columns in the form of the goldens; companions are left out. */
    Map<String, Array> scoreGolden(Map<String, Array> columns, String where) {
        return run(encoder.encodeGolden(columns, where));
    }

    private Map<String, Array> run(Map<String, Array> tensors) {
        lifecycle.readLock().lock();
        try {
            if (closed) {
                throw new SamescoreException(Code.CLOSED, artifact.name(), "a closed model", "an open one");
            }
            Map<String, Array> outputs = new LinkedHashMap<>(graph.run(tensors));
            outputs.keySet().removeAll(contract().companions());
            return outputs;
        } finally {
            lifecycle.readLock().unlock();
        }
    }

    /** Frees the native memory once no call is under way. Closing again does nothing. */
    @Override
    public void close() {
        lifecycle.writeLock().lock();
        try {
            if (!closed) {
                closed = true;
                graph.close();
            }
        } finally {
            lifecycle.writeLock().unlock();
        }
    }
}
