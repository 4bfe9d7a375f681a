package io.samescore;

import java.io.PrintStream;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;

/** A contract as lines for people. */
final class ContractText {
    private ContractText() {}

    static void print(ArtifactFile artifact, PrintStream out) {
        out.println(artifact.name());
        out.println("digest  " + artifact.digest());
        out.println("columns");
        artifact.contract().columns().forEach(column -> out.println("  " + line(column)));
        out.println("outputs");
        artifact.contract().outputs().forEach(output -> out.println("  " + line(output)));
    }

    private static String line(Column column) {
        StringBuilder line = new StringBuilder(column.name() + ": " + column.type().text());
        line.append(column.nullable() ? ", may be missing" : "");
        line.append(column.optional() ? ", may be absent" : "");
        if (column.range() != null) {
            line.append(", seen ").append(ShortestDouble.text(column.range().smallest()));
            line.append(" to ").append(ShortestDouble.text(column.range().largest()));
        }
        if (column.categories() != null) {
            line.append(", ").append(column.categories().size()).append(" known strings");
            line.append(column.closed() ? " only" : "");
        }
        line.append(column.maxLength() == null ? "" : ", at most " + column.maxLength() + " elements");
        line.append(column.unit() == null ? "" : ", in " + column.unit());
        return line.append(column.description() == null ? "" : ": " + column.description()).toString();
    }

    private static String line(Output output) {
        String shape = output.shape().stream().map(size -> Objects.toString(size, "?")).collect(Collectors.joining(", "));
        List<Object> labels = output.labels();
        String head = output.name() + ": " + output.type().text() + " [" + shape + "]";
        return labels == null ? head : head + ", labels " + labels;
    }
}
