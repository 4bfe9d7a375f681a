"""The ledger: which chunks of which run are in the database, written in the transaction that writes their rows.

A run is begun, or found again by its id; each chunk's entry and its rows are committed together or not at all, and an entry that is
there already means that somebody wrote the chunk; at last the run is set complete, from when on readers see it. So a run that is
begun again after any crash, or by two at once, ends with every row once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from samescore_runtime.batch.database.schema import MIGRATIONS, TYPES, Kind, Target, quoted
from samescore_runtime.batch.database.store import Column, Store
from samescore_runtime.errors import InputError

RUNNING, COMPLETE = "running", "complete"


@dataclass(frozen=True, slots=True)
class Settings:
    """What makes a run this run and no other.

    Attributes:
        run_id: a text of the caller's, or the digest of all the rest.
        input: the input's name; ``settings`` has its digest, keys, rows a chunk, and what is done with bad rows.
    """

    run_id: str
    target: str
    model: str
    digest: str
    input: str
    settings: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Run:
    """A run in the database; ``done`` are the chunks that are there."""

    number: int
    complete: bool
    done: frozenset[int]


@dataclass(frozen=True, slots=True)
class Totals:
    """What a run holds."""

    chunks: int
    rows: int
    rejected: int


def migrate(store: Store) -> None:
    """Bring the tables to the newest version; a database of a newer samescore is refused.

    Raises:
        InputError: a version that this samescore does not know.
    """
    types: dict[str, str] = {str(kind): word for kind, word in TYPES[store.dialect].items()}
    with store.exclusive():
        store.execute(f"CREATE TABLE IF NOT EXISTS samescore_migrations (version {types['whole']} PRIMARY KEY)")
        [(version,)] = store.execute("SELECT COALESCE(MAX(version), 0) FROM samescore_migrations")
        if version > len(MIGRATIONS):
            raise InputError(
                "--output", f"tables of version {version}", f"up to version {len(MIGRATIONS)}; a newer samescore"
            )
        for number in range(int(version) + 1, len(MIGRATIONS) + 1):
            for statement in MIGRATIONS[number - 1]:
                store.execute(statement.format(**types))
            store.execute("INSERT INTO samescore_migrations VALUES (?)", [number])


def make_target(store: Store, target: Target) -> None:
    """Make the target's table and its view of the latest, or add the outputs that it has not yet.

    Raises:
        InputError: a table of that name with other keys, or with a column of another kind.
    """
    with store.exclusive():
        found = store.execute("SELECT keys, outputs FROM targets WHERE name = ?", [target.name])
        if not found:
            store.execute(target.table(store.dialect))
            index = target.index()
            if index is not None:
                store.execute(index)
            store.execute(target.view())
            values = [target.name, json.dumps(target.keys), json.dumps(target.outputs)]
            store.execute("INSERT INTO targets (name, keys, outputs) VALUES (?, ?, ?)", values)
            return
        [(keys, outputs)] = found
        known = Target(target.name, _columns(keys), _columns(outputs))
        if known.keys != target.keys:
            raise InputError(
                f"--table {target.name}",
                f"the keys {_listed(target.keys)}",
                f"its keys {_listed(known.keys)}, or another --table",
            )
        there = dict(known.outputs)
        strange = [(name, kind) for name, kind in target.outputs if there.get(name, kind) != kind]
        if strange:
            accepted = f"{_listed([(name, there[name]) for name, _ in strange])}, or another --table"
            raise InputError(f"--table {target.name}", f"the outputs {_listed(strange)}", accepted)
        new = [(name, kind) for name, kind in target.outputs if name not in there]
        if not new:
            return
        grown = Target(target.name, known.keys, (*known.outputs, *new))
        store.execute(f"DROP VIEW {quoted('latest_' + target.name)}")
        for name, kind in new:
            types = TYPES[store.dialect]
            store.execute(f"ALTER TABLE {quoted(target.name)} ADD COLUMN {quoted(name)} {types[kind]}")
        store.execute(grown.view())
        store.execute("UPDATE targets SET outputs = ? WHERE name = ?", [json.dumps(grown.outputs), target.name])


def known_keys(store: Store, table: str) -> dict[str, Kind]:
    """The keys of a target's table, by kind; none where there is no such table yet."""
    found = store.execute("SELECT keys FROM targets WHERE name = ?", [table])
    return {name: kind for (keys,) in found for name, kind in _columns(keys)}


