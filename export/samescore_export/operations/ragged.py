"""Rows of different lengths in one tensor, filled up at the end: moving elements together, apart, and beside their neighbours.

All tensors are (rows, length); nothing here depends on what stands in the filling.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx_ir as ir

from samescore_export.graph import Graph


def to_int64(graph: Graph, value: ir.Value) -> ir.Value:
    """As int64; of a condition 0 or 1."""
    return graph.op("Cast", value, to=int(ir.DataType.INT64))


def length(graph: Graph, value: ir.Value) -> ir.Value:
    """(1,) int64: the size of axis 1."""
    return graph.op("Shape", value, start=1, end=2)


def positions(graph: Graph, value: ir.Value) -> ir.Value:
    """(length,) int64: 0, 1, 2, ..."""
    stop = graph.op("Reshape", length(graph, value), graph.constant(np.zeros(0), np.int64))
    return graph.op("Range", graph.constant(0, np.int64), stop, graph.constant(1, np.int64))


def spread(graph: Graph, like: ir.Value, width: ir.Value, filling: ir.Value) -> ir.Value:
    """A scalar (rows of ``like``, width) times."""
    rows = graph.op("Shape", like, start=0, end=1)
    return graph.op("Expand", filling, graph.op("Concat", rows, width, axis=0))


def before(graph: Graph, value: ir.Value, filling: ir.Value, distance: int = 1) -> ir.Value:
    """The element ``distance`` places earlier (later for a negative one); ``filling`` where there is none."""
    ends = [0, distance, 0, 0] if distance > 0 else [0, 0, 0, -distance]
    padded = graph.op("Pad", value, graph.constant(ends, np.int64), filling)
    width, axis = length(graph, value), graph.constant([1], np.int64)
    if distance > 0:
        return graph.op("Slice", padded, graph.constant([0], np.int64), width, axis)
    start = graph.constant([-distance], np.int64)
    return graph.op("Slice", padded, start, graph.op("Add", width, start), axis)


def largest(graph: Graph, values: ir.Value) -> ir.Value:
    """(1,) int64: the largest element of int64 numbers, at least 0; 0 of none."""
    flat = graph.op("Reshape", values, graph.constant([-1], np.int64))
    return graph.op("ReduceMax", graph.op("Concat", graph.constant([0], np.int64), flat, axis=0), keepdims=1)


def counted(graph: Graph, numbers: ir.Value) -> ir.Value:
    """The running sum of int64 numbers along axis 1."""
    return graph.op("CumSum", numbers, graph.constant(1, np.int64))


def compact(graph: Graph, keep: ir.Value, values: Sequence[tuple[ir.Value, ir.Value]]) -> list[ir.Value]:
    """Of each tensor (given with its filling, a scalar) the elements where the condition ``keep`` holds, moved to the front.

    The results are as long as the row that keeps most.
    """
    number = to_int64(graph, keep)
    running = counted(graph, number)
    most = largest(graph, graph.op("ReduceSum", number, graph.constant([1], np.int64), keepdims=1))
    # What is not kept goes to a column of its own at the end, which is cut off.
    place = graph.op("Where", keep, graph.op("Sub", running, graph.constant(1, np.int64)), most)
    width = graph.op("Add", most, graph.constant([1], np.int64))
    axis, start = graph.constant([1], np.int64), graph.constant([0], np.int64)
    found = []
    for value, filling in values:
        blank = spread(graph, value, width, filling)
        found.append(graph.op("Slice", graph.op("ScatterElements", blank, place, value, axis=1), start, most, axis))
    return found


def expand(graph: Graph, counts: ir.Value) -> tuple[ir.Value, ir.Value, ir.Value]:
    """Element i repeated ``counts[i]`` times (int64): for each new place the old one, which repetition it is, and whether there is any.

    The new rows are as long as the longest; a place behind the end has the old place 0.
    """
    zero, one = graph.constant(0, np.int64), graph.constant(1, np.int64)
    ends = counted(graph, counts)
    starts = graph.op("Sub", ends, counts)
    total = graph.op("ReduceSum", counts, graph.constant([1], np.int64), keepdims=1)
    most = largest(graph, total)
    some = graph.op("Greater", counts, zero)
    old = graph.op("Expand", positions(graph, counts), graph.op("Shape", counts))
    (listed,) = compact(graph, some, [(old, zero)])
    place = graph.op("Where", some, starts, most)
    blank = spread(graph, counts, graph.op("Add", most, graph.constant([1], np.int64)), zero)
    marks = graph.op("ScatterElements", blank, place, to_int64(graph, some), axis=1)
    marks = graph.op("Slice", marks, graph.constant([0], np.int64), most, graph.constant([1], np.int64))
    number = graph.op("Max", graph.op("Sub", counted(graph, marks), one), zero)
    # A row that is all filling lists nothing: one zero is put behind.
    listed = graph.op("Pad", listed, graph.constant([0, 0, 0, 1], np.int64), zero)
    source = graph.op("GatherElements", listed, number, axis=1)
    place = positions(graph, marks)
    inside = graph.op("Less", graph.op("Expand", place, graph.op("Shape", marks)), total)
    source = graph.op("Where", inside, source, zero)
    offset = graph.op("Sub", place, graph.op("GatherElements", starts, source, axis=1))
    return source, offset, inside


def run_totals(graph: Graph, run: ir.Value, numbers: ir.Value) -> ir.Value:
    """(rows, length + 1) int64: the sum of ``numbers`` over the elements of each run, by the run's number (rows, length)."""
    width = graph.op("Add", length(graph, run), graph.constant([1], np.int64))
    blank = spread(graph, run, width, graph.constant(0, np.int64))
    return graph.op("ScatterElements", blank, run, numbers, axis=1, reduction="add")
