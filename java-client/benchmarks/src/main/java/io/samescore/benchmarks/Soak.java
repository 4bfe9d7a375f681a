package io.samescore.benchmarks;

import io.samescore.Batch;
import io.samescore.Column;
import io.samescore.Model;
import io.samescore.Row;
import io.samescore.Scores;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * A soak on one artifact of float columns: rows from several threads, then models opened and closed. Prints the process's resident memory
 * over time, and ends with exit code 1 if it grew by more than the bound after warming up, or if any score changed.
 *
 * <pre>Soak FILE [ROWS] [CYCLES] [THREADS] [BOUND_MB]</pre>
 */
public final class Soak {
    private static final int BATCH = 1000;
    /** Of every turn of a thread: so many rows one by one, then a batch. */
    private static final int SINGLES = 20;
    /** Lines printed of each phase, and the first of them that counts: before it, the JVM still compiles and its heap settles. */
    private static final int LINES = 20;

    private static final int SETTLED = 5;

    private final Path file;
    private final long boundKilobytes;
    /** Scoring holds the read side; memory is read while nothing is being scored, so that no call's own tensors count. */
    private final ReentrantReadWriteLock scoring = new ReentrantReadWriteLock(true);

    private long grew;

    private Soak(Path file, long boundKilobytes) {
        this.file = file;
        this.boundKilobytes = boundKilobytes;
    }

    /**
     * Runs the soak and ends the JVM.
     *
     * @param arguments as above; by default 10,000,000 rows, 2,000 cycles, 8 threads, 32 MB
     */
    public static void main(String[] arguments) throws Exception {
        if (arguments.length < 1) {
            System.err.println("usage: Soak FILE [ROWS] [CYCLES] [THREADS] [BOUND_MB]");
            System.exit(2);
        }
        Soak soak = new Soak(Path.of(arguments[0]), number(arguments, 4, 32) * 1024);
        long rows = number(arguments, 1, 10_000_000);
        int cycles = (int) number(arguments, 2, 2_000);
        soak.score(rows, (int) number(arguments, 3, 8));
        soak.openAndClose(cycles);
        boolean flat = soak.grew <= soak.boundKilobytes;
        System.out.printf("grew by %.1f MB at most; bound %d MB: %s%n", soak.grew / 1024.0, soak.boundKilobytes / 1024, flat ? "flat" : "GROWS");
        System.exit(flat ? 0 : 1);
    }

    private static long number(String[] arguments, int index, long otherwise) {
        return arguments.length > index ? Long.parseLong(arguments[index]) : otherwise;
    }

    private void score(long rows, int threads) throws InterruptedException, ExecutionException, IOException {
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        AtomicLong scored = new AtomicLong();
        try (Model model = Model.open(file)) {
            List<Future<?>> runs = new ArrayList<>();
            for (int thread = 0; thread < threads; thread++) {
                int seed = thread;
                runs.add(pool.submit(() -> scoreUntil(model, new Inputs(model, seed), scored, rows)));
            }
            Memory memory = new Memory("rows");
            for (int line = 1; line <= LINES; line++) {
                long wanted = rows * line / LINES;
                while (scored.get() < wanted && runs.stream().noneMatch(Future::isDone)) {
                    Thread.sleep(20);
                }
                scoring.writeLock().lock();
                try {
                    memory.print(scored.get());
                } finally {
                    scoring.writeLock().unlock();
                }
            }
            for (Future<?> run : runs) {
                run.get();
            }
            grew = Math.max(grew, memory.growth());
        } finally {
            pool.shutdownNow();
        }
    }

    private void scoreUntil(Model model, Inputs inputs, AtomicLong scored, long rows) {
        double[] first = inputs.scores(model.score(inputs.batch));
        int width = first.length / BATCH;
        while (scored.get() < rows) {
            scoring.readLock().lock();
            try {
                for (int row = 0; row < SINGLES; row++) {
                    double[] one = inputs.scores(model.score(inputs.row(row)));
                    check(one, Arrays.copyOfRange(first, row * width, (row + 1) * width));
                }
                check(inputs.scores(model.score(inputs.batch)), first);
            } finally {
                scoring.readLock().unlock();
            }
            scored.addAndGet(BATCH + SINGLES);
        }
    }

    private static void check(double[] found, double[] expected) {
        if (!Arrays.equals(found, expected)) {
            throw new IllegalStateException("scores changed while other threads scored");
        }
    }

    private void openAndClose(int cycles) throws IOException {
        Memory memory = new Memory("cycles");
        Row row = null;
        double[] expected = null;
        for (int cycle = 1; cycle <= cycles; cycle++) {
            try (Model model = Model.open(file)) {
                Inputs inputs = new Inputs(model, 0);
                row = row == null ? inputs.row(0) : row;
                double[] scores = inputs.scores(model.score(row));
                expected = expected == null ? scores : expected;
                check(scores, expected);
            }
            if (cycle * LINES / cycles > (cycle - 1) * LINES / cycles) {
                memory.print(cycle);
            }
        }
        grew = Math.max(grew, memory.growth());
    }

    /** Random rows of a model: a batch of them, and each by itself. */
    private static final class Inputs {
        final Batch batch = new Batch();
        private final List<Row> rows = new ArrayList<>();
        private final String output;

        Inputs(Model model, int seed) {
            output = model.contract().outputs().stream().anyMatch(it -> it.name().equals("predict_proba")) ? "predict_proba" : "predict";
            Random random = new Random(seed);
            for (int row = 0; row < BATCH; row++) {
                rows.add(new Row());
            }
            for (Column column : model.contract().columns()) {
                double[] values = random.doubles(BATCH, -2, 2).toArray();
                batch.set(column.name(), values);
                for (int row = 0; row < BATCH; row++) {
                    rows.get(row).set(column.name(), values[row]);
                }
            }
        }

        Row row(int index) {
            return rows.get(index);
        }

        double[] scores(Scores scores) {
            return scores.shape(output).length == 1
                    ? scores.doubles(output)
                    : Arrays.stream(scores.matrix(output)).flatMapToDouble(Arrays::stream).toArray();
        }
    }

    /** Resident memory at each line of a phase, in kilobytes. */
    private static final class Memory {
        private final String unit;
        private final List<Long> readings = new ArrayList<>();

        Memory(String unit) {
            this.unit = unit;
        }

        void print(long done) throws IOException {
            // What Java could give back is no leak.
            System.gc();
            long kilobytes = Files.readAllLines(Path.of("/proc/self/status")).stream()
                    .filter(line -> line.startsWith("VmRSS:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                    .findFirst()
                    .orElseThrow();
            readings.add(kilobytes);
            System.out.printf("%,12d %s  %,9d KB resident%n", done, unit, kilobytes);
        }

        /** How much the largest reading after settling lies above the first of them. */
        long growth() {
            List<Long> settled = readings.subList(Math.min(SETTLED, readings.size()) - 1, readings.size());
            return settled.stream().mapToLong(Long::longValue).max().orElse(0) - settled.get(0);
        }
    }
}
