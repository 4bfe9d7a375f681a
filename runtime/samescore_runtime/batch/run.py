"""One run: read chunks, score them, write them; the output appears only when it is whole."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

from samescore_runtime.artifact import Source
from samescore_runtime.batch.readers import READERS, Chunk
from samescore_runtime.batch.writers import WRITERS, Write, by_row, csv_stream
from samescore_runtime.contract import Contract
from samescore_runtime.errors import ContractError, InputError, Problem
from samescore_runtime.model import Model, Outputs, load

#: Seconds before the first word of progress, and between words.
PATIENCE = 2.0
STANDARD_OUTPUT = "-"


def score_file(artifact: Source, source: Path, target: str, keys: Sequence[str], chunk_rows: int) -> int:
    """Score a file of rows into a file of scores (``-`` for CSV on standard output).

    Returns:
        The number of rows.

    Raises:
        InputError: an unknown format, an unreadable file, a key that is no column.
        ContractError: rows that break the contract, numbered as in the file; then no output is left behind.
        MissingExtraError: Parquet without pyarrow.
    """
    read = READERS.get(source.suffix.lower())
    if read is None:
        raise InputError(str(source), f"the ending {source.suffix!r}", f"one of {', '.join(READERS)}")
    if target != STANDARD_OUTPUT and Path(target).suffix.lower() not in WRITERS:
        raise InputError(target, f"the ending {Path(target).suffix!r}", f"one of {', '.join(WRITERS)}, or -")
    if not source.is_file():
        raise InputError(str(source), "no such file", "a readable file")
    model = load(artifact)
    for key in keys:
        if key in model.output_names:
            raise InputError("--key", f"the column {key}, which is an output of the model", "another column")
    done, progress = 0, Progress()
    with _writer(target, model.contract) as write:
        for chunk in read(source, model.contract, keys, chunk_rows):
            write(chunk.keys, by_row(model.contract, _score(model, chunk, done)))
            done += chunk.rows
            progress.tell(done)
    return done


def _score(model: Model, chunk: Chunk, before: int) -> Outputs:
    try:
        return model.score(chunk.data)
    except ContractError as error:
        raise ContractError([_moved(problem, before) for problem in error.problems], error.total) from None


def _moved(problem: Problem, before: int) -> Problem:
    if problem.row is None:
        return problem
    row = problem.row + before
    return replace(problem, row=row, message=problem.message.replace(f"rows[{problem.row}]", f"rows[{row}]", 1))


@contextmanager
def _writer(target: str, contract: Contract) -> Iterator[Write]:
    if target == STANDARD_OUTPUT:
        with csv_stream(sys.stdout, contract) as write:
            yield write
        return
    path = Path(target)
    if not path.parent.is_dir():
        raise InputError(target, f"no such folder: {path.parent}", "a file in a folder that exists")
    part = path.with_name(path.name + ".part")
    opened: AbstractContextManager[Write] = WRITERS[path.suffix.lower()](part, contract)
    try:
        with opened as write:
            yield write
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


class Progress:
    """Says on standard error how far a long run is."""

    def __init__(self) -> None:
        self._start = self._last = time.monotonic()

    def tell(self, rows: int) -> None:
        now = time.monotonic()
        if now - self._last >= PATIENCE:
            self._last = now
            print(f"samescore: {rows:,} rows, {rows / (now - self._start):,.0f} rows/s", file=sys.stderr, flush=True)
