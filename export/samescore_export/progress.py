"""Progress of an export or a proof on standard error: a bar on a terminal, a line a stage elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TextIO

#: The stages of an export in order; a proof lacks some of them.
STAGES = (
    "load",
    "compile",
    "prove: the model's answers",
    "prove: certificates",
    "prove: a default session",
    "prove: scores",
    "prove: every category",
    "prove: single rows",
    "write",
    "report",
)

#: Characters of the bar.
WIDTH = 24


class Progress:
    """Called with each stage as it begins, and closed at the end."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._start = time.monotonic()
        self._bar = self._stream.isatty()

    def __call__(self, stage: str) -> None:
        if not self._bar:
            print(f"{stage} ...", file=self._stream, flush=True)
            return
        done = STAGES.index(stage) if stage in STAGES else 0
        filled = WIDTH * done // len(STAGES)
        passed = time.monotonic() - self._start
        line = f"[{'#' * filled}{'.' * (WIDTH - filled)}] {stage} ({passed:.0f} s)"
        print(f"\r{line:<78.78}", end="", file=self._stream, flush=True)

    def close(self) -> None:
        """Clear the bar's line."""
        if self._bar:
            print(f"\r{'':<78}\r", end="", file=self._stream, flush=True)
