"""The error function in double, for which onnxruntime has no kernel."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import onnx_ir as ir
from numpy.polynomial import hermite
from numpy.typing import NDArray
from scipy.special import erf

from samescore_export.graph import Graph

#: Pieces of the interval [0, 6) of this width have a polynomial each; from 6 on the function is 1 to the last bit.
_STEP, _END = 1 / 16, 6.0

#: The term of degree 10 is below 4e-18 on a piece.
_DEGREE = 9


@cache
def _coefficients() -> NDArray[np.float64]:
    """(pieces, degree + 1): the Taylor coefficients about the middle of each piece, by Hermite polynomials."""
    middles = np.arange(0.0, _END, _STEP) + _STEP / 2
    table = np.empty((len(middles), _DEGREE + 1))
    table[:, 0] = erf(middles)
    density = 2 / math.sqrt(math.pi) * np.exp(-(middles**2))
    for k in range(1, _DEGREE + 1):
        unit = np.zeros(k)
        unit[k - 1] = 1.0
        table[:, k] = (-1) ** (k - 1) * hermite.hermval(middles, unit) * density / math.factorial(k)
    return table


def error_function(graph: Graph, x: ir.Value) -> ir.Value:
    """erf(x) for x of any shape, within 4 units of 2**-53 of 1 (not of itself where it is near 0)."""
    table = _coefficients()
    size = graph.op("Abs", x)
    inner = graph.op("Min", size, graph.constant(_END - _STEP / 4))
    filled = graph.op("Where", graph.op("IsNaN", inner), graph.constant(0.0), inner)
    piece = graph.op("Floor", graph.op("Mul", filled, graph.constant(1 / _STEP)))
    index = graph.op("Cast", piece, to=int(ir.DataType.INT64))
    middle = graph.op("Mul", graph.op("Add", piece, graph.constant(0.5)), graph.constant(_STEP))
    gap = graph.op("Sub", inner, middle)

    def at(degree: int) -> ir.Value:
        return graph.op("Gather", graph.constant(table[:, degree]), index, axis=0)

    value = at(_DEGREE)
    for degree in range(_DEGREE - 1, -1, -1):
        value = graph.op("Add", graph.op("Mul", value, gap), at(degree))
    beyond = graph.op("GreaterOrEqual", size, graph.constant(_END))
    return graph.op("Mul", graph.op("Sign", x), graph.op("Where", beyond, graph.constant(1.0), value))
