package io.samescore;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * A small command line, run with {@code java -cp ... io.samescore.Main}. It ends with 0 if all is well, 1 if what was
 * checked is bad, 2 on misuse or unreadable input.
 */
final class Main {
    private static final int BAD = 1;
    private static final int MISUSE = 2;
    private static final String USAGE =
            """
            usage: verify FILE...          check artifacts as opening them does
                   inspect FILE            print what an artifact takes and gives
                   score FILE ROWS.jsonl   score rows, one JSON object a line
                   parity DIR              score NAME.rows.json with NAME.onnx into NAME.jvm.json, for every NAME""";

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
        try {
            if (command.equals("verify") && !operands.isEmpty()) {
                return verify(operands);
            } else if (command.equals("inspect") && operands.size() == 1) {
                ContractText.print(ArtifactFile.read(Path.of(operands.get(0))), out);
                return 0;
            } else if (command.equals("score") && operands.size() == 2) {
                LineScoring.score(Path.of(operands.get(0)), Path.of(operands.get(1)), out);
                return 0;
            } else if (command.equals("parity") && operands.size() == 1) {
                ParityRun.run(Path.of(operands.get(0)), out);
                return 0;
            }
        } catch (SamescoreException error) {
            err.println(error.getMessage());
            return exitCode(error);
        }
        err.println(USAGE);
        return MISUSE;
    }

    private int verify(List<String> files) {
        int worst = 0;
        for (String file : files) {
            try (Model model = Model.open(Path.of(file))) {
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
            case INTEGRITY, CONTRACT_MISMATCH, SELF_CHECK, UNKNOWN_FORMAT, NOT_AN_ARTIFACT, RUNTIME -> BAD;
            case UNREADABLE, CONTRACT, INPUT, OUTPUT, CLOSED, UNAVAILABLE, REMOTE -> MISUSE;
        };
    }
}
