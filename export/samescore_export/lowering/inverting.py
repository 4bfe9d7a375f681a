"""``inverse_transform`` of the transformers that people put a target through."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)

from samescore_export.graph import Graph
from samescore_export.lowering.functions import applied, elementary
from samescore_export.operations.deciding import column, sized, standing
from samescore_export.operations.error_function import error_function
from samescore_export.operations.interpolation import interpolated, interpolated_rounding
from samescore_export.operations.link import exponential
from samescore_export.operations.logarithms import log1p
from samescore_export.scope import Scope
from samescore_export.values import Matrix, Rounding

#: (estimator, float64 matrix, scope) -> the matrix taken back.
Inverse: TypeAlias = Callable[[Any, Matrix, Scope], Matrix]

LIBM = "exp, log and pow of the platform's libm"


def _row(graph: Graph, numbers: Any) -> ir.Value:
    return graph.constant(np.asarray(numbers, np.float64).reshape(1, -1))


def _steps(x: Matrix, scope: Scope, steps: list[tuple[str, Any]]) -> Matrix:
    """Mul, Div, Add, Sub with a number a column, in order; an error grows by the factors."""
    graph = scope.graph
    value = x.value
    size = None if x.rounding is None else sized(graph, x.value, x.rounding)
    for op, numbers in steps:
        if numbers is None:
            continue
        row = _row(graph, numbers)
        value = graph.op(op, value, row)
        if size is not None:
            grown = graph.op(op, size, graph.op("Abs", row)) if op in ("Mul", "Div") else size
            size = graph.op("Max", graph.op("Abs", value), grown)
    rounding = None if x.rounding is None else Rounding(x.rounding.ulp + 2.0 * len(steps), size, x.rounding.reason)
    return x.mapped(value, None, rounding)


def _standard(estimator: Any, x: Matrix, scope: Scope) -> Matrix:
    scale = estimator.scale_ if estimator.with_std else None
    mean = estimator.mean_ if estimator.with_mean else None
    return _steps(x, scope, [("Mul", scale), ("Add", mean)])


def _min_max(estimator: Any, x: Matrix, scope: Scope) -> Matrix:
    return _steps(x, scope, [("Sub", estimator.min_), ("Div", estimator.scale_)])


def _max_abs(estimator: Any, x: Matrix, scope: Scope) -> Matrix:
    return _steps(x, scope, [("Mul", estimator.scale_)])


def _robust(estimator: Any, x: Matrix, scope: Scope) -> Matrix:
    scale = estimator.scale_ if estimator.with_scaling else None
    center = estimator.center_ if estimator.with_centering else None
    return _steps(x, scope, [("Mul", scale), ("Add", center)])


def _function(estimator: Any, x: Matrix, scope: Scope) -> Matrix:
    if estimator.inverse_func is None:
        return x
    known = elementary(scope, estimator.inverse_func, estimator.inv_kw_args, x.dtype == "float32")
    return applied(scope, known, getattr(estimator.inverse_func, "__name__", "inverse_func"), x)


def _error(graph: Graph, x: Matrix) -> ir.Value:
    """The input's own error in units of 2**-53 of 1: 0 for exact numbers."""
    if x.rounding is None:
        return graph.constant(0.0)
    return graph.op("Mul", sized(graph, x.value, x.rounding), graph.constant(2.0 * x.rounding.ulp))


def _bounded(graph: Graph, x: Matrix, value: ir.Value, own: ir.Value, moved: ir.Value) -> Matrix:
    """``own``: sizes that 16 units of rounding are relative to; ``moved``: abs(f'), by which the input's error comes through."""
    through = graph.op("Mul", graph.op("Abs", moved), _error(graph, x))
    size = graph.op("Add", graph.op("Abs", own), graph.op("Div", through, graph.constant(8.0)))
    size = graph.op(
        "Where", graph.op("Or", graph.op("IsNaN", size), graph.op("IsInf", size)), graph.constant(0.0), size
    )
    return x.mapped(value, None, Rounding(16.0, size, x.rounding.reason if x.rounding else LIBM))


def _powered(graph: Graph, base: ir.Value, exponent: NDArray[np.float64]) -> tuple[ir.Value, ir.Value, ir.Value]:
    """base ** exponent, a size for its own rounding (the base is a rounded sum), and its slope by the base."""
    power = graph.op("Pow", base, _row(graph, exponent))
    slope = graph.op("Mul", graph.op("Div", power, base), _row(graph, np.abs(exponent)))
    return power, graph.op("Mul", power, _row(graph, 1.0 + np.abs(exponent))), slope


