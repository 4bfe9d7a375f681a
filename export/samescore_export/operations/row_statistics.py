"""One number of the columns of each row: sums, means, extremes and medians, as numpy takes them along axis 1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx_ir as ir

from samescore_export.graph import Graph
from samescore_export.operations.deciding import sized
from samescore_export.scope import Scope
from samescore_export.values import Matrix, Rounding

#: Those that NumPy has under this name.
STATISTICS = frozenset(["sum", "mean", "max", "amax", "min", "amin", "median"])


def is_statistic(function: Any, options: Mapping[str, Any]) -> bool:
    """Whether it is one of NumPy's, along axis 1, that leaves a column."""
    name = getattr(function, "__name__", "")
    known = name in STATISTICS and function is getattr(np, name, None)
    return known and set(options) == {"axis", "keepdims"} and options["axis"] in (1, -1) and options["keepdims"] is True


def row_median(graph: Graph, value: ir.Value, width: int) -> ir.Value:
    """(rows, 1): the middle of each row, or the mean of both; NaN where there is one, as ``numpy.median`` has it."""
    nowhere = graph.op("Where", graph.op("IsNaN", value), graph.constant(0.0), value)
    middle = width // 2
    largest, _ = graph.ops("TopK", nowhere, graph.constant([middle + 1], np.int64), outputs=2, axis=1, largest=0)
    found = graph.op("Gather", largest, graph.constant([middle], np.int64), axis=1)
    if width % 2 == 0:
        below = graph.op("Gather", largest, graph.constant([middle - 1], np.int64), axis=1)
        found = graph.op("Div", graph.op("Add", below, found), graph.constant(2.0))
    return _nan_where_any(graph, value, found)


def _nan_where_any(graph: Graph, value: ir.Value, found: ir.Value) -> ir.Value:
    holes = graph.op("Cast", graph.op("IsNaN", value), to=int(ir.DataType.DOUBLE))
    any_ = graph.op(
        "Greater", graph.op("ReduceMax", holes, graph.constant([1], np.int64), keepdims=1), graph.constant(0.0)
    )
    return graph.op("Where", any_, graph.constant(np.nan), found)


def statistic(scope: Scope, name: str, x: Matrix) -> Matrix:
    """The statistic of each row as a matrix of one column; sums within the bound of any order."""
    graph = scope.graph
    if x.dtype == "float32":
        raise scope.refuse(f"FunctionTransformer({name}) over float32 columns", "float64 columns")
    axis = graph.constant([1], np.int64)
    size = graph.op("Abs", x.value) if x.rounding is None else sized(graph, x.value, x.rounding)
    ulp = 0.0 if x.rounding is None else 2.0 * x.rounding.ulp
    if name in ("sum", "mean"):
        value = graph.op("ReduceSum", x.value, axis, keepdims=1)
        scale = graph.op("ReduceSum", size, axis, keepdims=1)
        ulp += x.width
        if name == "mean":
            width = graph.constant(float(x.width))
            value, scale, ulp = graph.op("Div", value, width), graph.op("Div", scale, width), ulp + 1
        reason = "a sum in numpy's order" if x.rounding is None else x.rounding.reason
        rounding: Rounding | None = None if x.width == 1 and x.rounding is None else Rounding(ulp, scale, reason)
    else:
        if name == "median":
            value = row_median(graph, x.value, x.width)
        else:
            op = "ReduceMax" if "max" in name else "ReduceMin"
            value = _nan_where_any(graph, x.value, graph.op(op, x.value, axis, keepdims=1))
        scale = graph.op("ReduceMax", size, axis, keepdims=1)
        rounding = None if x.rounding is None else Rounding(ulp + 1, scale, x.rounding.reason)
    whole = x.integers and name not in ("mean", "median")
    return Matrix(value, 1, rounding=None if whole else rounding, integers=whole, margin=x.margin)
