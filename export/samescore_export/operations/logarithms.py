"""log(1 + x) and exp(x) - 1 in double, for which ONNX has no operators."""

from __future__ import annotations

import onnx_ir as ir

from samescore_export.graph import Graph
from samescore_export.operations.link import exponential


def log1p(graph: Graph, x: ir.Value) -> ir.Value:
    """log(1 + x): the rounding of 1 + x is undone by the quotient, as log(u) / (u - 1) varies slowly."""
    one = graph.constant(1.0)
    u = graph.op("Add", x, one)
    moved = graph.op("Sub", u, one)
    still = graph.op("Equal", moved, graph.constant(0.0))
    safe = graph.op("Where", still, one, moved)
    value = graph.op("Mul", graph.op("Log", u), graph.op("Div", x, safe))
    value = graph.op("Where", still, x, value)
    # Far out 1 + x is x, and for infinity the quotient would be NaN.
    return graph.op("Where", graph.op("Greater", x, graph.constant(1e18)), graph.op("Log", u), value)


def expm1(graph: Graph, x: ir.Value) -> ir.Value:
    """exp(x) - 1: (u - 1) x / log(u) for u near exp(x), where the quotient undoes the rounding of u."""
    one = graph.constant(1.0)
    u = exponential(graph, x)
    less = graph.op("Sub", u, one)
    still = graph.op("Equal", less, graph.constant(0.0))
    log = graph.op("Log", graph.op("Where", still, graph.constant(2.0), u))
    value = graph.op("Where", still, x, graph.op("Mul", less, graph.op("Div", x, log)))
    far = graph.op("Greater", graph.op("Abs", x), graph.constant(40.0))
    return graph.op("Where", far, less, value)
