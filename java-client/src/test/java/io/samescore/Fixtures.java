package io.samescore;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** The artifacts that make_artifacts.py wrote. */
final class Fixtures {
    static final List<String> NAMES = List.of("everything", "regressor", "classifier", "patches");

    private Fixtures() {}

    static Path path(String name) {
        return Path.of("src", "test", "resources", "artifacts", name + ".onnx");
    }

    static byte[] bytes(String name) {
        return resource("/artifacts/" + name + ".onnx");
    }

    static byte[] resource(String path) {
        try (InputStream stream = Fixtures.class.getResourceAsStream(path)) {
            return stream.readAllBytes();
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    /** A row that the artifact "everything" accepts. */
    static Row row() {
        return new Row()
                .set("price", 1.5)
                .set("stock", 3)
                .set("promo", true)
                .set("ratio", 0.1f)
                .set("count", 1L)
                .set("day", "1970-01-01")
                .set("open", true)
                .set("shop", "east")
                .set("colour", null)
                .set("note", "h\u00e9llo \ud83d\ude00")
                .set("items", List.of("a", "\ud83d\ude00"));
    }

    /** A contract of one column, as JSON would give it, with a tensor that suits it. */
    static Contract contract(ColumnType type, boolean nullable) {
        return contract(type, nullable, false, null, null);
    }

    static Contract contract(ColumnType type, boolean nullable, boolean finite, Double limit, List<String> categories) {
        boolean text = type == ColumnType.STRING;
        boolean list = type == ColumnType.LIST_STRING;
        TensorType tensor =
                switch (type) {
                    case FLOAT64 -> TensorType.FLOAT64;
                    case FLOAT32 -> TensorType.FLOAT32;
                    case INT64, DATETIME -> nullable ? TensorType.FLOAT64 : TensorType.INT64;
                    case BOOL -> nullable ? TensorType.FLOAT64 : TensorType.BOOL;
                    case STRING, LIST_STRING -> TensorType.STRING;
                };
        String mask = (text && nullable) || list ? "t.missing" : null;
        Place place = new Place("t", 0);
        Column column = new Column(
                "x", type, nullable, finite, limit, null, categories, categories != null, list ? 2 : null, null, null, place,
                false);
        return new Contract("packed", List.of(column), List.of(new Tensor("t", tensor, List.of(), mask)), List.of(), false);
    }

    /** The message of the one problem that a value has. */
    static String problem(Contract contract, Object value) {
        try {
            new Encoder(contract).encode(List.of(new Row().set("x", value).values()));
        } catch (ContractException refused) {
            return refused.getMessage();
        }
        throw new AssertionError("accepted: " + value);
    }

    static Object data(Contract contract, Object value) {
        Map<String, Array> tensors = new Encoder(contract).encode(List.of(new Row().set("x", value).values()));
        return tensors.get("t").data();
    }
}
