package io.samescore;

import java.util.List;

/**
 * One output, named after the scikit-learn method it equals.
 *
 * @param name such as {@code predict} or {@code predict_proba}
 * @param type element type
 * @param shape sizes of the axes, {@code null} for one known only at run time; the first is the number of rows,
 *     times {@code each}
 * @param labels the possible values of a label output, or the labels of axis 1 of a probability output, each a
 *     {@code String}, {@code Long}, {@code Double} or {@code Boolean}; {@code null} if there are none
 * @param index name of the companion output that holds each value's index in {@code labels}, or {@code null}
 * @param each how many rows of it each row gives, one row's after another's: 1, or the number of patches of an image
 */
public record Output(
        String name, TensorType type, List<Integer> shape, List<Object> labels, String index, int each) {}
