package io.samescore;

import io.samescore.SamescoreException.Code;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A session together with its contract: what comes out are the outputs as the contract means them, with labels looked up
 * where onnxruntime's JVM binding would not bring them over whole.
 */
final class Graph implements AutoCloseable {
    private final Session session;
    private final Contract contract;
    private final String where;
    private final Set<String> wanted = new LinkedHashSet<>();

    Graph(Session session, Contract contract, String where) {
        this.session = session;
        this.contract = contract;
        this.where = where;
        for (Output output : contract.outputs()) {
            // The strings themselves never cross the binding: it mangles some, and might do worse.
            wanted.add(output.index() == null ? output.name() : output.index());
        }
    }

    /** All outputs for input tensors, in the contract's order, companions included. */
    Map<String, Array> run(Map<String, Array> tensors) {
        if (tensors.values().iterator().next().rows() == 0) {
            return nothing();
        }
        Map<String, Array> raw = session.run(tensors, wanted);
        Map<String, Array> outputs = new LinkedHashMap<>();
        for (Output output : contract.outputs()) {
            outputs.put(
                    output.name(),
                    output.index() == null ? raw.get(output.name()) : labels(output, raw.get(output.index())));
        }
        return outputs;
    }

    /** The outputs of a batch without rows, which some operators (TfIdfVectorizer) refuse: known without running. */
    private Map<String, Array> nothing() {
        Map<String, Array> outputs = new LinkedHashMap<>();
        for (Output output : contract.outputs()) {
            int[] shape = new int[output.shape().size()];
            for (int axis = 1; axis < shape.length; axis++) {
                Integer size = output.shape().get(axis);
                shape[axis] = size == null ? 0 : size;
            }
            outputs.put(output.name(), new Array(shape, noElements(output.type())));
        }
        return outputs;
    }

    private static Object noElements(TensorType type) {
        return switch (type) {
            case FLOAT64 -> new double[0];
            case FLOAT32 -> new float[0];
            case INT64 -> new long[0];
            case INT32 -> new int[0];
            case BOOL -> new boolean[0];
            case STRING -> new String[0];
        };
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
        session.close();
    }
}
