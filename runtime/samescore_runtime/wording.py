"""The words of a refusal: what was found and what is accepted, the same in every language (docs/contract.md)."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import numpy as np

from samescore_runtime.contract import Column

#: Code points of a text shown in a message; the rest is cut.
SHOWN_TEXT = 40
#: Categories named in a message; the rest is counted.
SHOWN_CATEGORIES = 5

INT64_RANGE = "an integer from -9223372036854775808 to 9223372036854775807"
DATETIME = "a date or time in ISO 8601, or microseconds since 1970 UTC"

_SURROGATE = re.compile("[\ud800-\udfff]")


def quoted(text: str) -> str:
    """The text between quotes, cut and escaped so that a message stays one readable line."""
    cut = text if len(text) <= SHOWN_TEXT else text[:SHOWN_TEXT] + "…"
    escaped = json.dumps(cut, ensure_ascii=False)
    return _SURROGATE.sub(lambda match: f"\\u{ord(match.group()):04x}", escaped)


def found(value: Any) -> str:
    """What a value is, in the words of a message."""
    if value is None:
        return "null"
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (int, np.integer)):
        return f"the number {int(value)}"
    if isinstance(value, (float, np.floating)):
        number = float(value)
        if math.isfinite(number):
            return f"the number {number!r}"
        return "NaN" if math.isnan(number) else ("Infinity" if number > 0 else "-Infinity")
    if isinstance(value, str):
        return f"the string {quoted(value)}"
    if isinstance(value, (list, tuple, np.ndarray)):
        return f"a list of {len(value)} elements"
    return "an object"


def accepted(column: Column) -> str:
    """What a column accepts, with `` or null`` behind it where it is nullable."""
    return _accepted_value(column) + (" or null" if column.nullable else "")


def accepted_range(column: Column) -> str:
    """What a column accepts, in the words of the code ``out_of_range``."""
    return INT64_RANGE if column.type == "int64" else _accepted_value(column)


def _accepted_value(column: Column) -> str:
    if column.type in ("float64", "float32"):
        if column.limit is not None:
            return f"a finite number of magnitude up to {column.limit!r}"
        return "a finite number" if column.finite else "a number"
    if column.type == "string":
        return one_of(column.categories or ()) if column.closed else "a string"
    return {"int64": "an integer", "bool": "true or false", "datetime": DATETIME, "list<string>": "a list of strings"}[
        column.type
    ]


def one_of(categories: tuple[str, ...]) -> str:
    """``one of`` and the first of the strings."""
    shown = ", ".join(map(quoted, categories[:SHOWN_CATEGORIES]))
    hidden = f", … ({len(categories)} in all)" if len(categories) > SHOWN_CATEGORIES else ""
    return f"one of {shown}{hidden}"
