"""Lowerings for ``sklearn.tree``, and reading a fitted ``tree_`` for the ensembles built on it."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier, ExtraTreeRegressor

from samescore_export.operations.labels import class_scores, label_score
from samescore_export.operations.several_targets import lower_class_targets, lower_regression_targets
from samescore_export.operations.tree_ensemble import fitted_tree
from samescore_export.operations.walking import FLOAT32, summed
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Score, Table


def adds_exactly(values: NDArray[np.float64], count: int) -> bool:
    """Whether sums of up to ``count`` of these values are exact in any order: all are multiples of one power of two and the
    largest possible sum stays below 2**53 of it."""
    values = np.abs(values[values != 0])
    if values.size == 0:
        return True
    mantissa, exponent = np.frexp(values)
    integer = (mantissa * 2.0**53).astype(np.int64)
    trailing = np.zeros(len(integer), np.int64)
    low = integer & -integer
    trailing = np.round(np.log2(low.astype(np.float64))).astype(np.int64)
    unit = int((exponent - 53 + trailing).min())
    return bool(np.ldexp(values.max(), -unit) * count < 2.0**53)


def lower_tree_regressor(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """DecisionTreeRegressor, ExtraTreeRegressor: the leaf's value, or its row of values for several targets."""
    if estimator.n_outputs_ != 1:
        return lower_regression_targets(estimator, [estimator], inputs, scope)
    tree = estimator.tree_
    trees = fitted_tree(tree, tree.value[:, 0, 0])
    grown = summed(scope, inputs, [trees], 1, FLOAT32, "a leaf's value is the answer itself")
    flat = scope.graph.op("Reshape", grown.value, scope.graph.constant([-1], np.int64))
    return grown.lowered({"predict": Score(flat, "float64")})


def lower_tree_classifier(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """DecisionTreeClassifier, ExtraTreeClassifier: the leaf's number, then its row of class fractions."""
    if estimator.n_outputs_ != 1:
        return lower_class_targets(estimator, [estimator], inputs, scope)
    tree = estimator.tree_
    graph = scope.graph
    trees = fitted_tree(tree, np.arange(tree.node_count, dtype=np.float64))
    grown = summed(scope, inputs, [trees], 1, FLOAT32, "a leaf's number is looked up in a table")
    number = graph.op(
        "Cast", graph.op("Reshape", grown.value, graph.constant([-1], np.int64)), to=int(ir.DataType.INT64)
    )
    table = np.ascontiguousarray(tree.value[:, 0, : estimator.n_classes_])
    proba = graph.op("Gather", graph.constant(table), number, axis=0)
    return grown.lowered(
        {
            "predict": label_score(graph, graph.op("ArgMax", proba, axis=1, keepdims=0), estimator.classes_),
            **class_scores(graph, proba, estimator.classes_),
        }
    )


LOWERINGS = {
    DecisionTreeRegressor: lower_tree_regressor,
    ExtraTreeRegressor: lower_tree_regressor,
    DecisionTreeClassifier: lower_tree_classifier,
    ExtraTreeClassifier: lower_tree_classifier,
}

__all__ = ["LOWERINGS", "adds_exactly", "fitted_tree"]
