"""Lowerings for the scalers of ``sklearn.preprocessing``: one step per column, elementwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray
from sklearn.preprocessing import Binarizer, MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler

from samescore_export.certificate import constants_certificate
from samescore_export.margins import nearest_of
from samescore_export.operations.numeric import as_doubles, floats, narrowed
from samescore_export.operations.thresholds import near_thresholds
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Blocks, Entries, Forward, Hint, Matrix, Rounding, Scaled, Table, from_entries


def _rounding_after(scope: Scope, x: Matrix, factor: NDArray[np.float64]) -> Rounding | None:
    """An inexact input stays inexact by as much, scaled; the step adds two roundings of its own."""
    if x.rounding is None:
        return None
    graph = scope.graph
    scale = x.rounding.scale or graph.constant(1.0)
    grown = graph.op("Mul", scale, graph.constant(float(np.max(np.abs(factor), initial=1.0))))
    return Rounding(x.rounding.ulp + 4, graph.op("Max", grown, graph.constant(1.0)), x.rounding.reason)


def _affine(
    scope: Scope,
    estimator: Any,
    inputs: Matrix | Table,
    steps: Sequence[tuple[str, NDArray[np.floating[Any]] | None]],
    clip: tuple[float, float] | None = None,
    narrow: bool = False,
) -> Lowered:
    """Elementwise Sub, Div, Mul, Add with a constant per column, in that order, each rounded as numpy rounds it.

    Over float32 numpy rounds each step to float32; with ``narrow`` scikit-learn rounds the constant to float32 before.
    """
    graph = scope.graph
    x = floats(scope, inputs, estimator)
    single = x.dtype == "float32"
    if (
        x.stored is not None
        and x.rounding is None
        and clip is None
        and not single
        and all(op == "Mul" for op, _ in steps)
    ):
        return _scaled_entries(scope, x, x.stored, [numbers for _, numbers in steps if numbers is not None])
    value = graph.op("Cast", x.value, to=int(ir.DataType.DOUBLE)) if single else x.value
    constants: dict[str, tuple[ir.Value, NDArray[Any]]] = {}
    factor = np.ones(x.width)
    used: list[tuple[str, NDArray[np.float64]]] = []
    start = before = value
    for op, found in steps:
        if found is None:
            continue
        numbers = np.asarray(found.astype(np.float32) if single and narrow else found, np.float64)
        constants[op] = (graph.constant(numbers), numbers)
        used.append((op, numbers))
        before, value = value, graph.op(op, value, constants[op][0])
        if single:
            value = narrowed(graph, value)
        factor = factor / numbers if op == "Div" else factor * numbers if op == "Mul" else factor
    if clip is not None:
        low, high = (float(np.float32(end)) if single else float(end) for end in clip)
        clip = (low, high)
        value = graph.op("Clip", value, graph.constant(low), graph.constant(high))
    forwards = [_column_forward(used, column, clip, single) for column in range(x.width)]
    usable = forwards if (factor > 0).all() else None
    certificate = constants_certificate(graph.path, constants)
    result = x.mapped(value, usable, _rounding_after(scope, x, factor))
    if used and used[-1][0] == "Div" and clip is None and not single:
        part = Scaled(before, x.width, used[-1][1])
        if [op for op, _ in used] == ["Sub", "Div"]:
            part = Scaled(start, x.width, used[1][1], used[0][1])
        result = replace(result, blocks=Blocks((part,), value))
    if single:
        result = replace(result, value=graph.op("Cast", value, to=int(ir.DataType.FLOAT)), dtype="float32")
    return Lowered(result, certificates=(certificate,) if constants else ())


def _scaled_entries(scope: Scope, x: Matrix, entries: Entries, factors: Sequence[NDArray[np.floating[Any]]]) -> Lowered:
    """The elements of a sparse matrix, each times its column's number."""
    graph = scope.graph
    values, constants = entries.values, {}
    for factor in factors:
        numbers = np.append(np.asarray(factor, np.float64), 1.0)
        constant = graph.constant(numbers)
        constants["Mul"] = (constant, numbers)
        values = graph.op("Mul", values, graph.op("Gather", constant, entries.columns, axis=0))
    certificates = (constants_certificate(graph.path, constants),) if constants else ()
    return Lowered(from_entries(graph, entries.columns, values, x.width, x), certificates=certificates)


