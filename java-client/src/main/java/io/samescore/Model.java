package io.samescore;

import io.samescore.SamescoreException.Code;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;

/**
 * A model that passed its self-check: rows in, scores out. Any number of threads may score with it at once. Each call
 * runs on the calling thread; onnxruntime is given no threads of its own, since with more than one, sums may change their
 * order and scores their last bits.
 *
 * <p>A model holds native memory until it is closed. {@link #close} waits for calls under way, which finish as if nothing
 * had happened; a call that begins later is refused with the code {@code CLOSED}.
 */
public final class Model implements Scorer {
    private final ArtifactFile artifact;
    private final Encoder encoder;
    private final Graph graph;
    private final Set<String> companions;
    // Scoring holds the read side, so that closing frees nothing in use.
    private final ReadWriteLock lifecycle = new ReentrantReadWriteLock();
    private boolean closed;

    private Model(ArtifactFile artifact, Encoder encoder, Graph graph) {
        this.artifact = artifact;
        this.encoder = encoder;
        this.graph = graph;
        this.companions = artifact.contract().companions();
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
     * Opens an artifact that must be signed: the signature beside it is checked before anything else, over the bytes that are then used.
     *
     * @param path an .onnx file that samescore wrote, with {@code PATH.sig} beside it
     * @param keys whose signatures are trusted
     * @return the open model, to be closed by the caller
     * @throws SamescoreException {@code SIGNATURE} without a signature by one of the keys; else as {@link #open(Path)}
     */
    public static Model open(Path path, TrustedKeys keys) {
        return open(ArtifactFile.read(path, keys));
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
            Graph graph = new Graph(session, artifact.contract(), encoder.layout(), artifact.name());
            SelfCheck.run(artifact, encoder, graph);
            return new Model(artifact.withoutContent(), encoder, graph);
        } catch (RuntimeException | Error error) {
            session.close();
            throw error;
        }
    }

    @Override
    public Contract contract() {
        return artifact.contract();
    }

    @Override
    public String digest() {
        return artifact.digest();
    }

    @Override
    public Scores score(Map<String, ?> row) {
        return scoreMaps(List.of(row));
    }

    @Override
    public Scores score(Row row) {
        return scoreMaps(List.of(row.values()));
    }

    @Override
    public Scores score(List<Row> rows) {
        List<Map<String, ?>> maps = new ArrayList<>(rows.size());
        rows.forEach(row -> maps.add(row.values()));
        return scoreMaps(maps);
    }

    @Override
    public Scores score(Batch batch) {
        return new Scores(contract(), batch.rows(), run(encoder.encode(batch)));
    }

    private Scores scoreMaps(List<Map<String, ?>> rows) {
        if (rows.size() == 1 && graph.takesOneRow()) {
            return new Scores(contract(), 1, whileOpen(() -> graph.run(buffers -> encoder.fill(rows, buffers))));
        }
        return new Scores(contract(), rows.size(), run(encoder.encode(rows)));
    }

    /** Scores columns in the form of the goldens; companions are left out. */
    Map<String, Array> scoreGolden(Map<String, Array> columns, String where) {
        return run(encoder.encodeGolden(columns, where));
    }

    private Map<String, Array> run(Map<String, Array> tensors) {
        return whileOpen(() -> graph.run(tensors));
    }

    /** The outputs of a call that is under way while the model is open; companions are left out. */
    private Map<String, Array> whileOpen(Supplier<Map<String, Array>> call) {
        lifecycle.readLock().lock();
        try {
            if (closed) {
                throw new SamescoreException(Code.CLOSED, artifact.name(), "a closed model", "an open one");
            }
            Map<String, Array> outputs = call.get();
            outputs.keySet().removeAll(companions);
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
