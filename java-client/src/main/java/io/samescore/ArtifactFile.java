package io.samescore;

import io.samescore.SamescoreException.Code;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An artifact that was read and whose integrity holds: the first two steps of loading. Nothing of it has reached
 * onnxruntime yet.
 *
 * @param name the path as given, or a name for bytes
 * @param content the bytes
 * @param digest SHA-256 of the bytes, in hex
 * @param contract what it takes and gives
 * @param golden its rows and their expected scores
 */
record ArtifactFile(String name, byte[] content, String digest, Contract contract, Golden golden) {
    private static final String CONTRACT = "samescore.contract";
    private static final String GOLDEN = "samescore.golden";
    /** Every entry has this format number, the only one so far. */
    private static final long FORMAT = 1;

    private static final List<String> KNOWN = List.of(
            CONTRACT, GOLDEN, "samescore.proof", "samescore.profile", "samescore.provenance", Integrity.KEY);

    /** The same without the bytes and the goldens, which an open model has no more use for. */
    ArtifactFile withoutContent() {
        return new ArtifactFile(name, new byte[0], digest, contract, new Golden(Map.of(), Map.of()));
    }

    static ArtifactFile read(Path path) {
        return read(path.toString(), bytes(path));
    }

    /** Checks the signature before anything is parsed. */
    static ArtifactFile read(Path path, TrustedKeys keys) {
        byte[] content = bytes(path);
        keys.check(path, content);
        return read(path.toString(), content);
    }

    static ArtifactFile read(String name, byte[] content) {
        Integrity integrity = Integrity.of(content, name);
        for (String required : List.of(CONTRACT, GOLDEN)) {
            if (!integrity.metadata().containsKey(required)) {
                throw new SamescoreException(
                        Code.NOT_AN_ARTIFACT, name, "no metadata entry " + required, "a file that samescore wrote");
            }
        }
        Map<String, Node> entries = new LinkedHashMap<>();
        for (String key : KNOWN) {
            String text = integrity.metadata().get(key);
            if (text != null) {
                entries.put(key, entry(name + ": " + key, text));
            }
        }
        check(name, integrity.sha256(), entries.get(Integrity.KEY));
        return new ArtifactFile(
                name,
                content,
                HexFormat.of().formatHex(Integrity.newDigest().digest(content)),
                ContractParser.parse(entries.get(CONTRACT)),
                Golden.parse(entries.get(GOLDEN)));
    }

    private static Node entry(String where, String text) {
        Node entry = Node.parse(where, text);
        if (!(entry.value() instanceof Map<?, ?> object) || !(object.get("format") instanceof Long format)) {
            throw entry.refuse("no format number", "an entry as samescore writes it");
        }
        if (format != FORMAT) {
            throw new SamescoreException(Code.UNKNOWN_FORMAT, where, "format " + format, "format " + FORMAT);
        }
        return entry;
    }

    private static void check(String name, String sha256, Node entry) {
        Object stated = entry == null ? null : entry.object().get("sha256");
        if (!sha256.equals(stated)) {
            throw new SamescoreException(
                    Code.INTEGRITY,
                    name,
                    stated == null ? "no checksum" : "content that its checksum does not cover: the file was changed",
                    "the file as samescore wrote it");
        }
    }

    private static byte[] bytes(Path path) {
        String found;
        try {
            return Files.readAllBytes(path);
        } catch (NoSuchFileException error) {
            found = "no such file or directory";
        } catch (AccessDeniedException error) {
            found = "permission denied";
        } catch (IOException error) {
            found = "unreadable (" + error.getMessage() + ")";
        } catch (OutOfMemoryError error) {
            found = "a file too large for this JVM's memory";
        }
        throw new SamescoreException(
                Code.UNREADABLE, path.toString(), found, "a readable .onnx file that samescore wrote");
    }
}