_NUMPY = {"Sub": np.subtract, "Div": np.divide, "Mul": np.multiply, "Add": np.add}


def _column_forward(
    steps: Sequence[tuple[str, NDArray[np.float64]]], column: int, clip: tuple[float, float] | None, single: bool
) -> Forward:
    numbers = [(op, float(values[column])) for op, values in steps]

    def forward(x: NDArray[np.float64]) -> NDArray[np.float64]:
        with np.errstate(all="ignore"):
            for op, number in numbers:
                x = _NUMPY[op](x, number)
                if single:
                    x = x.astype(np.float32).astype(np.float64)
            return x if clip is None else np.clip(x, *clip)

    return forward


def lower_standard_scaler(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """(x - mean) / scale."""
    mean = estimator.mean_ if estimator.with_mean else None
    scale = estimator.scale_ if estimator.with_std else None
    if getattr(inputs, "sparse", False) and scale is not None:
        # Over sparse data scikit-learn multiplies by the reciprocal instead of dividing.
        return _affine(scope, estimator, inputs, [("Mul", 1 / scale)])
    return _affine(scope, estimator, inputs, [("Sub", mean), ("Div", scale)], narrow=True)


def lower_min_max_scaler(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """x * scale + min, clipped to the feature range if asked."""
    clip = estimator.feature_range if estimator.clip else None
    return _affine(scope, estimator, inputs, [("Mul", estimator.scale_), ("Add", estimator.min_)], clip)


def lower_max_abs_scaler(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """x / scale."""
    clip = (-1.0, 1.0) if getattr(estimator, "clip", False) else None
    if getattr(inputs, "sparse", False):
        return _affine(scope, estimator, inputs, [("Mul", 1.0 / estimator.scale_)], clip)
    return _affine(scope, estimator, inputs, [("Div", estimator.scale_)], clip)


def lower_robust_scaler(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """(x - center) / scale."""
    center = estimator.center_ if estimator.with_centering else None
    scale = estimator.scale_ if estimator.with_scaling else None
    if getattr(inputs, "sparse", False) and scale is not None:
        return _affine(scope, estimator, inputs, [("Mul", 1.0 / scale)])
    return _affine(scope, estimator, inputs, [("Sub", center), ("Div", scale)])


def lower_binarizer(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """1.0 where x > threshold."""
    graph = scope.graph
    x = floats(scope, inputs, estimator)
    # numpy compares float32 with a Python number in float32.
    threshold = float(np.float32(estimator.threshold)) if x.dtype == "float32" else float(estimator.threshold)
    if x.stored is not None and x.rounding is None:
        above = graph.op("Greater", x.stored.values, graph.constant(threshold, x.dtype))
        binary = graph.op("CastLike", above, x.stored.values)
        return Lowered(from_entries(graph, x.stored.columns, binary, x.width, x))
    near = near_thresholds(graph, as_doubles(graph, x), dict.fromkeys(range(x.width), np.array([threshold])))
    above = graph.op("Greater", x.value, graph.constant(threshold, x.dtype))
    value = graph.op("Cast", above, to=int(ir.DataType.FLOAT if x.dtype == "float32" else ir.DataType.DOUBLE))

    def forward(column: NDArray[np.float64]) -> NDArray[np.float64]:
        return (column > threshold).astype(np.float64)

    hints = tuple(Hint("split", origin, np.array([threshold])) for origin in x.origins if origin is not None)
    result = replace(
        x.mapped(value, [forward] * x.width),
        dtype=x.dtype,
        integers=x.integers,
        rounding=None,
        margin=nearest_of(graph, [x.margin, near]),
    )
    return Lowered(result, hints=hints)


LOWERINGS = {
    StandardScaler: lower_standard_scaler,
    MinMaxScaler: lower_min_max_scaler,
    MaxAbsScaler: lower_max_abs_scaler,
    RobustScaler: lower_robust_scaler,
    Binarizer: lower_binarizer,
}
