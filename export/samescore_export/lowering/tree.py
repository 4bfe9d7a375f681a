"""Lowerings for ``sklearn.tree``, and reading a fitted ``tree_`` for the ensembles built on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier, ExtraTreeRegressor

from samescore_export.certificate import Certificate
from samescore_export.lowering.labels import class_scores, label_score
from samescore_export.lowering.thresholds import near_thresholds
from samescore_export.lowering.tree_ensemble import Trees, joined, splits_certificate, tree_ensemble
from samescore_export.margins import Margin
from samescore_export.ordered import through_float32
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Hint, Matrix, Score, Table, matrix_of

#: Makes the certificate of a node of trees.
Certify: TypeAlias = Callable[[ir.Value], Certificate]


def as_float32(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """What scikit-learn's trees do to their input: round to float32 (``sklearn.tree._tree.DTYPE``)."""
    with np.errstate(over="ignore"):
        return x.astype(np.float32).astype(np.float64)


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


@dataclass(frozen=True, slots=True)
class Grown:
    """Trees as a node: its value (rows, targets), and its evidence.

    ``margins`` hold how close an inexact input comes to a split; they are empty where the input is exact.
    """

    value: ir.Value
    certificates: tuple[Certificate, ...]
    hints: tuple[Hint, ...]
    margins: tuple[Margin, ...]

    def lowered(self, scores: Mapping[str, Score], transform: Matrix | None = None) -> Lowered:
        """What an estimator became whose scores are made from this."""
        return Lowered(transform, scores, self.certificates, self.hints, margins=self.margins)


def grow(scope: Scope, x: Matrix, trees: Trees, splits: NDArray[np.float64], targets: int, certify: Certify) -> Grown:
    """The node of trees over ``x``, whose splits are written as ``splits``.

    Behind an inexact step a row within its bound of a split may go either way, in scikit-learn too: that distance is the margin.
    """
    graph = scope.graph
    value = x.value if x.dtype == "float64" else graph.op("Cast", x.value, to=int(ir.DataType.DOUBLE))
    node = tree_ensemble(graph, value, trees, splits, targets)
    margins: tuple[Margin, ...] = ()
    if x.rounding is not None:
        if trees.categories:
            raise scope.refuse(
                f"splits on categories behind a step that is not bit-equal ({x.rounding.reason})",
                "categories as they come in, or from an ordinal encoder",
            )
        inner = trees.left >= 0
        used = {int(f): splits[inner & (trees.feature == f)] for f in np.unique(trees.feature[inner])}
        margins = (near_thresholds(graph, x, used),)
    return Grown(node, (certify(node),), split_hints(x, trees, splits), margins)


def lower_trees(scope: Scope, inputs: Matrix | Table, trees: Trees, targets: int, exact_sum: str) -> Grown:
    """Trees that round their input to float32.

    The cast is folded into the splits, so that one node does it all: a Cast to float32 before it would need a second one back
    to double, as the node's input and leaves share a type.
    """
    splits = through_float32(trees.threshold)

    def certify(node: ir.Value) -> Certificate:
        return splits_certificate(scope.graph.path, node, trees, as_float32, exact_sum)

    return grow(scope, matrix_of(scope.graph, inputs), trees, splits, targets, certify)


def split_hints(x: Matrix, trees: Trees, splits: NDArray[np.float64]) -> tuple[Hint, ...]:
    """Each feature's distinct splits, as values of the column it comes from where that is known."""
    inner = (trees.left >= 0) & ~np.isin(
        np.arange(len(trees.left)), np.fromiter(trees.categories, np.int64, len(trees.categories))
    )
    hints = []
    for feature in np.unique(trees.feature[inner]):
        origin = x.origin(int(feature))
        if origin is not None:
            hints.append(Hint("split", origin, np.unique(splits[inner & (trees.feature == feature)])))
    return tuple(hints)


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


def leaf_values(trees: Sequence[Any], output: int = 0) -> list[NDArray[np.float64]]:
    """``value`` (nodes, classes) of each tree for one output: class fractions, or (nodes, 1) for regression."""
    return [tree.value[:, output, :] for tree in trees]


def _single_output(estimator: Any, scope: Scope) -> None:
    if estimator.n_outputs_ != 1:
        raise scope.refuse(f"{type(estimator).__name__} with {estimator.n_outputs_} outputs", "one output")


def lower_tree_regressor(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """DecisionTreeRegressor, ExtraTreeRegressor: the leaf's value."""
    _single_output(estimator, scope)
    tree = estimator.tree_
    trees = fitted_tree(tree, tree.value[:, 0, 0])
    grown = lower_trees(scope, inputs, trees, 1, "a leaf's value is the answer itself")
    flat = scope.graph.op("Reshape", grown.value, scope.graph.constant([-1], np.int64))
    return grown.lowered({"predict": Score(flat, "float64")})


def lower_tree_classifier(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """DecisionTreeClassifier, ExtraTreeClassifier: the leaf's number, then its row of class fractions."""
    _single_output(estimator, scope)
    tree = estimator.tree_
    graph = scope.graph
    trees = fitted_tree(tree, np.arange(tree.node_count, dtype=np.float64))
    grown = lower_trees(scope, inputs, trees, 1, "a leaf's number is looked up in a table")
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

__all__ = ["LOWERINGS", "adds_exactly", "as_float32", "fitted_tree", "joined", "lower_trees"]
