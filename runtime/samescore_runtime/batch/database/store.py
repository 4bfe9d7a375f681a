"""A database as the ledger sees it: statements, transactions, rows in bulk. One module for each kind of database."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from numpy.typing import NDArray

from samescore_runtime.batch.database.schema import Target
from samescore_runtime.errors import InputError

Column = Sequence[Any] | NDArray[Any]


class LostConnectionError(Exception):
    """The database went away; whether the last transaction was committed is not known, and the ledger knows."""


class Store(Protocol):
    """An open database. Statements have ``?`` for values; they are used by one thread at a time.

    Every method raises LostConnectionError where the connection broke, and InputError for what the database refuses for good.
    """

    dialect: str

    def exclusive(self) -> AbstractContextManager[None]:
        """A transaction that no other of this kind runs beside."""

    def transaction(self) -> AbstractContextManager[None]:
        """A transaction."""

    def execute(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows that a statement gives, if it gives any."""

    def insert(self, target: Target, names: Sequence[str], columns: Sequence[Column]) -> None:
        """Rows into a target's table, by columns of those names."""

    def connect(self) -> None:
        """Connect, at first and after a lost connection."""

    def close(self) -> None:
        """Close the connection."""


SCHEMES = ("sqlite:///", "duckdb:///", "postgresql://")


def is_database(target: str) -> bool:
    """Whether an output is a database and not a file."""
    return "://" in target


def open_store(url: str) -> Store:
    """A database, not connected to yet if it is a server; the file of an embedded one is made.

    Raises:
        InputError: another kind of address, or one that cannot be opened.
        MissingExtraError: a kind whose package is not installed.
    """
    # Imported here: each brings a package of its own.
    if url.startswith("sqlite:///"):
        from samescore_runtime.batch.database.sqlite import SqliteStore

        return SqliteStore(url.removeprefix("sqlite:///"))
    if url.startswith("duckdb:///"):
        from samescore_runtime.batch.database.duckdb import DuckdbStore

        return DuckdbStore(url.removeprefix("duckdb:///"))
    if url.startswith(("postgresql://", "postgres://")):
        from samescore_runtime.batch.database.postgresql import PostgresqlStore

        return PostgresqlStore(url)
    raise InputError("--output", f"the address {url.split('://')[0]}://...", " or ".join(SCHEMES))
