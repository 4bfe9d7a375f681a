"""How close an inexact matrix comes to the thresholds it is compared with: the margin of a tree's splits, of bins, of signs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from samescore_export.graph import Graph
from samescore_export.margins import Margin, nearest_of
from samescore_export.operations.numeric import as_doubles
from samescore_export.operations.tree_ensemble import bisection, joined, tree_ensemble
from samescore_export.values import Matrix, Rounding


def near_thresholds(graph: Graph, x: Matrix, thresholds: Mapping[int, NDArray[np.float64]]) -> Margin:
    """The margin of comparing columns of ``x`` with numbers, given by column; None for an exact matrix.

    The two thresholds around a value are found by bisection, which a tree a column does in one node. The nodes are part of the proof's
    copy of the graph alone: no output of the artifact needs them.
    """
    if x.rounding is None or not thresholds:
        return None
    x = as_doubles(graph, x)
    assert x.rounding is not None
    columns = sorted(thresholds)
    trees, below, above = [], [], []
    offset = 0
    for position, column in enumerate(columns):
        edges = np.unique(np.asarray(thresholds[column], np.float64))
        trees.append(bisection(edges, column, position, offset))
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
