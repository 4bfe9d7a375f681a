package io.samescore;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.samescore.SamescoreException.Code;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class RemoteModelTest {
    private static final RemoteOptions QUICK = RemoteOptions.defaults().withRetries(2).withToken("secret");
    private FakeService service;

    @BeforeEach
    void start() throws Exception {
        service = new FakeService();
    }

    @AfterEach
    void stop() throws Exception {
        service.close();
    }

    /** The description of a model of two float columns, as a samescore service gives it. */
    private static String described(String digest, String second) {
        String column = "{\"name\": \"%s\", \"type\": \"float64\", \"nullable\": true, \"finite\": false, \"limit\": null, \"range\": null,"
                + " \"categories\": null, \"closed\": false, \"max_length\": null, \"unit\": null, \"description\": null,"
                + " \"place\": {\"tensor\": \"float64\", \"position\": %d}}";
        return "{\"name\": \"m\", \"digest\": \"" + digest + "\", \"contract\": {\"format\": 1, \"layout\": \"packed\", \"columns\": ["
                + column.formatted("x0", 0) + ", " + column.formatted(second, 1) + "], \"tensors\": [{\"name\": \"float64\","
                + " \"type\": \"float64\", \"shape\": [null, 2], \"missing\": null}], \"outputs\": [{\"name\": \"predict\", \"type\":"
                + " \"float64\", \"shape\": [null], \"labels\": null, \"index\": null}]}}";
    }

    private static String header(String digest, int rows, String form) {
        return "{\"model_name\": \"m\", \"parameters\": {\"digest\": \"" + digest + "\"}, \"outputs\": [{\"name\": \"predict\","
                + " \"datatype\": \"FP64\", \"shape\": [" + rows + "], " + form + "}]}";
    }

    private void answersBinary(String digest, double... values) {
        byte[] json = header(digest, values.length, "\"parameters\": {\"binary_data_size\": " + 8 * values.length + "}")
                .getBytes(StandardCharsets.UTF_8);
        ByteBuffer numbers = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        numbers.asDoubleBuffer().put(values);
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        body.writeBytes(json);
        body.writeBytes(numbers.array());
        service.answers(200, body.toByteArray(), "Inference-Header-Content-Length: " + json.length);
    }

    private RemoteModel open() {
        service.answers(200, described("d1", "x1"));
        return RemoteModel.open(service.address(), "m", QUICK);
    }

    @Test
    void sendsBinaryTensorsAndReadsThem() {
        try (Scorer model = open()) {
            assertEquals("d1", model.digest());
            answersBinary("d1", 0.1, Double.NaN);
            Batch batch = new Batch().set("x0", new double[] {1.5, Double.NaN}).set("x1", new double[] {-0.0, 4e-324});
            assertArrayEquals(new double[] {0.1, Double.NaN}, model.score(batch).doubles("predict"));
        }
        assertEquals("/models/m", service.asked().get(0).path());
        FakeService.Asked infer = service.asked().get(1);
        assertEquals("/v2/models/m/infer", infer.path());
        assertTrue(infer.head().contains("Authorization: Bearer secret"), infer.head());
        int header = Integer.parseInt(infer.head().replaceAll("(?s).*Inference-Header-Content-Length: (\\d+).*", "$1"));
        Node json = Node.parse("request", new String(infer.body(), 0, header, StandardCharsets.UTF_8));
        Node tensor = json.get("inputs").items().get(0);
        assertEquals("FP64", tensor.get("datatype").text());
        assertEquals(List.of(2L, 2L), tensor.get("shape").value());
        ByteBuffer numbers = ByteBuffer.wrap(infer.body(), header, 32).slice().order(ByteOrder.LITTLE_ENDIAN);
        double[] sent = new double[4];
        numbers.asDoubleBuffer().get(sent);
        assertArrayEquals(new double[] {1.5, -0.0, Double.NaN, 4e-324}, sent);
    }

    @Test
    void readsAnAnswerInJson() {
        try (Scorer model = open()) {
            service.answers(200, header("d1", 3, "\"data\": [1.5, null, \"-Infinity\"]"));
            Row row = new Row().set("x0", 1).set("x1", 2);
            double[] found = model.score(List.of(row, row, row)).doubles("predict");
            assertArrayEquals(new double[] {1.5, Double.NaN, Double.NEGATIVE_INFINITY}, found);
        }
    }

    @Test
    void asksAgainAfterA503AndALostConnectionAlone() {
        try (Scorer model = open()) {
            service.answers(503, "{\"error\": \"busy\"}", "Retry-After: 0").hangsUp();
            answersBinary("d1", 7);
            assertEquals(7, model.score(Map.of("x0", 1, "x1", 2)).value());
            assertEquals(4, service.asked().size());
            service.answers(500, "{\"error\": \"internal\"}");
            SamescoreException error = assertThrows(SamescoreException.class, () -> model.score(Map.of("x0", 1, "x1", 2)));
            assertEquals(Code.REMOTE, error.code());
            assertEquals(service.address() + " m: status 500 (internal); status 200", error.getMessage());
            assertEquals(5, service.asked().size());
        }
    }

    @Test
    void givesUpAfterTheRetriesAllowed() {
        try (Scorer model = open()) {
            service.answers(503, "").answers(503, "").answers(503, "");
            SamescoreException error = assertThrows(SamescoreException.class, () -> model.score(Map.of("x0", 1, "x1", 2)));
            assertEquals(Code.UNAVAILABLE, error.code());
            assertEquals("status 503 after 3 attempts", error.found());
            assertEquals(4, service.asked().size());
        }
    }

    @Test
    void holdsRowsToTheContractBeforeSending() {
        try (Scorer model = open()) {
            ContractException error = assertThrows(ContractException.class, () -> model.score(Map.of("x0", "a")));
            assertEquals(2, error.total());
            assertEquals("rows[0].x0: the string \"a\"; a number or null", error.problems().get(0).message());
            assertEquals(1, service.asked().size());
        }
    }

    @Test
    void tellsTheServicesProblems() {
        try (Scorer model = open()) {
            service.answers(
                    422,
                    "{\"error\": \"...\", \"code\": \"contract\", \"total\": 3, \"problems\": [{\"row\": 0, \"column\": \"x0\", \"code\":"
                            + " \"out_of_range\", \"message\": \"rows[0].x0: 1e99; less\"}]}");
            // Asked whether the contract is another now: it is not.
            service.answers(200, described("d1", "x1"));
            ContractException error = assertThrows(ContractException.class, () -> model.score(Map.of("x0", 1, "x1", 2)));
            assertEquals(3, error.total());
            assertEquals(Problem.Code.OUT_OF_RANGE, error.problems().get(0).code());
        }
    }

    @Test
    void followsAModelThatWasReplaced() {
        try (Scorer model = open()) {
            answersBinary("d2", 1);
            service.answers(200, described("d2", "x1"));
            assertEquals(1, model.score(Map.of("x0", 1, "x1", 2)).value());
            assertEquals("d2", model.digest());
            // With another contract the row is encoded anew, and here refused.
            answersBinary("d3", 1);
            service.answers(200, described("d3", "y"));
            ContractException error = assertThrows(ContractException.class, () -> model.score(Map.of("x0", 1, "x1", 2)));
            assertEquals("rows[0].y: no such column; a number or null", error.getMessage());
            assertEquals("d3", model.digest());
        }
    }

    @Test
    void refusesWhatIsNoAnswer() {
        try (Scorer model = open()) {
            Map<String, Object> row = Map.of("x0", 1, "x1", 2);
            for (String body : List.of("", "[]", "{\"outputs\": 1}", header("d1", 2, "\"data\": [1, 2]"), header("d1", 1, "\"data\": []"),
                    header("d1", 1, "\"data\": [1]").replace("FP64", "INT64"), header("d1", 1, "\"data\": [1]").replace("predict", "p"),
                    header("d1", 1, "\"parameters\": {\"binary_data_size\": 8}"))) {
                service.answers(200, body);
                SamescoreException error = assertThrows(SamescoreException.class, () -> model.score(row), body);
                assertEquals(Code.REMOTE, error.code(), body);
            }
            service.answers(200, header("d1", 1, "\"data\": [1]"), "Inference-Header-Content-Length: 9999");
            assertEquals(Code.REMOTE, assertThrows(SamescoreException.class, () -> model.score(row)).code());
        }
    }

    @Test
    void takesTheContractFromAFile() {
        try (Scorer model = RemoteModel.open(service.address(), "other", Fixtures.path("regressor"), QUICK)) {
            service.answers(200, header("", 1, "\"data\": [2.5]"));
            assertEquals(2.5, model.score(new Row().set("x0", 1).set("x1", 2)).value());
            assertEquals("/v2/models/other/infer", service.asked().get(0).path());
        }
    }

    @Test
    void noRowsAreNotSent() {
        try (Scorer model = open()) {
            assertEquals(0, model.score(List.of()).doubles("predict").length);
            assertEquals(1, service.asked().size());
        }
    }

    @Test
    void useAfterCloseIsAnError() {
        Scorer model = open();
        model.close();
        SamescoreException error = assertThrows(SamescoreException.class, () -> model.score(Map.of()));
        assertEquals(Code.CLOSED, error.code());
    }

    @Test
    void aSilentServiceIsUnavailable() throws Exception {
        service.close();
        RemoteOptions options = QUICK.withTimeout(Duration.ofMillis(500)).withRetries(1);
        SamescoreException error =
                assertThrows(SamescoreException.class, () -> RemoteModel.open(service.address(), "m", options));
        assertEquals(Code.UNAVAILABLE, error.code());
    }

    @Test
    void theTokenIsInNoText() {
        assertEquals("RemoteOptions[timeout=PT10S, retries=2]", QUICK.toString());
    }
}
