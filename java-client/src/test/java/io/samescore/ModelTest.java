package io.samescore;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.samescore.SamescoreException.Code;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class ModelTest {
    private static Model everything;
    private static Model regressor;
    private static Model classifier;

    @BeforeAll
    static void open() {
        everything = Model.open(Fixtures.path("everything"));
        regressor = Model.open(Fixtures.bytes("regressor"));
        classifier = Model.open(Fixtures.path("classifier"));
    }

    @AfterAll
    static void close() {
        everything.close();
        regressor.close();
        classifier.close();
    }

    private static void refused(String message, Runnable call) {
        SamescoreException error = assertThrows(SamescoreException.class, call::run);
        assertEquals(Code.OUTPUT, error.code());
        assertEquals(message, error.getMessage());
    }

    @Test
    void scoresOneRow() {
        Scores scores = everything.score(Fixtures.row());
        assertEquals("yes \ud83d\ude00", scores.label());
        double yes = 1 / (1 + Math.exp(-(double) 0.05f));
        assertEquals(yes, scores.probability("yes \ud83d\ude00"), 1e-15);
        assertEquals(1 - yes, scores.probability("no"), 1e-15);
        assertArrayEquals(new double[] {1.5 + 3 + 1 + 1}, scores.doubles("decision_function"));
        assertArrayEquals(new long[] {7 + 2}, scores.longs("lengths"));
        assertArrayEquals(new boolean[] {true}, scores.booleans("east"));
        assertArrayEquals(new String[][] {{"a", "\ud83d\ude00"}}, scores.stringMatrix("items"));
        assertArrayEquals(new double[][] {{0.05f}}, scores.matrix("transform"));
        assertArrayEquals(new int[] {1, 2}, scores.shape("items"));
    }

    @Test
    void hidesCompanions() {
        Set<String> names = everything.score(Fixtures.row()).names();
        assertEquals(
                List.of("predict", "predict_proba", "decision_function", "transform", "lengths", "east", "items", "gone"),
                List.copyOf(names));
    }

    @Test
    void scoresRowsAndColumnsAlike() {
        List<Row> rows = List.of(new Row().set("x0", 1).set("x1", 0.2), new Row().set("x0", null).set("x1", "-0"));
        ContractException refused = assertThrows(ContractException.class, () -> regressor.score(rows));
        assertEquals(
                "rows[1].x1: the string \"-0\"; a finite number of magnitude up to 1000000.0", refused.getMessage());
        Scores single = regressor.score(Map.of("x0", 1, "x1", 0.2, "ignored", "text"));
        Scores batch = regressor.score(new Batch().set("x0", new double[] {1}).set("x1", new double[] {0.2}));
        assertEquals(1 * 0.1 + 0.2, single.value());
        assertArrayEquals(single.doubles("predict"), batch.doubles("predict"));
        assertEquals(Double.NaN, regressor.score(new Row().set("x0", null).set("x1", 1)).value());
    }

    @Test
    void givesIntegerLabels() {
        Scores scores = classifier.score(new Batch().set("x0", new double[] {0.5, Math.nextUp(0.5)}));
        assertEquals(List.of(3L, 7L), scores.labels());
        assertArrayEquals(new long[] {3, 7}, scores.longs("predict"));
        assertArrayEquals(new double[] {1, 0}, scores.probabilities(3));
        assertArrayEquals(new double[] {0, 1}, scores.probabilities(7L));
    }

    @Test
    void scoresNoRows() {
        Scores scores = everything.score(List.of());
        assertEquals(0, scores.rows());
        assertEquals(List.of(), scores.labels());
        assertArrayEquals(new double[0][], scores.matrix("predict_proba"));
        assertArrayEquals(new int[] {0, 0}, scores.shape("items"), "a size that the contract leaves open is 0");
        assertEquals(0, regressor.score(new Batch().set("x0", new double[0]).set("x1", new double[0])).rows());
    }

    @Test
    void refusesOutputsThatAreNotThere() {
        Scores scores = classifier.score(List.of(new Row().set("x0", 1), new Row().set("x0", 2)));
        refused("predict: 2 rows; exactly one", scores::label);
        refused("transform: no such output; one of predict, predict_proba", () -> scores.matrix("transform"));
        refused("predict: type int64; an output of double[] elements", () -> scores.doubles("predict"));
        refused("predict_proba: shape (2, 2); an output with 1 axis", () -> scores.doubles("predict_proba"));
        refused("predict: shape (2,); an output with 2 axes", () -> scores.longMatrix("predict"));
        refused("predict_proba: no label 4; one of [3, 7]", () -> scores.probabilities(4));
    }

    @Test
    void knowsItsContractAndDigest() {
        assertEquals(ColumnType.LIST_STRING, everything.contract().column("items").type());
        assertEquals(3, everything.contract().column("items").maxLength());
        assertEquals(new Range(0.5, 9.0), everything.contract().column("price").range());
        assertEquals(List.of(3L, 7L), classifier.contract().output("predict").labels());
        assertTrue(everything.digest().matches("[0-9a-f]{64}"));
    }
}
