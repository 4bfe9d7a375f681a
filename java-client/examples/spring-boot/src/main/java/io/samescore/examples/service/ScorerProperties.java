package io.samescore.examples.service;

import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * Where scoring happens: either {@code artifact}, or {@code service} and {@code model}.
 *
 * @param artifact an .onnx file, scored in this JVM
 * @param keys public keys, by one of which the artifact must be signed; without any, signatures are not looked at
 * @param service address of a samescore service
 * @param model the model's name there
 */
@ConfigurationProperties("samescore")
public record ScorerProperties(Path artifact, List<Path> keys, URI service, String model) {
    /** Refuses settings that contradict each other, so that the service does not start with a guess. */
    public ScorerProperties {
        keys = keys == null ? List.of() : List.copyOf(keys);
        boolean local = artifact != null && service == null && model == null;
        boolean remote = artifact == null && keys.isEmpty() && service != null && model != null;
        if (!local && !remote) {
            throw new IllegalArgumentException(
                    "samescore: artifact " + artifact + ", keys " + keys + ", service " + service + ", model " + model
                            + "; either samescore.artifact (with samescore.keys, if it is signed) or samescore.service and samescore.model");
        }
    }
}
