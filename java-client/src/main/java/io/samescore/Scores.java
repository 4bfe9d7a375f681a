package io.samescore;

import io.samescore.SamescoreException.Code;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The scores of one call: an array per output, named after scikit-learn's methods. Scores are plain Java values, free of
 * native memory, and may be kept as long as wanted. Arrays that are given out are the caller's own. "A row" of an output of
 * which each row gives several ({@link Output#each()}) is one of those.
 */
public final class Scores {
    private static final String PREDICT = "predict";
    private static final String PREDICT_PROBA = "predict_proba";

    private final Contract contract;
    private final int rows;
    private final Map<String, Array> outputs;

    Scores(Contract contract, int rows, Map<String, Array> outputs) {
        this.contract = contract;
        this.rows = rows;
        this.outputs = outputs;
    }

    /**
     * The number of rows scored.
     *
     * @return the size of axis 0 of every output that has a row for a row
     */
    public int rows() {
        return rows;
    }

    /**
     * The names of the outputs, in the contract's order.
     *
     * @return such as {@code predict} and {@code predict_proba}
     */
    public Set<String> names() {
        return Collections.unmodifiableSet(outputs.keySet());
    }

    /**
     * The shape of an output.
     *
     * @param output the output's name
     * @return the sizes of its axes, the number of rows first
     * @throws SamescoreException {@code OUTPUT} if there is no such output
     */
    public int[] shape(String output) {
        return array(output).shape().clone();
    }

    /**
     * The one number that {@code predict} gives for a single row.
     *
     * @return the prediction of a regressor, in the unit of the model's target
     * @throws SamescoreException {@code OUTPUT} if there is not exactly one row, or {@code predict} gives no floats
     */
    public double value() {
        single(PREDICT);
        return doubles(PREDICT)[0];
    }

    /**
     * The label that {@code predict} gives for a single row.
     *
     * @return a {@code String}, {@code Long}, {@code Double} or {@code Boolean}, as the model's labels are
     * @throws SamescoreException {@code OUTPUT} if there is not exactly one row, or {@code predict} is no column
     */
    public Object label() {
        single(PREDICT);
        return labels().get(0);
    }

    /**
     * The labels that {@code predict} gives, one per row.
     *
     * @return {@code String}, {@code Long}, {@code Double} or {@code Boolean} values, as the model's labels are
     * @throws SamescoreException {@code OUTPUT} if there is no {@code predict} or it is no column
     */
    public List<Object> labels() {
        Array array = column(PREDICT);
        List<Object> labels = new ArrayList<>(array.size());
        for (int row = 0; row < array.size(); row++) {
            labels.add(array.element(row));
        }
        return labels;
    }

    /**
     * The probability of a label for a single row, from {@code predict_proba}.
     *
     * @param label one of the labels; any integer type stands for an int64 label
     * @return from 0 to 1
     * @throws SamescoreException {@code OUTPUT} if there is not exactly one row, no {@code predict_proba} or no such label
     */
    public double probability(Object label) {
        single(PREDICT_PROBA);
        return probabilities(label)[0];
    }

    /**
     * The probability of a label for every row, from {@code predict_proba}.
     *
     * @param label one of the labels; any integer type stands for an int64 label
     * @return a number from 0 to 1 per row
     * @throws SamescoreException {@code OUTPUT} if there is no {@code predict_proba} or no such label
     */
    public double[] probabilities(Object label) {
        Array array = shaped(PREDICT_PROBA, 2);
        List<Object> labels = contract.output(PREDICT_PROBA).labels();
        boolean integer = label instanceof Integer || label instanceof Short || label instanceof Byte;
        int index = labels == null ? -1 : labels.indexOf(integer ? (Object) ((Number) label).longValue() : label);
        if (index < 0) {
            throw refuse(PREDICT_PROBA, "no label " + label, "one of " + labels);
        }
        int width = array.shape()[1];
        double[] all = widened(PREDICT_PROBA, array);
        double[] probabilities = new double[array.rows()];
        for (int row = 0; row < probabilities.length; row++) {
            probabilities[row] = all[row * width + index];
        }
        return probabilities;
    }

    /**
     * A column of floats.
     *
     * @param output the output's name
     * @return a number per row; those of a float32 output are widened, which changes no value
     * @throws SamescoreException {@code OUTPUT} if there is no such output, or it is of another type or shape
     */
    public double[] doubles(String output) {
        return widened(output, column(output));
    }

    /**
     * A table of floats.
     *
     * @param output the output's name
     * @return an array per row; the numbers of a float32 output are widened, which changes no value
     * @throws SamescoreException {@code OUTPUT} if there is no such output, or it is of another type or shape
     */
    public double[][] matrix(String output) {
        Array array = shaped(output, 2);
        double[] all = widened(output, array);
        int width = array.shape()[1];
        double[][] matrix = new double[array.rows()][];
        for (int row = 0; row < matrix.length; row++) {
            matrix[row] = Arrays.copyOfRange(all, row * width, (row + 1) * width);
        }
        return matrix;
    }

    /**
     * A column of integers.
     *
     * @param output the output's name
     * @return a number per row
     * @throws SamescoreException {@code OUTPUT} if there is no such output, or it is of another type or shape
     */
    public long[] longs(String output) {
        return elements(output, column(output), long[].class).clone();
    }

    /**
     * A table of integers.
     *
     * @param output the output's name
     * @return an array per row
     * @throws SamescoreException {@code OUTPUT} if there is no such output, or it is of another type or shape
     */
    public long[][] longMatrix(String output) {
        Array array = shaped(output, 2);
        long[] all = elements(output, array, long[].class);
        int width = array.shape()[1];
        long[][] matrix = new long[array.rows()][];
        for (int row = 0; row < matrix.length; row++) {
            matrix[row] = Arrays.copyOfRange(all, row * width, (row + 1) * width);
        }
        return matrix;
    }

    /**
     * A column of truth values.
     *
     * @param output the output's name
     * @return a value per row
     * @throws SamescoreException {@code OUTPUT} if there is no such output, or it is of another type or shape
     */
    public boolean[] booleans(String output) {
        return elements(output, column(output), boolean[].class).clone();
    }

    /**
     * A column of strings.
     *
     * @param output the output's name
     * @return a string per row, none of them {@code null}
     * @throws SamescoreException {@code OUTPUT} if there is no such output, or it is of another type or shape
     */
    public String[] strings(String output) {
        return elements(output, column(output), String[].class).clone();
    }

    /**
     * A table of strings.
     *
     * @param output the output's name
     * @return an array per row, no string {@code null}
     * @throws SamescoreException {@code OUTPUT} if there is no such output, or it is of another type or shape
     */
    public String[][] stringMatrix(String output) {
        Array array = shaped(output, 2);
        String[] all = elements(output, array, String[].class);
        int width = array.shape()[1];
        String[][] matrix = new String[array.rows()][];
        for (int row = 0; row < matrix.length; row++) {
            matrix[row] = Arrays.copyOfRange(all, row * width, (row + 1) * width);
        }
        return matrix;
    }

    /** An output as it is. */
    Array array(String output) {
        Array array = outputs.get(output);
        if (array == null) {
            throw refuse(output, "no such output", "one of " + String.join(", ", outputs.keySet()));
        }
        return array;
    }

    private Array column(String output) {
        return shaped(output, 1);
    }

    private Array shaped(String output, int rank) {
        Array array = array(output);
        if (array.shape().length != rank) {
            throw refuse(output, "shape " + array.shapeText(), "an output with " + rank + (rank == 1 ? " axis" : " axes"));
        }
        return array;
    }

    private void single(String output) {
        if (rows != 1) {
            throw refuse(output, rows + " rows", "exactly one");
        }
    }

    private static double[] widened(String output, Array array) {
        if (!(array.data() instanceof float[] floats)) {
            return elements(output, array, double[].class).clone();
        }
        double[] doubles = new double[floats.length];
        for (int i = 0; i < floats.length; i++) {
            doubles[i] = floats[i];
        }
        return doubles;
    }

    private static <T> T elements(String output, Array array, Class<T> type) {
        if (!type.isInstance(array.data())) {
            throw refuse(output, "type " + array.dtype(), "an output of " + type.getSimpleName() + " elements");
        }
        return type.cast(array.data());
    }

    private static SamescoreException refuse(String output, String found, String accepted) {
        return new SamescoreException(Code.OUTPUT, output, found, accepted);
    }
}
