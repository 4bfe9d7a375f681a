"""Cases that do not reach their class, and why. A test fails when one of them starts to pass, or names no case."""

from __future__ import annotations

from collections.abc import Mapping

#: Case id -> reason.
EXCLUSIONS: Mapping[str, str] = {}