def _power(estimator: Any, x: Matrix, scope: Scope) -> Matrix:
    """``inv_boxcox``, ``_yeo_johnson_inverse_transform``."""
    graph = scope.graph
    lambdas = np.asarray(estimator.lambdas_, np.float64)
    if not np.isfinite(lambdas).all():
        raise scope.refuse(f"PowerTransformer with lambdas_ {lambdas.tolist()}", "finite exponents")
    if estimator.standardize:
        x = _standard(estimator._scaler, x, scope)
    one = graph.constant(1.0)
    if estimator.method == "box-cox":
        safe = np.where(lambdas == 0, 1.0, lambdas)
        product = graph.op("Mul", _row(graph, safe), x.value)
        log = graph.op("Div", log1p(graph, product), _row(graph, safe))
        log = graph.op("Where", graph.constant((lambdas == 0)[None, :]), x.value, log)
        value = exponential(graph, log)
        slope = graph.op(
            "Div", value, graph.op("Where", graph.constant((lambdas == 0)[None, :]), one, graph.op("Add", one, product))
        )
        # log1p's argument is a rounded product, and exp moves by itself times the error of its own.
        own = graph.op(
            "Mul",
            value,
            graph.op(
                "Add", one, graph.op("Add", graph.op("Abs", log), graph.op("Abs", graph.op("Mul", slope, x.value)))
            ),
        )
        return _bounded(graph, x, value, own, slope)
    eps = np.spacing(1.0)
    near_zero, near_two = np.abs(lambdas) < eps, np.abs(lambdas - 2) <= eps
    upper, lower = np.where(near_zero, 1.0, lambdas), np.where(near_two, 1.0, 2.0 - lambdas)
    positive = graph.op("GreaterOrEqual", x.value, graph.constant(0.0))
    sides = []
    for factor, flags, sign in ((upper, near_zero, 1.0), (lower, near_two, -1.0)):
        part = graph.op("Mul", x.value, _row(graph, sign * factor))
        base = graph.op("Add", part, one)
        power, own, slope = _powered(graph, base, 1.0 / factor)
        slope = graph.op("Mul", slope, _row(graph, np.abs(factor)))
        # The base is the rounding of a sum whose parts may cancel.
        spread = graph.op("Mul", graph.op("Div", power, graph.op("Abs", base)), _row(graph, np.abs(1.0 / factor)))
        own = graph.op("Add", own, graph.op("Mul", spread, graph.op("Add", graph.op("Abs", part), one)))
        if flags.any():
            mask = graph.constant(flags[None, :])
            exp = exponential(graph, graph.op("Mul", x.value, graph.constant(sign)))
            power, own, slope = (
                graph.op("Where", mask, special, usual)
                for special, usual in (
                    (exp, power),
                    (graph.op("Mul", exp, graph.op("Add", one, graph.op("Abs", x.value))), own),
                    (exp, slope),
                )
            )
        sides.append((power, graph.op("Add", own, one), slope))
    value = graph.op("Where", positive, graph.op("Sub", sides[0][0], one), graph.op("Sub", one, sides[1][0]))
    own, slope = (graph.op("Where", positive, sides[0][i], sides[1][i]) for i in (1, 2))
    return _bounded(graph, x, value, own, slope)


def _quantiles(estimator: Any, x: Matrix, scope: Scope) -> Matrix:
    """``_transform_col(inverse=True)``: the normal distribution function first if asked, then straight lines."""
    graph = scope.graph
    references = np.asarray(estimator.references_, np.float64)
    values, sizes, ulp = [], [], 0.0
    exact = x.rounding is None and estimator.output_distribution == "uniform"
    normal = estimator.output_distribution == "normal"
    for position in range(x.width):
        quantiles = np.asarray(estimator.quantiles_[:, position], np.float64)
        p = column(graph, x.value, position)
        bound = x.rounding
        if bound is not None:
            bound = Rounding(bound.ulp, column(graph, sized(graph, x.value, bound), position), bound.reason)
        if normal:
            half = graph.op("Mul", p, graph.constant(float(np.sqrt(0.5))))
            p = graph.op("Mul", graph.constant(0.5), graph.op("Add", graph.constant(1.0), error_function(graph, half)))
            # The density is below 0.4.
            size = graph.constant(1.0) if bound is None else graph.op("Max", bound.scale or p, graph.constant(1.0))
            bound = Rounding(8.0 + (bound.ulp if bound else 0.0), size, x.rounding.reason if x.rounding else LIBM)
        inner = graph.op("Clip", p, graph.constant(0.0), graph.constant(1.0))
        inner = graph.op("Where", graph.op("IsNaN", p), graph.constant(0.0), inner)
        value = interpolated(graph, inner, references, quantiles)
        low, high = graph.constant(float(quantiles[0])), graph.constant(float(quantiles[-1]))
        if normal:
            near = graph.constant(1e-7)
            value = graph.op("Where", graph.op("Greater", graph.op("Add", p, near), graph.constant(1.0)), high, value)
            value = graph.op("Where", graph.op("Less", graph.op("Sub", p, near), graph.constant(0.0)), low, value)
        value = graph.op("Where", graph.op("IsNaN", p), p, value)
        values.append(standing(graph, value))
        if bound is not None:
            found = interpolated_rounding(graph, inner, bound, references, quantiles, value)
            sizes.append(standing(graph, found.scale or value))
            ulp = max(ulp, found.ulp)
    together = values[0] if len(values) == 1 else graph.op("Concat", *values, axis=1)
    if exact:
        return x.mapped(together)
    scale = sizes[0] if len(sizes) == 1 else graph.op("Concat", *sizes, axis=1)
    return x.mapped(together, None, Rounding(ulp, scale, x.rounding.reason if x.rounding else LIBM))


def _pipeline(estimator: Any, x: Matrix, scope: Scope) -> Matrix:
    for _, step in reversed(estimator.steps):
        if step is not None and not isinstance(step, str):
            x = inverse(step, x, scope)
    return x


INVERSES: dict[type, Inverse] = {
    FunctionTransformer: _function,
    MaxAbsScaler: _max_abs,
    MinMaxScaler: _min_max,
    Pipeline: _pipeline,
    PowerTransformer: _power,
    QuantileTransformer: _quantiles,
    RobustScaler: _robust,
    StandardScaler: _standard,
}


def inverse(estimator: Any, x: Matrix, scope: Scope) -> Matrix:
    """``estimator.inverse_transform(x)``, refused by name where there is none."""
    found = INVERSES.get(type(estimator))
    if found is None:
        raise scope.refuse(
            f"inverse_transform of {type(estimator).__name__}", ", ".join(kind.__name__ for kind in INVERSES)
        )
    return found(estimator, x, scope)
