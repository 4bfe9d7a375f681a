"""PostgreSQL, written by binary COPY."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from samescore_runtime.batch.database.copy_binary import HEADER, TRAILER, rows_in_binary
from samescore_runtime.batch.database.schema import Target, quoted
from samescore_runtime.batch.database.store import Column, LostConnectionError
from samescore_runtime.errors import InputError, MissingExtraError

#: An advisory lock of samescore's own, under which tables are made and runs begin: the digest of the word, cut to 63 bits.
_LOCK = 0x53414D4553434F52 & (2**63 - 1)


#: What a server says while it starts, stops or recovers.
_PASSING = ("starting up", "shutting down", "recovery", "too many")


class PostgresqlStore:
    """A server. Other schemas than ``public`` are chosen by the address: ``?options=-csearch_path%3Dname``."""

    dialect = "postgresql"

    def __init__(self, url: str) -> None:
        try:
            import psycopg
        except ModuleNotFoundError as error:
            raise MissingExtraError("--output", "psycopg", "postgres") from error
        self._psycopg = psycopg
        self._url = url
        # The password may stand in it.
        self._where = f"postgresql://{url.split('@')[-1].split('?')[0].removeprefix('postgresql://')}"
        self._connection: Any = None

    def connect(self) -> None:
        try:
            self._connection = self._psycopg.connect(self._url, autocommit=True, connect_timeout=10)
        except self._psycopg.OperationalError as error:
            # What a server says that there is no such database, or that the password is wrong, will be so later too.
            if "FATAL" in str(error) and not any(word in str(error) for word in _PASSING):
                raise InputError(self._where, _first_line(error), "a PostgreSQL database that lets us in") from error
            raise LostConnectionError(f"{self._where}: {_first_line(error)}") from error
        except self._psycopg.Error as error:
            raise InputError(self._where, _first_line(error), "the address of a PostgreSQL database") from error

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Errors of the database in samescore's words."""
        try:
            yield
        except self._psycopg.OperationalError as error:
            # A full disk or an exhausted quota is no lost connection: the connection is still good.
            if self._connection.closed or getattr(error, "sqlstate", None) in (None, "57P01", "57P02", "57P03"):
                raise LostConnectionError(f"{self._where}: {_first_line(error)}") from error
            raise InputError(self._where, _first_line(error), "a database that takes the rows") from error
        except self._psycopg.Error as error:
            raise InputError(self._where, _first_line(error), "a database that takes the rows") from error

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self._told(), self._connection.transaction():
            yield

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        with self.transaction():
            self.execute(f"SELECT pg_advisory_xact_lock({_LOCK})")
            yield

    def execute(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._told():
            cursor = self._connection.execute(statement.replace("%", "%%").replace("?", "%s"), list(values))
            return list(cursor.fetchall()) if cursor.description else []

    def insert(self, target: Target, names: Sequence[str], columns: Sequence[Column]) -> None:
        kinds = dict(target.columns)
        listed = ", ".join(map(quoted, names))
        statement = f"COPY {quoted(target.name)} ({listed}) FROM STDIN (FORMAT BINARY)"
        with self._told(), self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            copy.write(HEADER + rows_in_binary([kinds[name] for name in names], columns) + TRAILER)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
