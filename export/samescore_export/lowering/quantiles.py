"""The lowering of ``QuantileTransformer``."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray
from scipy.special import ndtri
from sklearn.preprocessing import QuantileTransformer

from samescore_export.graph import Graph
from samescore_export.operations.deciding import column, sized, standing
from samescore_export.operations.interpolation import interpolated
from samescore_export.operations.normal_quantile import normal_quantile
from samescore_export.operations.numeric import as_doubles, floats, narrowed
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Rounding, Table

#: ``sklearn.preprocessing._data.BOUNDS_THRESHOLD``.
_NEAR = 1e-7


def _both_ways(graph: Graph, x: ir.Value, quantiles: NDArray[np.float64], references: NDArray[np.float64]) -> ir.Value:
    """Half of the interpolation from below less the mirrored one: equal quantiles give the middle of their references."""
    low, high = float(quantiles[0]), float(quantiles[-1])
    inner = graph.op("Clip", x, graph.constant(low), graph.constant(high))
    inner = graph.op("Where", graph.op("IsNaN", x), graph.constant(low), inner)
    up = interpolated(graph, inner, quantiles, references)
    down = interpolated(graph, graph.op("Neg", inner), -quantiles[::-1], -references[::-1])
    return graph.op("Mul", graph.constant(0.5), graph.op("Sub", up, down))


def _uniform(estimator: Any, graph: Graph, x: ir.Value, position: int) -> ir.Value:
    """One column (rows,) to [0, 1], its ends on 0 and 1."""
    quantiles = np.asarray(estimator.quantiles_[:, position], np.float64)
    references = np.asarray(estimator.references_, np.float64)
    value = _both_ways(graph, x, quantiles, references)
    low, high = graph.constant(float(quantiles[0])), graph.constant(float(quantiles[-1]))
    if estimator.output_distribution == "normal":
        near = graph.constant(_NEAR)
        below = graph.op("Less", graph.op("Sub", x, near), low)
        above = graph.op("Greater", graph.op("Add", x, near), high)
    else:
        # On the ends as in scikit-learn, and beyond them as numpy.interp has it.
        below, above = graph.op("LessOrEqual", x, low), graph.op("GreaterOrEqual", x, high)
    value = graph.op("Where", above, graph.constant(1.0), value)
    value = graph.op("Where", below, graph.constant(0.0), value)
    return graph.op("Where", graph.op("IsNaN", x), x, value)


def lower_quantile_transformer(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """``_transform_col`` for each column; the normal quantile function and its ends for ``output_distribution="normal"``."""
    graph = scope.graph
    x = floats(scope, inputs, estimator)
    if x.sparse:
        raise scope.refuse("QuantileTransformer over sparse rows", "dense rows")
    single = x.dtype == "float32"
    wide = as_doubles(graph, x)

    def uniform(values: ir.Value) -> ir.Value:
        parts = [standing(graph, _uniform(estimator, graph, column(graph, values, i), i)) for i in range(x.width)]
        return parts[0] if len(parts) == 1 else graph.op("Concat", *parts, axis=1)

    value = uniform(wide.value)
    value = narrowed(graph, value) if single else value
    rounding = None
    if wide.rounding is not None:
        # A line that never falls changes by what lies between x - e and x + e; in units of 2**-53 of 1.
        error = graph.op(
            "Mul", sized(graph, wide.value, wide.rounding), graph.constant(2.0 * wide.rounding.ulp * 2.0**-52)
        )
        ends = [uniform(graph.op(op, wide.value, error)) for op in ("Add", "Sub")]
        change = graph.op("Abs", graph.op("Sub", *ends))
        scale = graph.op("Add", graph.op("Mul", change, graph.constant(2.0**53)), graph.constant(1.0))
        rounding = Rounding(8.0, scale, wide.rounding.reason)
    if estimator.output_distribution == "normal":
        if rounding is not None or single:
            raise scope.refuse(
                "QuantileTransformer(output_distribution='normal') behind a step that is not bit-equal, or over float32",
                "bit-equal steps before it and float64 columns",
            )
        low = float(ndtri(_NEAR - np.spacing(1)))
        high = float(ndtri(1 - (_NEAR - np.spacing(1))))
        inside = graph.op("Clip", value, graph.constant(_NEAR / 2), graph.constant(1.0 - _NEAR / 2))
        made = graph.op("Clip", normal_quantile(graph, inside), graph.constant(low), graph.constant(high))
        value = graph.op("Where", graph.op("IsNaN", value), value, made)
        # Near 1 the complement of p is exact, near 0 p is; scipy's own quantile is within as much.
        size = graph.op("Max", graph.op("Abs", value), graph.constant(1.0))
        size = graph.op("Where", graph.op("IsNaN", size), graph.constant(1.0), size)
        rounding = Rounding(64.0, size, "the normal quantile function is made of polynomials of our own")
    result = replace(wide.mapped(value, None, rounding), rounding=rounding, origins=())
    if single:
        result = replace(result, value=graph.op("Cast", value, to=int(ir.DataType.FLOAT)), dtype="float32")
    return Lowered(result)


LOWERINGS = {QuantileTransformer: lower_quantile_transformer}
