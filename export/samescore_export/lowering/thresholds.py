"""How close an inexact matrix comes to the thresholds it is compared with: the margin of a tree's splits, of bins, of signs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from samescore_export.graph import Graph
from samescore_export.lowering.tree_ensemble import Trees, joined, tree_ensemble
from samescore_export.margins import Margin, nearest_of
from samescore_export.values import Matrix, Rounding


def near_thresholds(graph: Graph, x: Matrix, thresholds: Mapping[int, NDArray[np.float64]]) -> Margin:
    """The margin of comparing columns of ``x`` with numbers, given by column; None for an exact matrix.

    The two thresholds around a value are found by bisection, which a tree a column does in one node. The nodes are part of the proof's
    copy of the graph alone: no output of the artifact needs them.
    """
    if x.rounding is None or not thresholds:
        return None
    columns = sorted(thresholds)
    trees, below, above = [], [], []
    offset = 0
    for position, column in enumerate(columns):
        edges = np.unique(np.asarray(thresholds[column], np.float64))
        trees.append(_bisection(edges, column, position, offset))
        below.append(np.concatenate([[-np.inf], edges]))
        above.append(np.concatenate([edges, [np.inf]]))
        offset += len(edges) + 1
    every = joined(trees)
    found = graph.op(
        "Cast", tree_ensemble(graph, x.value, every, every.threshold, len(columns)), to=int(ir.DataType.INT64)
    )
    index = graph.constant(columns, np.int64)
    value = graph.op("Gather", x.value, index, axis=1)
    gaps = [
        graph.op("Abs", graph.op("Sub", value, graph.op("Gather", graph.constant(np.concatenate(side)), found, axis=0)))
        for side in (below, above)
    ]
    # A NaN and an infinity go one way whatever the rounding.
    gap = graph.op("Min", *(graph.op("Where", graph.op("IsNaN", g), graph.constant(np.inf), g) for g in gaps))
    size = graph.op("Expand", x.rounding.scale or graph.constant(1.0), graph.op("Shape", x.value))
    scale = graph.op("Max", graph.op("Gather", size, index, axis=1), graph.op("Abs", value))
    return nearest_of(graph, [(gap, Rounding(x.rounding.ulp, scale, x.rounding.reason))])


def _bisection(edges: NDArray[np.float64], column: int, target: int, offset: int) -> Trees:
    """A balanced tree over sorted ``edges`` that adds to ``target`` the number of edges below a value, plus ``offset``."""
    count = len(edges)
    feature = np.full(2 * count + 1, column, np.int64)
    threshold, leaf = np.zeros(2 * count + 1), np.zeros(2 * count + 1)
    left, right = np.full(2 * count + 1, -1, np.int64), np.full(2 * count + 1, -1, np.int64)
    pending = [(0, 0, count)]
    free = 1
    while pending:
        node, low, high = pending.pop()
        if low == high:
            leaf[node] = offset + low
            continue
        middle = (low + high) // 2
        threshold[node], left[node], right[node] = edges[middle], free, free + 1
        pending += [(free, low, middle), (free + 1, middle + 1, high)]
        free += 2
    return Trees(
        roots=np.zeros(1, np.int64),
        feature=feature,
        threshold=threshold,
        left=left,
        right=right,
        missing_left=np.zeros(2 * count + 1, bool),
        leaf=leaf,
        target=np.full(2 * count + 1, target, np.int64),
        categories={},
    )
