"""The log likelihood of rows under the normal distribution that a decomposition fitted."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from scipy import linalg
from sklearn.utils.extmath import fast_logdet

from samescore_export.operations.bounded import Bounded, bounded
from samescore_export.scope import Scope
from samescore_export.values import Matrix, Score

REASON = "BLAS does not fix the order of a sum; scikit-learn differs from itself between one row and many"


def log_likelihood(estimator: Any, x: Matrix, scope: Scope) -> dict[str, Score]:
    """``score_samples`` of PCA and FactorAnalysis, (rows,): -0.5 * sum(Xr * (Xr @ precision)) less a constant.

    Nothing where the covariance is singular, and scikit-learn has no answer or one of rounding errors alone.
    """
    graph = scope.graph
    with warnings.catch_warnings():
        warnings.simplefilter("error", linalg.LinAlgWarning)
        try:
            precision = np.asarray(estimator.get_precision(), np.float64)
        except (linalg.LinAlgError, linalg.LinAlgWarning, ZeroDivisionError):
            return {}
    offset = 0.5 * (x.width * np.log(2.0 * np.pi) - float(fast_logdet(precision)))
    if not np.isfinite(precision).all() or not np.isfinite(offset):
        return {}
    near = bounded(graph, x).minus(np.asarray(estimator.mean_, np.float64))
    total = (near.matmul(precision) * near).summed(1, x.width).reshaped(-1).times(-0.5)
    found = Bounded(
        graph,
        graph.op("Sub", total.value, graph.constant(offset)),
        graph.op("Add", total.size, graph.constant(abs(offset))),
        total.ulp + 2,
    )
    return {"score_samples": Score(found.value, "float64", rounding=found.rounding(REASON))}
