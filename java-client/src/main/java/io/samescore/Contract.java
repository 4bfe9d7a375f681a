package io.samescore;

import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What an artifact takes and gives.
 *
 * @param layout {@code packed} (one tensor per element type) or {@code columns} (one per column)
 * @param columns the input columns
 * @param tensors the graph's inputs, in its order
 * @param outputs the graph's outputs, in its order, companions included
 * @param closed whether a key that is no column is refused, and not ignored
 */
public record Contract(
        String layout, List<Column> columns, List<Tensor> tensors, List<Output> outputs, boolean closed) {
    /**
     * The column of a name.
     *
     * @param name the column's name
     * @return the column
     * @throws NoSuchElementException if there is none
     */
    public Column column(String name) {
        return columns.stream().filter(column -> column.name().equals(name)).findFirst().orElseThrow();
    }

    /**
     * The output of a name.
     *
     * @param name the output's name
     * @return the output
     * @throws NoSuchElementException if there is none
     */
    public Output output(String name) {
        return outputs.stream().filter(output -> output.name().equals(name)).findFirst().orElseThrow();
    }

    /** Names of the outputs that only carry another output's labels. */
    Set<String> companions() {
        return outputs.stream().map(Output::index).filter(name -> name != null).collect(Collectors.toSet());
    }
}
