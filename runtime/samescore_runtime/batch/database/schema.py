"""The tables and views, created by numbered migrations, and the table of a target made for an artifact's outputs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from samescore_runtime.batch.writers import flat_names
from samescore_runtime.contract import Contract
from samescore_runtime.errors import InputError

Kind = Literal["whole", "number", "flag", "text", "date", "time"]

#: A kind of column -> its type in each dialect; SQLite keeps dates and times as ISO 8601 text, as its functions read them.
TYPES: Mapping[str, Mapping[Kind, str]] = {
    "sqlite": {
        "whole": "INTEGER", "number": "REAL", "flag": "INTEGER", "text": "TEXT", "date": "TEXT", "time": "TEXT",
    },
    "postgresql": {
        "whole": "BIGINT", "number": "DOUBLE PRECISION", "flag": "BOOLEAN", "text": "TEXT", "date": "DATE",
        "time": "TIMESTAMP WITH TIME ZONE",
    },
    "duckdb": {
        "whole": "BIGINT", "number": "DOUBLE", "flag": "BOOLEAN", "text": "VARCHAR", "date": "DATE",
        "time": "TIMESTAMP WITH TIME ZONE",
    },
}  # fmt: skip

#: Version -> statements, for good: a later change of the tables is a migration more. ``{whole}`` and the like are types.
MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE runs (
            run {whole} PRIMARY KEY, run_id {text} NOT NULL UNIQUE, target {text} NOT NULL, model {text} NOT NULL,
            digest {text} NOT NULL, input {text} NOT NULL, settings {text} NOT NULL, status {text} NOT NULL,
            started_at {time} NOT NULL, completed_at {time}, chunks {whole}, "rows" {whole}, rejected {whole})""",
        """CREATE TABLE ledger (
            run {whole} NOT NULL, chunk {whole} NOT NULL, first_row {whole} NOT NULL, "rows" {whole} NOT NULL,
            rejected {whole} NOT NULL, PRIMARY KEY (run, chunk))""",
        """CREATE TABLE rejected_rows (
            run {whole} NOT NULL, row_number {whole} NOT NULL, row_key {text} NOT NULL, reason {text} NOT NULL,
            PRIMARY KEY (run, row_number))""",
        "CREATE TABLE targets (name {text} PRIMARY KEY, keys {text} NOT NULL, outputs {text} NOT NULL)",
    ),
)

_TARGET = re.compile(r"[a-z_][a-z0-9_]{0,50}")
_OUTPUT_KINDS: Mapping[str, Kind] = {
    "float64": "number",
    "float32": "number",
    "int64": "whole",
    "bool": "flag",
    "string": "text",
}


@dataclass(frozen=True, slots=True)
class Target:
    """A table of predictions: its name, and its columns by kind; ``run`` and ``row_number`` come before them."""

    name: str
    keys: tuple[tuple[str, Kind], ...]
    outputs: tuple[tuple[str, Kind], ...]

    @property
    def columns(self) -> tuple[tuple[str, Kind], ...]:
        return (("run", "whole"), ("row_number", "whole"), *self.keys, *self.outputs)

    def table(self, dialect: str) -> str:
        """``CREATE TABLE`` for it."""
        types = TYPES[dialect]
        columns = ", ".join(
            f"{quoted(name)} {types[kind]}{' NOT NULL' if position < 2 else ''}"
            for position, (name, kind) in enumerate(self.columns)
        )
        return f"CREATE TABLE {quoted(self.name)} ({columns}, PRIMARY KEY (run, row_number))"

    def index(self) -> str | None:
        """An index by key, for the view of the latest; None without keys."""
        if not self.keys:
            return None
        names = ", ".join(quoted(name) for name, _ in self.keys)
        return f"CREATE INDEX {quoted(self.name + '_by_key')} ON {quoted(self.name)} ({names}, run)"

    def view(self) -> str:
        """``CREATE VIEW latest_NAME``: of each key, or of each row of an input, what the latest complete run says."""
        shown = ", ".join(f"p.{quoted(name)}" for name, _ in (*self.keys, *self.outputs))
        same = ", ".join(f"p.{quoted(name)}" for name, _ in self.keys) or "r.input, p.row_number"
        names = ", ".join(quoted(name) for name, _ in (*self.keys, *self.outputs))
        return f"""CREATE VIEW {quoted("latest_" + self.name)} AS
            SELECT {names}, run_id, model, digest, input, row_number, scored_at FROM (
                SELECT {shown}, r.run_id, r.model, r.digest, r.input, p.row_number, r.completed_at AS scored_at,
                    ROW_NUMBER() OVER (PARTITION BY {same} ORDER BY p.run DESC, p.row_number DESC) AS place
                FROM {quoted(self.name)} p JOIN runs r ON r.run = p.run WHERE r.status = 'complete') latest
            WHERE place = 1"""


def quoted(name: str) -> str:
    """A name as an identifier of SQL."""
    return '"' + name.replace('"', '""') + '"'


def target_of(name: str, contract: Contract, shown: Sequence[str], keys: Mapping[str, Kind]) -> Target:
    """The table for an artifact's outputs beside keys.

    Raises:
        InputError: a name that is none, or an output of no fixed width, or one column twice.
    """
    if not _TARGET.fullmatch(name) or name in ("runs", "ledger", "rejected_rows", "targets", "samescore_migrations"):
        raise InputError(
            "--table", repr(name), "small letters, digits and _, at most 51, and none of samescore's own tables"
        )
    outputs: list[tuple[str, Kind]] = []
    for title in shown:
        output = contract.output_named(title)
        if None in output.shape[1:] or output.each != 1:
            raise InputError(f"output {title}", "no fixed number of columns", "outputs that fill columns of a table")
        outputs += [(column_name(flat), _OUTPUT_KINDS[output.type]) for flat in flat_names(output)]
    columns = [name for name, _ in (*keys.items(), *outputs)]
    taken = {"run", "row_number", "run_id", "model", "digest", "input", "scored_at"}
    twice = sorted({column for column in columns if columns.count(column) > 1 or column in taken})
    if twice:
        raise InputError("--key", f"the column {twice[0]} twice, or as samescore's own", "other columns")
    return Target(name, tuple(keys.items()), tuple(outputs))


def column_name(flat: str) -> str:
    """``predict_proba[spam]`` as ``predict_proba_spam``; other signs stay, and are quoted."""
    return flat.replace("[", "_").removesuffix("]")
