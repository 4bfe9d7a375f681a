"""The arcsine and the cosine in double, which onnxruntime has only in single precision (the cosine in its older releases)."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from samescore_export.graph import Graph

#: Steps of Newton's method from single precision; each doubles the digits.
_STEPS = 2


def arcsine(graph: Graph, x: ir.Value) -> ir.Value:
    """asin(x) for 0 <= x <= 1, within a few ulp: single precision improved by Newton's method.

    Above 0.7 the cosine is small, and asin(x) = pi / 2 - 2 asin(sqrt((1 - x) / 2)) is taken.
    """
    one, half = graph.constant(1.0), graph.constant(0.5)
    high = graph.op("Greater", x, graph.constant(0.7))
    small = graph.op("Sqrt", graph.op("Max", graph.op("Mul", graph.op("Sub", one, x), half), graph.constant(0.0)))
    argument = graph.op("Where", high, small, x)
    single = graph.op("Asin", graph.op("Cast", argument, to=int(ir.DataType.FLOAT)))
    angle = graph.op("Cast", single, to=int(ir.DataType.DOUBLE))
    for _ in range(_STEPS):
        sine = graph.op("Sin", angle)
        # The slope need not be exact; older releases of onnxruntime have no cosine in double.
        slope = graph.op("Sqrt", graph.op("Sub", one, graph.op("Mul", sine, sine)))
        angle = graph.op("Sub", angle, graph.op("Div", graph.op("Sub", sine, argument), slope))
    mirrored = graph.op("Sub", graph.constant(np.pi / 2), graph.op("Mul", graph.constant(2.0), angle))
    return graph.op("Where", high, mirrored, angle)


def cosine(graph: Graph, x: ir.Value) -> ir.Value:
    """cos(x) for abs(x) <= pi / 2, within 2 units of 2**-53 of 1: the sine of what is left to pi / 2."""
    return graph.op("Sin", graph.op("Sub", graph.constant(np.pi / 2), graph.op("Abs", x)))


def cosine_anywhere(graph: Graph, x: ir.Value) -> ir.Value:
    """cos(x) for any x, within 4 units of 2**-53 of 1: 1 - 2 sin(x / 2)**2, as onnxruntime 1.24 has no cosine in double."""
    half = graph.op("Sin", graph.op("Mul", x, graph.constant(0.5)))
    return graph.op("Sub", graph.constant(1.0), graph.op("Mul", graph.constant(2.0), graph.op("Mul", half, half)))
