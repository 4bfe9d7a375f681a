package io.samescore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.samescore.SamescoreException.Code;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.util.Base64;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TrustedKeysTest {
    @TempDir
    private Path folder;

    private KeyPair pair;
    private Path key;
    private Path artifact;
    private Path signature;

    @BeforeEach
    void sign() throws Exception {
        pair = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
        key = pem("signer.pub", pair);
        artifact = Files.copy(Fixtures.path("regressor"), folder.resolve("model.onnx"));
        Signature signer = Signature.getInstance("Ed25519");
        signer.initSign(pair.getPrivate());
        signer.update(Files.readAllBytes(artifact));
        signature = Files.write(folder.resolve("model.onnx.sig"), signer.sign());
    }

    private Path pem(String name, KeyPair pair) throws Exception {
        String base64 = Base64.getEncoder().encodeToString(pair.getPublic().getEncoded());
        return Files.writeString(
                folder.resolve(name), "-----BEGIN PUBLIC KEY-----\n" + base64 + "\n-----END PUBLIC KEY-----\n");
    }

    private SamescoreException refused(TrustedKeys keys) {
        SamescoreException error = assertThrows(SamescoreException.class, () -> Model.open(artifact, keys));
        assertEquals(Code.SIGNATURE, error.code());
        assertTrue(error.getMessage().startsWith(artifact + ": "), error.getMessage());
        return error;
    }

    @Test
    void aSignedArtifactOpens() throws Exception {
        Path other = pem("other.pub", KeyPairGenerator.getInstance("Ed25519").generateKeyPair());
        try (Model model = Model.open(artifact, TrustedKeys.read(other, key))) {
            assertEquals(0.1 + 2, model.score(new Row().set("x0", 1).set("x1", 2)).value());
        }
    }

    @Test
    void anotherKeyDoesNotDo() throws Exception {
        Path other = pem("other.pub", KeyPairGenerator.getInstance("Ed25519").generateKeyPair());
        assertEquals("a signature that none of the keys made for these bytes", refused(TrustedKeys.read(other)).found());
    }

    @Test
    void everyChangedByteIsSeenBeforeParsing() throws Exception {
        byte[] content = Files.readAllBytes(artifact);
        TrustedKeys keys = TrustedKeys.read(key);
        for (int at = 0; at < content.length; at += Math.max(1, content.length / 50)) {
            content[at] ^= 1;
            Files.write(artifact, content);
            refused(keys);
            content[at] ^= 1;
        }
        Files.write(artifact, new byte[] {1, 2, 3});
        refused(keys);
    }

    @Test
    void aMissingOrDamagedSignatureIsRefused() throws Exception {
        TrustedKeys keys = TrustedKeys.read(key);
        byte[] good = Files.readAllBytes(signature);
        Files.write(signature, new byte[0]);
        assertEquals("a signature of 0 bytes", refused(keys).found());
        Files.write(signature, new byte[64]);
        refused(keys);
        good[5] ^= 1;
        Files.write(signature, good);
        refused(keys);
        Files.delete(signature);
        assertEquals("no signature at " + signature, refused(keys).found());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
                "-----BEGIN PUBLIC KEY-----\n!!\n-----END PUBLIC KEY-----",
                "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"
            })
    void whatIsNoKeyIsRefused(String text) throws Exception {
        Path file = Files.writeString(folder.resolve("bad.pub"), text);
        SamescoreException error = assertThrows(SamescoreException.class, () -> TrustedKeys.read(file));
        assertEquals(Code.UNREADABLE, error.code());
        assertEquals(file + ": no Ed25519 public key; a public key in PEM", error.getMessage());
    }

    @Test
    void anAbsentKeyIsNamed() {
        SamescoreException error =
                assertThrows(SamescoreException.class, () -> TrustedKeys.read(folder.resolve("absent.pub")));
        assertEquals("no such file", error.found());
        assertThrows(IllegalArgumentException.class, TrustedKeys::read);
    }
}
