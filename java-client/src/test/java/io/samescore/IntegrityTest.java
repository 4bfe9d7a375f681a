package io.samescore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.samescore.SamescoreException.Code;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IntegrityTest {
    private static Integrity walk(ProtobufBytes message) {
        return Integrity.of(message.bytes(), "f.onnx");
    }

    private static void refused(String message, ProtobufBytes content) {
        SamescoreException error = assertThrows(SamescoreException.class, () -> walk(content));
        assertEquals(Code.NOT_AN_ARTIFACT, error.code());
        assertEquals("f.onnx: " + message + "; an ONNX model that samescore wrote", error.getMessage());
    }

    @Test
    void sumsFieldsInFileOrderThenMetadataByKey() throws Exception {
        ProtobufBytes message = new ProtobufBytes()
                .field(1, 10)
                .metadata("b", "2")
                .metadata("samescore.integrity", "not part of the sum")
                .field(7, "graph")
                .raw(5 << 3 | 5, 1, 2, 3, 4)
                .raw(6 << 3 | 1, 1, 2, 3, 4, 5, 6, 7, 8)
                .metadata("a", "é");
        MessageDigest sha = MessageDigest.getInstance("SHA-256");
        sha.update(new ProtobufBytes().field(1, 10).field(7, "graph").bytes());
        sha.update(new ProtobufBytes().raw(5 << 3 | 5, 1, 2, 3, 4).raw(6 << 3 | 1, 1, 2, 3, 4, 5, 6, 7, 8).bytes());
        for (String text : new String[] {"a", "é", "b", "2"}) {
            byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
            sha.update(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(utf8.length).array());
            sha.update(utf8);
        }
        assertEquals(HexFormat.of().formatHex(sha.digest()), walk(message).sha256());
        assertEquals(
                Map.of("a", "é", "b", "2", "samescore.integrity", "not part of the sum"), walk(message).metadata());
    }

    @Test
    void orderOfMetadataDoesNotMatterButItsContentDoes() {
        Integrity one = walk(new ProtobufBytes().metadata("a", "1").metadata("b", "2"));
        assertEquals(one.sha256(), walk(new ProtobufBytes().metadata("b", "2").metadata("a", "1")).sha256());
        assertNotEquals(one.sha256(), walk(new ProtobufBytes().metadata("a", "12").metadata("b", "")).sha256());
        assertNotEquals(one.sha256(), walk(new ProtobufBytes().metadata("a", "1")).sha256());
    }

    @Test
    void refusesWhatIsNoMessage() {
        refused("wire type 3 at byte 2", new ProtobufBytes().field(1, 10).raw(2 << 3 | 3, 2 << 3 | 4));
        refused("wire type 4 at byte 0", new ProtobufBytes().raw(2 << 3 | 4));
        refused("wire type 7 at byte 0", new ProtobufBytes().raw(2 << 3 | 7));
        refused("a malformed field at byte 0", new ProtobufBytes().raw(0, 0));
        refused("a malformed field at byte 0", new ProtobufBytes().raw(7 << 3 | 2, 5, 1, 2));
        refused("a malformed field at byte 0", new ProtobufBytes().raw(7 << 3 | 5, 1, 2, 3));
        refused("a malformed field at byte 0", new ProtobufBytes().raw(7 << 3 | 2).varint(-1));
        refused("a malformed field at byte 0", new ProtobufBytes().raw(7 << 3 | 2).varint(1L << 40));
        refused("a truncated or overlong number at byte 2", new ProtobufBytes().raw(8, 0x80));
        refused(
                "a truncated or overlong number at byte 11",
                new ProtobufBytes().raw(8, 255, 255, 255, 255, 255, 255, 255, 255, 255, 2));
        refused("metadata that is no message", new ProtobufBytes().field(14, 3));
        refused("field 3 in a metadata entry", new ProtobufBytes().field(14, new ProtobufBytes().field(3, "x").bytes()));
        refused("metadata that is not UTF-8", new ProtobufBytes().field(14, new ProtobufBytes().raw(10, 1, 255).bytes()));
        refused("the metadata key \"a\" twice", new ProtobufBytes().metadata("a", "1").metadata("a", "1"));
    }

    @ParameterizedTest
    @ValueSource(ints = {0x01, 0x10, 0x20, 0x80})
    void seesEveryChangedByte(int flip) {
        byte[] content = Fixtures.bytes("classifier");
        for (int at = 0; at < content.length; at++) {
            byte[] changed = content.clone();
            changed[at] ^= (byte) flip;
            assertThrows(SamescoreException.class, () -> ArtifactFile.read("changed", changed), "byte " + at);
        }
    }

    @Test
    void seesEveryTruncation() {
        byte[] content = Fixtures.bytes("classifier");
        for (int length = 0; length < content.length; length++) {
            byte[] cut = java.util.Arrays.copyOf(content, length);
            assertThrows(SamescoreException.class, () -> ArtifactFile.read("cut", cut), "length " + length);
        }
    }

    @Test
    void seesAnAddedByteAndAnAddedField() {
        byte[] content = Fixtures.bytes("classifier");
        for (byte[] added : new byte[][] {{8}, {8, 10}, new ProtobufBytes().metadata("note", "x").bytes()}) {
            ByteBuffer longer = ByteBuffer.allocate(content.length + added.length).put(content).put(added);
            assertThrows(SamescoreException.class, () -> ArtifactFile.read("longer", longer.array()));
        }
    }
}
