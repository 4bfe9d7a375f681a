package io.samescore.examples.service;

import io.samescore.Contract;
import io.samescore.Output;
import io.samescore.Scores;
import java.util.LinkedHashMap;
import java.util.Map;

/** Scores as the arrays that JSON is written from. Numbers are written such that they read back exactly. */
final class OutputValues {
    private OutputValues() {}

    static Map<String, Object> of(Contract contract, Scores scores) {
        Map<String, Object> outputs = new LinkedHashMap<>();
        for (String name : scores.names()) {
            outputs.put(name, values(contract.output(name), scores));
        }
        return outputs;
    }

    private static Object values(Output output, Scores scores) {
        String name = output.name();
        boolean single = scores.shape(name).length == 1;
        return switch (output.type()) {
            case FLOAT64, FLOAT32 -> single ? scores.doubles(name) : scores.matrix(name);
            case INT64, INT32 -> single ? scores.longs(name) : scores.longMatrix(name);
            case STRING -> single ? scores.strings(name) : scores.stringMatrix(name);
            case BOOL -> scores.booleans(name);
        };
    }
}
