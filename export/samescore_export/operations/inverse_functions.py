"""Inverse trigonometric and hyperbolic functions in double, for which onnxruntime has kernels in single precision at most."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from samescore_export.graph import Graph
from samescore_export.operations.angles import arcsine
from samescore_export.operations.logarithms import log1p

#: Beyond it x and sqrt(x**2 + 1) are the same double, and x**2 need not be made.
_FAR = 1e8


def _where_abs_within(graph: Graph, size: ir.Value, value: ir.Value) -> ir.Value:
    """NaN where the size is beyond 1; the kernels of angles.py are made for sizes up to it."""
    return graph.op("Where", graph.op("Greater", size, graph.constant(1.0)), graph.constant(np.nan), value)


def arcsin(graph: Graph, x: ir.Value) -> ir.Value:
    size = graph.op("Abs", x)
    return _where_abs_within(graph, size, graph.op("Mul", graph.op("Sign", x), arcsine(graph, size)))


def arccos(graph: Graph, x: ir.Value) -> ir.Value:
    """pi / 2 - asin(x); where that would cancel, 2 asin(sqrt((1 - abs(x)) / 2)) or pi less it."""
    half, zero = graph.constant(0.5), graph.constant(0.0)
    size = graph.op("Abs", x)
    outside = graph.op("Greater", size, half)
    rest = graph.op("Max", graph.op("Mul", graph.op("Sub", graph.constant(1.0), size), half), zero)
    angle = arcsine(graph, graph.op("Where", outside, graph.op("Sqrt", rest), size))
    edge = graph.op("Mul", graph.constant(2.0), angle)
    mirrored = graph.op("Sub", graph.constant(np.pi), edge)
    edge = graph.op("Where", graph.op("Greater", x, zero), edge, mirrored)
    middle = graph.op("Sub", graph.constant(np.pi / 2), graph.op("Mul", graph.op("Sign", x), angle))
    return _where_abs_within(graph, size, graph.op("Where", outside, edge, middle))


def arctan(graph: Graph, x: ir.Value) -> ir.Value:
    """Single precision, and the arctangent of what is missing, which is so small that it is its own tangent."""
    one = graph.constant(1.0)
    size = graph.op("Abs", x)
    far = graph.op("Greater", size, one)
    argument = graph.op("Where", far, graph.op("Div", one, size), size)
    single = graph.op("Atan", graph.op("Cast", argument, to=int(ir.DataType.FLOAT)))
    angle = graph.op("Cast", single, to=int(ir.DataType.DOUBLE))
    sine = graph.op("Sin", angle)
    tangent = graph.op("Div", sine, graph.op("Sqrt", graph.op("Sub", one, graph.op("Mul", sine, sine))))
    over = graph.op("Add", one, graph.op("Mul", argument, tangent))
    angle = graph.op("Add", angle, graph.op("Div", graph.op("Sub", argument, tangent), over))
    turned = graph.op("Sub", graph.constant(np.pi / 2), angle)
    return graph.op("Mul", graph.op("Sign", x), graph.op("Where", far, turned, angle))


def _far_out(graph: Graph, size: ir.Value, near: ir.Value) -> ir.Value:
    """log(2 size) far out, what was made of min(size, _FAR) elsewhere."""
    logarithm = graph.op("Add", graph.op("Log", size), graph.constant(float(np.log(2.0))))
    return graph.op("Where", graph.op("Greater", size, graph.constant(_FAR)), logarithm, near)


def arcsinh(graph: Graph, x: ir.Value) -> ir.Value:
    """log1p(x + x**2 / (1 + sqrt(1 + x**2))) of the size."""
    one = graph.constant(1.0)
    size = graph.op("Abs", x)
    near = graph.op("Where", graph.op("Greater", size, graph.constant(_FAR)), graph.constant(_FAR), size)
    square = graph.op("Mul", near, near)
    root = graph.op("Sqrt", graph.op("Add", one, square))
    grown = graph.op("Add", near, graph.op("Div", square, graph.op("Add", one, root)))
    return graph.op("Mul", graph.op("Sign", x), _far_out(graph, size, log1p(graph, grown)))


def arccosh(graph: Graph, x: ir.Value) -> ir.Value:
    """log1p(t + sqrt(2 t + t**2)) for t = x - 1; NaN below 1."""
    far = graph.constant(_FAR)
    near = graph.op("Where", graph.op("Greater", x, far), far, x)
    more = graph.op("Sub", near, graph.constant(1.0))
    root = graph.op("Sqrt", graph.op("Add", graph.op("Mul", graph.constant(2.0), more), graph.op("Mul", more, more)))
    value = _far_out(graph, x, log1p(graph, graph.op("Add", more, root)))
    return graph.op("Where", graph.op("Less", x, graph.constant(1.0)), graph.constant(np.nan), value)


def arctanh(graph: Graph, x: ir.Value) -> ir.Value:
    """log1p(2 x / (1 - x)) / 2 of the size; NaN beyond 1."""
    half, one = graph.constant(0.5), graph.constant(1.0)
    size = graph.op("Abs", x)
    twice = graph.op("Mul", graph.constant(2.0), size)
    rest = graph.op("Sub", one, size)
    small = graph.op("Add", twice, graph.op("Div", graph.op("Mul", twice, size), rest))
    grown = graph.op("Where", graph.op("Less", size, half), small, graph.op("Div", twice, rest))
    value = graph.op("Mul", graph.op("Mul", graph.op("Sign", x), half), log1p(graph, grown))
    return _where_abs_within(graph, size, value)
