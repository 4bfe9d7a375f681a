package io.samescore;

/**
 * Where a column's values go.
 *
 * @param tensor name of the input tensor
 * @param position index on the tensor's axis 1; 0 where the column has the tensor to itself
 */
public record Place(String tensor, int position) {}
