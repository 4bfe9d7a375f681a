"""Lowerings for ``sklearn.discriminant_analysis``."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis

from samescore_export.graph import Graph
from samescore_export.lowering.preprocessing import doubles
from samescore_export.operations.affine import affine
from samescore_export.operations.bounded import Bounded, bounded, side_by_side
from samescore_export.operations.deciding import beyond, first_largest, flat, lead, to_index
from samescore_export.operations.joint_likelihood import likelihoods
from samescore_export.operations.labels import label_score, logarithm_bound
from samescore_export.operations.link import both_classes, sigmoid, single_sigmoid, softmax
from samescore_export.operations.numeric import is_single, narrowed, singly
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Rounding, Score, Table

REASON = "BLAS does not fix the order of a sum, and exp and log are the platform's"


def _projected(estimator: Any, x: Matrix, scope: Scope) -> Matrix | None:
    """``transform``: (X - xbar_) @ scalings_ for the solver svd, X @ scalings_ for eigen; lsqr has none."""
    if estimator.solver == "lsqr":
        return None
    rows = bounded(scope.graph, x)
    if estimator.solver == "svd":
        rows = rows.minus(np.asarray(estimator.xbar_, np.float64))
    weights = np.asarray(estimator.scalings_, np.float64)[:, : estimator._max_components]
    found = rows.matmul(weights)
    return Matrix(found.value, weights.shape[1], rounding=found.rounding(REASON))


def _both(raw: Bounded, narrow: bool) -> Bounded:
    """1 - p and p for p = expit(score): p is as exact as itself, 1 - p as 1."""
    graph = raw.graph
    single = (single_sigmoid if narrow else sigmoid)(graph, raw.value)
    highest = sigmoid(graph, graph.op("Add", raw.value, raw.error()))
    own = graph.op("Mul", highest, graph.op("Max", raw.size, graph.constant(1.0)))
    if narrow:
        # Where exp nears what float32 holds a probability is 0 or the smallest there is.
        own = graph.op("Max", own, graph.constant(1e-31))
    size = graph.op("Concat", graph.op("Add", own, graph.constant(1.0)), own, axis=1)
    return Bounded(graph, both_classes(graph, single), size, raw.ulp + 8)


def _logarithm(graph: Graph, proba: Bounded, labels: tuple[Any, ...], narrow: bool) -> Score:
    """The logarithm of probabilities, of which those that are 0 are raised to the smallest normal number of their dtype first.

    ``narrow`` says that scikit-learn has them in float32, where more of them are 0, and small ones have few digits.
    """
    smallest = np.finfo(np.float32 if narrow else np.float64).smallest_normal
    # What numbers below the normal ones are rounded by, as a size; and what is 0 for both sides.
    digits, nought = (1e-37, 1e-47) if narrow else (1e-306, 0.0)
    value = narrowed(graph, proba.value) if narrow else proba.value
    size = graph.op(
        "Where",
        graph.op("Greater", proba.value, graph.constant(nought)),
        graph.op("Max", proba.size, graph.constant(digits)),
        graph.op("Mul", value, graph.constant(0.0)),
    )
    nothing = graph.op("Equal", value, graph.constant(0.0))
    raised = graph.op("Where", nothing, graph.constant(float(smallest)), value)
    log = graph.op("Log", raised)
    own = graph.op("Max", graph.op("Abs", log), graph.constant(1.0))
    # A float32 bound counts roundings of float32, which are not yet known here: twice as many for those in the divisor.
    scale, margin = logarithm_bound(graph, value, own, Rounding(2.0 * proba.ulp + 4.0, size, REASON))
    return Score(log, "float64", (len(labels),), labels, Rounding(2.0 * proba.ulp + 8.0, scale, REASON), margin)


def lower_linear(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """LinearDiscriminantAnalysis, whose probabilities are float32 where the rows and what was fitted are."""
    narrow = is_single(inputs) and np.asarray(estimator.coef_).dtype == np.float32
    return singly(partial(_lower_linear, narrow=narrow))(estimator, inputs, scope)


def _lower_linear(estimator: Any, inputs: Matrix | Table, scope: Scope, narrow: bool) -> Lowered:
    """LinearDiscriminantAnalysis: a linear classifier; sigmoid of the one score of two classes, softmax of more."""
    graph = scope.graph
    classes = np.asarray(estimator.classes_)
    if len(classes) < 2:
        raise scope.refuse("LinearDiscriminantAnalysis with one class", "two or more classes")
    x = doubles(scope, inputs, estimator)
    labels = tuple(classes.tolist())
    value, rounding, certificate = affine(scope, x, estimator.coef_, estimator.intercept_)
    raw = bounded(graph, Matrix(value, 1 if len(classes) == 2 else len(classes), rounding=rounding))
    if len(classes) == 2:
        if rounding is not None and rounding.scale is not None:
            rounding = Rounding(rounding.ulp, flat(graph, rounding.scale), rounding.reason)
        score = flat(graph, value)
        index, margin = (
            to_index(graph, graph.op("Greater", score, graph.constant(0.0))),
            beyond(graph, score, 0.0, rounding),
        )
        decision = Score(score, "float64", rounding=rounding)
        proba = _both(raw, narrow)
    else:
        index, margin = first_largest(graph, value), lead(graph, value, rounding)
        decision = Score(value, "float64", (len(labels),), labels, rounding)
        size = likelihoods(raw, len(labels), REASON).proba
        proba = Bounded(graph, softmax(graph, value), size.size, size.ulp + 4)
    log = _logarithm(graph, proba, labels, narrow)
    scores = {
        "predict": label_score(graph, index, classes, margin),
        "decision_function": decision,
        "predict_proba": Score(proba.value, "float64", (len(labels),), labels, proba.rounding(REASON)),
        "predict_log_proba": log,
    }
    return Lowered(_projected(estimator, x, scope), scores, (certificate,))


def lower_quadratic(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """QuadraticDiscriminantAnalysis: a normal density a class, from its rotation and scalings."""
    graph = scope.graph
    classes = np.asarray(estimator.classes_)
    count, labels = len(classes), tuple(classes.tolist())
    x = doubles(scope, inputs, estimator)
    parts = []
    for mean, rotation, scaling in zip(estimator.means_, estimator.rotations_, estimator.scalings_, strict=True):
        turned = bounded(graph, x).minus(np.asarray(mean, np.float64)).matmul(rotation * (scaling ** (-0.5)))
        parts.append(turned.squared().summed(1, len(scaling)))
    spread = np.array([np.sum(np.log(scaling)) for scaling in estimator.scalings_], np.float64)
    with np.errstate(divide="ignore"):
        prior = np.log(np.asarray(estimator.priors_, np.float64))
    norm = side_by_side(parts)
    half = graph.op("Mul", graph.constant(-0.5), graph.op("Add", norm.value, graph.constant(spread)))
    known = np.abs(spread) + np.where(np.isfinite(prior), np.abs(prior), 0.0)
    joint = Bounded(
        graph,
        graph.op("Add", half, graph.constant(prior)),
        graph.op("Add", norm.size, graph.constant(known)),
        norm.ulp + 6,
    )
    found = likelihoods(joint, count, REASON)
    if count == 2:
        gap = (joint.column(1) - joint.column(0)).reshaped(-1)
        decision = Score(gap.value, "float64", rounding=gap.rounding(REASON))
    else:
        decision = Score(joint.value, "float64", (count,), labels, joint.rounding(REASON))
    scores = {
        "predict": label_score(graph, found.index, classes, found.margin),
        "decision_function": decision,
        "predict_proba": Score(found.proba.value, "float64", (count,), labels, found.proba.rounding(REASON)),
        "predict_log_proba": Score(
            found.log_proba.value, "float64", (count,), labels, found.log_proba.rounding(REASON)
        ),
    }
    return Lowered(None, scores)


LOWERINGS = {LinearDiscriminantAnalysis: lower_linear, QuadraticDiscriminantAnalysis: singly(lower_quadratic)}
