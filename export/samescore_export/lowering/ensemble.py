"""Lowerings for ``sklearn.ensemble``: forests and gradient boosting."""

from __future__ import annotations

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

from samescore_export.certificate import constants_certificate
from samescore_export.graph import Graph
from samescore_export.lowering.labels import class_scores, label_array, label_score, label_type
from samescore_export.lowering.link import both_classes, sigmoid, softmax, through_link
from samescore_export.lowering.tree import adds_exactly, fitted_tree
from samescore_export.lowering.tree_ensemble import Trees
from samescore_export.lowering.walking import FLOAT32, Grown, Walk, summed, walked
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Score, Table

IN_ORDER = "trees are added in scikit-learn's order with one intra-op thread"
EXACTLY = "the leaves add exactly in any order and on any number of threads"


def _single_output(estimator: Any, scope: Scope) -> None:
    if estimator.n_outputs_ != 1:
        raise scope.refuse(f"{type(estimator).__name__} with {estimator.n_outputs_} outputs", "one output")


def lower_forest_regressor(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """RandomForestRegressor, ExtraTreesRegressor: the sum over the trees, divided by their number."""
    _single_output(estimator, scope)
    graph = scope.graph
    trees = [fitted_tree(member.tree_, member.tree_.value[:, 0, 0]) for member in estimator.estimators_]
    count = len(trees)
    leaves = np.concatenate([tree.leaf[tree.left < 0] for tree in trees])
    order = EXACTLY if adds_exactly(leaves, count) else IN_ORDER
    grown = summed(scope, inputs, trees, 1, FLOAT32, order)
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
    if pure and classes == 2:
        return _binary_votes(scope, inputs, estimator, fractions)
    grown = (_votes if pure else _tabled_fractions)(scope, inputs, estimator, fractions)
    proba = graph.op("Div", grown.value, graph.constant(float(count)))
    return grown.lowered(
        {
            "predict": label_score(graph, graph.op("ArgMax", proba, axis=1, keepdims=0), estimator.classes_),
            **class_scores(graph, proba, estimator.classes_),
        }
    )


def _votes(scope: Scope, inputs: Matrix | Table, estimator: Any, fractions: list[NDArray[np.float64]]) -> Grown:
    """Pure leaves: every tree adds 1 to one class, so one walk gives integer sums, exact in any order."""
    parts = []
    for member, fraction in zip(estimator.estimators_, fractions, strict=True):
        tree = fitted_tree(member.tree_, np.ones(member.tree_.node_count))
        tree.target[:] = fraction.argmax(axis=1)
        parts.append(tree)
    return summed(scope, inputs, parts, int(estimator.n_classes_), FLOAT32, EXACTLY)


def _binary_votes(
    scope: Scope, inputs: Matrix | Table, estimator: Any, fractions: list[NDArray[np.float64]]
) -> Lowered:
    """Two classes and pure leaves: only the votes for the second class are counted, and what follows from each count is looked up."""
    graph, count = scope.graph, len(fractions)
    parts = [
        fitted_tree(member.tree_, (fraction[:, 1] == 1.0).astype(np.float64))
        for member, fraction in zip(estimator.estimators_, fractions, strict=True)
    ]
    grown = summed(scope, inputs, parts, 1, FLOAT32, EXACTLY)
    votes = graph.op("Cast", grown.value, to=int(ir.DataType.INT64))
    second = np.arange(count + 1, dtype=np.float64)
    shares = np.stack([count - second, second], axis=1) / count
    labels = label_array(estimator.classes_)[shares.argmax(axis=1)]
    tables = {"shares of votes": shares, "labels by votes": labels}
    constants = {name: graph.constant(table) for name, table in tables.items()}
    proba, label = (graph.op("GatherND", constant, votes) for constant in constants.values())
    certificate = constants_certificate(graph.path, {name: (constants[name], tables[name]) for name in tables})
    scores = {
        "predict": Score(label, label_type(estimator.classes_), (), tuple(label_array(estimator.classes_).tolist())),
        **class_scores(graph, proba, estimator.classes_),
    }
    return replace(grown, certificates=(*grown.certificates, certificate)).lowered(scores)


def _tabled_fractions(
    scope: Scope, inputs: Matrix | Table, estimator: Any, fractions: list[NDArray[np.float64]]
) -> Grown:
    """Impure leaves: each tree gives the number of its leaf; the fractions are looked up and added tree by tree.

    A node has one target a leaf, so classes would cost a walk each. CumSum and Sum add in order on any number of threads,
    ReduceSum does not.
    """
    parts, offset = [], 0
    for position, member in enumerate(estimator.estimators_):
        nodes = member.tree_.node_count
        parts.append(fitted_tree(member.tree_, np.arange(offset, offset + nodes, dtype=np.float64), position))
        offset += nodes
    table = scope.graph.constant(np.concatenate(fractions))

    def looked_up(graph: Graph, numbers: ir.Value) -> ir.Value:
        return graph.op("Gather", table, graph.op("Cast", numbers, to=int(ir.DataType.INT64)), axis=0)

    def few(graph: Graph, walk: Walk, trees: Trees) -> ir.Value:
        running = graph.op("CumSum", looked_up(graph, walk(graph, trees, len(parts))), graph.constant(1, np.int64))
        return graph.op("Gather", running, graph.constant(len(parts) - 1, np.int64), axis=1)

    def many(graph: Graph, walk: Walk) -> ir.Value:
        found = [looked_up(graph, walk(graph, replace(part, target=part.target * 0), 1)) for part in parts]
        total = found[0] if len(found) == 1 else graph.op("Sum", *found)
        return graph.op("Squeeze", total, graph.constant([1], np.int64))

    claim = "a leaf's number is looked up in a table, and the trees are added in order"
    return walked(scope, inputs, parts, FLOAT32, claim, few, many)


def _boosted(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Grown:
    """Raw scores (rows, K) of gradient boosting: the initial constants, then each stage's leaf times the learning rate."""
    initial = estimator.init_
    if not (isinstance(initial, str) and initial == "zero") and type(initial) not in (DummyClassifier, DummyRegressor):
        raise scope.refuse(f"init={type(initial).__name__}", "init=None or 'zero'")
    start = estimator._raw_predict_init(np.zeros((1, estimator.n_features_in_)))[0]
    parts = []
    for stage in estimator.estimators_:
        for target, member in enumerate(stage):
            # The product is rounded before it is added, as in predict_stages.
            values = estimator.learning_rate * member.tree_.value[:, 0, 0]
            parts.append(fitted_tree(member.tree_, values, target))
    return summed(scope, inputs, parts, len(start), FLOAT32, IN_ORDER, start.tolist())


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
