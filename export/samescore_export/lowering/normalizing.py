"""The lowering of ``Normalizer``."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import onnx_ir as ir
from sklearn.preprocessing import Normalizer

from samescore_export.graph import Graph
from samescore_export.operations.deciding import sized
from samescore_export.operations.numeric import as_doubles, floats, narrowed
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Entries, Matrix, Rounding, Table, from_entries


def _norm(graph: Graph, kind: str, size: ir.Value, sparse: bool, width: int) -> ir.Value:
    axis = graph.constant([1], np.int64)
    if kind == "max":
        return graph.op("ReduceMax", size, axis, keepdims=1)
    terms = size if kind == "l1" else graph.op("Mul", size, size)
    if sparse:
        # scikit-learn adds the elements of a sparse row one by one.
        running = graph.op("CumSum", terms, graph.constant(1, np.int64))
        total = graph.op("Gather", running, graph.constant([width - 1], np.int64), axis=1)
    else:
        total = graph.op("ReduceSum", terms, axis, keepdims=1)
    return total if kind == "l1" else graph.op("Sqrt", total)


def _normalized_entries(graph: Graph, x: Matrix, entries: Entries, norm: str) -> Matrix:
    """The elements of a sparse matrix by their row's norm, whose terms are added one by one."""
    size = graph.op("Abs", entries.values)
    if norm == "max":
        found = graph.op("ReduceMax", size, graph.constant([1], np.int64), keepdims=1)
    else:
        terms = graph.op("Mul", size, size) if norm == "l2" else size
        running = graph.op("CumSum", terms, graph.constant(1, np.int64))
        found = graph.op("Gather", running, graph.constant([-1], np.int64), axis=1)
        found = graph.op("Sqrt", found) if norm == "l2" else found
    safe = graph.op("Where", graph.op("Equal", found, graph.constant(0.0)), graph.constant(1.0), found)
    return from_entries(graph, entries.columns, graph.op("Div", entries.values, safe), x.width, x)


def lower_normalizer(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """``normalize``: each row by its norm; a row whose norm counts as 0 stays as it is."""
    graph = scope.graph
    x = floats(scope, inputs, estimator)
    single = x.dtype == "float32"
    if x.stored is not None and x.rounding is None and not single:
        return Lowered(_normalized_entries(graph, x, x.stored, estimator.norm))
    wide = as_doubles(graph, x)
    size = graph.op("Abs", wide.value)
    norm = _norm(graph, estimator.norm, size, x.sparse, x.width)
    if single and not x.sparse:
        norm = narrowed(graph, norm)
    tiny = 0.0 if x.sparse else 10 * float(np.finfo(np.float32 if single else np.float64).eps)
    nothing = graph.op("LessOrEqual" if x.sparse else "Less", norm, graph.constant(tiny))
    value = graph.op("Div", wide.value, graph.op("Where", nothing, graph.constant(1.0), norm))
    if single:
        value = narrowed(graph, value)
    exact = wide.rounding is None and (estimator.norm == "max" or (x.sparse and not single))
    rounding = None
    if not exact:
        unit = 2.0**29 if single else 1.0
        # Sums of n terms of one sign are within n roundings of themselves, so is what is divided by them.
        ulp = (2.0 * x.width + 6.0) * unit
        scale = graph.op("Abs", value)
        if wide.rounding is not None:
            # A norm moves by no more than the sum of the errors, and the quotient by that share.
            share = graph.op(
                "Div", sized(graph, wide.value, wide.rounding), graph.op("Where", nothing, graph.constant(1.0), norm)
            )
            total = graph.op("ReduceSum", share, graph.constant([1], np.int64), keepdims=1)
            scale = graph.op("Add", graph.op("Mul", graph.op("Abs", value), total), graph.op("Add", share, scale))
            ulp += 2 * wide.rounding.ulp
        reason = wide.rounding.reason if wide.rounding else "numpy adds a row's terms in an order of its own"
        rounding = Rounding(ulp / unit, scale, reason)
    result = replace(wide.mapped(value, None, rounding), rounding=rounding, origins=())
    if single:
        value = graph.op("Cast", value, to=int(ir.DataType.FLOAT))
        result = replace(result, value=value, dtype="float32")
    return Lowered(result)


LOWERINGS = {Normalizer: lower_normalizer}
