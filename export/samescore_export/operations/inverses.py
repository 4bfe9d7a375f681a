"""Inverses of parts of a symmetric matrix, a part a row, kept up as columns come and go; zeros outside the part."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from samescore_export.graph import Graph


def applied(graph: Graph, inverse: ir.Value, vector: ir.Value) -> ir.Value:
    """(rows, k): the product of (rows, k, k) with (rows, k)."""
    last = graph.constant([2], np.int64)
    return graph.op("Squeeze", graph.op("MatMul", inverse, graph.op("Unsqueeze", vector, last)), last)


def dotted(graph: Graph, first: ir.Value, second: ir.Value) -> ir.Value:
    """(rows, 1): the inner product of each row with its own."""
    return graph.op("ReduceSum", graph.op("Mul", first, second), graph.constant([1], np.int64), keepdims=1)


def outer(graph: Graph, vector: ir.Value) -> ir.Value:
    """(rows, k, k): each row's products with itself."""
    tall = graph.op("Unsqueeze", vector, graph.constant([2], np.int64))
    return graph.op("Mul", tall, graph.op("Unsqueeze", vector, graph.constant([1], np.int64)))


def cubed(graph: Graph, column: ir.Value) -> ir.Value:
    """(rows, 1, 1) from (rows, 1)."""
    return graph.op("Unsqueeze", column, graph.constant([2], np.int64))


def bordered(
    graph: Graph, inverse: ir.Value, column: ir.Value, chosen: ir.Value, own: ir.Value
) -> tuple[ir.Value, ir.Value]:
    """The inverse with the column of a one-hot ``chosen`` added, and the Schur complement (rows, 1) it was divided by.

    ``column`` (rows, k) is that column of the matrix, ``own`` (rows, 1) its element on the diagonal.
    """
    solved = applied(graph, inverse, column)
    complement = graph.op("Sub", own, dotted(graph, column, solved))
    products = outer(graph, graph.op("Sub", solved, chosen))
    return graph.op("Add", inverse, graph.op("Div", products, cubed(graph, complement))), complement


def without(graph: Graph, inverse: ir.Value, dropped: ir.Value) -> ir.Value:
    """The inverse with the column of a one-hot ``dropped`` taken out; its row and column become zeros."""
    column = applied(graph, inverse, dropped)
    own = dotted(graph, column, dropped)
    reduced = graph.op("Sub", inverse, graph.op("Div", outer(graph, column), cubed(graph, own)))
    keep = graph.op("Sub", graph.constant(1.0), dropped)
    return graph.op("Mul", reduced, outer(graph, keep))
