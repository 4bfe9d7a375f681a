"""Lowerings for bagging and AdaBoost of any estimators in ``sklearn.ensemble``."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import onnx_ir as ir
from sklearn.ensemble import AdaBoostClassifier, AdaBoostRegressor, BaggingClassifier, BaggingRegressor

from samescore_export.graph import Graph
from samescore_export.margins import nearest_of
from samescore_export.operations.columns import picked
from samescore_export.operations.combining import (
    chained,
    class_index,
    one_of,
    score_of,
    sized_score,
    sum_rounding,
    summed_in_order,
)  # fmt: skip
from samescore_export.operations.deciding import first_largest, flat, in_double, lead, sized, standing, to_index
from samescore_export.operations.labels import class_scores, label_score
from samescore_export.operations.link import exponential, softmax, through_link
from samescore_export.operations.numeric import SINGLE, counted, counted_back
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Rounding, Score, Table, also_hanging_on, matrix_of


def _bagged(estimator: Any, inputs: Matrix | Table, scope: Scope) -> list[Lowered]:
    """Each estimator on its own columns, in its own order."""
    x = matrix_of(scope.graph, inputs) if isinstance(inputs, Table) and inputs.numeric else inputs
    return [
        scope.lower(one, picked(scope.graph, x, [int(f) for f in features]), f"estimators_.{i}")
        for i, (one, features) in enumerate(zip(estimator.estimators_, estimator.estimators_features_, strict=True))
    ]


def _mean(scope: Scope, scores: list[Score], count: int) -> tuple[ir.Value, Rounding | None]:
    graph = scope.graph
    mean = graph.op("Div", chained(graph, [score.value for score in scores]), graph.constant(float(count)))
    return mean, sum_rounding(graph, scores, [1.0 / count] * len(scores), 2.0 * (count + 1))


def lower_bagging_regressor(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """BaggingRegressor: the sum of the predictions, divided by their number."""
    children = _bagged(estimator, inputs, scope)
    graph = scope.graph
    single = all("predict" in c.scores and c.scores["predict"].type == "float32" for c in children)
    scores = [
        counted(graph, c.scores["predict"]) if single else score_of(scope, c, "predict", e)
        for c, e in zip(children, estimator.estimators_, strict=True)
    ]
    mean, rounding = _mean(scope, scores, estimator.n_estimators)
    found = Score(mean, "float64", scores[0].shape, rounding=rounding)
    return Lowered(None, {"predict": counted_back(graph, found) if single else found}).with_evidence(*children)


def _widened(scope: Scope, score: Score, present: Any, classes: int, absent: float = 0.0) -> Score:
    """A member's columns with one for every class; a member may have seen only some."""
    if len(present) == classes:
        return score
    graph = scope.graph
    positions = [int(np.flatnonzero(present == c)[0]) if c in present else len(present) for c in range(classes)]
    index = graph.constant(positions, np.int64)
    pads = graph.constant([0, 0, 0, 1], np.int64)

    def spread(value: ir.Value, fill: float) -> ir.Value:
        return graph.op("Gather", graph.op("Pad", value, pads, graph.constant(fill)), index, axis=1)

    rounding = score.rounding
    if rounding is not None:
        size = graph.op("Mul", sized(graph, score.value, rounding), graph.constant(np.ones(len(present))))
        rounding = Rounding(rounding.ulp, spread(size, 0.0), rounding.reason)
    return Score(spread(score.value, absent), "float64", (classes,), rounding=rounding)


