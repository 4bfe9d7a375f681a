"""Lowerings for ``sklearn.preprocessing``: scalers and encoders."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray
from sklearn.preprocessing import (
    Binarizer,
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    RobustScaler,
    StandardScaler,
)
from sklearn.utils.validation import check_array

from samescore_export.certificate import Certificate, constants_certificate
from samescore_export.lowering.categories import encode, is_missing, looked_up, runs_of_kind
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Entries, Forward, Hint, Matrix, Rounding, Table, from_entries, matrix_of, table_of


def doubles(scope: Scope, inputs: Matrix | Table, estimator: Any) -> Matrix:
    """The inputs as a float64 matrix; strings and float32 (which scikit-learn computes in float32) are refused by name."""
    if isinstance(inputs, Table) and not inputs.numeric:
        names = [series.name for series in inputs.series if series.type in ("string", "text", "list")]
        raise scope.refuse(f"{type(estimator).__name__} over the string columns {names}", "numeric columns")
    x = matrix_of(scope.graph, inputs)
    if x.dtype == "float32":
        raise scope.refuse(f"{type(estimator).__name__} over float32 columns", "float64 columns")
    return x


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
    steps: Sequence[tuple[str, NDArray[np.float64] | None]],
    clip: tuple[float, float] | None = None,
) -> Lowered:
    """Elementwise Sub, Div, Mul, Add with a constant per column, in that order, each rounded as numpy rounds it."""
    graph = scope.graph
    x = doubles(scope, inputs, estimator)
    if x.stored is not None and x.rounding is None and clip is None and all(op == "Mul" for op, _ in steps):
        return _scaled_entries(scope, x, x.stored, [numbers for _, numbers in steps if numbers is not None])
    value = x.value
    constants: dict[str, tuple[ir.Value, NDArray[Any]]] = {}
    factor = np.ones(x.width)
    for op, numbers in steps:
        if numbers is None:
            continue
        constant = graph.constant(np.asarray(numbers, np.float64))
        constants[op] = (constant, np.asarray(numbers, np.float64))
        value = graph.op(op, value, constant)
        factor = factor / numbers if op == "Div" else factor * numbers if op == "Mul" else factor
    if clip is not None:
        value = graph.op("Clip", value, graph.constant(float(clip[0])), graph.constant(float(clip[1])))
    forwards = [_column_forward(steps, column, clip) for column in range(x.width)]
    usable = forwards if (factor > 0).all() else None
    certificate = constants_certificate(graph.path, constants)
    result = x.mapped(value, usable, _rounding_after(scope, x, factor))
    return Lowered(result, certificates=(certificate,) if constants else ())


def _scaled_entries(scope: Scope, x: Matrix, entries: Entries, factors: Sequence[NDArray[np.float64]]) -> Lowered:
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
    steps: Sequence[tuple[str, NDArray[np.float64] | None]], column: int, clip: tuple[float, float] | None
) -> Forward:
    numbers = [(op, float(values[column])) for op, values in steps if values is not None]

    def forward(x: NDArray[np.float64]) -> NDArray[np.float64]:
        with np.errstate(all="ignore"):
            for op, number in numbers:
                x = _NUMPY[op](x, number)
            return x if clip is None else np.clip(x, *clip)

    return forward


def lower_standard_scaler(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """(x - mean) / scale."""
    mean = estimator.mean_ if estimator.with_mean else None
    scale = estimator.scale_ if estimator.with_std else None
    if getattr(inputs, "sparse", False) and scale is not None:
        # Over sparse data scikit-learn multiplies by the reciprocal instead of dividing.
        return _affine(scope, estimator, inputs, [("Mul", 1 / scale)])
    return _affine(scope, estimator, inputs, [("Sub", mean), ("Div", scale)])


def lower_min_max_scaler(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """x * scale + min, clipped to the feature range if asked."""
    clip = estimator.feature_range if estimator.clip else None
    return _affine(scope, estimator, inputs, [("Mul", estimator.scale_), ("Add", estimator.min_)], clip)


def lower_max_abs_scaler(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """x / scale."""
    if getattr(inputs, "sparse", False):
        return _affine(scope, estimator, inputs, [("Mul", 1.0 / estimator.scale_)])
    clip = (-1.0, 1.0) if getattr(estimator, "clip", False) else None
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
    x = doubles(scope, inputs, estimator)
    if x.rounding is not None:
        raise scope.refuse(
            f"Binarizer behind a step that is not bit-equal ({x.rounding.reason})", "bit-equal steps before it"
        )
    threshold = float(estimator.threshold)
    if x.stored is not None:
        above = graph.op("Greater", x.stored.values, graph.constant(threshold))
        binary = graph.op("Cast", above, to=int(ir.DataType.DOUBLE))
        return Lowered(from_entries(graph, x.stored.columns, binary, x.width, x))
    above = graph.op("Greater", x.value, graph.constant(threshold))
    value = graph.op("Cast", above, to=int(ir.DataType.DOUBLE))

    def forward(column: NDArray[np.float64]) -> NDArray[np.float64]:
        return (column > threshold).astype(np.float64)

    hints = tuple(Hint("split", origin, np.array([threshold])) for origin in x.origins if origin is not None)
    return Lowered(x.mapped(value, [forward] * x.width), hints=hints)


def _answers(
    estimator: Any, series_categories: Sequence[Sequence[Any]], column: int, values: Sequence[Any], numeric: bool
) -> NDArray[np.float64]:
    """What ``estimator.transform`` gives for ``values`` in one column, the other columns at their first category."""
    rows = np.empty((len(values), len(series_categories)), dtype=object)
    for other, known in enumerate(series_categories):
        rows[:, other] = known[0]
    for row, value in enumerate(values):
        rows[row, column] = value
    if numeric:
        rows = rows.astype(np.float64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        answer = estimator.transform(
            rows if not hasattr(estimator, "feature_names_in_") else _nameless(estimator, rows)
        )
    return np.asarray(answer.toarray() if hasattr(answer, "toarray") else answer, np.float64)


def _nameless(estimator: Any, rows: NDArray[Any]) -> Any:
    import pandas as pd

    return pd.DataFrame(rows, columns=list(estimator.feature_names_in_))


def _lower_encoder(estimator: Any, inputs: Matrix | Table, scope: Scope, widths: Sequence[int]) -> Lowered:
    graph = scope.graph
    table = table_of(inputs)
    if isinstance(inputs, Matrix) and inputs.rounding is not None:
        raise scope.refuse(
            f"{type(estimator).__name__} behind a step that is not bit-equal ({inputs.rounding.reason})",
            "bit-equal steps before it",
        )
    categories = [list(known) for known in estimator.categories_]
    numeric = all(np.asarray(known).dtype.kind in "fiub" for known in estimator.categories_)
    starts = np.concatenate([[0], np.cumsum(widths)])
    parts: list[ir.Value] = []
    order: list[int] = []
    certificates: list[Certificate] = []
    hints: list[Hint] = []
    for group in runs_of_kind(inputs, table):
        series = [table.series[position] for position in group]
        kind = series[0].type
        if kind not in ("string", "float64", "int64", "bool"):
            raise scope.refuse(
                f"{type(estimator).__name__} over {kind} columns", "string, float64, int64, bool columns"
            )
        codes = encode(scope, series, [categories[position] for position in group])
        tables = []
        for position in group:
            known = {
                value if kind == "string" else float(value) for value in categories[position] if not is_missing(value)
            }
            tables.append(
                _table(
                    estimator,
                    categories,
                    position,
                    codes.values,
                    known,
                    numeric,
                    slice(*starts[position : position + 2]),
                )
            )
            origin = table.series[position].origin
            if origin is not None and kind == "string":
                hints.append(
                    Hint("category", origin, np.array([v for v in categories[position] if not is_missing(v)], object))
                )
            elif origin is not None:
                hints.append(
                    Hint("split", origin, np.array(sorted(float(v) for v in categories[position] if not is_missing(v))))
                )
        value = looked_up(graph, codes, tables)
        parts.append(value)
        order.extend(index for position in group for index in range(starts[position], starts[position + 1]))
        certificates.append(
            Certificate(
                graph.path,
                "categories",
                f"{type(estimator).__name__}: all {sum(map(len, categories))} categories, missing and unknown values were "
                "put through scikit-learn's own transform, and its answers are the table",
                "numbers that are no category but round to one" if kind != "string" else "",
                _counted(sum(len(item) for item in tables)),
            )
        )
    value = parts[0] if len(parts) == 1 else graph.op("Concat", *parts, axis=1)
    if order != sorted(order):
        value = graph.op("Gather", value, graph.constant(np.argsort(order), np.int64), axis=1)
    return Lowered(Matrix(value, int(starts[-1])), certificates=tuple(certificates), hints=tuple(hints))


def _counted(checked: int) -> Callable[[Any], Any]:
    from samescore_export.certificate import Verdict

    return lambda finished: Verdict(checked)


def _table(
    estimator: Any,
    categories: Sequence[Sequence[Any]],
    position: int,
    universe: Sequence[Any],
    known: set[Any],
    numeric: bool,
    part: slice,
) -> NDArray[np.float64]:
    """(codes, width) answers for one column: its own categories, missing, unknown."""
    mine = [value for value in categories[position] if not is_missing(value)]
    absent = [value for value in categories[position] if is_missing(value)]
    strict = estimator.handle_unknown == "error"
    width = part.stop - part.start
    unknown = np.zeros(width)
    if not strict:
        stranger = _stranger(mine, numeric)
        unknown = _answers(estimator, categories, position, [stranger], numeric)[0, part]
    missing = _answers(estimator, categories, position, absent[:1], numeric)[0, part] if absent else unknown
    rows = np.tile(unknown, (len(universe) + 2, 1))
    if mine:
        found = _answers(estimator, categories, position, mine, numeric)[:, part]
        where = {value if isinstance(value, str) else float(value): row for row, value in enumerate(mine)}
        for code, value in enumerate(universe):
            if value in known:
                rows[code] = found[where[value]]
    rows[len(universe)] = missing
    return rows


def _stranger(known: Sequence[Any], numeric: bool) -> Any:
    """A value that is none of the known ones."""
    if numeric:
        return max((float(value) for value in known), default=0.0) + 1.0
    text = "unknown"
    while text in known:
        text += "_"
    return text


def lower_one_hot_encoder(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """OneHotEncoder with every option: drop, infrequent categories, handle_unknown; sparse output is dense here."""
    scope.check_options(estimator, {"dtype": (np.float64,)})
    lowered = _lower_encoder(estimator, inputs, scope, estimator._n_features_outs)
    return Lowered(_as_sparse(lowered.transform, estimator), lowered.scores, lowered.certificates, lowered.hints)


def _as_sparse(matrix: Any, estimator: Any) -> Any:
    from dataclasses import replace

    return replace(matrix, sparse=bool(estimator.sparse_output))


def lower_ordinal_encoder(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """OrdinalEncoder with every option."""
    scope.check_options(estimator, {"dtype": (np.float64,)})
    return _lower_encoder(estimator, inputs, scope, [1] * len(estimator.categories_))


def lower_function_transformer(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """FunctionTransformer without a function, or with scikit-learn's own input check (as HistGradientBoosting uses it)."""
    function = estimator.func
    if function is None:
        return Lowered(inputs)
    if isinstance(function, functools.partial) and function.func is check_array:
        return Lowered(matrix_of(scope.graph, inputs))
    name = getattr(function, "__name__", repr(function))
    raise scope.refuse(f"FunctionTransformer({name})", "func=None, or a lowering of your own (--registry)")


LOWERINGS = {
    StandardScaler: lower_standard_scaler,
    MinMaxScaler: lower_min_max_scaler,
    MaxAbsScaler: lower_max_abs_scaler,
    RobustScaler: lower_robust_scaler,
    Binarizer: lower_binarizer,
    OneHotEncoder: lower_one_hot_encoder,
    OrdinalEncoder: lower_ordinal_encoder,
    FunctionTransformer: lower_function_transformer,
}
