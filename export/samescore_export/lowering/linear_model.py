"""Lowerings for ``sklearn.linear_model`` and the linear machines of ``sklearn.svm``."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir
from sklearn.linear_model import (
    ElasticNet,
    ElasticNetCV,
    HuberRegressor,
    Lars,
    LarsCV,
    Lasso,
    LassoCV,
    LassoLars,
    LassoLarsCV,
    LassoLarsIC,
    LinearRegression,
    LogisticRegression,
    LogisticRegressionCV,
    OrthogonalMatchingPursuit,
    OrthogonalMatchingPursuitCV,
    Perceptron,
    QuantileRegressor,
    Ridge,
    RidgeClassifier,
    RidgeClassifierCV,
    RidgeCV,
    SGDClassifier,
    SGDRegressor,
    TheilSenRegressor,
)
from sklearn.svm import LinearSVC, LinearSVR

from samescore_export.lowering.affine import affine
from samescore_export.lowering.labels import class_scores, label_score
from samescore_export.lowering.link import both_classes, sigmoid, softmax, through_link
from samescore_export.lowering.preprocessing import doubles
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Score, Table


def lower_linear_regressor(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """X @ coef_.T + intercept_; one target or several."""
    graph = scope.graph
    x = doubles(scope, inputs, estimator)
    value, rounding, certificate = affine(scope, x, estimator.coef_, estimator.intercept_)
    if np.ndim(estimator.coef_) == 1 or type(estimator).__name__ in ("SGDRegressor", "LinearSVR"):
        flat = graph.op("Reshape", value, graph.constant([-1], np.int64))
        score = Score(flat, "float64", rounding=rounding)
    else:
        score = Score(value, "float64", (np.shape(estimator.coef_)[0],), rounding=rounding)
    return Lowered(None, {"predict": score}, (certificate,))


def _decided(estimator: Any, inputs: Matrix | Table, scope: Scope) -> tuple[Lowered, ir.Value, Any]:
    """Decision values and labels; also the (rows, outputs) value and its rounding for what builds on them."""
    graph = scope.graph
    if np.ndim(estimator.classes_) != 1 or len(estimator.classes_) < 2:
        raise scope.refuse(
            f"{type(estimator).__name__} over labels of shape {np.shape(estimator.classes_)}",
            "two or more classes, one label a row",
        )
    x = doubles(scope, inputs, estimator)
    value, rounding, certificate = affine(scope, x, estimator.coef_, estimator.intercept_)
    if np.atleast_2d(estimator.coef_).shape[0] == 1:
        flat = graph.op("Reshape", value, graph.constant([-1], np.int64))
        index = graph.op("Cast", graph.op("Greater", flat, graph.constant(0.0)), to=int(ir.DataType.INT64))
        decision, margin = Score(flat, "float64", rounding=rounding), flat
    else:
        index = graph.op("ArgMax", value, axis=1, keepdims=0)
        labels = tuple(np.asarray(estimator.classes_).tolist())
        decision = Score(value, "float64", (len(labels),), labels, rounding)
        top, _ = graph.ops("TopK", value, graph.constant([2], np.int64), outputs=2, axis=1)
        margin = graph.op("Sub", *graph.ops("Split", top, outputs=2, axis=1, num_outputs=2))
    label = label_score(graph, index, estimator.classes_, None if rounding is None else (margin, rounding))
    return Lowered(None, {"predict": label, "decision_function": decision}, (certificate,)), value, rounding


def lower_linear_classifier(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """The sign or the largest of the decision values."""
    return _decided(estimator, inputs, scope)[0]


def lower_logistic_regression(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """LogisticRegression: sigmoid for two classes, softmax for more."""
    lowered, value, rounding = _decided(estimator, inputs, scope)
    graph, classes = scope.graph, len(estimator.classes_)
    proba = both_classes(graph, sigmoid(graph, value)) if classes == 2 else softmax(graph, value)
    scores = class_scores(graph, proba, estimator.classes_, through_link(graph, rounding, classes))
    return Lowered(None, {**lowered.scores, **scores}, lowered.certificates)


def lower_sgd_classifier(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """SGDClassifier; probabilities for loss="log_loss" (one against the rest, normalised)."""
    lowered, value, rounding = _decided(estimator, inputs, scope)
    if estimator.loss != "log_loss":
        return lowered
    graph, classes = scope.graph, len(estimator.classes_)
    single = sigmoid(graph, value)
    if classes == 2:
        proba = both_classes(graph, single)
    else:
        total = graph.op("ReduceSum", single, graph.constant([1], np.int64), keepdims=1)
        nothing = graph.op("Equal", total, graph.constant(0.0))
        share = graph.op("Div", single, graph.op("Where", nothing, graph.constant(1.0), total))
        proba = graph.op("Where", nothing, graph.constant(1.0 / classes), share)
    scores = class_scores(graph, proba, estimator.classes_, through_link(graph, rounding, classes))
    return Lowered(None, {**lowered.scores, **scores}, lowered.certificates)


_REGRESSORS = (
    LinearRegression, Ridge, RidgeCV, Lasso, LassoCV, ElasticNet, ElasticNetCV, Lars, LarsCV, LassoLars, LassoLarsCV,
    LassoLarsIC, OrthogonalMatchingPursuit, OrthogonalMatchingPursuitCV, HuberRegressor, TheilSenRegressor,
    QuantileRegressor, SGDRegressor, LinearSVR,
)  # fmt: skip

LOWERINGS = {
    **dict.fromkeys(_REGRESSORS, lower_linear_regressor),
    **dict.fromkeys((LinearSVC, Perceptron, RidgeClassifier, RidgeClassifierCV), lower_linear_classifier),
    **dict.fromkeys((LogisticRegression, LogisticRegressionCV), lower_logistic_regression),
    SGDClassifier: lower_sgd_classifier,
}