def lower_bagging_classifier(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """BaggingClassifier: the mean probabilities, or the share of votes where members have none."""
    graph, classes = scope.graph, int(estimator.n_classes_)
    children = _bagged(estimator, inputs, scope)
    members = list(zip(children, estimator.estimators_, strict=True))
    margin = None
    if all(hasattr(member, "predict_proba") for member in estimator.estimators_):
        scores = [
            _widened(scope, in_double(graph, score_of(scope, c, "predict_proba", e)), e.classes_, classes)
            for c, e in members
        ]
        proba, rounding = _mean(scope, scores, estimator.n_estimators)
        label_margin = lead(graph, proba, rounding)
    else:
        labels = [score_of(scope, c, "predict", e) for c, e in members]
        votes = graph.op("Concat", *(standing(graph, label.value) for label in labels), axis=1)
        ones = np.ones(len(labels))
        counted = summed_in_order(graph, one_of(graph, votes, ones, np.zeros(len(labels)), classes), len(labels))
        proba, rounding = graph.op("Div", counted, graph.constant(float(estimator.n_estimators))), None
        margin = label_margin = nearest_of(graph, [label.margin for label in labels])
    found = class_scores(graph, proba, estimator.classes_, rounding)
    if margin is not None:
        found = {name: also_hanging_on(graph, score, margin) for name, score in found.items()}
    elif hasattr(estimator.estimator_, "predict_log_proba"):
        logs = [(score_of(scope, c, "predict_log_proba", e), e.classes_) for c, e in members]
        found["predict_log_proba"] = _log_mean(scope, logs, estimator)
    scores_found = {
        "predict": label_score(graph, first_largest(graph, proba), estimator.classes_, label_margin),
        **found,
    }
    if all("decision_function" in child.scores for child in children) and hasattr(estimator, "decision_function"):
        decisions = [child.scores["decision_function"] for child in children]
        value, error = _mean(scope, [in_double(graph, score) for score in decisions], estimator.n_estimators)
        known = tuple(np.asarray(estimator.classes_).tolist()) if decisions[0].shape else None
        decided = Score(value, "float64", decisions[0].shape, known, error)
        if all(score.type == "float32" for score in decisions):
            decided = _in_float32(graph, decided, 2.0 * (len(decisions) + 2))
        scores_found["decision_function"] = decided
    return Lowered(None, scores_found).with_evidence(*children)


def _in_float32(graph: Graph, score: Score, own: float) -> Score:
    """A sum of float32 scores, which numpy makes in float32 as well: ``own`` roundings of that more."""
    value = graph.op("Cast", score.value, to=int(ir.DataType.FLOAT))
    rounding = score.rounding
    if rounding is not None:
        rounding = Rounding(rounding.ulp / SINGLE + own, rounding.scale, rounding.reason)
    return replace(score, value=value, type="float32", rounding=rounding)


def _log_mean(scope: Scope, members: list[tuple[Score, Any]], estimator: Any) -> Score:
    """``numpy.logaddexp`` of the members' log probabilities, less the logarithm of their number."""
    graph, classes = scope.graph, int(estimator.n_classes_)
    logs = [_widened(scope, in_double(graph, score), present, classes, -np.inf) for score, present in members]
    total = logs[0].value
    size = graph.constant(1.0)
    for position, score in enumerate(logs):
        assert score.rounding is not None
        size = graph.op("Max", size, _finite(scope, sized(graph, score.value, score.rounding)))
        if position:
            total = _logaddexp(scope, total, score.value)
    value = graph.op("Sub", total, graph.constant(float(np.log(estimator.n_estimators))))
    ulp = max(score.rounding.ulp for score in logs if score.rounding) + 6.0 * len(logs)
    reason = logs[0].rounding.reason if logs[0].rounding else ""
    labels = tuple(np.asarray(estimator.classes_).tolist())
    # A member's log(0) leaves the sum to the others, so the largest finite scale of all counts.
    margin = nearest_of(graph, [score.margin for score in logs])
    return Score(value, "float64", (classes,), labels, Rounding(ulp, size, reason), margin)


def _finite(scope: Scope, size: ir.Value) -> ir.Value:
    graph = scope.graph
    return graph.op("Where", graph.op("IsInf", size), graph.constant(1.0), size)


def _logaddexp(scope: Scope, a: ir.Value, b: ir.Value) -> ir.Value:
    graph = scope.graph
    equal = graph.op("Equal", a, b)
    gap = graph.op("Where", equal, graph.constant(0.0), graph.op("Abs", graph.op("Sub", a, b)))
    grown = graph.op("Log", graph.op("Add", graph.constant(1.0), exponential(graph, graph.op("Neg", gap))))
    return graph.op("Add", graph.op("Max", a, b), grown)


def lower_ada_boost_classifier(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """AdaBoostClassifier (SAMME): weighted votes, added in order; probabilities by softmax."""
    graph, classes = scope.graph, int(estimator.n_classes_)
    if classes < 2:
        raise scope.refuse("AdaBoostClassifier with one class", "two or more classes")
    children = [scope.lower(one, inputs, f"estimators_.{i}") for i, one in enumerate(estimator.estimators_)]
    labels = [score_of(scope, c, "predict", e) for c, e in zip(children, estimator.estimators_, strict=True)]
    known = np.asarray(estimator.classes_)
    index = graph.op("Concat", *(standing(graph, class_index(graph, s, known)) for s in labels), axis=1)
    weights = np.asarray(estimator.estimator_weights_[: len(labels)], np.float64)
    votes = one_of(graph, index, weights, -1 / (classes - 1) * weights, classes)
    total = summed_in_order(graph, votes, len(labels))
    share = graph.op("Div", total, graph.constant(float(estimator.estimator_weights_.sum())))
    margin = nearest_of(graph, [label.margin for label in labels])
    if classes == 2:
        first, second = graph.ops("Split", share, outputs=2, axis=1, num_outputs=2)
        value = graph.op("Sub", second, first)
        position = to_index(graph, graph.op("Greater", flat(graph, value), graph.constant(0.0)))
        decision = Score(flat(graph, value), "float64", margin=margin)
        halves = graph.op("Div", graph.op("Concat", graph.op("Neg", value), value, axis=1), graph.constant(2.0))
    else:
        position = first_largest(graph, share)
        decision = Score(share, "float64", (classes,), tuple(known.tolist()), margin=margin)
        halves = graph.op("Div", share, graph.constant(float(classes - 1)))
    found = class_scores(graph, softmax(graph, halves), known, through_link(graph, None, classes))
    scores = {"predict": label_score(graph, position, known, margin), "decision_function": decision, **found}
    if margin is not None:
        scores.update({n: Score(s.value, s.type, s.shape, s.labels, s.rounding, margin) for n, s in found.items()})
    return Lowered(None, scores).with_evidence(*children)


def lower_ada_boost_regressor(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """AdaBoostRegressor: the weighted median of the predictions.

    The median moves by no more than the predictions do, so it is as exact as they are. Equal predictions may be sorted either way
    without a change of the median's value.
    """
    graph = scope.graph
    children = [scope.lower(one, inputs, f"estimators_.{i}") for i, one in enumerate(estimator.estimators_)]
    single = all("predict" in c.scores and c.scores["predict"].type == "float32" for c in children)
    scores = [
        counted(graph, c.scores["predict"], stepped=False) if single else score_of(scope, c, "predict", e)
        for c, e in zip(children, estimator.estimators_, strict=True)
    ]
    count = len(scores)
    values = graph.op("Concat", *(standing(graph, score.value) for score in scores), axis=1)
    weights = graph.constant(np.asarray(estimator.estimator_weights_[:count], np.float64))
    size = graph.constant([count], np.int64)
    ordered, order = graph.ops("TopK", values, size, outputs=2, axis=1, largest=0, sorted=1)
    running = graph.op("CumSum", graph.op("Gather", weights, order, axis=0), graph.constant(1, np.int64))
    whole = graph.op("Gather", running, graph.constant([count - 1], np.int64), axis=1)
    above = graph.op("GreaterOrEqual", running, graph.op("Mul", graph.constant(0.5), whole))
    position = graph.op("ArgMax", to_index(graph, above), axis=1, keepdims=1)
    median = flat(graph, graph.op("GatherElements", ordered, position, axis=1))
    inexact = [score.rounding for score in scores if score.rounding is not None]
    rounding = None
    if inexact:
        sizes = [sized_score(graph, s, s.rounding) for s in scores if s.rounding is not None]
        largest = sizes[0] if len(sizes) == 1 else graph.op("Max", *sizes)
        rounding = Rounding(max(error.ulp for error in inexact), largest, inexact[0].reason)
    found = Score(median, "float64", rounding=rounding)
    if single:
        # The median is one of the predictions: no step rounds.
        found = replace(found, value=graph.op("Cast", median, to=int(ir.DataType.FLOAT)), type="float32")
    return Lowered(None, {"predict": found}).with_evidence(*children)


LOWERINGS = {
    BaggingClassifier: lower_bagging_classifier,
    BaggingRegressor: lower_bagging_regressor,
    AdaBoostClassifier: lower_ada_boost_classifier,
    AdaBoostRegressor: lower_ada_boost_regressor,
}
