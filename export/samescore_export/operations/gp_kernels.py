"""The kernels of ``sklearn.gaussian_process.kernels`` between rows and the training points, each with its bound."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from sklearn.gaussian_process import kernels as gp

from samescore_export.graph import Graph
from samescore_export.operations.bessel import matern_of_order
from samescore_export.operations.bounded import Bounded, bounded
from samescore_export.operations.pairwise import Points, pairwise_kernel
from samescore_export.scope import Scope
from samescore_export.values import Matrix


def gp_kernel(scope: Scope, kernel: Any, x: Matrix, points: Points) -> Bounded:
    """``kernel(X, points)``: (rows, points)."""
    lower = _KERNELS.get(type(kernel))
    if lower is None:
        raise scope.refuse(f"the kernel {kernel!r}", f"{', '.join(sorted(known.__name__ for known in _KERNELS))}")
    return lower(scope, kernel, x, points)


def gp_diagonal(scope: Scope, kernel: Any, x: Matrix) -> Bounded:
    """``kernel.diag(X)``: (rows, 1)."""
    if isinstance(kernel, (gp.Sum, gp.Product)):
        first, second = gp_diagonal(scope, kernel.k1, x), gp_diagonal(scope, kernel.k2, x)
        return first + second if isinstance(kernel, gp.Sum) else first * second
    if isinstance(kernel, gp.Exponentiation):
        return gp_diagonal(scope, kernel.kernel, x).power(float(kernel.exponent))
    if isinstance(kernel, gp.ConstantKernel):
        return _filled(scope.graph, x, float(kernel.constant_value), 1)
    if isinstance(kernel, gp.WhiteKernel):
        return _filled(scope.graph, x, float(kernel.noise_level), 1)
    if isinstance(kernel, gp.DotProduct):
        return _raised(bounded(scope.graph, x).squared().summed(1, x.width), float(kernel.sigma_0) ** 2)
    if isinstance(kernel, gp.PairwiseKernel):
        return _pairwise_diagonal(scope, kernel, x)
    return _filled(scope.graph, x, 1.0, 1)


def _filled(graph: Graph, x: Matrix, number: float, width: int) -> Bounded:
    """(rows, width) of one number."""
    rows = graph.op("Shape", x.value, start=0, end=1)
    shape = graph.op("Concat", rows, graph.constant([width], np.int64), axis=0)
    value = graph.op("Expand", graph.constant(number), shape)
    return Bounded(graph, value, graph.op("Abs", value), 0.0)


def _raised(found: Bounded, number: float) -> Bounded:
    graph = found.graph
    return Bounded(
        graph,
        graph.op("Add", found.value, graph.constant(number)),
        graph.op("Add", found.size, graph.constant(abs(number))),
        found.ulp + 2,
    )


def _squared_distances(x: Bounded, points: Points) -> Bounded:
    """``cdist(X, points, "sqeuclidean")``: squares added column by column; scipy adds them in an order of its own."""
    total: Bounded | None = None
    for i in range(points.shape[1]):
        square = x.column(i).minus(points[None, :, i]).squared()
        if square.exact:
            square = Bounded(square.graph, square.value, square.size, 6.0)
        total = square if total is None else total + square
    assert total is not None
    return Bounded(total.graph, total.value, total.size, total.ulp + points.shape[1])


def _scaled(scope: Scope, kernel: Any, x: Matrix, points: Points) -> Bounded:
    length = np.asarray(np.squeeze(kernel.length_scale), np.float64)
    return _squared_distances(bounded(scope.graph, x).over(length), points / length)


def _constant(scope: Scope, kernel: Any, x: Matrix, points: Points) -> Bounded:
    return _filled(scope.graph, x, float(kernel.constant_value), len(points))


def _white(scope: Scope, kernel: Any, x: Matrix, points: Points) -> Bounded:
    return _filled(scope.graph, x, 0.0, len(points))


def _rbf(scope: Scope, kernel: Any, x: Matrix, points: Points) -> Bounded:
    return _scaled(scope, kernel, x, points).times(-0.5).exp()


def _matern(scope: Scope, kernel: Any, x: Matrix, points: Points) -> Bounded:
    distance = _scaled(scope, kernel, x, points).sqrt()
    if kernel.nu == 0.5:
        return distance.negated().exp()
    if kernel.nu == np.inf:
        return distance.squared().negated().over(2.0).exp()
    if kernel.nu in (1.5, 2.5):
        k = distance.times(math.sqrt(2 * kernel.nu))
        polynomial = k.plus(1.0)
        if kernel.nu == 2.5:
            polynomial = polynomial + k.squared().over(3.0)
        return polynomial * k.negated().exp()
    return matern_of_order(scope, distance, float(kernel.nu))


def _rational_quadratic(scope: Scope, kernel: Any, x: Matrix, points: Points) -> Bounded:
    squares = _squared_distances(bounded(scope.graph, x), points)
    return squares.over(2 * kernel.alpha * kernel.length_scale**2).plus(1.0).power(-float(kernel.alpha))


def _exp_sine_squared(scope: Scope, kernel: Any, x: Matrix, points: Points) -> Bounded:
    distance = _squared_distances(bounded(scope.graph, x), points).sqrt()
    angle = distance.times(np.pi / kernel.periodicity)
    # onnxruntime's and numpy's sin are within 4 ulp of 1 of each other.
    wave = angle.lipschitz(scope.graph.op("Sin", angle.value), 1.0, 8.0)
    return wave.over(kernel.length_scale).squared().times(-2.0).exp()


def _dot_product(scope: Scope, kernel: Any, x: Matrix, points: Points) -> Bounded:
    return _raised(bounded(scope.graph, x).matmul(points.T), float(kernel.sigma_0) ** 2)


def _pairwise(scope: Scope, kernel: Any, x: Matrix, points: Points) -> Bounded:
    options = {"gamma": kernel.gamma, **(kernel.pairwise_kernels_kwargs or {})}
    return pairwise_kernel(scope, x, points, kernel.metric, options)


def _pairwise_diagonal(scope: Scope, kernel: Any, x: Matrix) -> Bounded:
    """``PairwiseKernel.diag``: each row against itself, as a function of x . x."""
    graph = scope.graph
    options = {"gamma": kernel.gamma, **(kernel.pairwise_kernels_kwargs or {})}
    if kernel.metric in ("rbf", "laplacian", "chi2"):
        return _filled(graph, x, 1.0, 1)
    if kernel.metric == "additive_chi2":
        return _filled(graph, x, 0.0, 1)
    squares = bounded(graph, x).squared().summed(1, x.width)
    if kernel.metric == "linear":
        return squares
    if kernel.metric == "cosine":
        short = graph.op("Less", squares.value, graph.constant((10 * np.finfo(np.float64).eps) ** 2))
        one = graph.op("Where", short, squares.value, graph.constant(1.0))
        return Bounded(graph, one, one, 2.0 * (x.width + 8))
    gamma = 1.0 / x.width if options["gamma"] is None else float(options["gamma"])
    bent = _raised(squares.times(gamma), float(options.get("coef0", 1)))
    if kernel.metric == "sigmoid":
        return bent.lipschitz(graph.op("Tanh", bent.value), 1.0, 16.0)
    return bent.power(float(options.get("degree", 3)))


def _sum(scope: Scope, kernel: Any, x: Matrix, points: Points) -> Bounded:
    return gp_kernel(scope, kernel.k1, x, points) + gp_kernel(scope, kernel.k2, x, points)


def _product(scope: Scope, kernel: Any, x: Matrix, points: Points) -> Bounded:
    return gp_kernel(scope, kernel.k1, x, points) * gp_kernel(scope, kernel.k2, x, points)


def _exponentiation(scope: Scope, kernel: Any, x: Matrix, points: Points) -> Bounded:
    return gp_kernel(scope, kernel.kernel, x, points).power(float(kernel.exponent))


_KERNELS: Mapping[type, Callable[[Scope, Any, Matrix, Points], Bounded]] = {
    gp.ConstantKernel: _constant,
    gp.DotProduct: _dot_product,
    gp.ExpSineSquared: _exp_sine_squared,
    gp.Exponentiation: _exponentiation,
    gp.Matern: _matern,
    gp.PairwiseKernel: _pairwise,
    gp.Product: _product,
    gp.RBF: _rbf,
    gp.RationalQuadratic: _rational_quadratic,
    gp.Sum: _sum,
    gp.WhiteKernel: _white,
}
