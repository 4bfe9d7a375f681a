"""Rows of named values to tensors: what the HTTP service and every caller with single rows go through."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samescore_runtime.cells import Reader, Refused, bound, reader
from samescore_runtime.contract import Column, Contract
from samescore_runtime.errors import InputError
from samescore_runtime.packing import Group, Tensors, Values, groups, pack
from samescore_runtime.problems import Problems
from samescore_runtime.wording import found

Rows = Sequence[Mapping[str, Any]]

_NUMBERS = frozenset({float, int})
_NUMBERS_OR_NULL = frozenset({float, int, type(None)})


class RowEncoder:
    """The encoder of one contract, compiled once: an encoder per tensor, a reader per column.

    Float tensors have a short cut for rows in which every value is plainly a number within bounds. Whatever the short
    cut does not accept goes cell by cell through the readers, which alone decide and find the words.
    """

    def __init__(self, contract: Contract) -> None:
        self._columns = tuple((position, column, reader(column)) for position, column in enumerate(contract.columns))
        parts = groups(contract)
        self._shortcuts = tuple((group.tensor.name, _shortcut(group)) for group in parts if _is_float(group))
        self._rest = tuple(group for group in parts if not _is_float(group))
        self._parts = parts
        self._closed = contract.closed
        held = {column.name for group in self._rest for column in group.columns}
        self._rest_columns = tuple(item for item in self._columns if item[1].name in held)

    def __call__(self, rows: Rows) -> Tensors:
        """The model's input tensors for the rows; any number of them, also none.

        Raises:
            ContractError: with all problems of the batch.
            InputError: a row that is no mapping.
        """
        tensors: Tensors = {}
        if self._closed:
            return pack(self._parts, _read(self._columns, rows, closed=True), len(rows))
        for name, shortcut in self._shortcuts:
            packed = shortcut(rows)
            if packed is None:
                return pack(self._parts, _read(self._columns, rows), len(rows))
            tensors[name] = packed
        if self._rest:
            tensors.update(pack(self._rest, _read(self._rest_columns, rows), len(rows)))
        return tensors


def encode_rows(contract: Contract, rows: Rows) -> Tensors:
    """The model's input tensors for rows; see :class:`RowEncoder`, which callers with many batches keep."""
    return RowEncoder(contract)(rows)


def _is_float(group: Group) -> bool:
    return group.tensor.type in ("float64", "float32") and all(
        column.type in ("float64", "float32") for column in group.columns
    )


def _shortcut(group: Group) -> Callable[[Rows], NDArray[Any] | None]:
    names = [column.name for column in group.columns]
    width = len(names)
    # A getter of one name gives no tuple, so a lone column is taken twice.
    take = itemgetter(*names) if width > 1 else itemgetter(names[0], names[0])
    nullable = all(column.nullable for column in group.columns)
    largest = min(bound(column) for column in group.columns)
    finite_largest = min(largest, np.finfo(np.float64).max)
    dtype = np.float64 if group.tensor.type == "float64" else np.float32

    def encode(rows: Rows) -> NDArray[Any] | None:
        flat: list[Any] = []
        try:
            for row in rows:
                if type(row) is not dict:
                    return None
                flat += take(row)
            kinds = set(map(type, flat))
            if kinds <= _NUMBERS:
                # A finite sum has finite terms: one addition per cell instead of one test.
                if not math.isfinite(sum(flat)) or (flat and not -largest <= min(flat) <= max(flat) <= largest):
                    return None
                packed = np.array(flat, np.float64)
            elif nullable and kinds <= _NUMBERS_OR_NULL:
                packed = np.array(flat, np.float64)
                if (np.abs(packed) > finite_largest).any():
                    return None
            else:
                return None
        except (KeyError, OverflowError):
            return None
        if width == 1:
            packed = packed[::2].copy()
        return packed.reshape(len(rows), width).astype(dtype, copy=False)

    return encode


def _read(columns: Sequence[tuple[int, Column, Reader]], rows: Rows, closed: bool = False) -> dict[str, Values]:
    for index, row in enumerate(rows):
        if not isinstance(row, Mapping):
            raise InputError(f"rows[{index}]", found(row), "an object with a value for each column")
    problems = Problems()
    read_columns: dict[str, Values] = {}
    for position, column, read in columns:
        values: list[Any] = []
        name, optional = column.name, column.optional
        for index, row in enumerate(rows):
            try:
                values.append(read(row.get(name) if optional else row[name]))
            except KeyError:
                problems.add_absent(index, position, column)
            except Refused as refused:
                problems.add(index, position, column, refused)
        read_columns[name] = values
    if closed:
        known = [column for _, column, _ in columns]
        names = {column.name for column in known}
        for index, row in enumerate(rows):
            if row.keys() - names:
                problems.add_unknown(index, min(map(str, row.keys() - names)), known)
    problems.refuse()
    return read_columns
