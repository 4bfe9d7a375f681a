package io.samescore;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.util.List;

/** Scores of rows as JSON lines. All rows are scored in one call, so that all problems are told at once. */
final class LineScoring {
    private LineScoring() {}

    static void score(Scorer model, List<Row> rows, PrintStream out) {
        try (JsonGenerator json = Json.FACTORY.createGenerator(out)) {
            json.disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
            json.setRootValueSeparator(null);
            Scores scores = model.score(rows);
            for (int row = 0; row < scores.rows(); row++) {
                json.writeStartObject();
                for (String output : scores.names()) {
                    json.writeFieldName(output);
                    writeRow(json, scores.array(output), row, model.contract().output(output).each());
                }
                json.writeEndObject();
                json.writeRaw('\n');
            }
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    /** What one row gives: a value or nested lists of them, or a list of {@code each} such. */
    private static void writeRow(JsonGenerator json, Array array, int row, int each) throws IOException {
        int width = array.size() / Math.max(1, array.rows());
        if (each == 1) {
            write(json, array, 1, row * width, width);
            return;
        }
        json.writeStartArray();
        for (int part = 0; part < each; part++) {
            write(json, array, 1, (row * each + part) * width, width);
        }
        json.writeEndArray();
    }

    private static void write(JsonGenerator json, Array array, int axis, int from, int size) throws IOException {
        if (axis == array.shape().length) {
            writeElement(json, array.element(from));
            return;
        }
        int extent = array.shape()[axis];
        json.writeStartArray();
        for (int i = 0; i < extent; i++) {
            write(json, array, axis + 1, from + i * (size / extent), size / extent);
        }
        json.writeEndArray();
    }

    private static void writeElement(JsonGenerator json, Object value) throws IOException {
        if (value instanceof Double || value instanceof Float) {
            double number = ((Number) value).doubleValue();
            if (!Double.isFinite(number)) {
                json.writeString(Double.toString(number));
            } else {
                // A float is written as the double it is equal to, as the other backends do.
                json.writeNumber(number);
            }
        } else if (value instanceof Number number) {
            json.writeNumber(number.longValue());
        } else if (value instanceof Boolean flag) {
            json.writeBoolean(flag);
        } else {
            json.writeString((String) value);
        }
    }
}
