package io.samescore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Opens every artifact there is, which scores its goldens: the tests' own, and those of the folder that the property
 * samescore.artifacts names. A folder that was named must have some.
 */
class ArtifactsTest {
    static Stream<Path> artifacts() throws IOException {
        String named = System.getProperty("samescore.artifacts");
        Path folder = Path.of(named != null ? named : System.getProperty("samescore.default.artifacts", "../build/artifacts"));
        List<Path> found = found(folder);
        assertFalse(named != null && found.isEmpty(), "no artifact in " + folder);
        return Stream.concat(Fixtures.NAMES.stream().map(Fixtures::path), found.stream());
    }

    private static List<Path> found(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file -> file.toString().endsWith(".onnx")).sorted().toList();
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("artifacts")
    void passesItsSelfCheck(Path artifact) {
        try (Model model = Model.open(artifact)) {
            assertFalse(model.contract().outputs().isEmpty());
            assertEquals(0, model.score(List.of()).rows(), "no rows give no scores, whatever the operators");
        }
    }
}
