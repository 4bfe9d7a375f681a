"""Scores as JSON: numbers that read back exactly, and the strings "NaN", "Infinity" and "-Infinity"."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray


def json_values(array: NDArray[Any]) -> list[Any]:
    """An array as nested lists of JSON values; floats as the doubles they are equal to."""
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        return _named(array.tolist())
    values: list[Any] = array.tolist()
    return values


def _named(values: list[Any]) -> list[Any]:
    return [_named(value) if isinstance(value, list) else _name(value) for value in values]


def _name(value: float) -> float | str:
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")


def dumps(value: Any) -> bytes:
    """JSON bytes of plain values; a float that is not finite must have been named before. What JSON lacks is text."""
    return orjson.dumps(value, default=str)
