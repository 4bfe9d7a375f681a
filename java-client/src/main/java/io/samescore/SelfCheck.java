package io.samescore;

import io.samescore.SamescoreException.Code;
import java.util.Map;
import java.util.Optional;

/** The self-check: an artifact's goldens are scored on this machine and compared, output by output. */
final class SelfCheck {
    private SelfCheck() {}

    static void run(ArtifactFile artifact, Encoder encoder, Graph graph) {
        String where = artifact.name() + ": samescore.golden";
        Map<String, Golden.Expected> expected = artifact.golden().outputs();
        if (expected.isEmpty()) {
            throw new SamescoreException(Code.SELF_CHECK, where, "outputs none", "the contract's");
        }
        Map<String, Array> got = scores(artifact, encoder, graph, where);
        for (Map.Entry<String, Golden.Expected> output : expected.entrySet()) {
            Array scores = got.get(output.getKey());
            if (scores == null) {
                throw new SamescoreException(Code.SELF_CHECK, where, "outputs " + output.getKey(), "the contract's");
            }
            Optional<String> difference = Comparison.difference(output.getValue(), scores);
            if (difference.isPresent()) {
                throw new SamescoreException(
                        Code.SELF_CHECK,
                        artifact.name() + ": " + output.getKey(),
                        difference.get(),
                        "the scores of the original model");
            }
        }
    }

    private static Map<String, Array> scores(ArtifactFile artifact, Encoder encoder, Graph graph, String where) {
        Map<String, Array> tensors = encoder.encodeGolden(artifact.golden().columns(), where + ".columns");
        try {
            return graph.run(tensors);
        } catch (SamescoreException error) {
            throw new SamescoreException(
                    Code.SELF_CHECK, where, "scoring the goldens failed (" + error.found() + ")", "scores", error);
        }
    }
}
