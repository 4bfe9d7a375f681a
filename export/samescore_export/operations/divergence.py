"""The beta divergence between X and W @ H, which NMF's stopping rule watches."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from samescore_export.graph import Graph


def beta_divergence(graph: Graph, x: ir.Value, w: ir.Value, h: NDArray[np.float64], beta: float) -> ir.Value:
    """``_beta_divergence(x, w, h, beta, square_root=True)``: a scalar.

    Elements of X up to eps of float32 do not count, and those of W @ H are raised to it.
    """

    def total(value: ir.Value) -> ir.Value:
        return graph.op("ReduceSum", value, keepdims=0)

    product = graph.op("MatMul", w, graph.constant(h))
    if beta == 2:
        gap = graph.op("Sub", x, product)
        return graph.op("Sqrt", total(graph.op("Mul", gap, gap)))
    least, zero, one = graph.constant(float(np.finfo(np.float32).eps)), graph.constant(0.0), graph.constant(1.0)
    counts = graph.op("Greater", x, least)
    safe = graph.op("Where", graph.op("Less", product, least), least, product)
    number = graph.op("Where", counts, x, one)

    def counted(value: ir.Value) -> ir.Value:
        return total(graph.op("Where", counts, value, zero))

    if beta == 1:
        shares = graph.op("Div", number, safe)
        result = counted(graph.op("Mul", number, graph.op("Log", shares)))
        result = graph.op("Add", result, graph.op("Sub", total(product), counted(number)))
    elif beta == 0:
        shares = graph.op("Div", number, safe)
        size = graph.op("Cast", graph.op("Size", x), to=int(ir.DataType.DOUBLE))
        result = graph.op("Sub", graph.op("Sub", counted(shares), size), counted(graph.op("Log", shares)))
    else:
        crossed = counted(graph.op("Mul", number, graph.op("Pow", safe, graph.constant(beta - 1))))
        powers = counted(graph.op("Pow", number, graph.constant(beta)))
        result = graph.op("Sub", powers, graph.op("Mul", graph.constant(beta), crossed))
        whole = total(graph.op("Pow", product, graph.constant(beta)))
        result = graph.op("Add", result, graph.op("Mul", whole, graph.constant(beta - 1)))
        result = graph.op("Div", result, graph.constant(beta * (beta - 1)))
    return graph.op("Sqrt", graph.op("Mul", graph.constant(2.0), graph.op("Max", result, zero)))
