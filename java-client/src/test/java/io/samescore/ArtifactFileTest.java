package io.samescore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.samescore.SamescoreException.Code;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ArtifactFileTest {
    private static final String CONTRACT = "{\"format\": 1, \"layout\": \"packed\", \"columns\": [], \"tensors\": [], \"outputs\": []}";
    private static final String GOLDEN = "{\"format\": 1, \"columns\": {}, \"outputs\": {}}";

    private static void refused(Code code, String message, byte[] content) {
        SamescoreException error = assertThrows(SamescoreException.class, () -> ArtifactFile.read("f", content));
        assertEquals(code, error.code());
        assertEquals(message, error.getMessage());
    }

    private static byte[] sealed(String contract, String golden) {
        ProtobufBytes message =
                new ProtobufBytes().field(1, 10).metadata("samescore.contract", contract).metadata("samescore.golden", golden);
        String sum = Integrity.of(message.bytes(), "f").sha256();
        return message.metadata(Integrity.KEY, "{\"format\": 1, \"sha256\": \"" + sum + "\"}").bytes();
    }

    @Test
    void readsWhatIsWhole() {
        byte[] content = sealed(CONTRACT, GOLDEN);
        ArtifactFile artifact = ArtifactFile.read("f", content);
        assertEquals("packed", artifact.contract().layout());
        assertEquals(HexFormat.of().formatHex(Integrity.newDigest().digest(content)), artifact.digest());
    }

    @Test
    void refusesForeignFiles() {
        refused(Code.NOT_AN_ARTIFACT, "f: no metadata entry samescore.contract; a file that samescore wrote", new byte[0]);
        refused(
                Code.NOT_AN_ARTIFACT,
                "f: no metadata entry samescore.contract; a file that samescore wrote",
                new ProtobufBytes().field(1, 10).field(7, "a graph").bytes());
        refused(
                Code.NOT_AN_ARTIFACT,
                "f: wire type 4 at byte 2; an ONNX model that samescore wrote",
                "hello, this is text and no model".getBytes(StandardCharsets.US_ASCII));
        byte[] pickle = {(byte) 0x80, 4, (byte) 0x95, 1, 0, 0, 0, 0, 0, 0, 0, 'N', '.'};
        assertThrows(SamescoreException.class, () -> ArtifactFile.read("f", pickle));
    }

    @Test
    void refusesEntriesItDoesNotKnow() {
        refused(
                Code.UNKNOWN_FORMAT,
                "f: samescore.contract: format 2; format 1",
                sealed(CONTRACT.replace("1,", "2,"), GOLDEN));
        refused(
                Code.NOT_AN_ARTIFACT,
                "f: samescore.golden: no format number; an entry as samescore writes it",
                sealed(CONTRACT, "{\"format\": true}"));
        SamescoreException error =
                assertThrows(SamescoreException.class, () -> ArtifactFile.read("f", sealed("{\"format\": NaN}", GOLDEN)));
        assertEquals(Code.NOT_AN_ARTIFACT, error.code());
        String deep = "[".repeat(100_000);
        assertThrows(SamescoreException.class, () -> ArtifactFile.read("f", sealed(deep, GOLDEN)));
    }

    @Test
    void refusesAContractThatIsNotAsTheSchemaSays() {
        refused(
                Code.NOT_AN_ARTIFACT,
                "f: samescore.contract: no key \"outputs\"; an object with it",
                sealed(CONTRACT.replace(", \"outputs\": []", ""), GOLDEN));
        refused(
                Code.NOT_AN_ARTIFACT,
                "f: samescore.contract.layout: the number 3; a string",
                sealed(CONTRACT.replace("\"packed\"", "3"), GOLDEN));
        refused(
                Code.NOT_AN_ARTIFACT,
                "f: samescore.contract.columns[0]: null; an object",
                sealed(CONTRACT.replace("\"columns\": []", "\"columns\": [null]"), GOLDEN));
    }

    @Test
    void refusesAChangedChecksumAndNone() {
        ProtobufBytes message = new ProtobufBytes()
                .metadata("samescore.contract", CONTRACT)
                .metadata("samescore.golden", GOLDEN);
        refused(Code.INTEGRITY, "f: no checksum; the file as samescore wrote it", message.bytes());
        refused(
                Code.INTEGRITY,
                "f: content that its checksum does not cover: the file was changed; the file as samescore wrote it",
                message.metadata(Integrity.KEY, "{\"format\": 1, \"sha256\": \"" + "0".repeat(64) + "\"}").bytes());
    }

    @Test
    void refusesWhatCannotBeRead(@TempDir Path folder) throws Exception {
        Path absent = folder.resolve("absent.onnx");
        SamescoreException error = assertThrows(SamescoreException.class, () -> Model.open(absent));
        assertEquals(Code.UNREADABLE, error.code());
        assertEquals(absent.toString(), error.where());
        assertEquals("no such file or directory", error.found());
        assertEquals("a readable .onnx file that samescore wrote", error.accepted());
        assertEquals(Code.UNREADABLE, assertThrows(SamescoreException.class, () -> Model.open(folder)).code());
        Path empty = Files.createFile(folder.resolve("empty.onnx"));
        assertEquals(Code.NOT_AN_ARTIFACT, assertThrows(SamescoreException.class, () -> Model.open(empty)).code());
    }
}
