package io.samescore;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The rows an artifact carries, and the scores the original model gave for them.
 *
 * @param columns column name to its values
 * @param outputs output name to what is expected
 */
record Golden(Map<String, Array> columns, Map<String, Expected> outputs) {
    /**
     * The scores of one output and how near to them a score must come.
     *
     * @param floors the floor of each score, in their dtype and shape, in place of the tolerance's own; null if the file
     *     does not say it
     */
    record Expected(Array scores, Tolerance tolerance, Array floors) {
        static Expected parse(Node output) {
            Array scores = ArrayCodec.decode(output);
            return new Expected(scores, Tolerance.parse(output.get("tolerance")), floors(output, scores));
        }

        /** The tolerance of one score. */
        Tolerance toleranceOf(int index) {
            return floors == null ? tolerance : tolerance.above(((Number) floors.element(index)).doubleValue());
        }

        private static Array floors(Node output, Array scores) {
            if (!output.object().containsKey("floors")) {
                return null;
            }
            Node node = output.get("floors");
            Array floors = ArrayCodec.decode(node);
            boolean numbers = floors.data() instanceof double[] || floors.data() instanceof float[];
            if (!numbers || !floors.dtype().equals(scores.dtype()) || !Arrays.equals(floors.shape(), scores.shape())) {
                throw node.refuse(
                        floors.dtype() + " " + floors.shapeText(),
                        "floats in the scores' " + scores.dtype() + " " + scores.shapeText());
            }
            return floors;
        }
    }

    static Golden parse(Node entry) {
        Map<String, Expected> outputs = new LinkedHashMap<>();
        Node all = entry.get("outputs");
        for (Object key : all.object().keySet()) {
            outputs.put((String) key, Expected.parse(all.get((String) key)));
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
