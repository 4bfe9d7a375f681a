"""Lowerings for ``sklearn.ensemble``: forests and gradient boosting."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)

from samescore_export.lowering.labels import class_scores, label_score
from samescore_export.lowering.link import both_classes, sigmoid, softmax, through_link
from samescore_export.lowering.tree import Grown, adds_exactly, fitted_tree, lower_trees
from samescore_export.lowering.tree_ensemble import Trees, constant_trees, joined
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Score, Table

IN_ORDER = "trees are added in scikit-learn's order with one intra-op thread"
EXACTLY = "the leaves add exactly in any order and on any number of threads"

#: Nodes of one TreeEnsemble node, where the order of the sum is free. Measured on a forest of 423,000 nodes: 42,000 a block score
#: 10,000 rows 2.5 times as fast as one block, and one row 5 us slower; 105,000 twice as fast, and one row 1 us slower.
BLOCK = 64_000


def _single_output(estimator: Any, scope: Scope) -> None:
    if estimator.n_outputs_ != 1:
        raise scope.refuse(f"{type(estimator).__name__} with {estimator.n_outputs_} outputs", "one output")


def lower_forest_regressor(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """RandomForestRegressor, ExtraTreesRegressor: the sum over the trees, divided by their number."""
    _single_output(estimator, scope)
    graph = scope.graph
    trees = joined([fitted_tree(member.tree_, member.tree_.value[:, 0, 0]) for member in estimator.estimators_])
    count = len(estimator.estimators_)
    order = EXACTLY if adds_exactly(trees.leaf[trees.left < 0], count) else IN_ORDER
    grown = lower_trees(scope, inputs, trees, 1, order)
    mean = graph.op("Div", grown.value, graph.constant(float(count)))
    flat = graph.op("Reshape", mean, graph.constant([-1], np.int64))
    return grown.lowered({"predict": Score(flat, "float64")})


def lower_forest_classifier(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """RandomForestClassifier, ExtraTreesClassifier: the mean of the trees' class fractions, the label its argmax."""
    _single_output(estimator, scope)
    graph, count, classes = scope.graph, len(estimator.estimators_), int(estimator.n_classes_)
    fractions = [member.tree_.value[:, 0, :classes] for member in estimator.estimators_]
    leaves = [f[member.tree_.children_left < 0] for f, member in zip(fractions, estimator.estimators_, strict=True)]
    pure = all(bool(np.isin(leaf, (0.0, 1.0)).all()) for leaf in leaves)
    lower = _tabled_fractions if not pure else _votes if classes != 2 else _binary_votes
    grown = lower(scope, inputs, estimator, fractions)
    proba = graph.op("Div", grown.value, graph.constant(float(count)))
    return grown.lowered(
        {
            "predict": label_score(graph, graph.op("ArgMax", proba, axis=1, keepdims=0), estimator.classes_),
            **class_scores(graph, proba, estimator.classes_),
        }
    )


def _blocks(parts: Sequence[Trees]) -> Iterator[Trees]:
    """Trees in groups of up to ``BLOCK`` nodes: a block stays in the cache while many rows walk it, where a whole forest does not."""
    block: list[Trees] = []
    size = 0
    for tree in parts:
        if block and size + len(tree.feature) > BLOCK:
            yield joined(block)
            block, size = [], 0
        block.append(tree)
        size += len(tree.feature)
    yield joined(block)


def _votes(scope: Scope, inputs: Matrix | Table, estimator: Any, fractions: list[NDArray[np.float64]]) -> Grown:
    """Pure leaves: every tree adds 1 to one class, so one walk gives integer sums, exact in any order."""
    parts = []
    for member, fraction in zip(estimator.estimators_, fractions, strict=True):
        tree = fitted_tree(member.tree_, np.ones(member.tree_.node_count))
        tree.target[:] = fraction.argmax(axis=1)
        parts.append(tree)
    return _summed(scope, inputs, parts, int(estimator.n_classes_))


def _binary_votes(scope: Scope, inputs: Matrix | Table, estimator: Any, fractions: list[NDArray[np.float64]]) -> Grown:
    """Two classes and pure leaves: only the votes s for the second class are summed; the first has n - s, exactly."""
    parts = [
        fitted_tree(member.tree_, (fraction[:, 1] == 1.0).astype(np.float64))
        for member, fraction in zip(estimator.estimators_, fractions, strict=True)
    ]
    second = _summed(scope, inputs, parts, 1)
    graph, count = scope.graph, float(len(parts))
    both = graph.op("Mul", second.value, graph.constant(np.array([-1.0, 1.0])))
    return replace(second, value=graph.op("Add", both, graph.constant(np.array([count, 0.0]))))


