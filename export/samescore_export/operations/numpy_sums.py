"""Sums in the order in which numpy adds: a mean over a few neighbours then has numpy's bits."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from samescore_export.graph import Graph

#: numpy adds fewer than these one by one, and up to _BLOCK of them in eight running sums.
_PLAIN, _BLOCK = 8, 128


def last_of(graph: Graph, value: ir.Value, count: int, axis: int = 1) -> ir.Value:
    """The sum along an axis of ``count``, one by one; the axis is dropped."""
    running = graph.op("CumSum", value, graph.constant(axis, np.int64))
    return graph.op("Gather", running, graph.constant(count - 1, np.int64), axis=axis)


def row_sum(graph: Graph, value: ir.Value, count: int) -> ir.Value:
    """(rows,) from (rows, count): ``numpy.sum(value, axis=1)`` of a C-contiguous array (pairwise summation)."""
    if count < _PLAIN:
        return last_of(graph, value, count)
    if count > _BLOCK:
        half = count // 2
        half -= half % 8
        parts = graph.ops("Split", value, graph.constant([half, count - half], np.int64), outputs=2, axis=1)
        return graph.op("Add", row_sum(graph, parts[0], half), row_sum(graph, parts[1], count - half))
    even = count - count % 8
    head, rest = value, None
    if even < count:
        head, rest = graph.ops("Split", value, graph.constant([even, count - even], np.int64), outputs=2, axis=1)
    blocks = graph.op("Reshape", head, graph.constant([0, even // 8, 8], np.int64))
    sums = last_of(graph, blocks, even // 8)
    for left in (4, 2, 1):
        # ((0 + 1) + (2 + 3)) + ((4 + 5) + (6 + 7))
        pairs = graph.op("Reshape", sums, graph.constant([0, left, 2], np.int64))
        first, second = graph.ops("Split", pairs, outputs=2, axis=2, num_outputs=2)
        sums = graph.op("Squeeze", graph.op("Add", first, second), graph.constant([2], np.int64))
    whole = graph.op("Squeeze", sums, graph.constant([1], np.int64))
    if rest is None:
        return whole
    for part in range(count % 8):
        whole = graph.op("Add", whole, graph.op("Gather", rest, graph.constant(part, np.int64), axis=1))
    return whole
