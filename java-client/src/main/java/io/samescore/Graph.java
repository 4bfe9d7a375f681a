package io.samescore;

import io.samescore.SamescoreException.Code;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.function.Consumer;

/**
 * A session together with its contract: what comes out are the outputs as the contract means them, with labels looked up
 * where onnxruntime's JVM binding would not bring them over whole.
 */
final class Graph implements AutoCloseable {
    /** Rows kept for the next calls: as many as score at once in most services. */
    private static final int KEPT = 64;

    private final Session session;
    private final Contract contract;
    private final String where;
    private final Set<String> wanted = new LinkedHashSet<>();
    private final ContractLayout layout;
    private final boolean oneRow;
    // A row of its own for each call under way; those beyond are made and closed by their call.
    private final BlockingQueue<OneRow> idle = new ArrayBlockingQueue<>(KEPT);

    Graph(Session session, Contract contract, ContractLayout layout, String where) {
        this.session = session;
        this.contract = contract;
        this.layout = layout;
        this.where = where;
        for (Output output : contract.outputs()) {
            // The strings themselves never cross the binding: it mangles some, and might do worse.
            wanted.add(output.index() == null ? output.name() : output.index());
        }
        oneRow = OneRow.fits(contract, wanted);
    }

    /** Whether one row can go through {@link #run(Consumer)}. */
    boolean takesOneRow() {
        return oneRow;
    }

    /**
     * All outputs for one row.
     *
     * @param fill writes the row's cells into the buffers it is given
     */
    Map<String, Array> run(Consumer<Map<String, TensorBuffer>> fill) {
        OneRow row = idle.poll();
        if (row == null) {
            row = new OneRow(session, layout, contract, wanted);
        }
        try {
            fill.accept(row.buffers());
            return named(row.run());
        } finally {
            if (!idle.offer(row)) {
                row.close();
            }
        }
    }

    /** All outputs for input tensors, in the contract's order, companions included. */
    Map<String, Array> run(Map<String, Array> tensors) {
        if (tensors.values().iterator().next().rows() == 0) {
            return NoRows.outputs(contract);
        }
        return named(session.run(tensors, wanted));
    }

    /** Raw outputs as the contract names them. */
    private Map<String, Array> named(Map<String, Array> raw) {
        Map<String, Array> outputs = new LinkedHashMap<>();
        for (Output output : contract.outputs()) {
            outputs.put(
                    output.name(),
                    output.index() == null ? raw.get(output.name()) : labels(output, raw.get(output.index())));
        }
        return outputs;
    }

    private Array labels(Output output, Array index) {
        long[] indices = (long[]) index.data();
        List<Object> labels = output.labels();
        String[] texts = new String[indices.length];
        for (int i = 0; i < indices.length; i++) {
            if (indices[i] < 0 || indices[i] >= labels.size()) {
                throw new SamescoreException(
                        Code.RUNTIME,
                        where + ": " + output.index(),
                        "index " + indices[i],
                        "an index into the " + labels.size() + " labels");
            }
            texts[i] = (String) labels.get((int) indices[i]);
        }
        return new Array(index.shape(), texts);
    }

    @Override
    public void close() {
        for (OneRow row = idle.poll(); row != null; row = idle.poll()) {
            row.close();
        }
        session.close();
    }
}
