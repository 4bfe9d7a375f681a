"""The lowering of ``PowerTransformer``, and its inverse."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray
from sklearn.preprocessing import PowerTransformer

from samescore_export.graph import Graph
from samescore_export.operations.deciding import sized
from samescore_export.operations.link import exponential
from samescore_export.operations.logarithms import expm1, log1p
from samescore_export.operations.numeric import as_doubles, floats
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Forward, Matrix, Rounding, Table

REASON = "exp and log of the platform's libm"

#: Spacings that the logarithm, the product, expm1, the quotient and the scaling may add, on both sides.
_OWN = 40.0


def _row(graph: Graph, numbers: Any) -> ir.Value:
    return graph.constant(np.asarray(numbers, np.float64)[None, :])


def _grown(graph: Graph, log: ir.Value, factor: NDArray[np.float64]) -> tuple[ir.Value, ir.Value]:
    """(exp(factor * log) - 1) / factor, the log itself where the factor is 0; and its scale."""
    zero = np.abs(factor) < np.finfo(np.float64).eps
    safe = np.where(zero, 1.0, factor)
    power = graph.op("Mul", _row(graph, safe), log)
    value = graph.op("Div", expm1(graph, power), _row(graph, safe))
    # expm1 moves by exp(power) times the error of power, which is one of power's size.
    moved = graph.op("Mul", exponential(graph, power), graph.op("Abs", log))
    size = graph.op(
        "Max", graph.op("Abs", value), graph.op("Where", graph.op("IsNaN", moved), graph.constant(0.0), moved)
    )
    if not zero.any():
        return value, size
    flags = graph.constant(zero[None, :])
    return graph.op("Where", flags, log, value), graph.op("Where", flags, graph.op("Abs", log), size)


def _yeo_johnson(graph: Graph, x: ir.Value, lambdas: NDArray[np.float64]) -> tuple[ir.Value, ir.Value]:
    log = log1p(graph, graph.op("Abs", x))
    above, above_size = _grown(graph, log, lambdas)
    below, below_size = _grown(graph, log, 2.0 - lambdas)
    positive = graph.op("GreaterOrEqual", x, graph.constant(0.0))
    return graph.op("Where", positive, above, graph.op("Neg", below)), graph.op(
        "Where", positive, above_size, below_size
    )


def _slope(graph: Graph, x: ir.Value, lambdas: NDArray[np.float64], method: str) -> ir.Value:
    if method == "box-cox":
        return exponential(graph, graph.op("Mul", _row(graph, lambdas - 1.0), graph.op("Log", x)))
    log = log1p(graph, graph.op("Abs", x))
    positive = graph.op("GreaterOrEqual", x, graph.constant(0.0))
    power = graph.op("Where", positive, _row(graph, lambdas - 1.0), _row(graph, 1.0 - lambdas))
    return exponential(graph, graph.op("Mul", power, log))


def lower_power_transformer(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """Yeo-Johnson (``scipy.stats.yeojohnson``) or Box-Cox (``scipy.special.boxcox``), then the standard scaler's two steps."""
    graph = scope.graph
    x = floats(scope, inputs, estimator)
    single = x.dtype == "float32"
    unit = 2.0**29 if single else 1.0
    wide = as_doubles(graph, x)
    lambdas = np.asarray(estimator.lambdas_, np.float64)
    if not np.isfinite(lambdas).all():
        raise scope.refuse(f"PowerTransformer with lambdas_ {lambdas.tolist()}", "finite exponents")
    if estimator.method == "box-cox":
        value, size = _grown(graph, graph.op("Log", wide.value), lambdas)
    else:
        value, size = _yeo_johnson(graph, wide.value, lambdas)
    ulp = _OWN * unit
    if wide.rounding is not None:
        moved = graph.op(
            "Mul", _slope(graph, wide.value, lambdas, estimator.method), sized(graph, wide.value, wide.rounding)
        )
        size = graph.op("Max", size, moved)
        ulp += 2 * wide.rounding.ulp
    if estimator.standardize:
        scaler = estimator._scaler
        mean = np.asarray(scaler.mean_, np.float64)
        value = graph.op("Div", graph.op("Sub", value, _row(graph, mean)), _row(graph, scaler.scale_))
        size = graph.op("Div", graph.op("Add", size, _row(graph, np.abs(mean))), _row(graph, scaler.scale_))
    # A value without end has no bound, and NaN is NaN on both sides.
    size = graph.op(
        "Where", graph.op("Or", graph.op("IsNaN", size), graph.op("IsInf", size)), graph.constant(0.0), size
    )
    forwards = None if single else [_column(estimator, i) for i in range(x.width)]
    reason = wide.rounding.reason if wide.rounding else REASON
    result = wide.mapped(value, forwards, Rounding(ulp / unit, size, reason))
    if single:
        result = replace(result, value=graph.op("Cast", value, to=int(ir.DataType.FLOAT)), dtype="float32")
    return Lowered(result)


def _column(estimator: Any, position: int) -> Forward:
    from scipy.special import boxcox
    from scipy.stats import yeojohnson

    exponent = float(estimator.lambdas_[position])
    function = boxcox if estimator.method == "box-cox" else yeojohnson

    def forward(column: NDArray[np.float64]) -> NDArray[np.float64]:
        with np.errstate(all="ignore"):
            value = np.asarray(function(column, exponent), np.float64)
            if estimator.standardize:
                value = (value - estimator._scaler.mean_[position]) / estimator._scaler.scale_[position]
            return value

    return forward


LOWERINGS = {PowerTransformer: lower_power_transformer}
