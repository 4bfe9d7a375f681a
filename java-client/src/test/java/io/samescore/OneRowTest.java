package io.samescore;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** One row goes another way than many; the scores must not show it. */
class OneRowTest {
    private static void sameAsInABatch(Model model, Row row) {
        Scores one = model.score(row);
        Scores two = model.score(List.of(row, row));
        assertEquals(two.names(), one.names());
        for (String output : one.names()) {
            Array single = one.array(output);
            Array both = two.array(output);
            assertEquals(both.dtype(), single.dtype());
            int[] shape = both.shape().clone();
            shape[0] = 1;
            assertArrayEquals(shape, single.shape(), output);
            for (int i = 0; i < single.size(); i++) {
                assertEquals(both.element(i), single.element(i), output);
            }
        }
    }

    @Test
    void everyKindOfColumn() {
        try (Model model = Model.open(Fixtures.path("everything"))) {
            Row present = Fixtures.row();
            Row missing = Fixtures.row().set("price", null).set("stock", null).set("promo", null).set("colour", null);
            // In turns, so that what a row leaves behind would be seen in the next.
            for (Row row : List.of(present, missing, Fixtures.row().set("colour", "red"), missing, present)) {
                sameAsInABatch(model, row);
            }
        }
    }

    @Test
    void scoresAreKeptWhileLaterRowsAreScored() {
        try (Model model = Model.open(Fixtures.path("regressor"))) {
            List<Scores> kept = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                kept.add(model.score(new Row().set("x0", i).set("x1", 2 * i)));
            }
            for (int i = 0; i < 100; i++) {
                assertEquals(i * 0.1 + 2 * i, kept.get(i).value());
            }
        }
    }

    @Test
    void aRefusedRowLeavesTheNextAsItIs() {
        try (Model model = Model.open(Fixtures.path("regressor"))) {
            for (int i = 0; i < 100; i++) {
                Row refused = new Row().set("x0", 7).set("x1", "no number");
                assertThrows(ContractException.class, () -> model.score(refused));
                assertEquals(0.1 + 2, model.score(new Row().set("x0", 1).set("x1", 2)).value());
            }
        }
    }

    @Test
    void moreCallersThanRowsAreKept() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(100);
        try (Model model = Model.open(Fixtures.path("regressor"))) {
            List<Future<Boolean>> runs = new ArrayList<>();
            for (int caller = 0; caller < 1000; caller++) {
                double x0 = caller;
                runs.add(threads.submit(() -> {
                    double[] found = new double[20];
                    for (int i = 0; i < found.length; i++) {
                        found[i] = model.score(new Row().set("x0", x0).set("x1", i)).value() - (x0 * 0.1 + i);
                    }
                    return Arrays.stream(found).allMatch(difference -> difference == 0);
                }));
            }
            for (Future<Boolean> run : runs) {
                assertTrue(run.get());
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void outputsWithoutAFixedSizeGoTheWayOfMany() {
        Contract contract = new Contract(
                "packed",
                List.of(),
                List.of(),
                List.of(
                        new Output("words", TensorType.STRING, Arrays.asList((Integer) null), null, null, 1),
                        new Output("wide", TensorType.FLOAT64, Arrays.asList(null, 1 << 20), null, null, 1),
                        new Output("loose", TensorType.FLOAT64, Arrays.asList((Integer) null, null), null, null, 1),
                        new Output("value", TensorType.FLOAT64, Arrays.asList((Integer) null), null, null, 1)),
                false);
        assertFalse(OneRow.fits(contract, List.of("value", "words")));
        assertFalse(OneRow.fits(contract, List.of("value", "wide")));
        assertFalse(OneRow.fits(contract, List.of("value", "loose")));
        assertTrue(OneRow.fits(contract, List.of("value")));
    }
}