def _columns(text: str) -> tuple[tuple[str, Kind], ...]:
    return tuple((name, kind) for name, kind in json.loads(text))


def _listed(columns: Sequence[tuple[str, Kind]]) -> str:
    return ", ".join(f"{name} ({kind})" for name, kind in columns) or "none"


def begin(store: Store, settings: Settings) -> Run:
    """Begin a run, or find it again.

    Raises:
        InputError: its id was used with another artifact, input or settings.
    """
    given = json.dumps(settings.settings, sort_keys=True)
    with store.exclusive():
        found = store.execute(
            "SELECT run, digest, input, settings, target, status FROM runs WHERE run_id = ?", [settings.run_id]
        )
        if not found:
            [(last,)] = store.execute("SELECT COALESCE(MAX(run), 0) FROM runs")
            number = int(last) + 1
            values = [number, settings.run_id, settings.target, settings.model, settings.digest, settings.input, given]
            store.execute(
                "INSERT INTO runs (run, run_id, target, model, digest, input, settings, status, started_at) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [*values, RUNNING, datetime.now(UTC)],
            )
            return Run(number, False, frozenset())
    [(number, digest, source, before, target, status)] = found
    same = {
        "artifact": (digest, settings.digest),
        "input": (source, settings.input),
        "settings": (before, given),
        "table": (target, settings.target),
    }
    other = [name for name, (old, new) in same.items() if old != new]
    if other:
        raise InputError(
            f"--run-id {settings.run_id}",
            f"another {' and '.join(other)} than it was begun with",
            "a new id, or the same",
        )
    done = store.execute("SELECT chunk FROM ledger WHERE run = ?", [number])
    return Run(int(number), status == COMPLETE, frozenset(int(chunk) for (chunk,) in done))


def write_chunk(
    store: Store,
    target: Target,
    run: int,
    chunk: int,
    first_row: int,
    names: Sequence[str],
    columns: Sequence[Column],
    rejected: Sequence[tuple[int, str, str]],
) -> bool:
    """A chunk's rows and its entry in one transaction; False if the chunk is there already.

    Args:
        columns: of the names, row_number among them; ``run`` is added.
        rejected: (row number, key, reason) of rows that were not scored.
    """
    rows = len(columns[0]) if columns else 0
    with store.transaction():
        new = store.execute(
            'INSERT INTO ledger (run, chunk, first_row, "rows", rejected) VALUES (?, ?, ?, ?, ?) '
            "ON CONFLICT DO NOTHING RETURNING chunk",
            [run, chunk, first_row, rows, len(rejected)],
        )
        if not new:
            return False
        if rows:
            store.insert(target, ["run", *names], [[run] * rows, *columns])
        for row, key, reason in rejected:
            store.execute("INSERT INTO rejected_rows VALUES (?, ?, ?, ?)", [run, row, key, reason])
    return True


def complete(store: Store, run: int, chunks: int) -> Totals:
    """Let readers see the run, if all its chunks are there.

    Raises:
        InputError: some are not.
    """
    with store.transaction():
        [(count, rows, rejected)] = store.execute(
            'SELECT COUNT(*), COALESCE(SUM("rows"), 0), COALESCE(SUM(rejected), 0) FROM ledger WHERE run = ?', [run]
        )
        if int(count) != chunks:
            raise InputError(f"run {run}", f"{count} chunks of {chunks}", "all of them; run the command again")
        store.execute(
            'UPDATE runs SET status = ?, completed_at = ?, chunks = ?, "rows" = ?, rejected = ? WHERE run = ? AND status <> ?',
            [COMPLETE, datetime.now(UTC), chunks, int(rows), int(rejected), run, COMPLETE],
        )
    return Totals(int(count), int(rows), int(rejected))
