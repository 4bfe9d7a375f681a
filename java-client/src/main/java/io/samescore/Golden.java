package io.samescore;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The rows an artifact carries, and the scores the original model gave for them.
 *
 * @param columns column name to its values
 * @param outputs output name to what is expected
 */
record Golden(Map<String, Array> columns, Map<String, Expected> outputs) {
    /** The scores of one output and how near to them a score must come. */
    record Expected(Array scores, Tolerance tolerance) {}

    static Golden parse(Node entry) {
        Map<String, Expected> outputs = new LinkedHashMap<>();
        Node all = entry.get("outputs");
        for (Object key : all.object().keySet()) {
            Node output = all.get((String) key);
            outputs.put((String) key, new Expected(ArrayCodec.decode(output), Tolerance.parse(output.get("tolerance"))));
        }
        return new Golden(columns(entry.get("columns")), outputs);
    }

    /** Array objects by column name: the form of golden rows, also where they come from another file. */
    static Map<String, Array> columns(Node all) {
        Map<String, Array> columns = new LinkedHashMap<>();
        for (Object key : all.object().keySet()) {
            columns.put((String) key, ArrayCodec.decode(all.get((String) key)));
        }
        return columns;
    }
}
