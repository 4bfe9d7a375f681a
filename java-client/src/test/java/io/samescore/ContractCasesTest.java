package io.samescore;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The cases that Python, HTTP and Java all run: the same rows accepted and refused, with the same words. */
class ContractCasesTest {
    private static final Path FILE =
            Path.of(System.getProperty("samescore.cases", "../parity_tests/contract_cases.json"));

    @TestFactory
    Stream<DynamicTest> cases() throws Exception {
        Node file = Node.parse("cases", Files.readString(FILE));
        Map<String, Encoder> encoders = new HashMap<>();
        Node contracts = file.get("contracts");
        for (Object id : contracts.object().keySet()) {
            encoders.put((String) id, new Encoder(ContractParser.parse(contracts.get((String) id))));
        }
        List<Node> cases = file.get("cases").items();
        assertFalse(cases.isEmpty());
        return cases.stream()
                .map(item -> DynamicTest.dynamicTest(
                        item.get("id").text(), () -> run(encoders.get(item.get("contract").text()), item)));
    }

    private static void run(Encoder encoder, Node item) {
        List<Map<String, ?>> rows = rows(item);
        if (item.get("accepted").flag()) {
            accepted(item.get("tensors"), encoder.encode(rows));
            return;
        }
        ContractException refused = assertThrows(ContractException.class, () -> encoder.encode(rows));
        List<Node> expected = item.get("problems").items();
        List<Problem> problems = refused.problems();
        for (int i = 0; i < Math.min(expected.size(), problems.size()); i++) {
            Problem problem = problems.get(i);
            assertEquals(expected.get(i).get("message").text(), problem.message());
            assertEquals(expected.get(i).get("row").integerOrNull(), problem.row());
            assertEquals(expected.get(i).get("column").text(), problem.column());
            assertEquals(expected.get(i).get("code").text(), problem.code().text());
        }
        assertEquals(expected.size(), problems.size());
        assertEquals(item.object().containsKey("total") ? item.get("total").integer() : expected.size(), refused.total());
    }

    /** Rows that no tool should have to carry as JSON, such as lone surrogates, are written as text. */
    private static List<Map<String, ?>> rows(Node item) {
        boolean text = item.object().containsKey("rows_json");
        Node rows = text ? Node.parse("rows", item.get("rows_json").text()) : item.get("rows");
        List<Map<String, ?>> maps = new ArrayList<>();
        for (Node row : rows.items()) {
            Row values = new Row();
            row.object().forEach((column, value) -> values.set((String) column, value));
            maps.add(values.values());
        }
        return maps;
    }

    private static void accepted(Node tensors, Map<String, Array> got) {
        assertEquals(tensors.object().keySet(), got.keySet());
        for (String name : got.keySet()) {
            Array expected = ArrayCodec.decode(tensors.get(name));
            assertEquals(expected.dtype(), got.get(name).dtype(), name);
            assertArrayEquals(expected.shape(), got.get(name).shape(), name);
            for (int i = 0; i < expected.size(); i++) {
                // As objects, so that -0.0 is not 0.0 here.
                assertEquals(expected.element(i), got.get(name).element(i), name + "[" + i + "]");
            }
        }
    }
}
