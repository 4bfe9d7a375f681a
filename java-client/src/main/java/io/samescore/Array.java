package io.samescore;

import io.samescore.SamescoreException.Code;
import java.util.Arrays;

/**
 * Numbers, flags or strings with a shape, in row-major order: what an array object of JSON, an input tensor and an output
 * have in common.
 *
 * @param data {@code double[]}, {@code float[]}, {@code long[]}, {@code int[]}, {@code boolean[]}, {@code String[]} or
 *     {@code String[][]} (lists of strings), with exactly as many elements as the shape says
 */
record Array(int[] shape, Object data) {
    Array {
        int length = java.lang.reflect.Array.getLength(data);
        if (length != size(shape)) {
            throw new IllegalArgumentException(length + " elements for shape " + Arrays.toString(shape));
        }
    }

    static Array of(Object data, int... shape) {
        return new Array(shape, data);
    }

    /** The number of elements; refused where a Java array cannot hold them. */
    static int size(int... shape) {
        long size = 1;
        for (int extent : shape) {
            size *= extent;
            if (size > Integer.MAX_VALUE - 8) {
                throw new SamescoreException(
                        Code.INPUT, "batch", "a tensor of shape " + Arrays.toString(shape), "fewer rows at a time");
            }
        }
        return (int) size;
    }

    /** The name of the element type in JSON. */
    String dtype() {
        if (data instanceof double[]) {
            return "float64";
        } else if (data instanceof float[]) {
            return "float32";
        } else if (data instanceof long[]) {
            return "int64";
        } else if (data instanceof int[]) {
            return "int32";
        } else if (data instanceof boolean[]) {
            return "bool";
        }
        return data instanceof String[] ? "string" : "list<string>";
    }

    int size() {
        return java.lang.reflect.Array.getLength(data);
    }

    /** The size of axis 0; 1 for a scalar. */
    int rows() {
        return shape.length == 0 ? 1 : shape[0];
    }

    /** One element as an object: String, Double, Float, Long, Integer or Boolean, or null for a missing string. */
    Object element(int index) {
        return java.lang.reflect.Array.get(data, index);
    }

    /** The shape in the words of a message, such as {@code (40, 2)}. */
    String shapeText() {
        String extents = Arrays.toString(shape);
        return "(" + extents.substring(1, extents.length() - 1) + (shape.length == 1 ? ",)" : ")");
    }
}
