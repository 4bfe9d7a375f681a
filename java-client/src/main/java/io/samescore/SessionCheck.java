package io.samescore;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.TensorInfo;
import io.samescore.SamescoreException.Code;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** The comparison of a session's inputs and outputs with the contract, by name, type and rank. */
final class SessionCheck {
    private SessionCheck() {}

    static void check(Session session, Contract contract, String where) {
        Map<String, String> inputs = new TreeMap<>();
        Map<String, String> outputs = new TreeMap<>();
        contract.tensors().forEach(tensor -> inputs.put(tensor.name(), shown(tensor.type(), tensor.shape().size())));
        contract.outputs().forEach(output -> outputs.put(output.name(), shown(output.type(), output.shape().size())));
        try {
            compare("inputs", actual(session.ort().getInputInfo()), inputs, where);
            compare("outputs", actual(session.ort().getOutputInfo()), outputs, where);
        } catch (OrtException error) {
            throw new SamescoreException(Code.CONTRACT_MISMATCH, where, Session.reason(error), "a model", error);
        }
        for (Output output : contract.outputs()) {
            String index = output.index();
            boolean found = index == null
                    || contract.outputs().stream()
                            .anyMatch(other -> other.name().equals(index) && other.type() == TensorType.INT64);
            if (!found) {
                throw new SamescoreException(
                        Code.CONTRACT_MISMATCH, where + ": " + output.name(), "no output " + index, "an int64 companion");
            }
        }
    }

    private static void compare(String side, Map<String, String> got, Map<String, String> want, String where) {
        if (!got.equals(want)) {
            throw new SamescoreException(
                    Code.CONTRACT_MISMATCH, where, side + " " + listed(got), side + " " + listed(want));
        }
    }

    private static Map<String, String> actual(Map<String, NodeInfo> nodes) {
        Map<String, String> actual = new TreeMap<>();
        for (NodeInfo node : nodes.values()) {
            if (node.getInfo() instanceof TensorInfo tensor) {
                actual.put(node.getName(), typeText(tensor.type) + " of rank " + tensor.getShape().length);
            } else {
                actual.put(node.getName(), "no tensor");
            }
        }
        return actual;
    }

    private static String typeText(OnnxJavaType type) {
        return switch (type) {
            case DOUBLE -> "float64";
            case FLOAT -> "float32";
            default -> type.name().toLowerCase(Locale.ROOT);
        };
    }

    private static String shown(TensorType type, int rank) {
        return type.text() + " of rank " + rank;
    }

    private static String listed(Map<String, String> nodes) {
        StringBuilder listed = new StringBuilder();
        nodes.forEach((name, text) ->
                listed.append(listed.isEmpty() ? "" : ", ").append(name).append(" (").append(text).append(")"));
        return listed.isEmpty() ? "none" : listed.toString();
    }
}
