package io.samescore;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** How fast a model scores here, one row at a time and a thousand at once, on one thread. */
final class Bench {
    private static final int MANY = 1000;
    private static final long WARM_UP_NANOS = 2_000_000_000L;
    private static final long MEASURE_NANOS = 3_000_000_000L;

    private Bench() {}

    static void run(Scorer model, List<Row> rows, PrintStream out) {
        List<Row> many = new ArrayList<>();
        for (int i = 0; i < MANY; i++) {
            many.add(rows.get(i % rows.size()));
        }
        int[] next = {0};
        tell("1 row", 1, timed(() -> model.score(many.get(next[0]++ % MANY))), out);
        tell(MANY + " rows", MANY, timed(() -> model.score(many)), out);
    }

    /** The artifact's own rows, for those who have none at hand. */
    static List<Row> goldenRows(ArtifactFile artifact) {
        Map<String, Array> columns = artifact.golden().columns();
        List<Row> rows = new ArrayList<>();
        int count = columns.values().iterator().next().rows();
        for (int i = 0; i < count; i++) {
            Row row = new Row();
            for (Map.Entry<String, Array> column : columns.entrySet()) {
                Object value = column.getValue().element(i);
                // Numbers are NaN where a value of any type is missing.
                row.set(column.getKey(), value instanceof Double number && number.isNaN() ? null : value);
            }
            rows.add(row);
        }
        return rows;
    }

    /** Sorted nanoseconds of each call after a warm-up. */
    private static long[] timed(Runnable call) {
        for (long end = System.nanoTime() + WARM_UP_NANOS; System.nanoTime() < end; ) {
            call.run();
        }
        List<Long> times = new ArrayList<>();
        long end = System.nanoTime() + MEASURE_NANOS;
        for (long start = System.nanoTime(); start < end; start = System.nanoTime()) {
            call.run();
            times.add(System.nanoTime() - start);
        }
        long[] sorted = times.stream().mapToLong(Long::longValue).toArray();
        Arrays.sort(sorted);
        return sorted;
    }

    private static void tell(String title, int rows, long[] nanos, PrintStream out) {
        double median = nanos[nanos.length / 2] / 1e3;
        double slow = nanos[(int) (nanos.length * 0.99)] / 1e3;
        out.printf(
                Locale.ROOT,
                "%-9s  median %,.1f us  p99 %,.1f us  %,.0f rows/s%n",
                title, median, slow, rows / (median / 1e6));
    }
}
