"""Values of a chunk's rows on their way into a table: the kinds of keys, and columns as lists."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samescore_runtime.batch.database.schema import Kind
from samescore_runtime.errors import InputError

#: The type of a key's values -> its kind; a bool is an int to Python, a datetime a date.
_KINDS: tuple[tuple[type, Kind], ...] = (
    (bool, "flag"),
    (int, "whole"),
    (float, "number"),
    (dt.datetime, "time"),
    (dt.date, "date"),
    (str, "text"),
)


def key_kinds(keys: Mapping[str, Sequence[Any]], known: Mapping[str, Kind]) -> dict[str, Kind]:
    """The kind of each key column by its values; where there is none, as the table has it (``known``), else text.

    Raises:
        InputError: values of several kinds, or of one that no table holds.
    """
    return {name: _kind(name, values) or known.get(name, "text") for name, values in keys.items()}


def _kind(name: str, values: Sequence[Any]) -> Kind | None:
    found = {type(value) for value in values if value is not None}
    # The first that fits: a bool is also an int, and a datetime also a date.
    fitting = [[kind for base, kind in _KINDS if issubclass(one, base)][:1] for one in found]
    kinds = {kind for one in fitting for kind in one}
    if len(kinds) > 1 or [] in fitting:
        raise InputError(
            f"--key {name}",
            f"values of the types {', '.join(sorted(one.__name__ for one in found))}",
            "whole numbers, numbers, texts, flags, dates or times, of one kind",
        )
    return kinds.pop() if kinds else None


def in_kind(name: str, kind: Kind, values: Sequence[Any]) -> list[Any]:
    """The values of a later chunk's key, which must be of the table's kind.

    Raises:
        InputError: another kind.
    """
    found = _kind(name, values)
    if found not in (kind, None):
        raise InputError(
            f"--key {name}", f"values that are a {found}", f"values that are a {kind}, as the table has them"
        )
    if kind == "time":
        return [_in_utc(value) for value in values]
    return list(values)


def _in_utc(value: dt.datetime | None) -> dt.datetime | None:
    """A time without a zone is one of UTC."""
    if value is None:
        return None
    return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


def as_text(value: Any) -> str:
    """A key's value for a message or a rejected row."""
    return value.isoformat() if isinstance(value, (dt.date, dt.datetime)) else str(value)


def row_numbers(first: int, taken: NDArray[np.int64]) -> NDArray[np.int64]:
    """The input's row numbers of a chunk's rows that were scored."""
    return taken + first
