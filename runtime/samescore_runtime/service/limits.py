"""What one request may ask for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """``body_bytes`` of a request's body, and ``rows`` in it."""

    body_bytes: int = 64 * 1024 * 1024
    rows: int = 100_000
