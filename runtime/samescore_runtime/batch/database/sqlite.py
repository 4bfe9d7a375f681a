"""SQLite: the embedded default, in the standard library."""

from __future__ import annotations

import datetime as dt
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from samescore_runtime.batch.database.schema import Target, quoted
from samescore_runtime.batch.database.store import Column
from samescore_runtime.errors import InputError

#: Seconds that a writer waits for another's transaction.
PATIENCE = 120.0


class SqliteStore:
    """A file. NaN is NULL there: SQLite has none. Dates and times are ISO 8601 text."""

    dialect = "sqlite"

    def __init__(self, path: str) -> None:
        self._path = path
        try:
            self._connection = sqlite3.connect(path, PATIENCE, isolation_level=None, check_same_thread=False)
            self._connection.execute("PRAGMA synchronous = FULL")
            self._beside_readers()
        except sqlite3.Error as error:
            raise InputError(path, str(error), "a SQLite database, or the name of a new one") from error

    def _beside_readers(self) -> None:
        """A log of its own for writing, so that readers are not kept waiting. SQLite does not wait for its turn to change that."""
        until = time.monotonic() + PATIENCE
        while True:
            try:
                self._connection.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)
            else:
                return

    @contextmanager
    def transaction(self) -> Iterator[None]:
        # At once for writing: one that begins with reading may find that it cannot go on to write.
        self.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    exclusive = transaction

    def execute(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        try:
            return list(self._connection.execute(statement, [_stored(value) for value in values]))
        except sqlite3.Error as error:
            raise InputError(self._path, str(error), "a database that can be written") from error

    def insert(self, target: Target, names: Sequence[str], columns: Sequence[Column]) -> None:
        listed = ", ".join(map(quoted, names))
        statement = f"INSERT INTO {quoted(target.name)} ({listed}) VALUES ({', '.join('?' * len(names))})"
        plain = [column.tolist() if isinstance(column, np.ndarray) else map(_stored, column) for column in columns]
        try:
            self._connection.executemany(statement, zip(*plain, strict=True))
        except sqlite3.Error as error:
            raise InputError(self._path, str(error), "a database that takes the rows") from error

    def connect(self) -> None:
        """Open already, and never lost."""

    def close(self) -> None:
        self._connection.close()


def _stored(value: Any) -> Any:
    return value.isoformat() if isinstance(value, (dt.date, dt.datetime)) else value
