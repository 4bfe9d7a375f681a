"""Lowerings for ``sklearn.kernel_approximation``, ``sklearn.kernel_ridge`` and ``KernelCenterer``."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.kernel_approximation import (
    AdditiveChi2Sampler,
    Nystroem,
    PolynomialCountSketch,
    RBFSampler,
    SkewedChi2Sampler,
)
from sklearn.kernel_ridge import KernelRidge
from sklearn.metrics.pairwise import KERNEL_PARAMS
from sklearn.preprocessing import KernelCenterer

from samescore_export.certificate import constants_certificate
from samescore_export.lowering.preprocessing import doubles
from samescore_export.operations.bounded import Bounded, bounded, side_by_side
from samescore_export.operations.numeric import singly
from samescore_export.operations.pairwise import REASON, pairwise_kernel
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Score, Table


def as_matrix(found: Bounded, width: int, reason: str = REASON) -> Matrix:
    """The result of a transform."""
    return Matrix(found.value, width, rounding=found.rounding(reason))


def centred(kernel: Bounded, fit_rows: NDArray[np.float64], fit_all: float) -> Bounded:
    """``KernelCenterer.transform``."""
    count = len(fit_rows)
    mean = kernel.summed(1, count).over(float(count))
    moved = kernel.minus(fit_rows) - mean
    return moved.plus(fit_all)


def lower_centerer(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """KernelCenterer."""
    x = doubles(scope, inputs, estimator)
    found = centred(bounded(scope.graph, x), np.asarray(estimator.K_fit_rows_), float(estimator.K_fit_all_))
    return Lowered(as_matrix(found, x.width))


def lower_nystroem(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """Nystroem: kernel(X, components_) @ normalization_.T."""
    graph = scope.graph
    x = doubles(scope, inputs, estimator)
    options = dict(estimator.kernel_params or {})
    if not callable(estimator.kernel) and estimator.kernel != "precomputed":
        given = {name: getattr(estimator, name) for name in KERNEL_PARAMS[estimator.kernel]}
        options.update({name: value for name, value in given.items() if value is not None})
    kernel = pairwise_kernel(scope, x, estimator.components_, estimator.kernel, options)
    weights = np.ascontiguousarray(np.asarray(estimator.normalization_, np.float64).T)
    certificate = constants_certificate(graph.path, {"normalization_": (graph.constant(weights), weights)})
    return Lowered(as_matrix(kernel.matmul(weights), weights.shape[1]), certificates=(certificate,))


def lower_kernel_ridge(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """KernelRidge: kernel(X, X_fit_) @ dual_coef_."""
    graph = scope.graph
    x = doubles(scope, inputs, estimator)
    options = {name: getattr(estimator, name) for name in ("gamma", "degree", "coef0")}
    kernel = pairwise_kernel(scope, x, estimator.X_fit_, estimator.kernel, options)
    dual = np.asarray(estimator.dual_coef_, np.float64)
    weights = np.ascontiguousarray(dual.reshape(len(dual), -1))
    found = kernel.matmul(weights)
    certificate = constants_certificate(graph.path, {"dual_coef_": (graph.constant(weights), weights)})
    shape: tuple[int, ...] = (weights.shape[1],)
    if dual.ndim == 1:
        found, shape = found.reshaped(-1), ()
    return Lowered(
        None, {"predict": Score(found.value, "float64", shape, None, found.rounding(REASON))}, (certificate,)
    )


def _cosine_of(angle: Bounded) -> Bounded:
    """cos as 1 - 2 sin(x / 2)**2, for releases of onnxruntime that have Sin but no Cos in double; within 12 units of 2**-53 of 1."""
    graph = angle.graph
    half = graph.op("Sin", graph.op("Mul", angle.value, graph.constant(0.5)))
    square = graph.op("Mul", graph.op("Mul", half, half), graph.constant(2.0))
    return angle.lipschitz(graph.op("Sub", graph.constant(1.0), square), 1.0, 16.0)


def _random_features(x: Bounded, estimator: Any) -> Bounded:
    projection = x.matmul(np.asarray(estimator.random_weights_, np.float64))
    offset = np.asarray(estimator.random_offset_, np.float64)
    graph = x.graph
    shifted = Bounded(
        graph,
        graph.op("Add", projection.value, graph.constant(offset)),
        graph.op("Add", projection.size, graph.constant(np.abs(offset))),
        projection.ulp + 2,
    )
    return _cosine_of(shifted)


def lower_rbf_sampler(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """RBFSampler: cos(X @ random_weights_ + random_offset_) * sqrt(2 / n_components)."""
    x = doubles(scope, inputs, estimator)
    width = int(estimator.n_components)
    found = _random_features(bounded(scope.graph, x), estimator).times((2.0 / width) ** 0.5)
    return Lowered(as_matrix(found, width))


def lower_skewed_chi2(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """SkewedChi2Sampler: the same of log(X + skewedness); NaN where scikit-learn refuses a row."""
    graph = scope.graph
    x = doubles(scope, inputs, estimator)
    width = int(estimator.n_components)
    moved = bounded(graph, x).plus(float(estimator.skewedness))
    low = graph.op("LessOrEqual", x.value, graph.constant(-float(estimator.skewedness)))
    value = graph.op("Where", low, graph.constant(np.nan), moved.value)
    logs = Bounded(graph, value, moved.size, moved.ulp).log()
    found = _random_features(logs, estimator).times(np.sqrt(2.0) / np.sqrt(width))
    return Lowered(as_matrix(found, width))


def lower_additive_chi2(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """AdditiveChi2Sampler: the zeroth component is exact, the others go through log, cos and sin; NaN for negative numbers."""
    graph = scope.graph
    x = doubles(scope, inputs, estimator)
    steps = int(estimator.sample_steps)
    interval = estimator.sample_interval
    if interval is None:
        interval = {1: 0.8, 2: 0.5, 3: 0.4}[steps]
    start = bounded(graph, x)
    zero = graph.op("Equal", x.value, graph.constant(0.0))
    safe = Bounded(graph, graph.op("Where", zero, graph.constant(1.0), x.value), start.size, start.ulp)

    def at_zero(found: Bounded) -> Bounded:
        return Bounded(graph, graph.op("Where", zero, graph.constant(0.0), found.value), found.size, found.ulp)

    parts = [start.times(interval).sqrt()]
    logs = safe.log().times(interval)
    doubled = start.times(2.0).times(interval)
    for j in range(1, steps):
        factor = doubled.over(np.cosh(np.pi * j * interval)).sqrt()
        angle = logs.times(float(j))
        parts.append(at_zero(factor * _cosine_of(angle)))
        parts.append(at_zero(factor * angle.lipschitz(graph.op("Sin", angle.value), 1.0, 8.0)))
    whole = side_by_side(parts)
    return Lowered(
        Matrix(
            whole.value,
            x.width * len(parts),
            rounding=whole.rounding("log, cos and sin of the platform"),
            sparse=x.sparse,
        )
    )


def lower_count_sketch(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """PolynomialCountSketch: count sketches, and their circular convolution by a Fourier transform written as products.

    A sketch puts column j at ``indexHash_[d, j]`` with the sign ``bitHash_[d, j]``; sketch and transform are one matrix.
    """
    graph = scope.graph
    x = doubles(scope, inputs, estimator)
    scaled = bounded(graph, x).times(np.sqrt(estimator.gamma))
    width, degree, columns = int(estimator.n_components), int(estimator.degree), x.width
    signs = np.asarray(estimator.bitHash_, np.float64)
    places = np.asarray(estimator.indexHash_, np.int64)
    turn = np.outer(np.arange(width), np.arange(width)) % width
    cosines, sines = np.cos(2 * np.pi * turn / width), np.sin(2 * np.pi * turn / width)
    real: Bounded | None = None
    imaginary: Bounded | None = None
    for d in range(degree):
        sketch = np.zeros((columns, width))
        sketch[np.arange(columns), places[d, :columns]] = signs[d, :columns]
        counts = scaled.matmul(sketch)
        if estimator.coef0 != 0:
            ones = np.zeros(width)
            ones[places[d, columns]] = signs[d, columns] * np.sqrt(estimator.coef0)
            counts = Bounded(
                graph,
                graph.op("Add", counts.value, graph.constant(ones)),
                graph.op("Add", counts.size, graph.constant(np.abs(ones))),
                counts.ulp + 2,
            )
        a, b = _transformed(counts, cosines), _transformed(counts, -sines)
        if real is None or imaginary is None:
            real, imaginary = a, b
        else:
            real, imaginary = real * a - imaginary * b, real * b + imaginary * a
    assert real is not None
    assert imaginary is not None
    found = (_transformed(real, cosines) - _transformed(imaginary, sines)).over(float(width))
    reason = "a Fourier transform written as products, where scipy has a fast one"
    return Lowered(as_matrix(found, width, reason))


def _transformed(counts: Bounded, wave: NDArray[np.float64]) -> Bounded:
    """counts @ wave; a Fourier transform bounded by the sum of all magnitudes, as a fast one is (Higham, theorem 24.2)."""
    graph = counts.graph
    value = graph.op("MatMul", counts.value, graph.constant(wave))
    total = graph.op("ReduceSum", counts.size, graph.constant([1], np.int64), keepdims=1)
    size = graph.op("Add", graph.op("Mul", graph.op("Abs", value), graph.constant(0.0)), total)
    return Bounded(graph, value, size, counts.ulp + 3.0 * len(wave) + 8)


__all__ = ["as_matrix", "centred"]

LOWERINGS = {
    AdditiveChi2Sampler: singly(lower_additive_chi2),
    KernelCenterer: singly(lower_centerer),
    KernelRidge: singly(lower_kernel_ridge),
    Nystroem: singly(lower_nystroem),
    PolynomialCountSketch: singly(lower_count_sketch),
    RBFSampler: singly(lower_rbf_sampler),
    SkewedChi2Sampler: singly(lower_skewed_chi2),
}
