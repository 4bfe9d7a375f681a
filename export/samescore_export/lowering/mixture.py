"""Lowerings for ``sklearn.mixture``."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture

from samescore_export.lowering.preprocessing import doubles
from samescore_export.margins import Margin, nearest_of
from samescore_export.operations.bounded import Bounded, bounded, side_by_side
from samescore_export.operations.joint_likelihood import likelihoods
from samescore_export.operations.numeric import singly
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Score, Table, also_hanging_on

REASON = "BLAS does not fix the order of a sum, and exp and log are the platform's"


def _moved(found: Bounded, numbers: NDArray[np.float64]) -> Bounded:
    """The sum with constants that are as inexact as the value may be large."""
    graph = found.graph
    finite = np.where(np.isfinite(numbers), np.abs(numbers), 0.0)
    return Bounded(
        graph,
        graph.op("Add", found.value, graph.constant(numbers)),
        graph.op("Add", found.size, graph.constant(finite)),
        found.ulp + 2,
    )


def _distances(x: Bounded, means: NDArray[np.float64], factors: NDArray[np.float64], kind: str) -> Bounded:
    """(rows, components): the squared Mahalanobis distances, each kind of covariance in ``_estimate_log_gaussian_prob``'s way."""
    features = means.shape[1]
    if kind in ("full", "tied"):
        parts = []
        for k, mean in enumerate(means):
            factor = np.asarray(factors[k] if kind == "full" else factors, np.float64)
            parts.append(_moved(x.matmul(factor), -(mean @ factor)).squared().summed(1, features))
        return side_by_side(parts)
    precisions = factors**2
    if kind == "diag":
        crossed = x.matmul((means * precisions).T).times(2.0)
        start = _moved(crossed.negated(), np.sum(means**2 * precisions, axis=1))
        return start + x.squared().matmul(precisions.T)
    crossed = x.matmul(means.T).times(precisions).times(2.0)
    start = _moved(crossed.negated(), np.sum(means**2, axis=1) * precisions)
    return start + x.squared().summed(1, features).matmul(precisions[None, :])


def _whole(distances: Bounded) -> tuple[Bounded, Margin]:
    """The distances cut off at the point, which are exact, and by how much each misses the next whole number."""
    graph = distances.graph
    floor = graph.op("Floor", distances.value)
    above = graph.op("Sub", distances.value, floor)
    gap = graph.op("Min", above, graph.op("Sub", graph.constant(1.0), above))
    rounding = distances.rounding(REASON)
    margin = None if rounding is None else nearest_of(graph, [(gap, rounding)])
    return Bounded(graph, floor, graph.op("Abs", floor), 0.0), margin


def _log_determinants(factors: NDArray[np.float64], kind: str, features: int) -> NDArray[np.float64]:
    """``_compute_log_det_cholesky``."""
    if kind == "full":
        return np.asarray(np.sum(np.log(factors.reshape(len(factors), -1)[:, :: features + 1]), axis=1))
    if kind == "tied":
        return np.atleast_1d(np.sum(np.log(np.diagonal(factors))))
    return np.asarray(np.sum(np.log(factors), axis=1) if kind == "diag" else features * np.log(factors))


def lower_mixture(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """GaussianMixture and, with its priors' terms, BayesianGaussianMixture."""
    graph = scope.graph
    x = doubles(scope, inputs, estimator)
    kind, features = estimator.covariance_type, x.width
    means = np.asarray(estimator.means_, np.float64)
    factors = np.asarray(estimator.precisions_cholesky_, np.float64)
    count = len(means)
    distances = _distances(bounded(graph, x), means, factors, kind)
    truncated = None
    if x.integers and kind in ("full", "tied"):
        # scikit-learn writes them into an array of the rows' dtype, which cuts off what is behind the point.
        distances, truncated = _whole(distances)
    normal = _moved(distances, np.array(features * math.log(2 * math.pi))).times(-0.5)
    joint = _moved(normal, np.broadcast_to(_log_determinants(factors, kind, features), (count,)).copy())
    if isinstance(estimator, BayesianGaussianMixture):
        freedom = np.broadcast_to(np.asarray(estimator.degrees_of_freedom_, np.float64), (count,))
        log_lambda = features * np.log(2.0) + np.sum(digamma(0.5 * (freedom - np.arange(0, features)[:, None])), 0)
        joint = _moved(joint, -(0.5 * features * np.log(freedom)))
        joint = _moved(joint, 0.5 * (log_lambda - features / np.asarray(estimator.mean_precision_, np.float64)))
    with np.errstate(divide="ignore"):
        joint = _moved(joint, np.asarray(estimator._estimate_log_weights(), np.float64))
    found = likelihoods(joint, count, REASON)
    evidence = found.evidence.reshaped(-1)
    labels = tuple(range(count))
    scores = {
        "predict": Score(found.index, "int64", (), labels, margin=found.margin),
        "predict_proba": Score(found.proba.value, "float64", (count,), labels, found.proba.rounding(REASON)),
        "score_samples": Score(evidence.value, "float64", rounding=evidence.rounding(REASON)),
    }
    if truncated is not None:
        scores = {name: also_hanging_on(graph, score, truncated) for name, score in scores.items()}
    return Lowered(None, scores)


LOWERINGS = {BayesianGaussianMixture: singly(lower_mixture), GaussianMixture: singly(lower_mixture)}