def _summed(scope: Scope, inputs: Matrix | Table, parts: Sequence[Trees], targets: int) -> Grown:
    """The sum of all trees, block by block; only for leaves whose sum is exact in any order."""
    found = [lower_trees(scope, inputs, block, targets, EXACTLY) for block in _blocks(parts)]
    sums = [grown.value for grown in found]
    return Grown(
        sums[0] if len(sums) == 1 else scope.graph.op("Sum", *sums),
        tuple(item for grown in found for item in grown.certificates),
        tuple(item for grown in found for item in grown.hints),
        tuple(item for grown in found for item in grown.margins),
    )


def _tabled_fractions(
    scope: Scope, inputs: Matrix | Table, estimator: Any, fractions: list[NDArray[np.float64]]
) -> Grown:
    """Impure leaves: each tree gives the number of its leaf; the fractions are looked up and added tree by tree.

    A node has one target a leaf, so classes would cost a walk each. CumSum adds in order on any number of threads,
    ReduceSum does not.
    """
    graph = scope.graph
    parts, offset = [], 0
    for position, member in enumerate(estimator.estimators_):
        nodes = member.tree_.node_count
        parts.append(fitted_tree(member.tree_, np.arange(offset, offset + nodes, dtype=np.float64), position))
        offset += nodes
    order = "a leaf's number is looked up in a table, and the trees are added in order"
    grown = lower_trees(scope, inputs, joined(parts), len(parts), order)
    index = graph.op("Cast", grown.value, to=int(ir.DataType.INT64))
    looked_up = graph.op("Gather", graph.constant(np.concatenate(fractions)), index, axis=0)
    running = graph.op("CumSum", looked_up, graph.constant(1, np.int64))
    return replace(grown, value=graph.op("Gather", running, graph.constant(len(parts) - 1, np.int64), axis=1))


def _boosted(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Grown:
    """Raw scores (rows, K) of gradient boosting: the initial constants, then each stage's leaf times the learning rate."""
    initial = estimator.init_
    if not (isinstance(initial, str) and initial == "zero") and type(initial) not in (DummyClassifier, DummyRegressor):
        raise scope.refuse(f"init={type(initial).__name__}", "init=None or 'zero'")
    start = estimator._raw_predict_init(np.zeros((1, estimator.n_features_in_)))[0]
    groups = [constant_trees(start)]
    for stage in estimator.estimators_:
        for target, member in enumerate(stage):
            # The product is rounded before it is added, as in predict_stages.
            values = estimator.learning_rate * member.tree_.value[:, 0, 0]
            groups.append(fitted_tree(member.tree_, values, target))
    return lower_trees(scope, inputs, joined(groups), len(start), IN_ORDER)


def lower_gradient_boosting_regressor(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """GradientBoostingRegressor: the raw score."""
    grown = _boosted(estimator, inputs, scope)
    flat = scope.graph.op("Reshape", grown.value, scope.graph.constant([-1], np.int64))
    return grown.lowered({"predict": Score(flat, "float64")})


def lower_gradient_boosting_classifier(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """GradientBoostingClassifier; the label is decided on the raw score, where it is exact."""
    graph = scope.graph
    grown = _boosted(estimator, inputs, scope)
    raw = grown.value
    if len(estimator.classes_) == 2:
        flat = graph.op("Reshape", raw, graph.constant([-1], np.int64))
        # scikit-learn: raw >= 0 is the second class (here; HistGradientBoosting has > 0).
        index = graph.op("Cast", graph.op("GreaterOrEqual", flat, graph.constant(0.0)), to=int(ir.DataType.INT64))
        doubled = graph.op("Mul", raw, graph.constant(2.0)) if estimator.loss == "exponential" else raw
        proba = both_classes(graph, sigmoid(graph, doubled))
        decision = Score(flat, "float64")
    else:
        index = graph.op("ArgMax", raw, axis=1, keepdims=0)
        proba = softmax(graph, raw)
        decision = Score(raw, "float64", (len(estimator.classes_),), tuple(estimator.classes_.tolist()))
    rounding = through_link(graph, None, len(estimator.classes_))
    scores = {
        "predict": label_score(graph, index, estimator.classes_),
        "decision_function": decision,
        **class_scores(graph, proba, estimator.classes_, rounding),
    }
    return grown.lowered(scores)


LOWERINGS = {
    RandomForestRegressor: lower_forest_regressor,
    ExtraTreesRegressor: lower_forest_regressor,
    RandomForestClassifier: lower_forest_classifier,
    ExtraTreesClassifier: lower_forest_classifier,
    GradientBoostingRegressor: lower_gradient_boosting_regressor,
    GradientBoostingClassifier: lower_gradient_boosting_classifier,
}
