"""Lowerings for ``sklearn.tree``, and reading a fitted ``tree_`` for the ensembles built on it."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier, ExtraTreeRegressor

from samescore_export.lowering.labels import class_scores, label_score
from samescore_export.lowering.tree_ensemble import Trees
from samescore_export.lowering.walking import FLOAT32, summed
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Score, Table


def fitted_tree(tree: Any, leaf: NDArray[np.float64], target: int = 0) -> Trees:
    """A ``sklearn.tree._tree.Tree`` with ``leaf`` (nodes,) as the values that its leaves add to ``target``."""
    return Trees(
        roots=np.zeros(1, np.int64),
        feature=np.maximum(tree.feature, 0).astype(np.int64),
        threshold=tree.threshold,
        left=tree.children_left.astype(np.int64),
        right=tree.children_right.astype(np.int64),
        missing_left=tree.missing_go_to_left.astype(bool),
        leaf=np.asarray(leaf, np.float64),
        target=np.full(tree.node_count, target, np.int64),
        categories={},
    )


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


def _single_output(estimator: Any, scope: Scope) -> None:
    if estimator.n_outputs_ != 1:
        raise scope.refuse(f"{type(estimator).__name__} with {estimator.n_outputs_} outputs", "one output")


def lower_tree_regressor(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """DecisionTreeRegressor, ExtraTreeRegressor: the leaf's value."""
    _single_output(estimator, scope)
    tree = estimator.tree_
    trees = fitted_tree(tree, tree.value[:, 0, 0])
    grown = summed(scope, inputs, [trees], 1, FLOAT32, "a leaf's value is the answer itself")
    flat = scope.graph.op("Reshape", grown.value, scope.graph.constant([-1], np.int64))
    return grown.lowered({"predict": Score(flat, "float64")})


def lower_tree_classifier(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """DecisionTreeClassifier, ExtraTreeClassifier: the leaf's number, then its row of class fractions."""
    _single_output(estimator, scope)
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
