package io.samescore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.samescore.SamescoreException.Code;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Goldens against scores, as every reader must judge them: the cases that the Python runtime runs as well. */
class ComparisonCasesTest {
    private static final Path CASES =
            Path.of(System.getProperty("samescore.comparisons", "../parity_tests/comparison_cases.json"));

    @TestFactory
    Stream<DynamicTest> goldensAreJudgedAsTheSharedCasesSay() throws IOException {
        Node cases = Node.parse("cases", Files.readString(CASES, StandardCharsets.UTF_8));
        List<Node> items = cases.items();
        assertTrue(items.size() > 10);
        return items.stream().map(item -> DynamicTest.dynamicTest(item.get("name").text(), () -> judge(item)));
    }

    private static void judge(Node item) {
        Node output = item.get("expected");
        if (item.object().containsKey("refused")) {
            SamescoreException error =
                    assertThrows(SamescoreException.class, () -> Golden.Expected.parse(output));
            assertEquals(Code.NOT_AN_ARTIFACT, error.code());
            assertTrue(error.getMessage().contains("floors"), error.getMessage());
            return;
        }
        Array got = ArrayCodec.decode(item.get("got"));
        assertEquals(
                item.get("same").flag(),
                Comparison.difference(Golden.Expected.parse(output), got).isEmpty());
    }
}
