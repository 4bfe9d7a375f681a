"""One run: read chunks, score them, write them; the output appears only when it is whole."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from samescore_runtime.artifact import Source
from samescore_runtime.batch.inputs import Input
from samescore_runtime.batch.progress import Progress
from samescore_runtime.batch.scored import score_all
from samescore_runtime.batch.writers import WRITERS, Write, by_row, csv_stream
from samescore_runtime.contract import Contract
from samescore_runtime.errors import InputError
from samescore_runtime.model import load

STANDARD_OUTPUT = "-"


def score_file(artifact: Source, source: Input, target: str, keys: Sequence[str], chunk_rows: int) -> int:
    """Score rows into a file of scores (``-`` for CSV on standard output).

    Returns:
        The number of rows.

    Raises:
        InputError: an unknown format, an unreadable file, a key that is no column.
        ContractError: rows that break the contract, numbered as in the input; then no output is left behind.
        MissingExtraError: Parquet without pyarrow.
    """
    if target != STANDARD_OUTPUT and Path(target).suffix.lower() not in WRITERS:
        raise InputError(
            target,
            f"the ending {Path(target).suffix!r}",
            f"one of {', '.join(WRITERS)}, -, or the address of a database",
        )
    model = load(artifact)
    for key in keys:
        if key in model.output_names:
            raise InputError("--key", f"the column {key}, which is an output of the model", "another column")
    done, progress = 0, Progress()
    with _writer(target, model.contract) as write:
        for chunk in source.chunks(model.contract, keys, chunk_rows):
            write(chunk.keys, by_row(model.contract, score_all(model, chunk, done)))
            done += chunk.rows
            progress.tell(done)
    return done


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
