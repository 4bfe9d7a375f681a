package io.samescore;

import io.samescore.SamescoreException.Code;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/**
 * A model in a service, called over the Open Inference Protocol V2 with binary tensors. Rows are held to the contract here, in the same words
 * as everywhere, before anything is sent; scores come back to the last bit. A request is sent again after a 503 or a lost connection,
 * and after nothing else.
 *
 * <p>When the service moves to another artifact, calls go on: rows are encoded anew if the contract changed.
 */
public final class RemoteModel implements Scorer {
    /** How often a call may meet a model that was replaced since it read the contract. */
    private static final int MOST_CHANGES = 3;

    /** The artifact last seen; {@code refresh} is false where the contract came from a file. */
    private record Known(Contract contract, Encoder encoder, String digest, boolean refresh) {
        static Known of(Contract contract, String digest, boolean refresh) {
            return new Known(contract, new Encoder(contract), digest, refresh);
        }
    }

    private final Exchange exchange;
    private final String name;
    private final String where;
    private volatile Known known;
    private volatile boolean closed;

    private RemoteModel(URI service, String name, RemoteOptions options) {
        this.exchange = new Exchange(service, options);
        this.name = name;
        this.where = service + " " + name;
    }

    /**
     * Reads a model's contract from a samescore service, with {@link RemoteOptions#defaults()}.
     *
     * @param service where the service is, such as {@code http://scores.internal:8080}
     * @param name the model's name there
     * @return a scorer that holds no native memory
     * @throws SamescoreException {@code UNAVAILABLE}, or {@code REMOTE} if there is no such model or no samescore service
     */
    public static RemoteModel open(URI service, String name) {
        return open(service, name, RemoteOptions.defaults());
    }

    /**
     * Reads a model's contract from a samescore service.
     *
     * @param service where the service is, such as {@code http://scores.internal:8080}
     * @param name the model's name there
     * @param options timeout, retries and token
     * @return a scorer that holds no native memory
     * @throws SamescoreException {@code UNAVAILABLE}, or {@code REMOTE} if there is no such model or no samescore service
     */
    public static RemoteModel open(URI service, String name, RemoteOptions options) {
        RemoteModel model = new RemoteModel(service, name, options);
        model.known = model.describe();
        return model;
    }

    /**
     * Takes the contract from the artifact itself, for a server of another make (Triton, KServe) that serves it.
     *
     * @param service where the server is
     * @param name the model's name there
     * @param artifact the .onnx file that it serves
     * @param options timeout, retries and token
     * @return a scorer that holds no native memory
     * @throws SamescoreException as {@link Model#open(Path)}, without {@code SELF_CHECK}
     */
    public static RemoteModel open(URI service, String name, Path artifact, RemoteOptions options) {
        RemoteModel model = new RemoteModel(service, name, options);
        ArtifactFile file = ArtifactFile.read(artifact);
        model.known = Known.of(file.contract(), file.digest(), false);
        return model;
    }

    @Override
    public Contract contract() {
        return known.contract();
    }

    @Override
    public String digest() {
        return known.digest();
    }

    @Override
    public Scores score(Map<String, ?> row) {
        return score(1, encoder -> encoder.encode(List.of(row)));
    }

    @Override
    public Scores score(Row row) {
        return score(row.values());
    }

    @Override
    public Scores score(List<Row> rows) {
        List<Map<String, ?>> maps = new ArrayList<>(rows.size());
        rows.forEach(row -> maps.add(row.values()));
        return score(rows.size(), encoder -> encoder.encode(maps));
    }

    @Override
    public Scores score(Batch batch) {
        return score(batch.rows(), encoder -> encoder.encode(batch));
    }

    /** Later calls are refused; calls under way finish. */
    @Override
    public void close() {
        closed = true;
    }

