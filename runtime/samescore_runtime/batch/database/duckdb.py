"""DuckDB: an embedded file for analysts; one process at a time has it open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from samescore_runtime.batch.database.schema import Target, quoted
from samescore_runtime.batch.database.store import Column
from samescore_runtime.errors import InputError, MissingExtraError


class DuckdbStore:
    """A file."""

    dialect = "duckdb"

    def __init__(self, path: str) -> None:
        try:
            import duckdb
            import pyarrow
        except ModuleNotFoundError as error:
            raise MissingExtraError("--output", str(error.name), "duckdb") from error
        self._errors = duckdb.Error
        self._arrow = pyarrow
        self._path = path
        try:
            self._connection = duckdb.connect(path)
        except duckdb.Error as error:
            raise InputError(path, _first_line(error), "a DuckDB database that no other process has open") from error

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self.execute("BEGIN")
        try:
            yield
            self.execute("COMMIT")
        except BaseException:
            # A failed COMMIT has ended the transaction.
            with suppress(self._errors):
                self._connection.execute("ROLLBACK")
            raise

    exclusive = transaction

    def execute(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        try:
            found: list[tuple[Any, ...]] = self._connection.execute(statement, list(values)).fetchall()
        except self._errors as error:
            raise InputError(self._path, _first_line(error), "a database that can be written") from error
        return found

    def insert(self, target: Target, names: Sequence[str], columns: Sequence[Column]) -> None:
        listed = ", ".join(map(quoted, names))
        rows = self._arrow.table({name: self._arrow.array(column) for name, column in zip(names, columns, strict=True)})
        self._connection.register("samescore_rows", rows)
        try:
            self.execute(f"INSERT INTO {quoted(target.name)} ({listed}) SELECT {listed} FROM samescore_rows")
        finally:
            self._connection.unregister("samescore_rows")

    def connect(self) -> None:
        """Open already, and never lost."""

    def close(self) -> None:
        self._connection.close()


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
