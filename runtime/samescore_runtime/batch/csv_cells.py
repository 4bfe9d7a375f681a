"""Text cells of a CSV file to values of the contract's types.

A cell that is no such value stays the text it is, so that the contract refuses it in its own words.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from samescore_runtime.contract import Column

_WHOLE = re.compile(r"[+-]?[0-9]+")
_BOOLS = {"true": True, "false": False}


def typed(column: Column, texts: Sequence[str]) -> list[Any]:
    """The values of a column's cells."""
    if column.type == "string":
        return [text or None for text in texts] if column.nullable else list(texts)
    if column.type in ("float64", "float32"):
        quick = _floats(texts)
        if quick is not None:
            return quick
    convert = _CONVERT[column.type]
    return [convert(text) if text else _empty(column) for text in map(str.strip, texts)]


def _empty(column: Column) -> Any:
    return [] if column.type == "list<string>" and not column.nullable else None


def _floats(texts: Sequence[str]) -> list[Any] | None:
    """The column at once, if every cell is a finite number."""
    try:
        values = list(map(float, texts))
    except ValueError:
        return None
    return values if math.isfinite(sum(values)) and not any("_" in text for text in texts) else None


def _number(text: str) -> Any:
    try:
        value = float(text)
    except ValueError:
        return text
    # Python alone reads 1_000; and a decimal too large for a double is no infinity.
    if "_" in text or (math.isinf(value) and "inf" not in text.lower()):
        return text
    return value


def _integer(text: str) -> Any:
    return int(text) if _WHOLE.fullmatch(text) else _number(text)


def _bool(text: str) -> Any:
    return _BOOLS.get(text.lower(), text)


def _datetime(text: str) -> Any:
    return int(text) if _WHOLE.fullmatch(text) else text


def _list(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


_CONVERT: Mapping[str, Callable[[str], Any]] = {
    "float64": _number,
    "float32": _number,
    "int64": _integer,
    "bool": _bool,
    "datetime": _datetime,
    "list<string>": _list,
}
