"""libsvm's class probabilities from pairs of classes (Wu, Lin and Weng 2004, second method)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx_ir as ir

from samescore_export.graph import Graph
from samescore_export.margins import Margin
from samescore_export.operations.deciding import flat, sized
from samescore_export.operations.link import sigmoid
from samescore_export.operations.looping import repeat
from samescore_export.values import Rounding


def coupled(
    graph: Graph, raw: ir.Value, bound: Rounding, a: Any, b: Any, classes: int
) -> tuple[ir.Value, Rounding, Margin]:
    """``svm_predict_probability``: a sigmoid a pair, kept within [1e-7, 1 - 1e-7], then the iteration that reconciles them.

    The iteration stops a row where its error falls below 0.005 / classes, so a row whose error is within rounding of that may
    take a step more or less; that distance is the margin.
    """
    slope, offset = np.asarray(a, np.float64), np.asarray(b, np.float64)
    line = graph.op("Add", graph.op("Mul", raw, graph.constant(slope)), graph.constant(offset))
    inner = graph.op("Clip", sigmoid(graph, graph.op("Neg", line)), graph.constant(1e-7), graph.constant(1 - 1e-7))
    pairs = [(i, j) for i in range(classes) for j in range(i + 1, classes)]
    # r[i, j] of each pair and its complement, as one tensor (rows, classes, classes) with zeros on the diagonal.
    both = graph.op("Concat", inner, graph.op("Sub", graph.constant(1.0), inner), axis=1)
    padded = graph.op("Pad", both, graph.constant([0, 0, 0, 1], np.int64), graph.constant(0.0))
    place = np.full((classes, classes), 2 * len(pairs), np.int64)
    for position, (i, j) in enumerate(pairs):
        place[i, j], place[j, i] = position, len(pairs) + position
    r = graph.op("Gather", padded, graph.constant(place), axis=1)
    p, closest = _reconciled(graph, r, classes)
    grown = graph.op("Mul", sized(graph, raw, bound), graph.constant(np.abs(slope)))
    largest = graph.op("ReduceMax", grown, graph.constant([1], np.int64), keepdims=1)
    scale = graph.op("Add", largest, graph.constant(1.0 + float(np.abs(offset).max())))
    reason = f"{bound.reason}; then libsvm's pairwise coupling"
    rounding = Rounding((bound.ulp + 16) * classes**2, scale, reason)
    return p, rounding, (flat(graph, closest), rounding)


def _reconciled(graph: Graph, r: ir.Value, classes: int) -> tuple[ir.Value, ir.Value]:
    """``multiclass_probability`` for all rows at once; a row that has stopped keeps its values."""
    one, two = graph.constant([1], np.int64), graph.constant([2], np.int64)
    swapped = graph.op("Transpose", r, perm=[0, 2, 1])
    squares = graph.op("Mul", r, r)
    diagonal = graph.op("ReduceSum", squares, one, keepdims=1)
    q = graph.op("Sub", graph.op("Mul", diagonal, graph.constant(np.eye(classes)[None])), graph.op("Mul", swapped, r))
    first = graph.op(
        "ReduceSum", graph.op("Mul", graph.op("ReduceSum", r, two, keepdims=0), graph.constant(0.0)), one, keepdims=1
    )
    start = graph.op("Add", first, graph.constant(np.full((1, classes), 1.0 / classes)))
    stop = 0.005 / classes

    def step(inner: Graph, state: Sequence[ir.Value]) -> tuple[ir.Value, Sequence[ir.Value]]:
        p, running, closest = state
        column = inner.op("Unsqueeze", p, inner.constant([2], np.int64))
        qp = inner.op("Squeeze", inner.op("MatMul", q, column), inner.constant([2], np.int64))
        pqp = inner.op("ReduceSum", inner.op("Mul", p, qp), inner.constant([1], np.int64), keepdims=1)
        gap = inner.op("Abs", inner.op("Sub", qp, pqp))
        error = inner.op("ReduceMax", gap, inner.constant([1], np.int64), keepdims=1)
        distance = inner.op("Abs", inner.op("Sub", error, inner.constant(stop)))
        live = inner.op("Greater", running, inner.constant(0.0))
        near = inner.op("Where", live, inner.op("Min", closest, distance), closest)
        going = inner.op("And", live, inner.op("Not", inner.op("Less", error, inner.constant(stop))))
        new = p
        for t in range(classes):
            own = inner.op("Gather", qp, inner.constant([t], np.int64), axis=1)
            row = inner.op("Gather", q, inner.constant(t, np.int64), axis=1)
            pivot = inner.op("Gather", row, inner.constant([t], np.int64), axis=1)
            diff = inner.op("Div", inner.op("Sub", pqp, own), pivot)
            whole = inner.op("Add", inner.constant(1.0), diff)
            unit = np.zeros((1, classes))
            unit[0, t] = 1.0
            new = inner.op("Div", inner.op("Add", new, inner.op("Mul", diff, inner.constant(unit))), whole)
            bent = inner.op("Add", inner.op("Mul", diff, pivot), inner.op("Mul", inner.constant(2.0), own))
            pqp = inner.op("Div", inner.op("Div", inner.op("Add", pqp, inner.op("Mul", diff, bent)), whole), whole)
            qp = inner.op("Div", inner.op("Add", qp, inner.op("Mul", diff, row)), whole)
        kept = inner.op("Where", going, new, p)
        still = inner.op("Cast", going, to=int(ir.DataType.DOUBLE))
        return inner.op("Greater", inner.op("ReduceMax", still, keepdims=0), inner.constant(0.0)), (kept, still, near)

    ones = graph.op("Add", first, graph.constant(1.0))
    p, _, closest = repeat(graph, max(100, classes), (start, ones, ones), step)
    return p, closest


__all__ = ["coupled"]
