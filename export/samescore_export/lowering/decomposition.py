"""Lowerings for the linear and the kernel transforms of ``sklearn.decomposition``."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg
from sklearn.decomposition import (
    PCA,
    FactorAnalysis,
    FastICA,
    IncrementalPCA,
    KernelPCA,
    MiniBatchSparsePCA,
    SparsePCA,
    TruncatedSVD,
)

from samescore_export.certificate import Certificate, constants_certificate
from samescore_export.graph import Graph
from samescore_export.lowering.kernel_approximation import as_matrix, centred
from samescore_export.lowering.preprocessing import doubles
from samescore_export.operations.affine import affine
from samescore_export.operations.bounded import Bounded, bounded
from samescore_export.operations.gaussian_likelihood import log_likelihood
from samescore_export.operations.numeric import singly
from samescore_export.operations.pairwise import pairwise_kernel
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Table

REASON = "BLAS does not fix the order of a sum; scikit-learn differs from itself between one row and many"


def _components(graph: Graph, name: str, weights: NDArray[np.float64]) -> Certificate:
    matrix = np.ascontiguousarray(weights, np.float64)
    return constants_certificate(graph.path, {name: (graph.constant(matrix), matrix)})


def lower_pca(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """PCA, IncrementalPCA: X @ components_.T - mean_ @ components_.T, over the standard deviations to whiten."""
    graph = scope.graph
    x = doubles(scope, inputs, estimator)
    components = np.asarray(estimator.components_, np.float64)
    moved = np.reshape(estimator.mean_, (1, -1)) @ components.T
    value, rounding, certificate = affine(scope, x, components, -moved[0])
    result = Matrix(value, len(components), rounding=rounding)
    if estimator.whiten:
        scale = np.sqrt(estimator.explained_variance_)
        scale[scale < np.finfo(scale.dtype).eps] = np.finfo(scale.dtype).eps
        result = as_matrix(bounded(graph, result).over(scale), len(components), REASON)
    scores = log_likelihood(estimator, x, scope)
    return Lowered(result, scores, certificates=(certificate,))


def lower_truncated_svd(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """TruncatedSVD: X @ components_.T."""
    x = doubles(scope, inputs, estimator)
    value, rounding, certificate = affine(scope, x, estimator.components_, 0.0, in_order=True)
    return Lowered(Matrix(value, len(estimator.components_), rounding=rounding), certificates=(certificate,))


def lower_factor_analysis(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """FactorAnalysis: the expected factors, (X - mean_) @ Wpsi.T @ cov_z."""
    graph = scope.graph
    x = doubles(scope, inputs, estimator)
    components = np.asarray(estimator.components_, np.float64)
    loaded = components / estimator.noise_variance_
    covariance = linalg.inv(np.eye(len(components)) + np.dot(loaded, components.T))
    found = bounded(graph, x).minus(estimator.mean_).matmul(loaded.T).matmul(covariance)
    certificate = _components(graph, "components_ / noise_variance_", loaded.T)
    scores = log_likelihood(estimator, x, scope)
    return Lowered(as_matrix(found, len(components), REASON), scores, certificates=(certificate,))


def lower_fast_ica(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """FastICA: (X - mean_) @ components_.T; without the mean where nothing was whitened."""
    graph = scope.graph
    x = doubles(scope, inputs, estimator)
    rows = bounded(graph, x)
    if estimator.whiten:
        rows = rows.minus(estimator.mean_)
    weights = np.asarray(estimator.components_, np.float64).T
    return Lowered(
        as_matrix(rows.matmul(weights), weights.shape[1], REASON),
        certificates=(_components(graph, "components_", weights),),
    )


def lower_sparse_pca(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """SparsePCA, MiniBatchSparsePCA: ``ridge_regression(components_.T, (X - mean_).T, ridge_alpha, solver="cholesky")``.

    The normal equations are solved by a product with their inverse. A Cholesky solution of A x = b is within 4 k units of
    abs(inv(A)) (abs(b) + abs(R.T) abs(R) abs(x)) of the true one (Higham, theorem 10.4), and so is ours.
    """
    graph = scope.graph
    x = doubles(scope, inputs, estimator)
    components, alpha = np.asarray(estimator.components_, np.float64), float(estimator.ridge_alpha)
    count, features = components.shape
    dual = count > features
    gram = components.T @ components if dual else components @ components.T
    gram.flat[:: len(gram) + 1] += alpha
    try:
        factor = np.abs(linalg.cholesky(gram))
    except linalg.LinAlgError as error:
        raise scope.refuse(
            f"{type(estimator).__name__}(ridge_alpha={alpha!r}) with components that depend on each other",
            "a ridge_alpha above 0, or independent components",
        ) from error
    inverse = linalg.inv(gram)
    grown = np.abs(inverse) @ (np.eye(len(gram)) + factor.T @ factor @ np.abs(inverse))
    rows = bounded(graph, x).minus(estimator.mean_)
    if not dual:
        rows = rows.matmul(components.T)
    value = graph.op("MatMul", rows.value, graph.constant(np.ascontiguousarray(inverse)))
    size = graph.op("MatMul", rows.size, graph.constant(grown))
    solved = Bounded(graph, value, size, rows.ulp + 10.0 * (len(gram) + 2))
    if dual:
        solved = solved.matmul(components.T)
    certificate = _components(graph, "the inverse of the normal equations", inverse)
    reason = "a linear system is solved by its inverse, where scikit-learn has a Cholesky factor"
    return Lowered(as_matrix(solved, count, reason), certificates=(certificate,))


def lower_kernel_pca(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """KernelPCA: the centred kernel times eigenvectors over the roots of their eigenvalues; 0 for an eigenvalue of 0."""
    graph = scope.graph
    x = doubles(scope, inputs, estimator)
    options = {"gamma": estimator.gamma_, "degree": estimator.degree, "coef0": estimator.coef0}
    kernel = pairwise_kernel(scope, x, estimator.X_fit_, estimator.kernel, options)
    centerer = estimator._centerer
    near = centred(kernel, np.asarray(centerer.K_fit_rows_), float(centerer.K_fit_all_))
    used = np.flatnonzero(estimator.eigenvalues_)
    weights = np.zeros_like(estimator.eigenvectors_)
    weights[:, used] = estimator.eigenvectors_[:, used] / np.sqrt(estimator.eigenvalues_[used])
    certificate = _components(graph, "eigenvectors_ over the roots of eigenvalues_", weights)
    return Lowered(as_matrix(near.matmul(weights), weights.shape[1]), certificates=(certificate,))


LOWERINGS = {
    FactorAnalysis: singly(lower_factor_analysis, sums=True),
    FastICA: singly(lower_fast_ica, sums=True),
    IncrementalPCA: singly(lower_pca, sums=True),
    KernelPCA: singly(lower_kernel_pca, sums=True),
    MiniBatchSparsePCA: singly(lower_sparse_pca, sums=True),
    PCA: singly(lower_pca, sums=True),
    SparsePCA: singly(lower_sparse_pca, sums=True),
    TruncatedSVD: singly(lower_truncated_svd, sums=True),
}
