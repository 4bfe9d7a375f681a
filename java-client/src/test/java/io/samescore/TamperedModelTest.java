package io.samescore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.samescore.SamescoreException.Code;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** Changes that someone makes who then writes a fitting checksum: what the later checks must see. */
class TamperedModelTest {
    static byte[] resealed(byte[] content) {
        ProtobufBytes message = new ProtobufBytes();
        WireWalk fields = new WireWalk(content, 0, content.length, "test");
        while (fields.next()) {
            String text = new String(content, fields.start(), fields.end() - fields.start(), StandardCharsets.ISO_8859_1);
            if (!text.contains(Integrity.KEY)) {
                text.chars().forEach(message::raw);
            }
        }
        String sum = Integrity.of(message.bytes(), "test").sha256();
        return message.metadata(Integrity.KEY, "{\"format\": 1, \"sha256\": \"" + sum + "\"}").bytes();
    }

    /** A change of the bytes that keeps their number, as a length field stands before them. */
    private static SamescoreException open(String name, UnaryOperator<String> change) {
        String content = new String(Fixtures.bytes(name), StandardCharsets.ISO_8859_1);
        String changed = change.apply(content);
        assertEquals(content.length(), changed.length());
        byte[] bytes = changed.getBytes(StandardCharsets.ISO_8859_1);
        assertEquals(Code.INTEGRITY, assertThrows(SamescoreException.class, () -> Model.open(bytes)).code());
        return assertThrows(SamescoreException.class, () -> Model.open(resealed(bytes)).close());
    }

    private static String bytes(double value) {
        byte[] bytes = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putDouble(value).array();
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    @Test
    void anUnchangedModelOpensResealed() {
        Model.open(resealed(Fixtures.bytes("classifier"))).close();
    }

    @Test
    void goldensSeeAChangedThreshold() {
        SamescoreException error = open("classifier", content -> content.replace(bytes(0.5), bytes(0.25)));
        assertEquals(Code.SELF_CHECK, error.code());
        assertEquals("artifact: predict", error.where());
        assertEquals("1 values beyond the tolerance; row 1: expected 3, got 7", error.found());
    }

    @Test
    void goldensSeeAChangedWeight() {
        SamescoreException error = open("regressor", content -> content.replace(bytes(0.1), bytes(Math.nextUp(0.1))));
        assertEquals(Code.SELF_CHECK, error.code());
        assertTrue(error.found().contains("ulp apart"), error.found());
    }

    @Test
    void theSessionMustBeWhatTheContractSays() {
        SamescoreException error = open("regressor", content -> content.replace(
                "{\"name\": \"predict\", \"type\": \"float64\"", "{\"name\": \"predict\", \"type\": \"float32\""));
        assertEquals(Code.CONTRACT_MISMATCH, error.code());
        assertEquals(
                "artifact: outputs predict (float64 of rank 1); outputs predict (float32 of rank 1)", error.getMessage());
    }

    @Test
    void placesMustFillTheTensors() {
        SamescoreException error = open("everything", content -> content.replace("\"position\": 2", "\"position\": 3"));
        assertEquals(Code.CONTRACT_MISMATCH, error.code());
        assertEquals("tensors.float64: 3 columns; one column at each position", error.getMessage());
    }

    @Test
    void aModelThatOnnxruntimeRefusesIsAMismatch() {
        SamescoreException error = open("classifier", content -> content.replace("ArgMax", "ArgMux"));
        assertEquals(Code.CONTRACT_MISMATCH, error.code());
        assertTrue(error.found().startsWith("onnxruntime "), error.found());
    }

    @Test
    void unknownTolerancesAreRefused() {
        SamescoreException error = open("classifier", content -> content.replace("\"exact\"", "\"exalt\""));
        assertEquals(Code.UNKNOWN_FORMAT, error.code());
    }
}
