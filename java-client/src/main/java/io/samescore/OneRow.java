package io.samescore;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import io.samescore.SamescoreException.Code;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * One row's way through a session over tensors that are made once, as most calls of a service score one row. What has no fixed size
 * a row, and strings, which onnxruntime keeps in objects of its own, are made for each call. Used by one thread at a time.
 */
final class OneRow implements AutoCloseable {
    /** Elements of a row up to which a tensor is kept. */
    private static final int LARGEST = 1 << 13;

    private final Session session;
    private final ContractLayout layout;
    private final Map<String, TensorBuffer> buffers;
    private final Map<String, DirectTensor> inputs = new HashMap<>();
    private final Map<String, DirectTensor> outputs = new LinkedHashMap<>();
    private final Map<String, OnnxTensor> fed = new HashMap<>();
    private final Map<String, OnnxTensor> pinned = new HashMap<>();

    OneRow(Session session, ContractLayout layout, Contract contract, Set<String> wanted) {
        this.session = session;
        this.layout = layout;
        this.buffers = layout.buffers(1);
        try {
            OrtEnvironment environment = OrtEnvironment.getEnvironment();
            for (Tensor tensor : contract.tensors()) {
                if (tensor.type() != TensorType.STRING && !isMask(contract, tensor) && fixed(tensor.shape())) {
                    DirectTensor direct = DirectTensor.of(environment, tensor.type(), row(tensor.shape(), 1));
                    inputs.put(tensor.name(), direct);
                    fed.put(tensor.name(), direct.tensor());
                }
            }
            for (String name : wanted) {
                Output output = contract.output(name);
                DirectTensor direct = DirectTensor.of(environment, output.type(), row(output.shape(), output.each()));
                outputs.put(name, direct);
                pinned.put(name, direct.tensor());
            }
        } catch (OrtException error) {
            close();
            throw new SamescoreException(Code.RUNTIME, "row", "no memory for it (" + error + ")", "tensors", error);
        }
    }

    /** Whether every output that is fetched has a fixed size a row and a type that lies in a buffer. */
    static boolean fits(Contract contract, Collection<String> wanted) {
        return wanted.stream()
                .map(contract::output)
                .allMatch(output -> output.type() != TensorType.STRING && fixed(output.shape()));
    }

    /** A mask is filled with its strings, anew for each row. */
    private static boolean isMask(Contract contract, Tensor tensor) {
        return contract.tensors().stream().anyMatch(other -> tensor.name().equals(other.missing()));
    }

    private static boolean fixed(List<Integer> shape) {
        List<Integer> rest = shape.subList(1, shape.size());
        return rest.stream().allMatch(Objects::nonNull)
                && rest.stream().mapToLong(Integer::longValue).reduce(1, (a, b) -> a * b) <= LARGEST;
    }

    private static int[] row(List<Integer> shape, int rows) {
        int[] row = shape.stream().mapToInt(size -> size == null ? 0 : size).toArray();
        row[0] = rows;
        return row;
    }

    /** What the encoder fills; every cell must be written. */
    Map<String, TensorBuffer> buffers() {
        for (Map.Entry<String, TensorBuffer> buffer : buffers.entrySet()) {
            if (!inputs.containsKey(buffer.getKey())) {
                buffer.setValue(layout.buffer(buffer.getKey(), 1));
            }
        }
        return buffers;
    }

    /** The outputs for the row in the buffers. */
    Map<String, Array> run() {
        Map<String, Array> filled = ContractLayout.tensors(buffers);
        Map<String, Array> loose = new HashMap<>();
        for (Map.Entry<String, Array> tensor : filled.entrySet()) {
            DirectTensor direct = inputs.get(tensor.getKey());
            if (direct == null) {
                loose.put(tensor.getKey(), tensor.getValue());
            } else {
                direct.put(tensor.getValue());
            }
        }
        session.run(fed, loose, pinned);
        Map<String, Array> found = new LinkedHashMap<>();
        outputs.forEach((name, output) -> found.put(name, output.get()));
        return found;
    }

    @Override
    public void close() {
        inputs.values().forEach(DirectTensor::close);
        outputs.values().forEach(DirectTensor::close);
    }
}
