"""The arcsine in double, which onnxruntime has only in single precision."""

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
        miss = graph.op("Sub", graph.op("Sin", angle), argument)
        angle = graph.op("Sub", angle, graph.op("Div", miss, graph.op("Cos", angle)))
    mirrored = graph.op("Sub", graph.constant(np.pi / 2), graph.op("Mul", graph.constant(2.0), angle))
    return graph.op("Where", high, mirrored, angle)
