"""A run into a database: chunks are scored while the chunk before is written."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np

from samescore_runtime.artifact import Source
from samescore_runtime.batch.database import ledger
from samescore_runtime.batch.database.schema import Kind, Target, column_name, target_of
from samescore_runtime.batch.database.store import Column, LostConnectionError, Store, open_store
from samescore_runtime.batch.database.values import as_text, in_kind, key_kinds, row_numbers
from samescore_runtime.batch.inputs import Input
from samescore_runtime.batch.progress import Progress
from samescore_runtime.batch.readers import Chunk
from samescore_runtime.batch.scored import Scored, score_all, score_good
from samescore_runtime.batch.writers import flat
from samescore_runtime.errors import InputError
from samescore_runtime.model import Model, load

OnBadRow = Literal["stop", "reject"]


@dataclass(frozen=True, slots=True)
class Request:
    """What the caller asks for."""

    url: str
    table: str
    keys: tuple[str, ...]
    chunk_rows: int
    on_bad_row: OnBadRow
    run_id: str | None
    retry_seconds: float


def score_into(artifact: Source, source: Input, request: Request) -> dict[str, Any]:
    """Score rows into a database, each exactly once; begun again with the same arguments it goes on where it was.

    Returns:
        The summary: run, run_id, status, rows, rejected, chunks written now, seconds, rows_per_second.

    Raises:
        InputError, ContractError, MissingExtraError: nothing of the chunk at hand was written.
    """
    model = load(artifact)
    for key in request.keys:
        if key in model.output_names:
            raise InputError("--key", f"the column {key}, which is an output of the model", "another column")
    settings = _settings(model, source, request)
    store = open_store(request.url)
    try:
        return _run(_Patient(store, request.retry_seconds), model, source, request, settings)
    except LostConnectionError as error:
        accepted = "a database that comes back in time; run the command again to go on"
        raise InputError("--output", str(error), accepted) from error
    finally:
        store.close()


def _settings(model: Model, source: Input, request: Request) -> ledger.Settings:
    settings = {
        "input_digest": source.digest(),
        "keys": list(request.keys),
        "chunk_rows": request.chunk_rows,
        "on_bad_row": request.on_bad_row,
    }
    name = model.artifact.name.rsplit("/", 1)[-1].removesuffix(".onnx")
    whole = json.dumps([settings, request.table, model.digest, source.name], sort_keys=True)
    run_id = request.run_id or hashlib.sha256(whole.encode()).hexdigest()[:32]
    return ledger.Settings(run_id, request.table, name, model.digest, source.name, settings)


def _run(patient: _Patient, model: Model, source: Input, request: Request, settings: ledger.Settings) -> dict[str, Any]:
    progress = Progress()
    patient(ledger.migrate)
    run: ledger.Run | None = None
    target: Target | None = None
    count = first_row = written = 0
    with ThreadPoolExecutor(1, "samescore-writer") as writer:
        pending: Future[bool] | None = None
        for count, chunk in enumerate(source.chunks(model.contract, request.keys, request.chunk_rows), 1):
            if target is None:
                known = patient(partial(ledger.known_keys, table=request.table))
                target = target_of(request.table, model.contract, model.output_names, key_kinds(chunk.keys, known))
                patient(partial(ledger.make_target, target=target))
                run = patient(partial(ledger.begin, settings=settings))
            assert run is not None
            if run.complete:
                break
            if count - 1 not in run.done:
                work = _chunk(model, target, run.number, count - 1, first_row, chunk, request)
                if pending is not None:
                    written += pending.result()
                pending = writer.submit(patient, work)
            first_row += chunk.rows
            progress.tell(first_row)
        if pending is not None:
            written += pending.result()
    assert run is not None
    if run.complete:
        totals = patient(partial(_totals, run=run.number))
    else:
        totals = patient(partial(ledger.complete, run=run.number, chunks=count))
    return {
        "run": run.number,
        "run_id": settings.run_id,
        "table": request.table,
        "digest": model.digest,
        "status": ledger.COMPLETE,
        "rows": totals.rows,
        "rejected": totals.rejected,
        "chunks": totals.chunks,
        "chunks_written": written,
        **progress.summary(first_row),
    }


def _totals(store: Store, run: int) -> ledger.Totals:
    [(chunks, rows, rejected)] = store.execute('SELECT chunks, "rows", rejected FROM runs WHERE run = ?', [run])
    return ledger.Totals(int(chunks), int(rows), int(rejected))


def _chunk(
    model: Model, target: Target, run: int, number: int, first_row: int, chunk: Chunk, request: Request
) -> Callable[[Store], bool]:
    """Scores a chunk; gives what writes it."""
    if request.on_bad_row == "reject":
        scored = score_good(model, chunk, first_row)
    else:
        scored = Scored(score_all(model, chunk, first_row), np.arange(chunk.rows), ())
    kinds: Mapping[str, Kind] = dict(target.keys)
    keys = {name: in_kind(name, kinds[name], values) for name, values in chunk.keys.items()}
    if len(scored.taken) != chunk.rows:
        positions = scored.taken.tolist()
        taken: dict[str, Sequence[Any]] = {name: [values[at] for at in positions] for name, values in keys.items()}
    else:
        taken = dict(keys)
    scores = flat(model.contract, scored.outputs) if len(scored.taken) else {}
    names = ["row_number", *taken, *map(column_name, scores)]
    columns: list[Column] = [row_numbers(first_row, scored.taken), *taken.values(), *scores.values()]
    rejected = [
        (first_row + row, ", ".join(f"{name}={as_text(values[row])}" for name, values in keys.items()), reason)
        for row, reason in scored.rejected
    ]
    return lambda store: ledger.write_chunk(store, target, run, number, first_row, names, columns, rejected)


class _Patient:
    """Does things to a store, and again after a lost connection, for so many seconds; the ledger knows what was done."""

    def __init__(self, store: Store, seconds: float) -> None:
        self._store = store
        self._seconds = seconds
        self._connected = False

    def __call__(self, work: Callable[[Store], Any]) -> Any:
        until: float | None = None
        pause = 0.1
        while True:
            try:
                if not self._connected:
                    self._store.connect()
                    self._connected = True
                return work(self._store)
            except LostConnectionError as error:
                self._connected = False
                now = time.monotonic()
                if until is None:
                    until = now + self._seconds
                    print(f"samescore: {error}; trying again for {self._seconds:g} s", file=sys.stderr, flush=True)
                if now + pause > until:
                    raise
                time.sleep(pause)
                pause = min(2.0, 2 * pause)
