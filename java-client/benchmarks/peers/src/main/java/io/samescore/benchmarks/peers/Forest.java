package io.samescore.benchmarks.peers;

import io.samescore.Batch;
import io.samescore.Model;
import io.samescore.Row;
import io.samescore.Scores;
import java.io.File;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jpmml.evaluator.Evaluator;
import org.jpmml.evaluator.InputField;
import org.jpmml.evaluator.LoadingModelEvaluatorBuilder;
import org.jpmml.evaluator.visitors.ModelEvaluatorVisitorBattery;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** A random forest of 100 trees, by this client and by JPMML-Evaluator on the PMML that sklearn2pmml makes of it. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class Forest {
    private static final int ROWS = 1000;
    private static final int WIDTH = 10;
    private static final String PROBABILITY = "probability(1)";

    private Model client;
    private Evaluator evaluator;
    private final String[] names = new String[WIDTH];
    private final double[][] columns = new double[WIDTH][ROWS];
    private int next;

    /** Opens both, and makes sure that they are the same model. */
    @Setup
    public void open() throws Exception {
        Path models = Path.of(System.getProperty("models"));
        client = Model.open(models.resolve("forest.onnx"));
        evaluator = new LoadingModelEvaluatorBuilder()
                .setLocatable(false)
                .setVisitors(new ModelEvaluatorVisitorBattery())
                .load(new File(models.toFile(), "forest.pmml"))
                .build();
        evaluator.verify();
        Random random = new Random(0);
        for (int column = 0; column < WIDTH; column++) {
            names[column] = "x" + column;
            for (int row = 0; row < ROWS; row++) {
                columns[column][row] = random.nextGaussian();
            }
        }
        double[] expected = client.score(batch()).probabilities(1);
        for (int row = 0; row < ROWS; row++) {
            if (Math.abs(evaluate(row) - expected[row]) > 1e-12) {
                throw new IllegalStateException("row " + row + ": " + evaluate(row) + "; " + expected[row] + " of the same trees");
            }
        }
    }

    /** Frees what {@link #open} took. */
    @TearDown
    public void close() {
        client.close();
    }

    private Batch batch() {
        Batch batch = new Batch();
        for (int column = 0; column < WIDTH; column++) {
            batch.set(names[column], columns[column]);
        }
        return batch;
    }

    private double evaluate(int row) {
        Map<String, Object> arguments = new LinkedHashMap<>();
        int column = 0;
        for (InputField field : evaluator.getInputFields()) {
            arguments.put(field.getName(), field.prepare(columns[column++][row]));
        }
        return ((Number) evaluator.evaluate(arguments).get(PROBABILITY)).doubleValue();
    }

    private int row() {
        next = (next + 1) % ROWS;
        return next;
    }

    /** A row by JPMML-Evaluator. */
    @Benchmark
    public double onePmml() {
        return evaluate(row());
    }

    /** A row by name. */
    @Benchmark
    public double oneRow() {
        int at = row();
        Row row = new Row();
        for (int column = 0; column < WIDTH; column++) {
            row.set(names[column], columns[column][at]);
        }
        return client.score(row).probability(1);
    }

    /** A thousand rows by JPMML-Evaluator, which takes them one by one. */
    @Benchmark
    public double manyPmml() {
        double sum = 0;
        for (int row = 0; row < ROWS; row++) {
            sum += evaluate(row);
        }
        return sum;
    }

    /** A thousand rows as columns. */
    @Benchmark
    public double manyColumns() {
        Scores scores = client.score(batch());
        return scores.probabilities(1)[0];
    }
}
