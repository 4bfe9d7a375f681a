"""Lowerings for ``sklearn.ensemble``: forests and gradient boosting."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    RandomTreesEmbedding,
)

from samescore_export.certificate import constants_certificate
from samescore_export.graph import Graph
from samescore_export.lowering.tree import adds_exactly, fitted_tree
from samescore_export.margins import Margin, nearest_of
from samescore_export.operations.deciding import flat, lead
from samescore_export.operations.initial import boosted_on, constant_start
from samescore_export.operations.labels import class_scores, label_array, label_score, label_type
from samescore_export.operations.link import both_classes, of_probabilities, sigmoid, softmax
from samescore_export.operations.several_targets import lower_class_targets, lower_regression_targets, tabled
from samescore_export.operations.tree_ensemble import Trees, joined
from samescore_export.operations.walking import FLOAT32, Grown, Walk, summed, walked
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Rounding, Score, Table, also_hanging_on

IN_ORDER = "trees are added in scikit-learn's order with one intra-op thread"
EXACTLY = "the leaves add exactly in any order and on any number of threads"


def lower_forest_regressor(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """RandomForestRegressor, ExtraTreesRegressor: the sum over the trees, divided by their number."""
    if estimator.n_outputs_ != 1:
        return lower_regression_targets(estimator, estimator.estimators_, inputs, scope)
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
    if estimator.n_outputs_ != 1:
        return lower_class_targets(estimator, estimator.estimators_, inputs, scope)
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
    return tabled(scope, inputs, [member.tree_ for member in estimator.estimators_], fractions)


def _boosted(
    estimator: Any, inputs: Matrix | Table, scope: Scope
) -> tuple[Grown, Rounding | None, Margin, tuple[Lowered, ...]]:
    """Raw scores (rows, K) of gradient boosting: where a row begins, then each stage's leaf times the learning rate."""
    if not constant_start(estimator):
        grown, rounding, margin, child = boosted_on(estimator, inputs, scope)
        return grown, rounding, margin, (child,)
    start = estimator._raw_predict_init(np.zeros((1, estimator.n_features_in_)))[0]
    parts = []
    for stage in estimator.estimators_:
        for target, member in enumerate(stage):
            # The product is rounded before it is added, as in predict_stages.
            values = estimator.learning_rate * member.tree_.value[:, 0, 0]
            parts.append(fitted_tree(member.tree_, values, target))
    return summed(scope, inputs, parts, len(start), FLOAT32, IN_ORDER, start.tolist()), None, None, ()


def _in_rows(graph: Graph, rounding: Rounding | None) -> Rounding | None:
    if rounding is None or rounding.scale is None:
        return rounding
    return Rounding(rounding.ulp, flat(graph, rounding.scale), rounding.reason)


def lower_gradient_boosting_regressor(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """GradientBoostingRegressor: the raw score."""
    graph = scope.graph
    grown, rounding, margin, children = _boosted(estimator, inputs, scope)
    score = Score(flat(graph, grown.value), "float64", rounding=_in_rows(graph, rounding), margin=margin)
    return grown.lowered({"predict": score}).with_evidence(*children)


def lower_gradient_boosting_classifier(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """GradientBoostingClassifier; the label is decided on the raw score, where it is exact unless ``init`` is not."""
    graph = scope.graph
    grown, rounding, margin, children = _boosted(estimator, inputs, scope)
    raw = grown.value
    if len(estimator.classes_) == 2:
        row, error = flat(graph, raw), _in_rows(graph, rounding)
        # scikit-learn: raw >= 0 is the second class (here; HistGradientBoosting has > 0).
        index = graph.op("Cast", graph.op("GreaterOrEqual", row, graph.constant(0.0)), to=int(ir.DataType.INT64))
        doubled = graph.op("Mul", raw, graph.constant(2.0)) if estimator.loss == "exponential" else raw
        proba = both_classes(graph, sigmoid(graph, doubled))
        decision = Score(row, "float64", rounding=error, margin=margin)
        near = None if error is None else (row, error)
    else:
        index = graph.op("ArgMax", raw, axis=1, keepdims=0)
        doubled = raw
        proba = softmax(graph, raw)
        known = tuple(estimator.classes_.tolist())
        decision = Score(raw, "float64", (len(estimator.classes_),), known, rounding, margin)
        near = lead(graph, raw, rounding)
    raised = rounding
    if estimator.loss == "exponential" and rounding is not None:
        raised = Rounding(2.0 * rounding.ulp, rounding.scale, rounding.reason)
    classes = len(estimator.classes_)
    pair = doubled if classes == 2 else None
    through = of_probabilities(graph, raised, proba, classes, pair)
    found = class_scores(graph, proba, estimator.classes_, through)
    scores = {
        "predict": label_score(graph, index, estimator.classes_, nearest_of(graph, [near, margin])),
        "decision_function": decision,
        **{name: also_hanging_on(graph, score, margin) for name, score in found.items()},
    }
    return grown.lowered(scores).with_evidence(*children)


def lower_random_trees_embedding(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """RandomTreesEmbedding: a column for each leaf of each tree, 1.0 at the leaf that a row falls into."""
    graph = scope.graph
    parts, offset = [], 0
    for position, (member, leaves) in enumerate(
        zip(estimator.estimators_, estimator.one_hot_encoder_.categories_, strict=True)
    ):
        columns = np.zeros(member.tree_.node_count)
        columns[np.asarray(leaves, np.int64)] = offset + np.arange(len(leaves))
        parts.append(fitted_tree(member.tree_, columns, position))
        offset += len(leaves)

    def few(graph: Graph, walk: Walk, trees: Trees) -> ir.Value:
        return walk(graph, trees, len(parts))

    def many(graph: Graph, walk: Walk) -> ir.Value:
        return few(graph, walk, joined(parts))

    grown = walked(scope, inputs, parts, FLOAT32, "a leaf's number is its column", few, many)
    place = graph.op("Cast", grown.value, to=int(ir.DataType.INT64))
    rows = graph.op("Shape", place, start=0, end=1)
    zeros = graph.op(
        "Expand", graph.constant(0.0), graph.op("Concat", rows, graph.constant([offset], np.int64), axis=0)
    )
    ones = graph.op("Expand", graph.constant(1.0), graph.op("Shape", place))
    value = graph.op("ScatterElements", zeros, place, ones, axis=1)
    margin = nearest_of(graph, grown.margins)
    return grown.lowered({}, Matrix(value, offset, sparse=bool(estimator.sparse_output), margin=margin))


LOWERINGS = {
    RandomForestRegressor: lower_forest_regressor,
    ExtraTreesRegressor: lower_forest_regressor,
    RandomForestClassifier: lower_forest_classifier,
    ExtraTreesClassifier: lower_forest_classifier,
    GradientBoostingRegressor: lower_gradient_boosting_regressor,
    RandomTreesEmbedding: lower_random_trees_embedding,
    GradientBoostingClassifier: lower_gradient_boosting_classifier,
}
