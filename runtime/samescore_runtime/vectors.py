"""Whole columns against the contract: the rules of one cell, applied to an array at a time.

Each function marks the cells it is sure of. A cell it is not sure of goes through the column's reader, which alone
decides and finds the words.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samescore_runtime.cells import EXACT_DOUBLE, INT64_MAX, Refused, bound, reader
from samescore_runtime.columns import Cells
from samescore_runtime.contract import Column
from samescore_runtime.errors import SHOWN
from samescore_runtime.problems import Problems

Mask = NDArray[np.bool_]
#: The values as the model gets them, and which of them are surely accepted.
Sure = tuple[NDArray[Any], Mask]


def read_column(column: Column, source: Cells, position: int, problems: Problems) -> NDArray[Any]:
    """The accepted values of a column, missing ones as in the golden columns; problems go to ``problems``.

    float64 for floats and for nullable int64, bool and datetime columns; else int64, bool, or objects.
    """
    values, sure = _SURE[column.type](column, source)
    sure &= ~source.missing
    if column.nullable:
        sure |= source.missing
    doubtful = np.flatnonzero(~sure)
    if len(doubtful):
        _read_doubtful(column, source, position, problems, values, doubtful)
    if column.nullable and values.dtype != np.float64:
        if values.dtype.kind == "O":
            values[source.missing] = None
        else:
            values = values.astype(np.float64)
    if values.dtype == np.float64 and column.nullable and source.missing.any():
        values = np.where(source.missing, np.nan, values)
    return values


def _read_doubtful(
    column: Column,
    source: Cells,
    position: int,
    problems: Problems,
    values: NDArray[Any],
    doubtful: NDArray[np.intp],
) -> None:
    read, refusals = reader(column), 0
    for row in doubtful.tolist():
        # Of a numeric column full of bad values only the first are put in words; objects may still be good.
        if refusals >= SHOWN and source.values.dtype.kind != "O":
            problems.count(len(doubtful) - refusals)
            return
        try:
            values[row] = read(source.value(row))
        except Refused as refused:
            refusals += 1
            problems.add(row, position, column, refused)


def _nothing(source: Cells, dtype: Any) -> Sure:
    return np.zeros(len(source.values), dtype), np.zeros(len(source.values), np.bool_)


def _floats(column: Column, source: Cells) -> Sure:
    values = source.values
    if values.dtype.kind == "O":
        return _float_objects(column, source)
    if values.dtype.kind not in "fiu":
        return _nothing(source, np.float64)
    numbers = values.astype(np.float64)
    sure = np.abs(numbers) <= bound(column)
    if column.finite or column.limit is not None or column.type == "float32":
        sure &= np.isfinite(numbers)
    return numbers, sure


def _float_objects(column: Column, source: Cells) -> Sure:
    kinds = set(map(type, source.values[~source.missing].tolist()))
    if kinds <= {float, int, np.float64}:
        try:
            numbers = np.where(source.missing, np.nan, source.values).astype(np.float64)
        except OverflowError:
            return _nothing(source, np.float64)
        return _floats(column, Cells(numbers, source.missing))
    return _nothing(source, np.float64)


def _integers(column: Column, source: Cells) -> Sure:
    values = source.values
    if values.dtype.kind == "i":
        return values.astype(np.int64), np.ones(len(values), np.bool_)
    if values.dtype.kind == "u":
        sure = values <= np.uint64(INT64_MAX)
        return np.where(sure, values, 0).astype(np.int64), sure
    if values.dtype.kind == "f":
        whole = np.where(np.abs(values) <= EXACT_DOUBLE, values, math.nan)
        sure = whole == np.floor(whole)
        return np.where(sure, values, 0).astype(np.int64), sure
    return _nothing(source, np.int64)


def _datetimes(column: Column, source: Cells) -> Sure:
    if source.values.dtype.kind == "M":
        moments = source.values.astype("datetime64[us]").astype(np.int64)
        return moments, np.ones(len(moments), np.bool_)
    return _integers(column, source)


def _bools(column: Column, source: Cells) -> Sure:
    if source.values.dtype.kind == "b":
        return source.values.copy(), np.ones(len(source.values), np.bool_)
    return _nothing(source, np.bool_)


def _strings(column: Column, source: Cells) -> Sure:
    # Through a list, so that numpy's fixed-width strings become Python's.
    values = np.empty(len(source.values), object)
    values[:] = source.values.tolist() if source.values.dtype.kind in "OU" else None
    present = [value for value, gone in zip(values.tolist(), source.missing.tolist(), strict=True) if not gone]
    if set(map(type, present)) - {str} or not _all_text(present):
        return values, np.zeros(len(values), np.bool_)
    if not column.closed:
        return values, np.ones(len(values), np.bool_)
    known = frozenset(column.categories or ())
    return values, np.fromiter((value in known for value in values.tolist()), np.bool_, len(values))


def _all_text(values: list[str]) -> bool:
    try:
        "".join(values).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _lists(column: Column, source: Cells) -> Sure:
    return np.full(len(source.values), None, object), np.zeros(len(source.values), np.bool_)


_SURE: Mapping[str, Callable[[Column, Cells], Sure]] = {
    "float64": _floats,
    "float32": _floats,
    "int64": _integers,
    "bool": _bools,
    "string": _strings,
    "datetime": _datetimes,
    "list<string>": _lists,
}
