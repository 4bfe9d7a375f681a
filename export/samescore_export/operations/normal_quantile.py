"""The quantile function of the normal distribution in double, for which ONNX has no operator."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.polynomial import chebyshev
from numpy.typing import NDArray
from scipy.special import ndtri

from samescore_export.graph import Graph

#: Pieces of [0.1, 0.5] for p, and of [2, 5.8] for sqrt(-2 log p) below 0.1, have a polynomial each.
_MIDDLE, _TAIL = np.linspace(0.1, 0.5, 33), np.linspace(2.0, 5.8, 33)
_DEGREE = 9


def _pieces(edges: NDArray[np.float64], function: Any) -> NDArray[np.float64]:
    """(pieces, degree + 1): coefficients about each piece's middle, in powers of the distance over half its width."""
    table = np.empty((len(edges) - 1, _DEGREE + 1))
    for piece, (low, high) in enumerate(pairwise(edges.tolist())):
        fitted = chebyshev.Chebyshev.interpolate(function, _DEGREE, domain=[low, high])
        powers = chebyshev.cheb2poly(fitted.coef)
        table[piece] = np.pad(powers, (0, _DEGREE + 1 - len(powers)))
    return table


@cache
def _tables() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    # Divided by what is 0 at a half, the middle's values are as exact as they are small.
    def middle(p: NDArray[np.float64]) -> NDArray[np.float64]:
        q = p - 0.5
        return np.asarray(np.where(np.abs(q) < 1e-9, np.sqrt(2 * np.pi), ndtri(p) / np.where(q == 0, 1.0, q)))

    def tail(t: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(ndtri(np.exp(-0.5 * t * t)))

    return _pieces(_MIDDLE, middle), _pieces(_TAIL, tail)


def _evaluated(graph: Graph, x: ir.Value, edges: NDArray[np.float64], table: NDArray[np.float64]) -> ir.Value:
    low, width = float(edges[0]), float(edges[1] - edges[0])
    inner = graph.op("Clip", x, graph.constant(low), graph.constant(float(edges[-1])))
    filled = graph.op("Where", graph.op("IsNaN", inner), graph.constant(low), inner)
    place = graph.op("Div", graph.op("Sub", filled, graph.constant(low)), graph.constant(width))
    piece = graph.op("Min", graph.op("Floor", place), graph.constant(float(len(table) - 1)))
    index = graph.op("Cast", piece, to=int(ir.DataType.INT64))
    gap = graph.op("Mul", graph.op("Sub", graph.op("Sub", place, piece), graph.constant(0.5)), graph.constant(2.0))

    def at(degree: int) -> ir.Value:
        return graph.op("Gather", graph.constant(table[:, degree]), index, axis=0)

    value = at(_DEGREE)
    for degree in range(_DEGREE - 1, -1, -1):
        value = graph.op("Add", graph.op("Mul", value, gap), at(degree))
    return value


def normal_quantile(graph: Graph, p: ir.Value) -> ir.Value:
    """``scipy.special.ndtri`` for p between 5e-8 and 1 - 5e-8, within 32 units of 2**-53 of max(its own size, 1)."""
    middle, tail = _tables()
    other = graph.op("Sub", graph.constant(1.0), p)
    upper = graph.op("Greater", p, graph.constant(0.5))
    small = graph.op("Where", upper, other, p)
    offset = graph.op("Sub", small, graph.constant(0.5))
    near = graph.op("Mul", offset, _evaluated(graph, small, _MIDDLE, middle))
    root = graph.op("Sqrt", graph.op("Mul", graph.constant(-2.0), graph.op("Log", small)))
    far = _evaluated(graph, root, _TAIL, tail)
    value = graph.op("Where", graph.op("Less", small, graph.constant(float(_MIDDLE[0]))), far, near)
    value = graph.op("Where", graph.op("IsNaN", p), p, value)
    return graph.op("Where", upper, graph.op("Neg", value), value)
