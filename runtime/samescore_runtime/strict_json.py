"""JSON as RFC 8259 has it, and nothing more: no NaN, no infinities, no trailing commas."""

from __future__ import annotations

import json
import math
from typing import Any

import orjson

from samescore_runtime.errors import InputError


class MalformedJsonError(InputError):
    """Bytes that are no JSON."""


ACCEPTED = "JSON text in UTF-8, without NaN or Infinity"


def parse(body: bytes) -> Any:
    """The value of a JSON text.

    orjson is quick but refuses lone surrogates, which the contract wants to refuse in its own words; what it refuses
    gets a second reading. Of a repeated key the last value counts.

    Raises:
        MalformedJsonError: with the place of the fault.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        try:
            return parse_exactly(body)
        except (ValueError, RecursionError):
            raise MalformedJsonError("body", f"malformed JSON ({error})", ACCEPTED) from None


def parse_exactly(body: bytes) -> Any:
    """The same with integers of any length, where orjson rounds those beyond 64 bits to doubles.

    Raises:
        ValueError, RecursionError: no JSON, or nested too deeply.
    """
    return json.loads(body.decode("utf-8"), parse_constant=_refuse, parse_float=_finite)


def _refuse(name: str) -> Any:
    raise ValueError(name)


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value
