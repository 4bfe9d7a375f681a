package io.samescore;

import java.util.Arrays;
import java.util.Objects;
import java.util.Optional;

/** The comparison of one output with what was expected: shape, then dtype, then values under the tolerance. */
final class Comparison {
    /** Differing values written out. */
    private static final int SHOWN = 5;

    private Comparison() {}

    /** What differs, in words, under one tolerance for all values; empty if nothing does. */
    static Optional<String> difference(Array expected, Array got, Tolerance tolerance) {
        return difference(new Golden.Expected(expected, tolerance, null), got);
    }

    /** What differs, in words; empty if nothing does. */
    static Optional<String> difference(Golden.Expected golden, Array got) {
        Array expected = golden.scores();
        if (!Arrays.equals(expected.shape(), got.shape())) {
            return Optional.of("shape " + got.shapeText() + ", expected " + expected.shapeText());
        }
        if (!expected.dtype().equals(got.dtype())) {
            return Optional.of("dtype " + got.dtype() + ", expected " + expected.dtype());
        }
        int beyond = 0;
        StringBuilder shown = new StringBuilder();
        for (int i = 0; i < expected.size(); i++) {
            if (!same(expected, got, golden.toleranceOf(i), i) && beyond++ < SHOWN) {
                int row = i / Math.max(1, expected.size() / expected.rows());
                shown.append("; row ").append(row).append(": expected ").append(text(expected.element(i)));
                shown.append(", got ").append(text(got.element(i))).append(apart(expected, got, i));
            }
        }
        return beyond == 0 ? Optional.empty() : Optional.of(beyond + " values beyond the tolerance" + shown);
    }

    private static boolean same(Array expected, Array got, Tolerance tolerance, int index) {
        if (expected.data() instanceof double[] left && got.data() instanceof double[] right) {
            return tolerance.same(left[index], right[index]);
        }
        if (expected.data() instanceof float[] left && got.data() instanceof float[] right) {
            return tolerance.same(left[index], right[index]);
        }
        // Labels and integers are the same or not, whatever the tolerance.
        return Objects.equals(expected.element(index), got.element(index));
    }

    /** The distance in representable numbers, where there is one. */
    private static String apart(Array expected, Array got, int index) {
        long ulps;
        if (expected.data() instanceof double[] left && got.data() instanceof double[] right) {
            ulps = ordered(left[index]) - ordered(right[index]);
            if (Double.isNaN(left[index]) || Double.isNaN(right[index])) {
                return "";
            }
        } else if (expected.data() instanceof float[] left && got.data() instanceof float[] right) {
            ulps = (long) ordered(left[index]) - ordered(right[index]);
            if (Float.isNaN(left[index]) || Float.isNaN(right[index])) {
                return "";
            }
        } else {
            return "";
        }
        // Numbers of opposite sign may be farther apart than a long; as unsigned the distance is right.
        boolean negative = ((Number) expected.element(index)).doubleValue() < ((Number) got.element(index)).doubleValue();
        return ", " + Long.toUnsignedString(negative ? -ulps : ulps) + " ulp apart";
    }

    /** Bits of a number as an integer that grows with the number. */
    private static long ordered(double value) {
        long bits = Double.doubleToRawLongBits(value);
        return bits >= 0 ? bits : Long.MIN_VALUE - bits;
    }

    private static int ordered(float value) {
        int bits = Float.floatToRawIntBits(value);
        return bits >= 0 ? bits : Integer.MIN_VALUE - bits;
    }

    private static String text(Object value) {
        if (value instanceof String text) {
            return Wording.quoted(text);
        }
        if (value instanceof Double number && Double.isFinite(number)) {
            return ShortestDouble.text(number);
        }
        return String.valueOf(value);
    }
}
