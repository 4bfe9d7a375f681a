"""Logs of JSON lines, written by the worker's own thread behind the requests."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samescore_runtime.score_json import dumps, json_values
from samescore_runtime.service.options import PredictionLog
from samescore_runtime.service.records import Answered, Other

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")


def trace_id(traceparent: str) -> str | None:
    """The trace's id from a W3C ``traceparent`` header; None for anything else."""
    match = _TRACEPARENT.match(traceparent)
    return match[1] if match and match[1] != "0" * 32 else None


class Journal:
    """A log: how records become lines, each with its end, and where these go."""

    def __init__(self, write: Callable[[bytes], None], lines: Callable[[Sequence[Any]], bytes]) -> None:
        self._write = write
        self._lines = lines
        self.lost = 0

    def write(self, records: Sequence[Any]) -> None:
        """Write a line a record, all at once; those that the disk refuses are counted."""
        if records:
            self.write_line(self._lines(records), len(records))

    def write_line(self, content: bytes, count: int = 1) -> None:
        """Write lines that are made already."""
        try:
            self._write(content)
        except OSError:
            self.lost += count


def access_lines(records: Sequence[Answered]) -> bytes:
    """Lines of the access log: no payload, no address of a client. One expression, as there may be thousands a round."""
    return "".join(
        [
            f'{{"time":"{_at_millisecond(int(at * 1000))}","id":"{answer_id}","trace":{_trace(traceparent)},"status":{status[:3]},'
            f'"ms":{seconds * 1000:.3f},"rows":{rows},{target.logged}\n'
            for target, status, at, seconds, rows, _, answer_id, traceparent, _ in records
        ]
    ).encode()


def other_line(record: Other) -> bytes:
    """The line of a request for something else than scores."""
    line = {
        "time": timestamp(record.at),
        "id": record.answer_id,
        "trace": trace_id(record.traceparent or ""),
        "status": int(record.status[:3]),
        "ms": round(record.seconds * 1000, 3),
        "method": record.method,
        "path": record.path,
    }
    return dumps(line) + b"\n"


def _trace(traceparent: str | None) -> str:
    found = trace_id(traceparent) if traceparent else None
    return "null" if found is None else f'"{found}"'


def timestamp(at: float) -> str:
    """Seconds since 1970 as UTC with milliseconds."""
    return _at_millisecond(int(at * 1000))


@lru_cache(maxsize=16)
def _at_millisecond(milliseconds: int) -> str:
    # Under load many requests share a millisecond, and the text takes longer than the rest of a line.
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds")


def to_stdout(content: bytes) -> None:
    """Write whole lines to standard output, in one piece."""
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


class PlainFile:
    """Appends to one file; opened anew each time, so that whoever rotates it need not tell anybody."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self, content: bytes) -> None:
        with self._path.open("ab") as file:
            file.write(content)


def prediction_lines(redacted: Collection[str]) -> Callable[[Sequence[Answered]], bytes]:
    """Makes the lines of requests: their rows and scores, and what scored them.

    Args:
        redacted: columns whose values are replaced by ``"[redacted]"``.
    """

    def line(record: Answered) -> bytes:
        served = record.target.served
        scored = record.scored
        if scored is None:
            raise ValueError("prediction log: a request without its scores; one that was kept")
        rows = _rows(scored.data)
        if redacted:
            rows = [{name: "[redacted]" if name in redacted else value for name, value in row.items()} for row in rows]
        told = {
            "time": timestamp(record.at),
            "id": record.answer_id,
            "model": served.name,
            "version": served.version,
            "digest": served.model.digest,
            "role": record.target.role,
            "rows": rows,
            "outputs": {name: json_values(array) for name, array in scored.outputs.items()},
        }
        return dumps(told) + b"\n"

    return lambda records: b"".join(map(line, records))


def _rows(data: Any) -> list[dict[str, Any]]:
    """Rows of a request: a list of them as it came, or columns turned into rows."""
    if isinstance(data, list):
        return data
    columns: Mapping[str, Any] = data
    listed = {name: _listed(values) for name, values in columns.items()}
    return [dict(zip(listed, row, strict=True)) for row in zip(*listed.values(), strict=True)]


def _listed(values: Any) -> list[Any]:
    if isinstance(values, np.ndarray):
        array: NDArray[Any] = values
        return json_values(array)
    return list(values)


class RotatedFiles:
    """Writes into the newest file of a folder, begins new ones, and deletes old ones of all processes."""

    def __init__(self, log: PredictionLog, slot: int) -> None:
        self._log = log
        self._slot = slot
        self._path: Path | None = None
        log.folder.mkdir(parents=True, exist_ok=True)

    def __call__(self, content: bytes) -> None:
        if self._path is None or (self._path.exists() and self._path.stat().st_size >= self._log.file_bytes):
            stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%f")
            self._path = self._log.folder / f"predictions-{stamp}-{self._slot}.jsonl"
            self._retain()
        PlainFile(self._path)(content)

    def _retain(self) -> None:
        files = sorted(self._log.folder.glob("predictions-*.jsonl"))
        oldest = time.time() - self._log.days * 86400
        for index, file in enumerate(files):
            try:
                if index < len(files) - self._log.files + 1 or file.stat().st_mtime < oldest:
                    file.unlink()
            except FileNotFoundError:  # another process was first
                continue
