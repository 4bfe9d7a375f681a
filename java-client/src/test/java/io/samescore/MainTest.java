package io.samescore;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MainTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private int run(Object... arguments) {
        PrintStream outStream = new PrintStream(out, true, StandardCharsets.UTF_8);
        PrintStream errStream = new PrintStream(err, true, StandardCharsets.UTF_8);
        return new Main(outStream, errStream).run(List.of(arguments).stream().map(Object::toString).toList());
    }

    private String out() {
        return out.toString(StandardCharsets.UTF_8);
    }

    private String err() {
        return err.toString(StandardCharsets.UTF_8);
    }

    @Test
    void verifiesEachFile(@TempDir Path folder) throws Exception {
        assertEquals(0, run("verify", Fixtures.path("regressor"), Fixtures.path("classifier")));
        assertEquals(2, out().lines().filter(line -> line.contains(": passed, digest ")).count());
        Path cut = Files.write(folder.resolve("cut.onnx"), new byte[] {8, 10});
        assertEquals(1, run("verify", Fixtures.path("regressor"), cut));
        assertTrue(out().contains("cut.onnx: failed, not_an_artifact"));
        assertTrue(err().contains("no metadata entry samescore.contract; a file that samescore wrote"));
        assertEquals(2, run("verify", folder.resolve("absent.onnx")));
    }

    @Test
    void inspects() {
        assertEquals(0, run("inspect", Fixtures.path("everything")));
        assertTrue(out().contains("price: float64, may be missing, seen 0.5 to 9.0, in EUR"), out());
        assertTrue(out().contains("items: list<string>, at most 3 elements"), out());
        assertTrue(out().contains("predict: string [?], labels [no, yes \ud83d\ude00]"), out());
    }

    @Test
    void scoresLines(@TempDir Path folder) throws Exception {
        Path rows = Files.writeString(
                folder.resolve("rows.jsonl"), "{\"x0\": null, \"x1\": 1}\n\n{\"x0\": 1, \"x1\": 0.2}\n{\"x0\": \"-Infinity\", \"x1\": 0}");
        assertEquals(0, run("score", Fixtures.path("regressor"), rows));
        List<String> lines = out().lines().toList();
        assertEquals("{\"predict\":\"NaN\"}", lines.get(0));
        assertEquals("{\"predict\":" + (0.1 + 0.2) + "}", lines.get(1));
        assertEquals("{\"predict\":\"-Infinity\"}", lines.get(2));
        Path two = Files.writeString(folder.resolve("two.jsonl"), "{\"x0\": 4}");
        assertEquals(0, run("score", Fixtures.path("classifier"), two));
        assertTrue(out().endsWith("{\"predict\":7,\"predict_proba\":[0.0,1.0]}\n"), out());
    }

    @Test
    void severalRowsForOneStayOnItsLine(@TempDir Path folder) throws Exception {
        Path rows = Files.writeString(
                folder.resolve("rows.jsonl"),
                "{\"x[0,0]\": 0, \"x[0,1]\": 1, \"x[0,2]\": 2, \"x[1,0]\": 3, \"x[1,1]\": 4, \"x[1,2]\": 5}\n");
        assertEquals(0, run("score", Fixtures.path("patches"), rows));
        assertEquals(
                "{\"transform\":[[[0.0,1.0],[3.0,4.0]],[[1.0,2.0],[4.0,5.0]]],\"predict\":[0,1]}\n", out());
    }

    @Test
    void tellsEveryBadRow(@TempDir Path folder) throws Exception {
        Path rows = Files.writeString(folder.resolve("rows.jsonl"), "{\"x0\": \"abc\"}\n{}\n");
        assertEquals(2, run("score", Fixtures.path("classifier"), rows));
        assertEquals("rows[0].x0: the string \"abc\"; a number\nrows[1].x0: no such column; a number\n", err());
        Path none = Files.writeString(folder.resolve("none.jsonl"), "{\"x0\": 1}\n[1]\n");
        assertEquals(2, run("score", Fixtures.path("classifier"), none));
        assertTrue(err().contains("none.jsonl:2: a list of 1 elements; one JSON object a line"), err());
    }

    @Test
    void misuseShowsTheUsage() {
        assertEquals(2, run());
        assertEquals(2, run("verify"));
        assertEquals(2, run("score", "one"));
        assertTrue(err().startsWith("usage: java -jar"));
    }

    @Test
    void parityGivesExactScores(@TempDir Path folder) throws Exception {
        for (String name : Fixtures.NAMES) {
            Files.copy(Fixtures.path(name), folder.resolve(name + ".onnx"));
        }
        ArtifactFile artifact = ArtifactFile.read(Fixtures.path("everything"));
        Map<String, String> metadata = Integrity.of(artifact.content(), "everything").metadata();
        // The goldens have the form of parity rows, and more.
        Files.writeString(folder.resolve("everything.rows.json"), metadata.get("samescore.golden"));
        Files.writeString(folder.resolve("regressor.rows.json"), "{\"columns\": {}}");
        assertEquals(0, run("parity", folder));
        assertEquals("2 scored\n", out());
        Node answer = Node.parse("answer", Files.readString(folder.resolve("everything.jvm.json")));
        artifact.golden().outputs().forEach((name, expected) -> {
            Array got = ArrayCodec.decode(answer.get("outputs").get(name));
            assertEquals(java.util.Optional.empty(), Comparison.difference(expected.scores(), got, expected.tolerance()));
        });
        assertArrayEquals(
                new String[] {"yes \ud83d\ude00", "no", "yes \ud83d\ude00", "no"},
                (String[]) ArrayCodec.decode(answer.get("outputs").get("predict")).data());
        Node refused = Node.parse("answer", Files.readString(folder.resolve("regressor.jvm.json")));
        assertTrue(refused.get("error").text().startsWith("regressor.rows.json: columns of other names"));
    }
}
