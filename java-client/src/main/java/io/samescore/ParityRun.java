package io.samescore;

import com.fasterxml.jackson.core.JsonEncoding;
import com.fasterxml.jackson.core.JsonGenerator;
import io.samescore.SamescoreException.Code;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The JVM's side of the parity suite: for each NAME.onnx of a folder with NAME.rows.json beside it, the scores go to
 * NAME.jvm.json. Rows are {@code {"columns": {name: array object}}} in the form of the goldens, the answer
 * {@code {"outputs": {name: array object}}} or {@code {"error": message}}; numbers stay exact to the bit.
 */
final class ParityRun {
    private static final String ARTIFACT = ".onnx";

    private ParityRun() {}

    static void run(Path folder, PrintStream out) {
        int done = 0;
        try {
            for (Path artifact : artifacts(folder)) {
                String name = artifact.getFileName().toString();
                String stem = name.substring(0, name.length() - ARTIFACT.length());
                Path rows = folder.resolve(stem + ".rows.json");
                if (Files.exists(rows)) {
                    score(artifact, rows, folder.resolve(stem + ".jvm.json"));
                    done++;
                }
            }
        } catch (IOException error) {
            throw new SamescoreException(
                    Code.UNREADABLE, folder.toString(), "unreadable (" + error + ")", "a folder to read and write", error);
        }
        out.println(done + " scored");
    }

    private static List<Path> artifacts(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.getFileName().toString().endsWith(ARTIFACT)).sorted().toList();
        }
    }

    private static void score(Path artifact, Path rows, Path answer) throws IOException {
        try (JsonGenerator json = Json.FACTORY.createGenerator(answer.toFile(), JsonEncoding.UTF8)) {
            json.writeStartObject();
            try {
                Map<String, Array> outputs = outputs(artifact, rows);
                json.writeObjectFieldStart("outputs");
                for (Map.Entry<String, Array> output : outputs.entrySet()) {
                    json.writeFieldName(output.getKey());
                    ArrayCodec.write(json, output.getValue());
                }
                json.writeEndObject();
            } catch (SamescoreException error) {
                json.writeStringField("error", error.getMessage());
            }
            json.writeEndObject();
        }
    }

    private static Map<String, Array> outputs(Path artifact, Path rows) throws IOException {
        String where = rows.getFileName().toString();
        Node content = Node.parse(where, Files.readString(rows, StandardCharsets.UTF_8));
        Map<String, Array> columns = Golden.columns(content.get("columns"));
        try (Model model = Model.open(artifact)) {
            return model.scoreGolden(columns, where);
        }
    }
}