    private Scores score(int rows, Function<Encoder, Map<String, Array>> encode) {
        if (closed) {
            throw new SamescoreException(Code.CLOSED, where, "a closed model", "an open one");
        }
        for (int change = 0; change < MOST_CHANGES; change++) {
            Known before = known;
            Map<String, Array> tensors = encode.apply(before.encoder());
            if (rows == 0) {
                Map<String, Array> outputs = NoRows.outputs(before.contract());
                outputs.keySet().removeAll(before.contract().companions());
                return new Scores(before.contract(), 0, outputs);
            }
            InferAnswer answer = infer(tensors);
            if (answer == null) {
                // Refused by a contract that is not the one known here.
                known = describe();
                continue;
            }
            if (before.refresh() && answer.digest() != null && !answer.digest().equals(before.digest())) {
                known = describe();
                if (!known.contract().equals(before.contract())) {
                    continue;
                }
            }
            return new Scores(before.contract(), rows, inOrder(before.contract(), rows, answer.outputs()));
        }
        throw new SamescoreException(
                Code.UNAVAILABLE, where, "a model that was replaced " + MOST_CHANGES + " times meanwhile", "one that stays");
    }

    /** The answer; null if the service's contract refused tensors that ours accepted, and may therefore be another. */
    private InferAnswer infer(Map<String, Array> tensors) {
        InferRequest request = InferRequest.of(tensors);
        HttpResponse<byte[]> response = exchange.post(path("/v2/models/", "/infer"), request.body(), request.headerLength());
        if (response.statusCode() == 422 && known.refresh() && !describe().contract().equals(known.contract())) {
            return null;
        }
        require(response);
        String length = response.headers().firstValue("Inference-Header-Content-Length").orElse("-1");
        try {
            return InferAnswer.of("answer", response.body(), length.matches("\\d{1,9}") ? Integer.parseInt(length) : -1);
        } catch (SamescoreException error) {
            throw new SamescoreException(
                    Code.REMOTE, where + " " + error.where(), error.found(), error.accepted(), error);
        }
    }

    private Map<String, Array> inOrder(Contract contract, int rows, Map<String, Array> found) {
        Map<String, Array> outputs = new LinkedHashMap<>();
        for (Output output : contract.outputs()) {
            if (contract.companions().contains(output.name())) {
                continue;
            }
            Array array = found.get(output.name());
            boolean fits = array != null
                    && array.dtype().equals(output.type().text())
                    && array.shape().length == output.shape().size()
                    && array.rows() == rows * output.each();
            if (!fits) {
                String shown = array == null ? "no such output" : array.dtype() + " of shape " + array.shapeText();
                throw new SamescoreException(
                        Code.REMOTE, where + " " + output.name(), shown, output.type().text() + " for " + rows + " rows");
            }
            outputs.put(output.name(), array);
        }
        return outputs;
    }

    private Known describe() {
        HttpResponse<byte[]> response = exchange.get(path("/models/", ""));
        require(response);
        try {
            Node model = Node.parse("answer", new String(response.body(), StandardCharsets.UTF_8));
            return Known.of(ContractParser.parse(model.get("contract")), model.get("digest").text(), true);
        } catch (SamescoreException error) {
            throw new SamescoreException(
                    Code.REMOTE, where + " " + error.where(), error.found(), "a samescore service's contract", error);
        }
    }

    private String path(String before, String after) {
        return before + URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20") + after;
    }

    /** Throws what the service said if it did not answer well. */
    private void require(HttpResponse<byte[]> response) {
        int status = response.statusCode();
        if (status == 200) {
            return;
        }
        Map<?, ?> said = Map.of();
        try {
            said = Node.parse("answer", new String(response.body(), StandardCharsets.UTF_8)).object();
        } catch (SamescoreException ignored) {
            // A proxy's own page, say: the status must do.
        }
        if (status == 422 && said.get("problems") instanceof List<?> problems && said.get("total") instanceof Long total) {
            throw new ContractException(problems.stream().map(RemoteModel::problem).toList(), total.intValue());
        }
        String error = said.get("error") instanceof String text ? " (" + text + ")" : "";
        throw new SamescoreException(Code.REMOTE, where, "status " + status + error, "status 200");
    }

    private static Problem problem(Object told) {
        Map<?, ?> problem = told instanceof Map<?, ?> map ? map : Map.of();
        Problem.Code code;
        try {
            code = Problem.Code.valueOf(String.valueOf(problem.get("code")).toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException unknown) {
            code = Problem.Code.WRONG_TYPE;
        }
        Integer row = problem.get("row") instanceof Long number ? number.intValue() : null;
        return new Problem(row, String.valueOf(problem.get("column")), code, String.valueOf(problem.get("message")));
    }
}
