"""Lowerings for dictionary learning: ``sparse_encode`` of each row over a fixed dictionary."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import DictionaryLearning, MiniBatchDictionaryLearning, SparseCoder

from samescore_export.certificate import constants_certificate
from samescore_export.lowering.preprocessing import doubles
from samescore_export.margins import Margin
from samescore_export.operations.bounded import Bounded, bounded
from samescore_export.operations.lasso_descent import descended
from samescore_export.operations.least_angle import least_angle
from samescore_export.operations.matching_pursuit import pursued
from samescore_export.operations.numeric import singly
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Table

REASON = "an iteration over sums whose order BLAS chooses"


def lower_coder(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """DictionaryLearning, MiniBatchDictionaryLearning: over the atoms found."""
    return _encoded(estimator, np.asarray(estimator.components_, np.float64), inputs, scope)


def lower_sparse_coder(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """SparseCoder: over the atoms given."""
    return _encoded(estimator, np.asarray(estimator.dictionary, np.float64), inputs, scope)


def _encoded(estimator: Any, atoms: NDArray[np.float64], inputs: Matrix | Table, scope: Scope) -> Lowered:
    graph = scope.graph
    x = doubles(scope, inputs, estimator)
    count, features = atoms.shape
    rows = bounded(graph, x)
    inner = rows.matmul(atoms.T)
    gram = np.dot(atoms, atoms.T)
    algorithm, positive = estimator.transform_algorithm, bool(estimator.positive_code)
    alpha = estimator.transform_alpha
    if alpha is None:
        alpha = getattr(estimator, "alpha", None)
    alpha = 1.0 if alpha is None else float(alpha)
    nonzero = estimator.transform_n_nonzero_coefs
    if nonzero is None:
        nonzero = min(max(features / 10, 1), count)
    most = int(estimator.transform_max_iter)
    margin: Margin = None
    if algorithm == "threshold":
        code = _thresholded(inner, alpha, positive)
    elif algorithm == "omp":
        code, margin = pursued(inner, gram, int(nonzero))
    elif algorithm == "lasso_cd":
        code, margin = descended(rows, inner, gram, alpha / features * features, positive, most)
    elif algorithm == "lasso_lars":
        code, margin = least_angle(inner, gram, features, alpha / features, most, True, positive)
    elif algorithm == "lars":
        code, margin = least_angle(inner, gram, features, 0.0, int(nonzero), False, False)
    else:
        raise scope.refuse(
            f"{type(estimator).__name__}(transform_algorithm={algorithm!r})",
            "threshold or omp or lasso_cd or lasso_lars or lars",
        )
    width = count
    if estimator.split_sign:
        zero = graph.constant(0.0)
        low = graph.op("Neg", graph.op("Min", code.value, zero))
        value = graph.op("Concat", graph.op("Max", code.value, zero), low, axis=1)
        code = Bounded(graph, value, graph.op("Concat", code.size, code.size, axis=1), code.ulp)
        width = 2 * count
    transposed = np.ascontiguousarray(atoms.T)
    certificate = constants_certificate(graph.path, {"dictionary.T": (graph.constant(transposed), transposed)})
    result = Matrix(code.value, width, rounding=code.rounding(REASON), margin=margin)
    return Lowered(result, certificates=(certificate,))


def _thresholded(inner: Bounded, alpha: float, positive: bool) -> Bounded:
    """sign(c) * max(abs(c) - alpha, 0); it moves by no more than c."""
    graph = inner.graph
    gap = graph.op("Sub", graph.op("Abs", inner.value), graph.constant(alpha))
    value = graph.op("Mul", graph.op("Sign", inner.value), graph.op("Max", gap, graph.constant(0.0)))
    if positive:
        value = graph.op("Max", value, graph.constant(0.0))
    return Bounded(graph, value, inner.size, inner.ulp + 2)


LOWERINGS = {
    DictionaryLearning: singly(lower_coder),
    MiniBatchDictionaryLearning: singly(lower_coder),
    SparseCoder: singly(lower_sparse_coder),
}
