package io.samescore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.OrtEnvironment;
import com.fasterxml.jackson.core.JsonFactory;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** onnxruntime 1.29 ends a JVM whose command line is as long as any real class path, when it starts on an ordinary thread. */
class LongCommandLineTest {
    private static final int LONGEST_ARGUMENT = 128 * 1024 - 64;

    @Test
    void opensUnderALongCommandLine(@TempDir Path home) throws IOException, InterruptedException {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        String classes = Stream.of(Model.class, OrtEnvironment.class, JsonFactory.class)
                .map(LongCommandLineTest::place)
                .collect(Collectors.joining(File.pathSeparator));
        String artifact = Fixtures.path("classifier").toString();
        ProcessBuilder builder = new ProcessBuilder(List.of(
                java, "-Xmx64m", "-Dlong=" + "a".repeat(LONGEST_ARGUMENT), "-Dlonger=" + "-/b".repeat(LONGEST_ARGUMENT / 3),
                "-cp", classes, "io.samescore.Main", "verify", artifact));
        Map<String, String> environment = builder.environment();
        // Nothing that keeps onnxruntime from looking at the command line; and nowhere for what it gathers to go.
        environment.keySet().removeAll(List.of("ORT_DISABLE_TELEMETRY", "CI", "TF_BUILD", "GITHUB_ACTIONS"));
        environment.put("HOME", home.toString());
        environment.put("XDG_CACHE_HOME", home.toString());
        environment.put("https_proxy", "http://127.0.0.1:9");
        Process process = builder.redirectErrorStream(true).redirectOutput(home.resolve("log").toFile()).start();
        try {
            assertTrue(process.waitFor(60, TimeUnit.SECONDS));
            assertEquals(0, process.exitValue());
        } finally {
            process.destroyForcibly();
        }
    }

    private static String place(Class<?> type) {
        try {
            return Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
        } catch (URISyntaxException error) {
            throw new IllegalStateException(error);
        }
    }
}
