"""Lowering for ``sklearn.neighbors.NearestCentroid``."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray
from sklearn.neighbors import NearestCentroid

from samescore_export.operations.deciding import column, first_largest, lead, row_largest
from samescore_export.operations.distances import UNIT, Way, distances, within
from samescore_export.operations.labels import label_score
from samescore_export.operations.link import exponential
from samescore_export.operations.nearest_centers import closest
from samescore_export.operations.numeric import doubles, floats
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Rounding, Score, Table

REASON = "scikit-learn expands the square of a distance through BLAS; logarithm and exp are the platform's"


def _normalised(scope: Scope, estimator: Any, x: Matrix) -> tuple[Matrix, NDArray[np.float64]]:
    """Rows and centroids divided by the spread within classes where there is any."""
    spread = np.asarray(estimator.within_class_std_dev_, np.float64)
    divisor = np.where(spread != 0, spread, 1.0)
    value = scope.graph.op("Div", x.value, scope.graph.constant(divisor))
    rounding = None
    if x.rounding is not None:
        scale = scope.graph.op("Max", scope.graph.op("Abs", x.value), x.rounding.scale or scope.graph.constant(1.0))
        scale = scope.graph.op("Div", scale, scope.graph.constant(divisor))
        rounding = Rounding(2 * x.rounding.ulp + 2, scale, x.rounding.reason)
    return Matrix(value, x.width, rounding=rounding), np.asarray(estimator.centroids_, np.float64) / divisor


def _discriminant(scope: Scope, estimator: Any, x: Matrix) -> tuple[ir.Value, ir.Value]:
    """``_decision_function``: -distance ** 2 + 2 log(prior), (rows, classes), and its error."""
    graph = scope.graph
    rows, centroids = _normalised(scope, estimator, x)
    distance, error = distances(scope, rows, centroids, estimator.metric, {}, "pairwise").finished(graph)
    square = graph.op("Mul", distance, distance)
    with np.errstate(divide="ignore"):
        priors = 2.0 * np.log(np.asarray(estimator.class_prior_, np.float64))
    value = graph.op("Sub", graph.constant(priors), square)
    size = graph.op("Add", square, graph.constant(np.abs(np.where(np.isfinite(priors), priors, 0.0))))
    whole = graph.op("Mul", size, graph.constant(16 * UNIT))
    if error is not None:
        # (d + e) ** 2 - d ** 2 = e (2 d + e)
        reach = graph.op("Add", graph.op("Mul", distance, graph.constant(2.0)), error)
        whole = graph.op("Add", whole, graph.op("Mul", error, reach))
    return value, whole


def lower_nearest_centroid(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """NearestCentroid: the nearest centroid where the classes are equally likely, else the largest discriminant score."""
    graph = scope.graph
    scope.check_options(estimator, {"metric": ["euclidean", "manhattan"]})
    x = doubles(scope, inputs, estimator)
    classes = np.asarray(estimator.classes_)
    labels = tuple(classes.tolist())
    scores: dict[str, Score] = {}
    value, error = _discriminant(scope, estimator, x)
    bound = within(graph, error, 16.0, REASON)
    if np.isclose(estimator.class_prior_, 1 / len(classes)).all():
        way: Way = "argkmin" if floats(scope, inputs, estimator).dtype == "float64" else "pairwise"
        away = distances(scope, x, np.asarray(estimator.centroids_, np.float64), estimator.metric, {}, way)
        index, margin = closest(scope, away, len(classes))
    else:
        index, margin = first_largest(graph, value), lead(graph, value, bound)
    scores["predict"] = label_score(graph, index, classes, margin)
    if estimator.metric != "euclidean":
        return Lowered(None, scores)
    if len(classes) == 2:
        single = graph.op("Sub", column(graph, value, 1), column(graph, value, 0))
        both = graph.op("Add", column(graph, error, 1), column(graph, error, 0))
        both = graph.op("Add", both, graph.op("Mul", graph.op("Abs", single), graph.constant(UNIT)))
        scores["decision_function"] = Score(single, "float64", rounding=within(graph, both, 16.0, REASON))
    else:
        scores["decision_function"] = Score(value, "float64", (len(classes),), labels, bound)
    shifted = graph.op("Sub", value, row_largest(graph, value))
    power = exponential(graph, shifted)
    whole = graph.op("Log", graph.op("ReduceSum", power, graph.constant([1], np.int64), keepdims=1))
    log = graph.op("Sub", shifted, whole)
    # The shift and the logarithm of the sum move by at most the largest error; the steps round relative to the result.
    moved = graph.op("Mul", row_largest(graph, error), graph.constant(2.0))
    own = graph.op("Mul", graph.op("Abs", log), graph.constant(8 * UNIT))
    log_error = graph.op("Add", graph.op("Add", error, moved), own)
    log_error = graph.op("Add", log_error, graph.constant((2 * len(classes) + 8) * UNIT))
    proba = exponential(graph, log)
    # exp(l + e) - exp(l) <= exp(l) e (1 + e) for small e, and a probability moves by no more than 1.
    grown = graph.op("Mul", log_error, graph.op("Add", log_error, graph.constant(1.0)))
    share = graph.op("Add", graph.op("Min", grown, graph.constant(1.0)), graph.constant(8 * UNIT))
    proba_error = graph.op("Add", graph.op("Mul", proba, share), graph.constant(1e-300))
    for name, number, off in (("predict_proba", proba, proba_error), ("predict_log_proba", log, log_error)):
        scores[name] = Score(number, "float64", (len(classes),), labels, within(graph, off, 16.0, REASON))
    return Lowered(None, scores)


LOWERINGS = {NearestCentroid: lower_nearest_centroid}
