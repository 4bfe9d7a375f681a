"""Rows in PostgreSQL's binary COPY format, column by column with numpy.

The format: a header, for each row the number of its fields, for each field its length (-1 for NULL) and its bytes, most significant first;
at the end -1 (PostgreSQL's documentation of COPY, "Binary Format").
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from samescore_runtime.batch.database.schema import Kind

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"

_EPOCH_DAY = dt.date(2000, 1, 1).toordinal()
_EPOCH = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)
_WIDTHS = {"whole": 8, "number": 8, "flag": 1, "date": 4, "time": 8}
_DTYPES = {"whole": ">i8", "number": ">f8", "flag": "u1", "date": ">i4", "time": ">i8"}

Bytes: TypeAlias = NDArray[np.uint8]


def rows_in_binary(kinds: Sequence[Kind], columns: Sequence[Sequence[Any] | NDArray[Any]]) -> bytes:
    """The rows without header and trailer, so that chunks can follow each other."""
    count = len(columns[0])
    fields = [_field(kind, column) for kind, column in zip(kinds, columns, strict=True)]
    sizes = np.full(count, 2, np.int64)
    for lengths, _ in fields:
        sizes += 4 + np.maximum(lengths, 0)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    out = np.zeros(int(starts[-1]), np.uint8)
    at = starts[:-1].copy()
    _put(out, at, np.full(count, len(columns), ">i2"))
    at += 2
    for lengths, content in fields:
        _put(out, at, lengths.astype(">i4"))
        at += 4
        present = np.maximum(lengths, 0)
        if len(content):
            before = np.cumsum(present) - present
            out[np.repeat(at - before, present) + np.arange(len(content))] = content
        at += present
    return out.tobytes()


def _put(out: Bytes, at: NDArray[np.int64], numbers: NDArray[Any]) -> None:
    """Numbers of one width at their places."""
    width = numbers.dtype.itemsize
    out[at[:, None] + np.arange(width)] = numbers.view(np.uint8).reshape(len(numbers), width)


def _field(kind: Kind, column: Sequence[Any] | NDArray[Any]) -> tuple[NDArray[np.int64], Bytes]:
    """The length of each value, -1 for NULL, and the bytes of all, one after another."""
    if kind == "text":
        encoded = [None if value is None else str(value).encode() for value in column]
        lengths = np.array([-1 if value is None else len(value) for value in encoded], np.int64)
        return lengths, np.frombuffer(b"".join(value for value in encoded if value is not None), np.uint8)
    if isinstance(column, np.ndarray) and column.dtype != object:
        lengths = np.full(len(column), _WIDTHS[kind], np.int64)
        return lengths, np.ascontiguousarray(column, _DTYPES[kind]).view(np.uint8).ravel()
    present = [value for value in column if value is not None]
    numbers: list[Any] = present
    if kind == "date":
        numbers = [value.toordinal() - _EPOCH_DAY for value in present]
    elif kind == "time":
        numbers = [(value - _EPOCH) // _MICROSECOND for value in present]
    lengths = np.array([-1 if value is None else _WIDTHS[kind] for value in column], np.int64)
    return lengths, np.array(numbers, _DTYPES[kind]).view(np.uint8).ravel()
