package io.samescore.benchmarks;

import ai.onnxruntime.OrtException;
import io.samescore.Batch;
import io.samescore.Model;
import io.samescore.Row;
import io.samescore.Scores;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** One row and a thousand, by the client and by hand. Each call reads the label and the probabilities, as a service does. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class Scoring {
    private static final int ROWS = 1000;
    private static final int WIDTH = 10;
    private static final int CLASSES = 2;

    /** Where the models are. */
    @Param({"forest", "logistic"})
    public String model;

    private Model client;
    private RawSession rawOne;
    private RawSession rawMany;
    private final String[] names = new String[WIDTH];
    private final double[] values = new double[ROWS * WIDTH];
    private final double[] first = new double[WIDTH];
    private final double[][] columns = new double[WIDTH][ROWS];
    private final long[] labels = new long[ROWS];
    private final double[] probabilities = new double[ROWS * CLASSES];
    private final long[] label = new long[1];
    private final double[] probability = new double[CLASSES];
    private int next;

    /** Opens the model in both ways. */
    @Setup
    public void open() throws OrtException {
        String file = Path.of(System.getProperty("models"), model + ".onnx").toString();
        client = Model.open(Path.of(file));
        rawOne = new RawSession(file, 1, WIDTH, CLASSES);
        rawMany = new RawSession(file, ROWS, WIDTH, CLASSES);
        Random random = new Random(0);
        for (int column = 0; column < WIDTH; column++) {
            names[column] = "x" + column;
            for (int row = 0; row < ROWS; row++) {
                double value = random.nextGaussian();
                values[row * WIDTH + column] = value;
                columns[column][row] = value;
            }
        }
    }

    /** Frees what {@link #open} took. */
    @TearDown
    public void close() throws OrtException {
        client.close();
        rawOne.close();
        rawMany.close();
    }

    private int row() {
        next = (next + 1) % ROWS;
        return next;
    }

    /** A row by hand: values already in the model's order. */
    @Benchmark
    public double oneRaw() throws OrtException {
        System.arraycopy(values, row() * WIDTH, first, 0, WIDTH);
        return rawOne.run(first, label, probability) + label[0];
    }

    /** A row by name. */
    @Benchmark
    public double oneRow() {
        int at = row() * WIDTH;
        Row row = new Row();
        for (int column = 0; column < WIDTH; column++) {
            row.set(names[column], values[at + column]);
        }
        Scores scores = client.score(row);
        return scores.probability(1) + (Long) scores.label();
    }

    /** A row as a map. */
    @Benchmark
    public double oneMap() {
        int at = row() * WIDTH;
        Map<String, Object> row = new LinkedHashMap<>();
        for (int column = 0; column < WIDTH; column++) {
            row.put(names[column], values[at + column]);
        }
        Scores scores = client.score(row);
        return scores.probability(1) + (Long) scores.label();
    }

    /** A thousand rows by hand, in row-major order already. */
    @Benchmark
    public double manyRaw() throws OrtException {
        return rawMany.run(values, labels, probabilities) + labels[0];
    }

    /** A thousand rows as columns. */
    @Benchmark
    public double manyColumns() {
        Batch batch = new Batch();
        for (int column = 0; column < WIDTH; column++) {
            batch.set(names[column], columns[column]);
        }
        Scores scores = client.score(batch);
        return scores.probabilities(1)[0] + scores.longs("predict")[0];
    }
}
