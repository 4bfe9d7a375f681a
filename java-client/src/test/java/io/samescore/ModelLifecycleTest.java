package io.samescore;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.samescore.SamescoreException.Code;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class ModelLifecycleTest {
    private static final int THREADS = 8;

    @Test
    void useAfterCloseIsAnError() {
        Model model = Model.open(Fixtures.path("regressor"));
        model.close();
        model.close();
        SamescoreException error =
                assertThrows(SamescoreException.class, () -> model.score(new Row().set("x0", 1).set("x1", 2)));
        assertEquals(Code.CLOSED, error.code());
        assertEquals(Fixtures.path("regressor") + ": a closed model; an open one", error.getMessage());
    }

    @Test
    void threadsGetTheScoresOfTheirOwnRows() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try (Model model = Model.open(Fixtures.path("regressor"))) {
            List<Future<?>> runs = new ArrayList<>();
            for (int thread = 0; thread < THREADS; thread++) {
                int offset = thread;
                runs.add(threads.submit(() -> {
                    for (int i = 0; i < 500; i++) {
                        double x0 = offset * 1000 + i;
                        Batch batch = new Batch().set("x0", new double[] {x0, 0}).set("x1", new double[] {i, i});
                        double[] expected = {x0 * 0.1 + i, i};
                        assertArrayEquals(expected, model.score(batch).doubles("predict"));
                    }
                }));
            }
            for (Future<?> run : runs) {
                run.get();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void closingWaitsForCallsUnderWay() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try {
            for (int round = 0; round < 20; round++) {
                Model model = Model.open(Fixtures.path("everything"));
                CountDownLatch started = new CountDownLatch(THREADS);
                List<Future<Integer>> runs = new ArrayList<>();
                for (int thread = 0; thread < THREADS; thread++) {
                    runs.add(threads.submit(() -> scoreUntilClosed(model, started)));
                }
                started.await();
                model.close();
                for (Future<Integer> run : runs) {
                    assertTrue(run.get() > 0);
                }
            }
        } finally {
            threads.shutdownNow();
        }
    }

    private static int scoreUntilClosed(Model model, CountDownLatch started) {
        for (int scored = 0; ; scored++) {
            try {
                assertEquals("yes \ud83d\ude00", model.score(Fixtures.row()).label());
            } catch (SamescoreException error) {
                assertEquals(Code.CLOSED, error.code());
                return scored;
            }
            if (scored == 0) {
                started.countDown();
            }
        }
    }
}
