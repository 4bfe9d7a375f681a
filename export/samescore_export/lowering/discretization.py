"""The lowering of ``KBinsDiscretizer``."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray
from sklearn.preprocessing import KBinsDiscretizer

from samescore_export.certificate import constants_certificate
from samescore_export.margins import nearest_of
from samescore_export.operations.numeric import as_doubles, floats
from samescore_export.operations.thresholds import near_thresholds
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Hint, Matrix, Table


def lower_k_bins(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """``numpy.searchsorted(inner edges, x, side="right")``: how many edges are not above x, then one column a bin if asked.

    numpy compares in float64 also where x is float32. NaN, which scikit-learn refuses, is beyond all edges.
    """
    graph = scope.graph
    x = floats(scope, inputs, estimator)
    if estimator.dtype not in (None, np.float64, np.float32):
        raise scope.refuse(f"KBinsDiscretizer(dtype={estimator.dtype!r})", "None, float64 or float32")
    single = estimator.dtype is np.float32 or (estimator.dtype is None and x.dtype == "float32")
    wide = as_doubles(graph, x)
    if single and x.dtype == "float64":
        narrow = graph.op("Cast", graph.op("Cast", x.value, to=int(ir.DataType.FLOAT)), to=int(ir.DataType.DOUBLE))
        wide = replace(wide, value=narrow, origins=())
    edges = [np.asarray(found[1:-1], np.float64) for found in estimator.bin_edges_]
    margin = nearest_of(graph, [x.margin, near_thresholds(graph, wide, {i: e for i, e in enumerate(edges) if len(e)})])
    most = max((len(found) for found in edges), default=0)
    table = np.full((len(edges), max(most, 1)), np.inf)
    for row, found in zip(table, edges, strict=True):
        row[: len(found)] = found
    constant = graph.constant(table)
    deep = graph.op("Unsqueeze", wide.value, graph.constant([2], np.int64))
    reached = graph.op("Cast", graph.op("GreaterOrEqual", deep, constant), to=int(ir.DataType.INT64))
    # An edge that is not there is beyond every number but infinity.
    held = graph.op("Mul", reached, graph.constant(np.isfinite(table).astype(np.int64)))
    number = graph.op("ReduceSum", held, graph.constant([2], np.int64), keepdims=0)
    hints = tuple(
        Hint("split", origin, np.nextafter(found, -np.inf))
        for origin, found in zip(wide.origins, edges, strict=False)
        if origin is not None and len(found)
    )
    certificate = constants_certificate(graph.path, {"bin_edges_": (constant, table)})
    target = ir.DataType.FLOAT if single else ir.DataType.DOUBLE
    if estimator.encode == "ordinal":
        forwards = [_bins(found) for found in edges]
        value = graph.op("Cast", number, to=int(target))
        result = wide.mapped(value, None if single else forwards)
    else:
        widths = [len(categories) for categories in estimator._encoder.categories_]
        value = _one_hot(scope, number, widths, target)
        result = Matrix(value, sum(widths), sparse=estimator.encode == "onehot")
    dtype: Any = "float32" if single else "float64"
    result = replace(result, dtype=dtype, rounding=None, margin=margin, integers=False)
    return Lowered(result, certificates=(certificate,), hints=hints)


def _bins(edges: NDArray[np.float64]) -> Any:
    return lambda column: np.searchsorted(edges, column, side="right").astype(np.float64)


def _one_hot(scope: Scope, number: ir.Value, widths: list[int], target: ir.DataType) -> ir.Value:
    """(rows, sum of widths) from (rows, columns) numbers below each column's width."""
    graph = scope.graph
    column = np.repeat(np.arange(len(widths)), widths)
    wanted = np.concatenate([np.arange(width) for width in widths])
    spread = graph.op("Gather", number, graph.constant(column, np.int64), axis=1)
    return graph.op("Cast", graph.op("Equal", spread, graph.constant(wanted[None, :], np.int64)), to=int(target))


LOWERINGS = {KBinsDiscretizer: lower_k_bins}
