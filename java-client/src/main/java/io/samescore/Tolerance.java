package io.samescore;

import io.samescore.SamescoreException.Code;

/**
 * A named class of allowed difference.
 *
 * @param exact whether values must be equal; the other two then mean nothing
 * @param ulp how many spacings apart numbers may be
 * @param floor magnitude below which the spacing shrinks no further
 */
record Tolerance(boolean exact, double ulp, double floor) {
    static final Tolerance EXACT = new Tolerance(true, 0, 0);

    static Tolerance parse(Node node) {
        String kind = node.get("kind").text();
        return switch (kind) {
            case "exact" -> EXACT;
            case "ulp" -> new Tolerance(false, node.get("ulp").number(), node.get("floor").number());
            default -> throw new SamescoreException(
                    Code.UNKNOWN_FORMAT, node.where(), "kind " + Wording.quoted(kind), "exact, ulp");
        };
    }

    /** The same with another floor. */
    Tolerance above(double magnitude) {
        return exact ? this : new Tolerance(false, ulp, magnitude);
    }

    /** Whether two numbers count as the same: -0.0 is 0.0, NaN only NaN, an infinity only itself. */
    boolean same(double expected, double got) {
        if (expected == got || (Double.isNaN(expected) && Double.isNaN(got))) {
            return true;
        }
        if (exact || !Double.isFinite(expected) || !Double.isFinite(got)) {
            return false;
        }
        return Math.abs(expected - got) <= ulp * Math.ulp(Math.max(Math.abs(expected), floor));
    }

    /** As for doubles, with the spacing of float. */
    boolean same(float expected, float got) {
        if (expected == got || (Float.isNaN(expected) && Float.isNaN(got))) {
            return true;
        }
        if (exact || !Float.isFinite(expected) || !Float.isFinite(got)) {
            return false;
        }
        // The difference of two floats is taken in double, where it cannot round to less than it is.
        double apart = Math.abs((double) expected - (double) got);
        return apart <= ulp * Math.ulp(Math.max(Math.abs(expected), (float) floor));
    }
}
