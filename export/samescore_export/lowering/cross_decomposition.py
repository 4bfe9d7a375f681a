"""Lowerings for ``sklearn.cross_decomposition``."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.cross_decomposition import CCA, PLSSVD, PLSCanonical, PLSRegression

from samescore_export.certificate import constants_certificate
from samescore_export.lowering.preprocessing import doubles
from samescore_export.operations.bounded import Bounded, bounded
from samescore_export.operations.numeric import singly
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Score, Table

REASON = "BLAS does not fix the order of a sum; scikit-learn differs from itself between one row and many"


def _scores(estimator: Any, inputs: Matrix | Table, scope: Scope, rotations: Any) -> tuple[Bounded, Matrix, Lowered]:
    """The centred rows, and (X - mean) / std @ rotations."""
    graph = scope.graph
    x = doubles(scope, inputs, estimator)
    near = bounded(graph, x).minus(estimator._x_mean)
    weights = np.ascontiguousarray(np.asarray(rotations, np.float64))
    found = near.over(estimator._x_std).matmul(weights)
    certificate = constants_certificate(graph.path, {"rotations": (graph.constant(weights), weights)})
    result = Matrix(found.value, weights.shape[1], rounding=found.rounding(REASON))
    return near, x, Lowered(result, certificates=(certificate,))


def lower_svd(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """PLSSVD: (X - mean) / std @ x_weights_."""
    return _scores(estimator, inputs, scope, estimator.x_weights_)[2]


def lower_pls(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """CCA, PLSCanonical, PLSRegression: scores by ``x_rotations_``, predictions by (X - mean) @ coef_.T + intercept_."""
    graph = scope.graph
    near, _, transformed = _scores(estimator, inputs, scope, estimator.x_rotations_)
    raw = near.matmul(np.asarray(estimator.coef_, np.float64).T)
    intercept = np.asarray(estimator.intercept_, np.float64)
    found = Bounded(
        graph,
        graph.op("Add", raw.value, graph.constant(intercept)),
        graph.op("Add", raw.size, graph.constant(np.abs(intercept))),
        raw.ulp + 2,
    )
    shape: tuple[int, ...] = (len(estimator.coef_),)
    if estimator._predict_1d:
        found, shape = found.reshaped(-1), ()
    score = Score(found.value, "float64", shape, rounding=found.rounding(REASON))
    return Lowered(transformed.transform, {"predict": score}, transformed.certificates)


LOWERINGS = {
    CCA: singly(lower_pls),
    PLSCanonical: singly(lower_pls),
    PLSRegression: singly(lower_pls),
    PLSSVD: singly(lower_svd),
}
