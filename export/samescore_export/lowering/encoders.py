"""Lowerings for the encoders of ``sklearn.preprocessing``: categories to numbers."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, TargetEncoder

from samescore_export.certificate import Certificate, FinishedGraph, Verdict, attributes_check, constants_check
from samescore_export.operations.categories import Codes, as_number, encode, is_missing, looked_up, needed, runs_of_kind
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Blocks, Coded, Hint, Matrix, Table, table_of


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

    frame = pd.DataFrame(rows, columns=list(estimator.feature_names_in_))
    times = [i for i, known in enumerate(estimator.categories_) if np.asarray(known).dtype.kind == "M"]
    return frame.astype({frame.columns[i]: estimator.categories_[i].dtype for i in times})


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
        if kind not in ("string", "float64", "float32", "int64", "bool"):
            raise scope.refuse(f"{type(estimator).__name__} over {kind} columns", "strings, numbers and bools")
        codes = encode(scope, series, [categories[position] for position in group])
        tables = []
        for position in group:
            known = {
                value if kind == "string" else as_number(value)
                for value in categories[position]
                if not is_missing(value)
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
                    Hint(
                        "split",
                        origin,
                        np.array(sorted(as_number(v) for v in categories[position] if not is_missing(v))),
                    )
                )
        codes = needed(codes, tables)
        coded = Coded(codes.value, tuple(tables))
        value, constants = looked_up(graph, codes, tables)
        parts.append(value)
        order.extend(index for position in group for index in range(starts[position], starts[position + 1]))
        certificates.append(
            Certificate(
                graph.path,
                "categories",
                f"{type(estimator).__name__}: all {sum(map(len, categories))} categories, missing and unknown values were "
                "put through scikit-learn's own transform, and its answers are the table",
                "numbers that are no category but round to one" if kind != "string" else "",
                _tables_check(graph.path, codes, constants, sum(len(item) for item in tables)),
            )
        )
    value = parts[0] if len(parts) == 1 else graph.op("Concat", *parts, axis=1)
    if order != sorted(order):
        value = graph.op("Gather", value, graph.constant(np.argsort(order), np.int64), axis=1)
    blocks = Blocks((coded,), value) if len(parts) == 1 else None
    return Lowered(Matrix(value, int(starts[-1]), blocks=blocks), certificates=tuple(certificates), hints=tuple(hints))


def _tables_check(
    at: str, codes: Codes, constants: Sequence[tuple[ir.Value, NDArray[Any]]], facts: int
) -> Callable[[FinishedGraph], Verdict]:
    """Checks that the file's look-up of categories and the tables behind it are what scikit-learn answered.

    Where a sum was taken over the codes themselves the file has other tables, which the sum's own certificate covers.
    """
    keys = attributes_check(at, codes.node, codes.table)
    values = constants_check(at, {f"table {number}": pair for number, pair in enumerate(constants)})

    def verify(finished: FinishedGraph) -> Verdict:
        return Verdict(facts, (*keys(finished).failures, *values(finished).failures))

    return verify


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
    # TargetEncoder takes any category.
    strict = getattr(estimator, "handle_unknown", "ignore") == "error"
    width = part.stop - part.start
    unknown = np.zeros(width)
    if not strict:
        stranger = _stranger(mine, numeric)
        unknown = _answers(estimator, categories, position, [stranger], numeric)[0, part]
    missing = _answers(estimator, categories, position, absent[:1], numeric)[0, part] if absent else unknown
    rows = np.tile(unknown, (len(universe) + 2, 1))
    if mine:
        found = _answers(estimator, categories, position, mine, numeric)[:, part]
        where = {value if isinstance(value, str) else as_number(value): row for row, value in enumerate(mine)}
        for code, value in enumerate(universe):
            if value in known:
                rows[code] = found[where[value]]
    rows[len(universe)] = missing
    return rows


def _stranger(known: Sequence[Any], numeric: bool) -> Any:
    """A value that is none of the known ones."""
    if known and isinstance(known[0], (np.datetime64, datetime)):
        return max(known) + np.timedelta64(1, "D")
    if numeric:
        return max((float(value) for value in known), default=0.0) + 1.0
    text = "unknown"
    while text in known:
        text += "_"
    return text


def lower_one_hot_encoder(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """OneHotEncoder with every option: drop, infrequent categories, handle_unknown; sparse output is dense here."""
    lowered = _lower_encoder(estimator, inputs, scope, estimator._n_features_outs)
    matrix = replace(_typed(estimator, scope, lowered), sparse=bool(estimator.sparse_output))
    return replace(lowered, transform=matrix)


def _typed(estimator: Any, scope: Scope, lowered: Lowered) -> Matrix:
    """The encoder's numbers in its own ``dtype``."""
    matrix = lowered.transform
    assert isinstance(matrix, Matrix)
    kind = np.dtype(estimator.dtype)
    if kind.kind in "iu":
        return replace(matrix, integers=True)
    if kind == np.float32:
        return replace(matrix, value=scope.graph.op("Cast", matrix.value, to=int(ir.DataType.FLOAT)), dtype="float32")
    if kind != np.float64:
        raise scope.refuse(f"{type(estimator).__name__}(dtype={kind})", "float64, float32 or integers")
    return matrix


def lower_ordinal_encoder(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """OrdinalEncoder with every option."""
    lowered = _lower_encoder(estimator, inputs, scope, [1] * len(estimator.categories_))
    return replace(lowered, transform=_typed(estimator, scope, lowered))


def lower_target_encoder(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """TargetEncoder: each category's mean of the target; a column a class for several classes."""
    several = estimator.target_type_ == "multiclass"
    widths = [len(estimator.classes_) if several else 1] * len(estimator.categories_)
    return _lower_encoder(estimator, inputs, scope, widths)


LOWERINGS = {
    TargetEncoder: lower_target_encoder,
    OneHotEncoder: lower_one_hot_encoder,
    OrdinalEncoder: lower_ordinal_encoder,
}
