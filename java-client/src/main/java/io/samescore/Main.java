package io.samescore;

import io.samescore.SamescoreException.Code;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * The command line. It ends with 0 if all is well, 1 if what was checked is bad, 2 on misuse or unreadable input.
 */
final class Main {
    private static final int BAD = 1;
    private static final int MISUSE = 2;
    private static final String KEY = "--key";
    private static final String USAGE =
            """
            usage: java -jar samescore-client-cli.jar COMMAND

              verify [--key KEY.pub]... FILE...   check artifacts as opening them does; with a key, their signatures too
              inspect FILE                        print what an artifact takes and gives
              score FILE|URL ROWS                 score ROWS (.csv or .jsonl) into JSON lines on standard output
              bench FILE|URL [ROWS]               time one row and a thousand; without ROWS, the artifact's own
              parity DIR                          score NAME.rows.json with NAME.onnx into NAME.jvm.json, for every NAME

            URL is a model of a samescore service, such as http://127.0.0.1:8080/models/churn

            examples: java -jar samescore-client-cli.jar verify churn.onnx
                      java -jar samescore-client-cli.jar score churn.onnx rows.csv > scores.jsonl""";

    private final PrintStream out;
    private final PrintStream err;

    Main(PrintStream out, PrintStream err) {
        this.out = out;
        this.err = err;
    }

    /**
     * Runs a command and ends the JVM with its exit code.
     *
     * @param arguments the command and its operands
     */
    public static void main(String[] arguments) {
        // System.out would write in the platform's encoding.
        PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), false, StandardCharsets.UTF_8);
        PrintStream err = new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8);
        int code = new Main(out, err).run(Arrays.asList(arguments));
        out.flush();
        System.exit(code);
    }

    int run(List<String> arguments) {
        String command = arguments.isEmpty() ? "" : arguments.get(0);
        List<String> operands = arguments.isEmpty() ? List.of() : arguments.subList(1, arguments.size());
        int count = operands.size();
        try {
            if (command.equals("verify") && count > 0) {
                return verify(operands);
            } else if (command.equals("inspect") && count == 1) {
                ContractText.print(ArtifactFile.read(Path.of(operands.get(0))), out);
                return 0;
            } else if (command.equals("score") && count == 2) {
                try (Scorer model = open(operands.get(0))) {
                    LineScoring.score(model, RowFile.read(Path.of(operands.get(1)), model.contract()), out);
                }
                return 0;
            } else if (command.equals("bench") && (count == 2 || (count == 1 && address(operands.get(0)) == null))) {
                return bench(operands);
            } else if (command.equals("parity") && count == 1) {
                ParityRun.run(Path.of(operands.get(0)), out);
                return 0;
            } else if (command.equals("--help") || command.equals("-h")) {
                out.println(USAGE);
                return 0;
            }
        } catch (SamescoreException error) {
            err.println(error.getMessage());
            return exitCode(error);
        }
        err.println(USAGE);
        return MISUSE;
    }

    private static Scorer open(String place) {
        URI address = address(place);
        if (address == null) {
            return Model.open(Path.of(place));
        }
        String path = address.getPath();
        int models = path.lastIndexOf("/models/");
        if (models < 0) {
            throw new SamescoreException(Code.INPUT, place, "no model's address", "http://HOST:PORT/models/NAME");
        }
        String service = address.getScheme() + "://" + address.getAuthority() + path.substring(0, models);
        return RemoteModel.open(URI.create(service), path.substring(models + "/models/".length()));
    }

    /** Null for a file. */
    private static URI address(String place) {
        if (!place.startsWith("http://") && !place.startsWith("https://")) {
            return null;
        }
        try {
            return new URI(place);
        } catch (URISyntaxException error) {
            throw new SamescoreException(Code.INPUT, place, "no address", "http://HOST:PORT/models/NAME", error);
        }
    }

    private int bench(List<String> operands) {
        try (Scorer model = open(operands.get(0))) {
            List<Row> rows = operands.size() == 2
                    ? RowFile.read(Path.of(operands.get(1)), model.contract())
                    : Bench.goldenRows(ArtifactFile.read(Path.of(operands.get(0))));
            if (rows.isEmpty()) {
                throw new SamescoreException(Code.INPUT, operands.get(1), "no rows", "one at least");
            }
            Bench.run(model, rows, out);
        }
        return 0;
    }

    private int verify(List<String> operands) {
        List<String> files = new ArrayList<>();
        List<Path> keys = new ArrayList<>();
        for (int i = 0; i < operands.size(); i++) {
            if (operands.get(i).equals(KEY) && i + 1 < operands.size()) {
                keys.add(Path.of(operands.get(++i)));
            } else {
                files.add(operands.get(i));
            }
        }
        TrustedKeys trusted = keys.isEmpty() ? null : TrustedKeys.read(keys.toArray(new Path[0]));
        int worst = 0;
        for (String file : files) {
            try (Model model = trusted == null ? Model.open(Path.of(file)) : Model.open(Path.of(file), trusted)) {
                out.println(file + ": passed, digest " + model.digest());
            } catch (SamescoreException error) {
                out.println(file + ": failed, " + error.code().name().toLowerCase(Locale.ROOT));
                err.println(error.getMessage());
                worst = Math.max(worst, exitCode(error));
            }
        }
        return worst;
    }

    /** A file that must not be scored with is what was checked; everything else is a matter of the input. */
    private static int exitCode(SamescoreException error) {
        return switch (error.code()) {
            case SIGNATURE, INTEGRITY, CONTRACT_MISMATCH, SELF_CHECK, UNKNOWN_FORMAT, NOT_AN_ARTIFACT, RUNTIME -> BAD;
            case UNREADABLE, CONTRACT, INPUT, OUTPUT, CLOSED, UNAVAILABLE, REMOTE -> MISUSE;
        };
    }
}
