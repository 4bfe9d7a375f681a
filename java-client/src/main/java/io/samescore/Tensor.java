package io.samescore;

import java.util.List;

/**
 * One input tensor of the graph. Callers need it only to know how rows travel.
 *
 * @param name name in the graph
 * @param type element type
 * @param shape sizes of the axes, {@code null} for one known only at run time; the first is the number of rows
 * @param missing name of the tensor that marks missing values, or {@code null}
 */
public record Tensor(String name, TensorType type, List<Integer> shape, String missing) {}
