package io.samescore;

import java.util.Map;

/**
 * One input tensor while it is filled, cell by cell, with values that were accepted. {@code position} is the column's
 * index on axis 1. A tensor takes only the kinds of value its columns give: {@link ContractLayout} checks that once.
 */
abstract class TensorBuffer {
    /** Takes a float, or a nullable integer or datetime that travels as one. */
    void number(int row, int position, double value) {
        throw new IllegalStateException("a number for " + getClass().getSimpleName());
    }

    void integer(int row, int position, long value) {
        throw new IllegalStateException("an integer for " + getClass().getSimpleName());
    }

    void flag(int row, int position, boolean value) {
        throw new IllegalStateException("a flag for " + getClass().getSimpleName());
    }

    void text(int row, int position, String value) {
        throw new IllegalStateException("a text for " + getClass().getSimpleName());
    }

    void list(int row, int position, String[] value) {
        throw new IllegalStateException("a list for " + getClass().getSimpleName());
    }

    void missing(int row, int position) {
        throw new IllegalStateException("a missing value for " + getClass().getSimpleName());
    }

    /** Gives the filled tensor, and its mask if it has one. */
    abstract void finish(Map<String, Array> into);
}
