"""How far a long run is, on standard error."""

from __future__ import annotations

import sys
import time

#: Seconds before the first word of progress, and between words.
PATIENCE = 2.0


class Progress:
    """Rows done, rows a second, and the time left where the number of rows is known."""

    def __init__(self, total: int | None = None) -> None:
        self._start = self._last = time.monotonic()
        self._total = total

    def tell(self, rows: int) -> None:
        now = time.monotonic()
        if now - self._last < PATIENCE:
            return
        self._last = now
        rate = rows / (now - self._start)
        left = ""
        if self._total and rate:
            share = min(1.0, rows / self._total)
            left = f" of {self._total:,} ({share:.0%}), {max(0, self._total - rows) / rate:,.0f} s left"
        print(f"samescore: {rows:,} rows{left}, {rate:,.0f} rows/s", file=sys.stderr, flush=True)

    def summary(self, rows: int) -> dict[str, float]:
        """Seconds and rows a second so far."""
        seconds = time.monotonic() - self._start
        return {"seconds": round(seconds, 3), "rows_per_second": round(rows / seconds) if seconds else 0}
