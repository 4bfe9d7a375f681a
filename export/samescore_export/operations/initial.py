"""Gradient boosting that begins at another estimator's answers (``init``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx_ir as ir
from sklearn.dummy import DummyClassifier, DummyRegressor

from samescore_export.graph import Graph
from samescore_export.margins import Margin, nearest_of
from samescore_export.operations.columns import picked
from samescore_export.operations.combining import score_of
from samescore_export.operations.deciding import of_score, sized
from samescore_export.operations.numeric import as_doubles
from samescore_export.operations.tree_ensemble import Trees, fitted_tree, joined
from samescore_export.operations.walking import FLOAT32, Grown, Walk, walked
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Rounding, Table, matrix_of


@dataclass(frozen=True, slots=True)
class Beginning:
    """(rows, K) raw scores that the stages are added to."""

    child: Lowered
    value: ir.Value
    rounding: Rounding | None
    margin: Margin


def constant_start(estimator: Any) -> bool:
    """Whether every row begins at the same numbers."""
    return isinstance(estimator.init_, str) or type(estimator.init_) in (DummyClassifier, DummyRegressor)


def _beginning(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Beginning:
    """``_init_raw_predictions``; gradient boosting hands its rows on as float32."""
    graph, initial = scope.graph, estimator.init_
    x = matrix_of(graph, inputs)
    if x.dtype == "float32":
        rows = Matrix(x.value, x.width, "float32", rounding=x.rounding, margin=x.margin)
    else:
        narrow = graph.op("Cast", x.value, to=int(ir.DataType.FLOAT))
        rows = Matrix(narrow, x.width, "float32", margin=nearest_of(graph, [x.margin, _same_float32(graph, x)]))
    child = scope.lower(initial, rows, "init_")
    if not hasattr(estimator, "classes_"):
        score = score_of(scope, child, "predict", initial)
        matrix = as_doubles(graph, of_score(graph, score))
        return Beginning(child, matrix.value, matrix.rounding, score.margin)
    score = score_of(scope, child, "predict_proba", initial)
    margin = nearest_of(graph, [score.margin, _overflow(graph, rows.value)])
    matrix = as_doubles(graph, of_score(graph, score))
    eps = float(np.finfo(np.float64).eps)
    classes = len(estimator.classes_)
    if classes == 2:
        found = picked(graph, matrix, [1])
        assert isinstance(found, Matrix)
        matrix = found
    p = graph.op("Clip", matrix.value, graph.constant(eps), graph.constant(1.0 - eps))
    if classes == 2:
        other = graph.op("Sub", graph.constant(1.0), p)
        half = graph.constant(0.5 if estimator.loss == "exponential" else 1.0)
        value = graph.op("Mul", half, graph.op("Log", graph.op("Div", p, other)))
        slope = graph.op("Div", graph.constant(1.0), graph.op("Mul", p, other))
        own = graph.op("Add", graph.op("Abs", value), graph.constant(1.0))
    else:
        log = graph.op("Log", p)
        mean = graph.op("ReduceMean", log, graph.constant([1], np.int64), keepdims=1)
        value, slope = graph.op("Sub", log, mean), graph.op("Div", graph.constant(1.0), p)
        largest = graph.op("ReduceMax", graph.op("Abs", log), graph.constant([1], np.int64), keepdims=1)
        own = graph.op("Add", largest, graph.op("Add", graph.op("Abs", value), graph.constant(1.0)))
    size, ulp, reason = own, 8.0 + 2.0 * classes, "log of the platform's libm"
    if matrix.rounding is not None:
        moved = graph.op("Mul", slope, sized(graph, p, matrix.rounding))
        if classes > 2:
            # The mean of the logarithms moves as well.
            moved = graph.op("Add", moved, graph.op("ReduceMean", moved, graph.constant([1], np.int64), keepdims=1))
        size = graph.op("Add", own, moved)
        ulp, reason = ulp + matrix.rounding.ulp, matrix.rounding.reason
    return Beginning(child, value, Rounding(ulp, size, reason), margin)


def _same_float32(graph: Graph, x: Matrix) -> Margin:
    """By whether all numbers within the rounding of float64 rows are one float32."""
    if x.rounding is None:
        return None
    error = graph.op("Mul", sized(graph, x.value, x.rounding), graph.constant(x.rounding.ulp * 2.0**-52))
    ends = [graph.op("Cast", graph.op(op, x.value, error), to=int(ir.DataType.FLOAT)) for op in ("Add", "Sub")]
    gap = graph.op("Sub", *(graph.op("Cast", end, to=int(ir.DataType.DOUBLE)) for end in ends))
    # The rows of another margin: 1 where no number has two, and nothing where one has.
    room = graph.op("Max", graph.op("Sub", graph.constant(1.0), graph.op("Sign", gap)), graph.constant(0.0))
    least = graph.op("ReduceMin", room, graph.constant([1], np.int64), keepdims=0)
    return least, Rounding(1.0, None, x.rounding.reason)


def _overflow(graph: Graph, narrow: ir.Value) -> Margin:
    """Nothing where a square of the row's float32 numbers would overflow: the initial estimator may give NaN for these."""
    size = graph.op("Cast", graph.op("Abs", narrow), to=int(ir.DataType.DOUBLE))
    largest = graph.op("ReduceMax", size, graph.constant([1], np.int64), keepdims=0)
    room = graph.op("Max", graph.op("Sub", graph.constant(1e18), largest), graph.constant(0.0))
    return room, Rounding(1.0, None, "float32 overflows")


def boosted_on(estimator: Any, inputs: Matrix | Table, scope: Scope) -> tuple[Grown, Rounding | None, Margin, Lowered]:
    """The stages' leaves, added one by one to where each row begins: (rows, K), its rounding and margin."""
    graph = scope.graph
    begin = _beginning(estimator, inputs, scope)
    stages, width = estimator.estimators_.shape
    parts, sizes = [], np.zeros(width)
    for stage, members in enumerate(estimator.estimators_):
        for target, member in enumerate(members):
            # The product is rounded before it is added, as in predict_stages.
            values = estimator.learning_rate * member.tree_.value[:, 0, 0]
            sizes[target] += float(np.abs(values).max())
            parts.append(fitted_tree(member.tree_, values, stage * width + target))

    def few(graph: Graph, walk: Walk, trees: Trees) -> ir.Value:
        leaves = walk(graph, trees, stages * width)
        totals = []
        for target in range(width):
            first = graph.op("Gather", begin.value, graph.constant([target], np.int64), axis=1)
            own = graph.op(
                "Gather", leaves, graph.constant(list(range(target, stages * width, width)), np.int64), axis=1
            )
            running = graph.op("CumSum", graph.op("Concat", first, own, axis=1), graph.constant(1, np.int64))
            totals.append(graph.op("Gather", running, graph.constant([stages], np.int64), axis=1))
        return totals[0] if width == 1 else graph.op("Concat", *totals, axis=1)

    def many(graph: Graph, walk: Walk) -> ir.Value:
        return few(graph, walk, joined(parts))

    grown = walked(scope, inputs, parts, FLOAT32, "the trees are added in scikit-learn's order", few, many)
    rounding = None
    if begin.rounding is not None:
        size = graph.op("Add", sized(graph, begin.value, begin.rounding), graph.constant(sizes[None, :]))
        rounding = Rounding(begin.rounding.ulp + 2.0 * (stages + 1), size, begin.rounding.reason)
    return grown, rounding, begin.margin, begin.child
