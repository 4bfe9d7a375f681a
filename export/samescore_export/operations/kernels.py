"""Kernels between rows and fixed points, in double, and how far each may be off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from samescore_export.graph import Graph
from samescore_export.operations.deciding import sized
from samescore_export.operations.link import exponential
from samescore_export.values import Matrix

#: Columns up to which squared distances are added column by column; beyond, they come from the expansion of the square.
_UNROLLED = 64


@dataclass(frozen=True, slots=True)
class KernelValue:
    """(rows, points): ``value`` is within ``ulp`` units of 2**-53 of ``size`` of what scikit-learn has."""

    value: ir.Value
    size: ir.Value
    ulp: float


def _input(graph: Graph, x: Matrix) -> tuple[ir.Value, float]:
    """The scale of the input's own error, nowhere below its magnitude, and its ulp."""
    if x.rounding is None:
        return graph.op("Abs", x.value), 0.0
    return sized(graph, x.value, x.rounding), x.rounding.ulp


def products(graph: Graph, x: Matrix, points: NDArray[np.float64]) -> KernelValue:
    """x @ points.T: any order of n products, on both sides."""
    transposed = np.ascontiguousarray(points.T)
    size, ulp = _input(graph, x)
    value = graph.op("MatMul", x.value, graph.constant(transposed))
    return KernelValue(value, graph.op("MatMul", size, graph.constant(np.abs(transposed))), 2.0 * (x.width + 1) + ulp)


def squared_distances(graph: Graph, x: Matrix, points: NDArray[np.float64]) -> KernelValue:
    """The sum of (x - point)**2 over the columns.

    Column by column it is a sum of squares, as exact as its size. For very many columns that is slow, and the square is expanded
    about the middle of the points; the error is then one of the squares' size.
    """
    size, ulp = _input(graph, x)
    inexact = graph.constant(0.0)
    if x.rounding is not None:
        # (x + d - p)**2 moves by 2 abs(x - p) d, and abs(x - p) <= abs(x) + abs(p).
        rows = graph.op("ReduceSum", graph.op("Mul", size, size), graph.constant([1], np.int64), keepdims=1)
        cross = graph.op("MatMul", size, graph.constant(np.ascontiguousarray(np.abs(points.T))))
        inexact = graph.op("Mul", graph.op("Add", rows, cross), graph.constant(2.0))
    if x.width <= _UNROLLED:
        value = None
        for i in range(x.width):
            column = graph.op("Gather", x.value, graph.constant([i], np.int64), axis=1)
            gap = graph.op("Sub", column, graph.constant(points[None, :, i]))
            square = graph.op("Mul", gap, gap)
            value = square if value is None else graph.op("Add", value, square)
        assert value is not None
        return KernelValue(value, graph.op("Add", value, inexact), 2.0 * (x.width + 3) + ulp)
    middle = points.mean(axis=0)
    moved = points - middle
    near = graph.op("Sub", x.value, graph.constant(middle))
    squares = graph.op("ReduceSum", graph.op("Mul", near, near), graph.constant([1], np.int64), keepdims=1)
    norms = graph.constant((moved**2).sum(axis=1))
    both = graph.op("Add", squares, norms)
    crossed = graph.op("MatMul", near, graph.constant(np.ascontiguousarray(-2.0 * moved.T)))
    value = graph.op("Max", graph.op("Add", both, crossed), graph.constant(0.0))
    # The subtraction of the middle rounds as well: one unit of abs(x) + abs(middle), squared with the rest.
    spread = graph.op("Add", graph.op("Abs", x.value), graph.constant(np.abs(middle) + np.abs(points).max(axis=0)))
    far = graph.op("ReduceSum", graph.op("Mul", spread, spread), graph.constant([1], np.int64), keepdims=1)
    whole = graph.op("Add", graph.op("Add", both, far), inexact)
    return KernelValue(value, whole, 4.0 * (x.width + 6) + ulp)


def linear(graph: Graph, x: Matrix, points: NDArray[np.float64], **options: float) -> KernelValue:
    """x . p."""
    return products(graph, x, points)


def _affine_product(graph: Graph, x: Matrix, points: NDArray[np.float64], gamma: float, coef0: float) -> KernelValue:
    dot = products(graph, x, points)
    value = graph.op("Add", graph.op("Mul", graph.constant(gamma), dot.value), graph.constant(coef0))
    size = graph.op("Add", graph.op("Mul", graph.constant(abs(gamma)), dot.size), graph.constant(abs(coef0)))
    return KernelValue(value, size, dot.ulp + 4)


def polynomial(
    graph: Graph, x: Matrix, points: NDArray[np.float64], *, gamma: float, coef0: float, degree: int
) -> KernelValue:
    """(gamma x . p + coef0) ** degree, by repeated squaring as libsvm's ``powi``."""
    base = _affine_product(graph, x, points, gamma, coef0)
    value = _power(graph, base.value, degree)
    # b ** d moves by d b ** (d - 1) times the base's error; the products add a rounding each.
    return KernelValue(value, _power(graph, base.size, degree), max(degree, 1) * (base.ulp + 4))


def _power(graph: Graph, base: ir.Value, degree: int) -> ir.Value:
    result: ir.Value | None = None
    factor, times = base, degree
    while times > 0:
        if times % 2 == 1:
            result = factor if result is None else graph.op("Mul", result, factor)
        times //= 2
        if times:
            factor = graph.op("Mul", factor, factor)
    if result is None:
        return graph.op("Add", graph.op("Mul", base, graph.constant(0.0)), graph.constant(1.0))
    return result


def gaussian(graph: Graph, x: Matrix, points: NDArray[np.float64], *, gamma: float, **options: float) -> KernelValue:
    """exp(-gamma * squared distance)."""
    distance = squared_distances(graph, x, points)
    value = exponential(graph, graph.op("Mul", distance.value, graph.constant(-gamma)))
    argument = graph.op("Mul", distance.size, graph.constant(abs(gamma)))
    # exp moves by itself times the argument's error.
    size = graph.op("Mul", value, graph.op("Add", argument, graph.constant(1.0)))
    return KernelValue(value, size, distance.ulp + 6)


def hyperbolic(
    graph: Graph, x: Matrix, points: NDArray[np.float64], *, gamma: float, coef0: float, **options: float
) -> KernelValue:
    """tanh(gamma x . p + coef0)."""
    base = _affine_product(graph, x, points, gamma, coef0)
    # onnxruntime's Tanh in double is within 5 ulp; tanh moves by no more than its argument.
    return KernelValue(graph.op("Tanh", base.value), graph.op("Add", base.size, graph.constant(1.0)), base.ulp + 12)


Kernel = Callable[..., KernelValue]

KERNELS: dict[str, Kernel] = {"linear": linear, "poly": polynomial, "rbf": gaussian, "sigmoid": hyperbolic}
