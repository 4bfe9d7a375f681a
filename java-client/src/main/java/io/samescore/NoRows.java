package io.samescore;

import java.util.LinkedHashMap;
import java.util.Map;

/** The outputs of a batch without rows, which some operators (TfIdfVectorizer) and services refuse: known without running. */
final class NoRows {
    private NoRows() {}

    static Map<String, Array> outputs(Contract contract) {
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
}
