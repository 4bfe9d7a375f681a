"""What one request may ask for, and the caps on what it brings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from samescore_runtime.service.failures import RequestError


@dataclass(frozen=True, slots=True)
class Limits:
    """Attributes:
    body_bytes: of a request's body, before and after decompression.
    rows: in one request.
    string_length: of any string in the request, in characters.
    nesting: of lists and objects in each other.
    """

    body_bytes: int = 64 * 1024 * 1024
    rows: int = 100_000
    string_length: int = 1024 * 1024
    nesting: int = 32


def check_value(value: Any, body: bytes, limits: Limits, flat: int) -> None:
    """Hold a parsed JSON value to the caps on strings and nesting.

    Most bodies are seen to keep them without a walk: a body shorter than the cap holds no longer string, and ``flat`` objects
    side by side account for the brackets that there are.

    Raises:
        RequestError: ``too_large``, ``too_deep``.
    """
    if len(body) > limits.string_length and _longest(value) > limits.string_length:
        raise RequestError(
            "too_large", "body", "a longer string", f"strings of at most {limits.string_length} characters"
        )
    # Every level but the objects side by side needs a bracket or a brace of its own.
    if len(body) > 2 * limits.nesting and _opened(body) - flat > limits.nesting and _deeper(value, limits.nesting):
        raise RequestError(
            "too_deep", "body", "deeper nesting", f"at most {limits.nesting} lists and objects in each other"
        )


def _opened(body: bytes) -> int:
    """How many lists and objects a JSON text opens, or more: those in its strings count, too."""
    if len(body) < 4096:
        return body.count(b"[") + body.count(b"{")
    # Several times as fast for long texts. Imported here, as the process that only watches the others knows the limits, too.
    import numpy as np

    letters = np.frombuffer(body, np.uint8)
    return int(np.count_nonzero(letters == ord("["))) + int(np.count_nonzero(letters == ord("{")))


def _children(level: Iterable[Any]) -> list[Any]:
    found: list[Any] = []
    for value in level:
        if type(value) is list:
            found += value
        elif type(value) is dict:
            found += value
            found += value.values()
    return found


def _longest(value: Any) -> int:
    longest, level = 0, [value]
    while level:
        longest = max([longest, *(len(item) for item in level if type(item) is str)])
        level = _children(level)
    return longest


def _deeper(value: Any, nesting: int) -> bool:
    level = [value]
    for _ in range(nesting):
        level = [item for item in _children(level) if type(item) in (list, dict)]
        if not level:
            return False
    return True
