package io.samescore;

/**
 * The values observed in a column of the sample: information, never a reason to refuse.
 *
 * @param smallest the smallest
 * @param largest the largest
 */
public record Range(double smallest, double largest) {}
