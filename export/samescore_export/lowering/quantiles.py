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
from samescore_export.operations.link import exponential
from samescore_export.operations.normal_quantile import normal_quantile
from samescore_export.operations.numeric import SINGLE, as_doubles, floats, narrowed
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


def _uniform(estimator: Any, graph: Graph, x: ir.Value, position: int, single: bool) -> ir.Value:
    """One column (rows,) to [0, 1], its ends on 0 and 1; ``single`` says that its numbers are float32."""
    quantiles = np.asarray(estimator.quantiles_[:, position], np.float64)
    references = np.asarray(estimator.references_, np.float64)
    value = _both_ways(graph, x, quantiles, references)
    low, high = graph.constant(float(quantiles[0])), graph.constant(float(quantiles[-1]))
    if estimator.output_distribution == "normal":
        near = graph.constant(float(np.float32(_NEAR)) if single else _NEAR)
        less, more = graph.op("Sub", x, near), graph.op("Add", x, near)
        below = graph.op("Less", narrowed(graph, less) if single else less, low)
        above = graph.op("Greater", narrowed(graph, more) if single else more, high)
    else:
        # On the ends as in scikit-learn, and beyond them as numpy.interp has it.
        below, above = graph.op("LessOrEqual", x, low), graph.op("GreaterOrEqual", x, high)
    value = graph.op("Where", above, graph.constant(1.0), value)
    value = graph.op("Where", below, graph.constant(0.0), value)
    return graph.op("Where", graph.op("IsNaN", x), x, value)


def _normal(graph: Graph, value: ir.Value) -> ir.Value:
    """Of [0, 1] to the normal distribution, cut off at the ends."""
    low = float(ndtri(_NEAR - np.spacing(1)))
    high = float(ndtri(1 - (_NEAR - np.spacing(1))))
    inside = graph.op("Clip", value, graph.constant(_NEAR / 2), graph.constant(1.0 - _NEAR / 2))
    made = graph.op("Clip", normal_quantile(graph, inside), graph.constant(low), graph.constant(high))
    return graph.op("Where", graph.op("IsNaN", value), value, made)


def lower_quantile_transformer(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """``_transform_col`` for each column; the normal quantile function and its ends for ``output_distribution="normal"``.

    Of a sparse matrix the stored elements are transformed, and zeros stay.
    """
    graph = scope.graph
    x = floats(scope, inputs, estimator)
    single, normal = x.dtype == "float32", estimator.output_distribution == "normal"
    wide = as_doubles(graph, x)

    def made(values: ir.Value) -> ir.Value:
        parts = [
            standing(graph, _uniform(estimator, graph, column(graph, values, i), i, single)) for i in range(x.width)
        ]
        value = parts[0] if len(parts) == 1 else graph.op("Concat", *parts, axis=1)
        value = narrowed(graph, value) if single else value
        return _normal(graph, value) if normal else value

    value = made(wide.value)
    rounding = None
    if normal:
        # Near 1 the complement of p is exact, near 0 p is; scipy's own quantile is within as much.
        size = graph.op("Max", graph.op("Abs", value), graph.constant(1.0))
        size = graph.op("Where", graph.op("IsNaN", size), graph.constant(1.0), size)
        rounding = Rounding(64.0, size, "the normal quantile function is made of polynomials of our own")
    if wide.rounding is not None:
        # A function that never falls changes by what lies between x - e and x + e; in units of 2**-53.
        error = graph.op(
            "Mul", sized(graph, wide.value, wide.rounding), graph.constant(2.0 * wide.rounding.ulp * 2.0**-52)
        )
        ends = [made(graph.op(op, wide.value, error)) for op in ("Add", "Sub")]
        moved = graph.op("Mul", graph.op("Abs", graph.op("Sub", *ends)), graph.constant(2.0**53))
        ulp = 8.0 if rounding is None else 64.0
        own = graph.constant(4.0 * (SINGLE if single else 1.0))
        if normal:
            # Lines rise but for their rounding, relative to themselves; p / phi(z) is below 1.26 for z < 0, and below sqrt(2 pi) exp(z**2 / 2).
            far = graph.op("Max", graph.op("Max", *ends), graph.constant(0.0))
            steep = exponential(graph, graph.op("Mul", graph.op("Mul", far, far), graph.constant(0.5)))
            own = graph.op("Mul", steep, graph.constant(10.0 * (SINGLE if single else 1.0)))
            own = graph.op("Add", own, graph.constant(64.0 * 6.0))
        scale = graph.op("Div", graph.op("Add", graph.op("Mul", moved, graph.constant(2.0)), own), graph.constant(ulp))
        scale = graph.op("Where", graph.op("IsNaN", scale), graph.constant(1.0), scale)
        rounding = Rounding(ulp, scale, wide.rounding.reason)
    if x.sparse:
        value = graph.op("Where", graph.op("Equal", wide.value, graph.constant(0.0)), graph.constant(0.0), value)
    result = replace(wide.mapped(value, None, rounding), rounding=rounding, origins=())
    if single:
        if rounding is not None:
            # What is rounded to float32 is a spacing of that more.
            cast = graph.op("Mul", graph.op("Abs", value), graph.constant(2.0 * SINGLE / rounding.ulp))
            scale = graph.op(
                "Add", rounding.scale or cast, graph.op("Where", graph.op("IsNaN", cast), graph.constant(1.0), cast)
            )
            result = replace(result, rounding=Rounding(rounding.ulp / SINGLE, scale, rounding.reason))
        result = replace(result, value=graph.op("Cast", value, to=int(ir.DataType.FLOAT)), dtype="float32")
    return Lowered(result)


LOWERINGS = {QuantileTransformer: lower_quantile_transformer}
