package io.samescore;

import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A damaged file is refused, wherever the damage is, and never ends the JVM. */
class CorruptFileTest {
    private static final int OFFSETS = 64;

    private static IntStream offsets(int length) {
        return IntStream.range(0, OFFSETS).map(index -> (int) ((long) index * (length - 1) / (OFFSETS - 1)));
    }

    private static void refused(Path file, byte[] content) throws IOException {
        Files.write(file, content);
        assertThrows(SamescoreException.class, () -> Model.open(file).close());
    }

    @ParameterizedTest
    @ValueSource(strings = {"classifier", "everything", "regressor", "patches"})
    void flippedBytesAreRefused(String name, @TempDir Path folder) throws IOException {
        byte[] content = Fixtures.bytes(name);
        for (int offset : offsets(content.length).toArray()) {
            for (int bits : new int[] {0x01, 0x80, 0xFF}) {
                byte[] changed = content.clone();
                changed[offset] ^= (byte) bits;
                refused(folder.resolve("flipped.onnx"), changed);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"classifier", "everything", "regressor", "patches"})
    void truncatedFilesAreRefused(String name, @TempDir Path folder) throws IOException {
        byte[] content = Fixtures.bytes(name);
        for (int length : offsets(content.length).toArray()) {
            refused(folder.resolve("truncated.onnx"), Arrays.copyOf(content, length));
        }
    }

    /** Behind a fitting checksum, which only someone who means harm writes, the later checks and onnxruntime itself must hold. */
    @ParameterizedTest
    @ValueSource(strings = {"classifier", "everything", "regressor", "patches"})
    void flippedBytesBehindAFittingChecksumDoNotEndTheJvm(String name) {
        byte[] content = Fixtures.bytes(name);
        for (int offset : offsets(content.length).toArray()) {
            byte[] changed = content.clone();
            changed[offset] ^= (byte) 0x41;
            try {
                // Some changes mean nothing, such as one in a node's name.
                Model.open(TamperedModelTest.resealed(changed)).close();
            } catch (SamescoreException error) {
                continue;
            }
        }
    }
}
