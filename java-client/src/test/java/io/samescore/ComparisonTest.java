package io.samescore;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import org.junit.jupiter.api.Test;

class ComparisonTest {
    private static final double NAN = Double.NaN;
    private static final double INFINITY = Double.POSITIVE_INFINITY;
    private static final Tolerance TWO_ULP = new Tolerance(false, 2, 1.0);

    @Test
    void exactMeansTheSameNumber() {
        assertTrue(Tolerance.EXACT.same(0.0, -0.0));
        assertTrue(Tolerance.EXACT.same(NAN, NAN));
        assertTrue(Tolerance.EXACT.same(INFINITY, INFINITY));
        assertFalse(Tolerance.EXACT.same(INFINITY, -INFINITY));
        assertFalse(Tolerance.EXACT.same(1.0, Math.nextUp(1.0)));
        assertFalse(Tolerance.EXACT.same(NAN, 1.0));
        assertTrue(Tolerance.EXACT.same(0.0f, -0.0f));
        assertTrue(Tolerance.EXACT.same(Float.NaN, Float.NaN));
        assertFalse(Tolerance.EXACT.same(1.0f, Math.nextUp(1.0f)));
    }

    @Test
    void ulpCountsSpacingsOfTheExpectedNumber() {
        double spacing = Math.ulp(1.0);
        assertTrue(TWO_ULP.same(1.0, 1.0 + 2 * spacing));
        assertFalse(TWO_ULP.same(1.0, 1.0 + 3 * spacing));
        assertTrue(TWO_ULP.same(0.0, 2 * spacing), "below the floor the spacing is the floor's");
        assertFalse(TWO_ULP.same(0.0, 3 * spacing));
        assertTrue(TWO_ULP.same(-8.0, -8.0 - 16 * spacing));
        assertFalse(TWO_ULP.same(-8.0, -8.0 - 24 * spacing));
        assertFalse(TWO_ULP.same(Double.MAX_VALUE, INFINITY));
        assertFalse(TWO_ULP.same(INFINITY, Double.MAX_VALUE));
        assertFalse(TWO_ULP.same(NAN, 1.0));
        assertFalse(TWO_ULP.same(1.0, NAN));
        assertTrue(TWO_ULP.same(NAN, NAN));
        assertTrue(TWO_ULP.same(1.0f, 1.0f + 2 * Math.ulp(1.0f)));
        assertFalse(TWO_ULP.same(1.0f, 1.0f + 3 * Math.ulp(1.0f)));
    }

    @Test
    void shapeComesFirstThenDtypeThenValues() {
        Array expected = Array.of(new double[] {1, 2}, 2);
        assertEquals(
                Optional.of("shape (2, 1), expected (2,)"),
                Comparison.difference(expected, Array.of(new float[] {1, 2}, 2, 1), TWO_ULP));
        assertEquals(
                Optional.of("dtype float32, expected float64"),
                Comparison.difference(expected, Array.of(new float[] {1, 2}, 2), TWO_ULP));
        assertEquals(Optional.empty(), Comparison.difference(expected, Array.of(new double[] {1, 2}, 2), TWO_ULP));
        assertEquals(
                Optional.of("1 values beyond the tolerance; row 1: expected 2.0, got 2.0000000000000004, 1 ulp apart"),
                Comparison.difference(expected, Array.of(new double[] {1, Math.nextUp(2.0)}, 2), Tolerance.EXACT));
        assertEquals(
                Optional.of("1 values beyond the tolerance; row 0: expected NaN, got 2.0"),
                Comparison.difference(Array.of(new double[] {NAN}, 1), Array.of(new double[] {2}, 1), TWO_ULP));
    }

    @Test
    void labelsAreEqualOrNotWhateverTheTolerance() {
        Array texts = Array.of(new String[] {"a", "b"}, 2);
        assertEquals(Optional.empty(), Comparison.difference(texts, Array.of(new String[] {"a", "b"}, 2), TWO_ULP));
        assertEquals(
                Optional.of("1 values beyond the tolerance; row 1: expected \"b\", got \"c\""),
                Comparison.difference(texts, Array.of(new String[] {"a", "c"}, 2), TWO_ULP));
        assertTrue(Comparison.difference(Array.of(new long[] {1L << 60}, 1), Array.of(new long[] {(1L << 60) + 1}, 1), TWO_ULP)
                .isPresent());
    }

    @Test
    void distanceAcrossZeroAndOverTheWholeRangeIsRight() {
        assertEquals(
                Optional.of("1 values beyond the tolerance; row 0: expected -5e-324, got 5e-324, 2 ulp apart"),
                Comparison.difference(
                        Array.of(new double[] {-Double.MIN_VALUE}, 1),
                        Array.of(new double[] {Double.MIN_VALUE}, 1),
                        Tolerance.EXACT));
        String found = Comparison.difference(
                        Array.of(new double[] {-Double.MAX_VALUE}, 1),
                        Array.of(new double[] {Double.MAX_VALUE}, 1),
                        Tolerance.EXACT)
                .orElseThrow();
        assertTrue(found.endsWith(", 18437736874454810622 ulp apart"), found);
    }
}
