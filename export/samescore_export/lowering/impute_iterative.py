"""Lowering for ``sklearn.impute.IterativeImputer``: its own rounds, with the estimators it fitted in each."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir

# Importing this module is what makes IterativeImputer importable.
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer

from samescore_export.graph import Graph
from samescore_export.lowering.compose import side_by_side
from samescore_export.lowering.impute_knn import indicated, with_nan
from samescore_export.operations.deciding import of_score
from samescore_export.operations.numeric import doubles_only, singly
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Rounding, Table, matrix_of


def _at(graph: Graph, value: ir.Value, place: int) -> ir.Value:
    return graph.op("Gather", value, graph.constant([place], np.int64), axis=1)


def _split(graph: Graph, x: Matrix) -> list[Matrix]:
    """Each column as a matrix of its own."""
    parts = []
    for place in range(x.width):
        rounding = x.rounding
        if rounding is not None and rounding.scale is not None:
            scale = graph.op("Expand", rounding.scale, graph.op("Shape", x.value))
            rounding = Rounding(rounding.ulp, _at(graph, scale, place), rounding.reason)
        parts.append(Matrix(_at(graph, x.value, place), 1, rounding=rounding, margin=x.margin))
    return parts


def _chosen(graph: Graph, missing: ir.Value, new: Matrix, old: Matrix) -> Matrix:
    """``new`` where it is missing, else ``old``; both one column wide."""
    value = graph.op("Where", missing, new.value, old.value)
    ulp = max((m.rounding.ulp for m in (new, old) if m.rounding is not None), default=0.0)
    margin = new.margin or old.margin
    if ulp == 0.0:
        return Matrix(value, 1, margin=margin)
    scales = []
    for part in (new, old):
        if part.rounding is None:
            scales.append(graph.constant(0.0))
        else:
            scale = part.rounding.scale or graph.constant(1.0)
            scales.append(graph.op("Mul", scale, graph.constant(part.rounding.ulp / ulp)))
    reason = next(m.rounding.reason for m in (new, old) if m.rounding is not None)
    return Matrix(value, 1, rounding=Rounding(ulp, graph.op("Where", missing, *scales), reason), margin=margin)


def lower_iterative_imputer(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """IterativeImputer: the initial imputation, then each fitted estimator in its turn, clipped to the limits.

    Where every number of every row is missing it gives the initial imputation, as scikit-learn does for such a batch.
    """
    graph = scope.graph
    scope.check_options(estimator, {"sample_posterior": [False]})
    x = doubles_only(scope, inputs, estimator)
    _, mask = with_nan(graph, x, estimator.missing_values)
    first = scope.lower(estimator.initial_imputer_, x, "initial_imputer_")
    if first.transform is None:
        raise scope.refuse(
            f"IterativeImputer(initial_strategy={estimator.initial_strategy!r})", "a number for each column"
        )
    empty = np.asarray(estimator._is_empty_feature, bool)
    kept = np.arange(len(empty)) if estimator.keep_empty_features else np.flatnonzero(~empty)
    missing = [_at(graph, mask, int(place)) for place in kept]
    if estimator.keep_empty_features:
        nothing = graph.op("And", missing[0], graph.op("Not", missing[0]))
        missing = [nothing if empty[place] else flag for place, flag in zip(kept, missing, strict=True)]
    start = _split(graph, matrix_of(graph, first.transform))
    columns, children = list(start), [first]
    rounds = estimator.imputation_sequence_ if estimator.n_iter_ else []
    for turn, (place, neighbors, fitted) in enumerate(rounds):
        known = matrix_of(graph, side_by_side(graph, [columns[int(i)] for i in neighbors]))
        child = scope.lower(fitted, known, f"imputation_sequence_.{turn}")
        if "predict" not in child.scores:
            raise scope.refuse(f"{type(fitted).__name__} without predict", "a regressor whose lowering has it")
        children.append(child)
        answer = of_score(graph, child.scores["predict"])
        low, high = float(estimator._min_value[place]), float(estimator._max_value[place])
        clipped = graph.op("Clip", answer.value, graph.constant(low), graph.constant(high))
        new = Matrix(clipped, 1, rounding=answer.rounding, margin=answer.margin)
        columns[int(place)] = _chosen(graph, missing[int(place)], new, columns[int(place)])
    if rounds:
        every = graph.op("Cast", graph.op("Concat", *missing, axis=1), to=int(ir.DataType.INT64))
        whole = graph.op("Equal", graph.op("ReduceMin", every, keepdims=0), graph.constant(1, np.int64))
        columns = [_chosen(graph, whole, old, new) for old, new in zip(start, columns, strict=True)]
    flags = indicated(graph, estimator, mask)
    parts: list[Matrix | Table] = list(columns)
    if flags:
        parts.append(Matrix(flags[0], len(estimator.indicator_.features_)))
    return Lowered(side_by_side(graph, parts)).with_evidence(*children)


LOWERINGS = {IterativeImputer: singly(lower_iterative_imputer)}
