"""One cell: a value of a row to the value the model gets, or the one reason why not (docs/contract.md).

A reader returns a float (NaN where missing), or an int, bool, str or list of str, with None where missing.
The checks run in the contract's order: missing, type, finite, range, category, length.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import numpy as np

from samescore_runtime import wording
from samescore_runtime.contract import Column
from samescore_runtime.timestamps import from_datetime, parse_timestamp

Reader = Callable[[Any], Any]

#: Beyond this magnitude a double no longer holds every integer.
EXACT_DOUBLE = 2.0**53
INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1
#: The largest double that rounds to a finite float32.
FLOAT32_LIMIT = 3.4028235677973362e38

_BUILT_IN = frozenset({bool, int, float, str, list, dict, type(None)})
_SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


class Refused(Exception):  # noqa: N818 (no error of the program: one cell's answer, turned into a Problem)
    """A cell that breaks the contract; ``element`` is the index inside a list, where it concerns one element."""

    def __init__(self, code: str, found: str, accepted: str, element: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.found = found
        self.accepted = accepted
        self.element = element


def reader(column: Column) -> Reader:
    """The reader of a column's cells.

    Raises:
        KeyError: a column type this version does not know.
    """
    return _READERS[column.type](column)


def bound(column: Column) -> float:
    """The largest magnitude a float column accepts; infinity where there is none."""
    limits = [math.inf if column.limit is None else column.limit]
    return min([*limits, FLOAT32_LIMIT]) if column.type == "float32" else limits[0]


def is_text(value: str) -> bool:
    """Whether a string holds Unicode scalar values only: no lone surrogate."""
    if value.isascii():
        return True
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _plain(value: Any) -> Any:
    """A numpy scalar, or a subclass of a built-in type, as the built-in value; NaT as None."""
    if type(value) in _BUILT_IN:
        return value
    if isinstance(value, np.datetime64):
        return value.astype("datetime64[us]").item()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, date):
        # pandas' NaT is a date that is unequal to itself.
        return None if value != value else value
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    return value


def _accept_missing(column: Column) -> None:
    if not column.nullable:
        raise Refused("not_nullable", "null", wording.accepted(column))


def _wrong_type(column: Column, value: Any) -> Refused:
    return Refused("wrong_type", wording.found(value), wording.accepted(column))


def _out_of_range(column: Column, value: Any) -> Refused:
    return Refused("out_of_range", wording.found(value), wording.accepted_range(column))


def _float_reader(column: Column) -> Reader:
    nullable, finite, largest = column.nullable, column.finite, bound(column)
    # A float32 column without a limit of its own lets infinities through unless `finite` says otherwise.
    infinite = not finite and column.limit is None

    def number(value: Any) -> float:
        if type(value) is float:
            return value
        if type(value) is int:
            try:
                return float(value)
            except OverflowError:
                raise _out_of_range(column, value) from None
        if type(value) is str and value in _SPECIAL:
            return _SPECIAL[value]
        raise _wrong_type(column, value)

    def read(value: Any) -> float:
        if type(value) is not float:
            value = _plain(value)
            if value is None:
                _accept_missing(column)
                return math.nan
        got = number(value)
        if -largest <= got <= largest and not math.isinf(got):
            return got
        if math.isnan(got):
            if nullable:
                return got
            raise Refused("not_nullable", "NaN", wording.accepted(column))
        if math.isinf(got):
            if infinite:
                return got
            if finite:
                raise Refused("not_finite", wording.found(got), wording.accepted(column))
        raise _out_of_range(column, got if math.isinf(got) else value)

    return read


def _integer(column: Column, value: Any) -> int:
    if type(value) is float:
        if not value.is_integer():
            raise _wrong_type(column, value)
        if not INT64_MIN <= value <= INT64_MAX:
            raise _out_of_range(column, value)
        if abs(value) > EXACT_DOUBLE:
            raise _wrong_type(column, value)
        return int(value)
    if type(value) is not int:
        raise _wrong_type(column, value)
    if not INT64_MIN <= value <= INT64_MAX:
        raise _out_of_range(column, value)
    return value


def _int_reader(column: Column) -> Reader:
    def read(value: Any) -> int | None:
        value = _plain(value)
        if value is None:
            _accept_missing(column)
            return None
        return _integer(column, value)

    return read


def _bool_reader(column: Column) -> Reader:
    def read(value: Any) -> bool | None:
        value = _plain(value)
        if value is None:
            _accept_missing(column)
            return None
        if type(value) is not bool:
            raise _wrong_type(column, value)
        return value

    return read


def _string_reader(column: Column) -> Reader:
    known = frozenset(column.categories or ()) if column.closed else None

    def read(value: Any) -> str | None:
        if type(value) is not str:
            value = _plain(value)
            if value is None:
                _accept_missing(column)
                return None
        if type(value) is not str or not is_text(value):
            raise _wrong_type(column, value)
        if known is not None and value not in known:
            raise Refused("unknown_category", wording.found(value), wording.accepted(column))
        return value

    return read


def _datetime_reader(column: Column) -> Reader:
    def read(value: Any) -> int | None:
        value = _plain(value)
        if value is None:
            _accept_missing(column)
            return None
        if type(value) is str:
            moment = parse_timestamp(value)
            if moment is None:
                raise Refused("bad_datetime", wording.found(value), wording.accepted(column))
            return moment
        if isinstance(value, date):
            return from_datetime(value)
        return _integer(column, value)

    return read


def _list_reader(column: Column) -> Reader:
    longest = math.inf if column.max_length is None else column.max_length

    def read(value: Any) -> list[str] | None:
        if value is None:
            _accept_missing(column)
            return None
        if not isinstance(value, (list, tuple, np.ndarray)):
            raise _wrong_type(column, value)
        elements = [element if type(element) is str else _plain(element) for element in value]
        for index, element in enumerate(elements):
            if type(element) is not str or not is_text(element):
                raise Refused("wrong_type", wording.found(element), "a string", index)
        if len(elements) > longest:
            raise Refused("too_long", wording.found(elements), f"at most {column.max_length} elements")
        return elements

    return read


_READERS: Mapping[str, Callable[[Column], Reader]] = {
    "float64": _float_reader,
    "float32": _float_reader,
    "int64": _int_reader,
    "bool": _bool_reader,
    "string": _string_reader,
    "datetime": _datetime_reader,
    "list<string>": _list_reader,
}
