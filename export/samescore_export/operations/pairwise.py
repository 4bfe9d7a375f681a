"""Kernels between rows and fixed points as ``sklearn.metrics.pairwise`` computes them, each with its bound."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray
from sklearn.metrics.pairwise import KERNEL_PARAMS

from samescore_export.graph import Graph
from samescore_export.operations.bounded import Bounded, bounded
from samescore_export.scope import Scope
from samescore_export.values import Matrix

Points = NDArray[np.float64]

REASON = "BLAS and scipy add products in an order of their own, and exp, tanh and pow are the platform's"


def dense(array: Any) -> NDArray[np.float64]:
    """A sparse or dense array as a dense one of float64."""
    return np.asarray(array.toarray() if hasattr(array, "toarray") else array, np.float64)


def _product(x: Bounded, points: Points) -> Bounded:
    return x.matmul(points.T)


def _expanded(x: Bounded, points: Points) -> Bounded:
    """``euclidean_distances(..., squared=True)``: -2 x.p + x.x + p.p, none below 0.

    The error is one of the squares' size, not of the distance's. scikit-learn has 0 on the diagonal when it is given the fitted
    points themselves, which is within that.
    """
    graph = x.graph
    width = points.shape[1]
    norms = (points**2).sum(axis=1)
    crossed = _product(x, points).times(-2.0)
    rows = x.squared().summed(1, width)
    whole = crossed + rows
    total = Bounded(
        graph,
        graph.op("Add", whole.value, graph.constant(norms)),
        graph.op("Add", whole.size, graph.constant(norms)),
        whole.ulp + 2.0 * (width + 2),
    )
    return total.largest(0.0)


def _columns(x: Bounded, points: Points, term: Callable[[Bounded, Points], Bounded]) -> Bounded:
    """The sum of a term over the columns, one by one from the first."""
    total: Bounded | None = None
    for i in range(points.shape[1]):
        part = term(x.column(i), points[None, :, i])
        total = part if total is None else total + part
    assert total is not None
    return total


def _absolute(gap: Bounded) -> Bounded:
    return Bounded(gap.graph, gap.graph.op("Abs", gap.value), gap.size, gap.ulp)


def manhattan(x: Bounded, points: Points) -> Bounded:
    """``scipy.spatial.distance.cdist(..., "cityblock")``, in any order of addition."""
    total = _columns(x, points, lambda column, fixed: _absolute(column.minus(fixed)))
    return Bounded(total.graph, total.value, total.size, total.ulp + 2.0 * points.shape[1])


def _additive_chi2(x: Bounded, points: Points) -> Bounded:
    """``_chi2_kernel_fast``: minus the sum of (x - p)**2 / (x + p), column by column; NaN where scikit-learn refuses a row."""
    graph = x.graph

    def term(column: Bounded, fixed: Points) -> Bounded:
        gap, both = column.minus(fixed), column.plus(fixed)
        nothing = graph.op("Equal", both.value, graph.constant(0.0))
        safe = Bounded(graph, graph.op("Where", nothing, graph.constant(1.0), both.value), both.size, both.ulp)
        share = gap.squared() / safe
        return Bounded(graph, graph.op("Where", nothing, graph.constant(0.0), share.value), share.size, share.ulp)

    total = _columns(x, points, term).negated()
    negative = graph.op("Less", x.value, graph.constant(0.0))
    any_negative = graph.op(
        "ReduceMax", graph.op("Cast", negative, to=int(ir.DataType.DOUBLE)), graph.constant([1], np.int64), keepdims=1
    )
    refused = graph.op("Greater", any_negative, graph.constant(0.0))
    value = graph.op("Where", refused, graph.constant(np.nan), total.value)
    return Bounded(graph, value, total.size, total.ulp)


def linear(x: Bounded, points: Points) -> Bounded:
    """x . p."""
    return _product(x, points)


def _bent(x: Bounded, points: Points, gamma: float | None, coef0: float) -> Bounded:
    slope = 1.0 / points.shape[1] if gamma is None else float(gamma)
    raw = _product(x, points).times(slope)
    graph = x.graph
    return Bounded(
        graph,
        graph.op("Add", raw.value, graph.constant(float(coef0))),
        graph.op("Add", raw.size, graph.constant(abs(float(coef0)))),
        raw.ulp + 2,
    )


def polynomial(x: Bounded, points: Points, degree: float = 3, gamma: float | None = None, coef0: float = 1) -> Bounded:
    """(gamma x . p + coef0) ** degree."""
    return _bent(x, points, gamma, coef0).power(float(degree))


def sigmoid(x: Bounded, points: Points, gamma: float | None = None, coef0: float = 1) -> Bounded:
    """tanh(gamma x . p + coef0)."""
    raw = _bent(x, points, gamma, coef0)
    # onnxruntime's Tanh in double is within 7 ulp of numpy's.
    return raw.lipschitz(x.graph.op("Tanh", raw.value), 1.0, 16.0)


def rbf(x: Bounded, points: Points, gamma: float | None = None) -> Bounded:
    """exp(-gamma * squared distance), the square expanded."""
    slope = 1.0 / points.shape[1] if gamma is None else float(gamma)
    return _expanded(x, points).times(-slope).exp()


def laplacian(x: Bounded, points: Points, gamma: float | None = None) -> Bounded:
    """exp(-gamma * sum of absolute differences)."""
    slope = 1.0 / points.shape[1] if gamma is None else float(gamma)
    return manhattan(x, points).times(-slope).exp()


def chi2(x: Bounded, points: Points, gamma: float = 1.0) -> Bounded:
    """exp(gamma * additive chi squared)."""
    return _additive_chi2(x, points).times(float(gamma)).exp()


def additive_chi2(x: Bounded, points: Points) -> Bounded:
    return _additive_chi2(x, points)


def cosine(x: Bounded, points: Points) -> Bounded:
    """The product of rows and points of length 1; ``_handle_zeros_in_scale`` leaves one shorter than 10 eps as it is."""
    graph, tiny = x.graph, 10 * np.finfo(np.float64).eps
    width = points.shape[1]
    norm = x.squared().summed(1, width).sqrt()
    short = graph.op("Less", norm.value, graph.constant(tiny))
    divisor = Bounded(
        graph,
        graph.op("Where", short, graph.constant(1.0), norm.value),
        graph.op("Max", norm.size, graph.op("Where", short, graph.constant(1.0), graph.constant(0.0))),
        norm.ulp,
    )
    lengths = np.sqrt(np.einsum("ij,ij->i", points, points))
    unit = points / np.where(lengths < tiny, 1.0, lengths)[:, None]
    found = (x / divisor).matmul(unit.T)
    return Bounded(graph, found.value, found.size, found.ulp + width + 4)


KERNELS: Mapping[str, Callable[..., Bounded]] = {
    "additive_chi2": additive_chi2,
    "chi2": chi2,
    "cosine": cosine,
    "laplacian": laplacian,
    "linear": linear,
    "poly": polynomial,
    "polynomial": polynomial,
    "rbf": rbf,
    "sigmoid": sigmoid,
}


def pairwise_kernel(scope: Scope, x: Matrix, points: Any, kernel: Any, options: Mapping[str, Any]) -> Bounded:
    """``pairwise_kernels(x, points, metric=kernel, filter_params=True, **options)``: (rows, points).

    A precomputed kernel is the input itself.
    """
    graph: Graph = scope.graph
    if kernel == "precomputed":
        return bounded(graph, x)
    if callable(kernel) or kernel not in KERNELS:
        raise scope.refuse(f"kernel={kernel!r}", f"kernel={' or '.join(sorted(KERNELS))} or precomputed")
    used = {name: value for name, value in options.items() if name in KERNEL_PARAMS[kernel]}
    if kernel == "chi2" and used.get("gamma", 1.0) is None:
        del used["gamma"]
    return KERNELS[kernel](bounded(graph, x), dense(points), **used)
