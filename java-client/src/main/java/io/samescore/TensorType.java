package io.samescore;

import java.util.Locale;

/** The element type of an input tensor or an output. */
public enum TensorType {
    /** {@code double}. */
    FLOAT64,
    /** {@code float}. */
    FLOAT32,
    /** {@code long}. */
    INT64,
    /** {@code int}: the code points of texts. */
    INT32,
    /** {@code boolean}. */
    BOOL,
    /** {@code String}. */
    STRING;

    /**
     * The type as the contract writes it.
     *
     * @return such as {@code float64}
     */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}
