"""The nearest points of each row: which, how far, and by how much the choice is settled.

Points at exactly the same distance: a tree's choice among them is played (``neighbor_ties``); brute force over several threads, and numpy's
partition, choose as the machine does, so a row with such a tie at the k-th place hangs on a margin of zero. TopK takes the lowest index.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from samescore_export.graph import Graph
from samescore_export.margins import Margin
from samescore_export.operations.deciding import flat
from samescore_export.operations.distances import Distances, within
from samescore_export.operations.introsort import CUT
from samescore_export.operations.neighbor_ties import Search, resolved
from samescore_export.values import Rounding

REASON = (
    "scikit-learn compares distances that BLAS or libm made, and leaves equals to its threads or to numpy's partition"
)


@dataclass(frozen=True, slots=True)
class Nearest:
    """The nearest points, the nearest first.

    Attributes:
        indices: (rows, k) int64.
        distance: (rows, k).
        error: absolute bound on ``distance``, (rows, k); None for the same bits.
        choice: margin of which points are among the k.
        order: margin of which stands where.
    """

    indices: ir.Value
    distance: ir.Value
    error: ir.Value | None
    choice: Margin
    order: Margin


def largest_error(graph: Graph, error: ir.Value) -> ir.Value:
    """(rows, 1) or (1, 1): the largest error of a row; NaN and infinity stand for no distance at all."""
    nothing = graph.op("Or", graph.op("IsNaN", error), graph.op("IsInf", error))
    known = graph.op("Where", nothing, graph.constant(0.0), error)
    return graph.op("ReduceMax", known, graph.constant([1], np.int64), keepdims=1)


def gap_rounding(graph: Graph, size: ir.Value, error: ir.Value | None) -> Rounding:
    """The rounding of a gap (rows, 1) between compared values: twice their error; if they are exact, only no gap is none."""
    if error is None:
        return Rounding(0.25, graph.op("Max", graph.op("Abs", size), graph.constant(1e-300)), REASON)
    return within(graph, graph.op("Max", error, graph.constant(1e-300)), 2.0, REASON)


def _gap_margin(graph: Graph, gaps: ir.Value, size: ir.Value, error: ir.Value | None) -> Margin:
    smallest = graph.op("ReduceMin", gaps, graph.constant([1], np.int64), keepdims=1)
    return flat(graph, smallest), gap_rounding(graph, size, error)


def _columns(graph: Graph, value: ir.Value, start: int, stop: int) -> ir.Value:
    return graph.op(
        "Slice",
        value,
        graph.constant([start], np.int64),
        graph.constant([stop], np.int64),
        graph.constant([1], np.int64),
    )


def nearest(graph: Graph, distances: Distances, k: int, points: int, search: Search | None = None) -> Nearest:
    """The ``k`` of ``points`` points with the smallest compared distance.

    With ``search`` ties are settled as scikit-learn does. A tree over exact distances then leaves nothing open, but for the order of
    more equals than its sort keeps in place.
    """
    more = min(k + 1, points)
    compared = distances.compared
    if distances.undefined:
        # What no distance stands for comes last, and is handed out as it is.
        nothing = graph.op("IsNaN", compared)
        last_of_all = graph.constant(float(np.finfo(np.float64).max))
        compared = graph.op("Min", graph.op("Where", nothing, last_of_all, compared), last_of_all)
    sorted_, indices = graph.ops(
        "TopK", compared, graph.constant([more], np.int64), outputs=2, axis=1, largest=0, sorted=1
    )
    error: ir.Value | None = None
    if distances.error is not None:
        one = graph.op("Concat", graph.op("Shape", sorted_, end=1), graph.constant([1], np.int64), axis=0)
        error = graph.op("Expand", largest_error(graph, distances.error), one)
    choice: Margin = None
    order: Margin = None
    last = _columns(graph, sorted_, more - 1, more)
    if more > 1:
        gaps = graph.op("Sub", _columns(graph, sorted_, 1, more), _columns(graph, sorted_, 0, more - 1))
        order = _gap_margin(graph, gaps, last, error)
        if more > k:
            choice = _gap_margin(graph, _columns(graph, gaps, k - 1, k), last, error)
    kept = sorted_
    if more > k:
        kept, indices = _columns(graph, sorted_, 0, k), _columns(graph, indices, 0, k)
    if search is not None and order is not None:
        apart = graph.op("Greater", order[0], graph.constant(0.0))
        tied = graph.op("Not", apart)
        if distances.undefined:
            some = graph.op("Cast", graph.op("IsNaN", distances.compared), to=int(ir.DataType.DOUBLE))
            any_ = graph.op("ReduceMax", some, graph.constant([1], np.int64), keepdims=0)
            tied = graph.op("Or", tied, graph.op("Greater", any_, graph.constant(0.0)))
        kept, indices = resolved(graph, search, distances.compared, (kept, indices), tied, k, points)
        if error is None and search.repeatable:
            choice, order = None, None if k <= CUT else order
    if distances.undefined:
        kept = graph.op("GatherElements", distances.compared, indices, axis=1)
    distance, off = distances.finish(graph, kept, error)
    if off is not None:
        off = graph.op("Expand", off, graph.op("Shape", distance))
    return Nearest(indices, distance, off, choice, order)
