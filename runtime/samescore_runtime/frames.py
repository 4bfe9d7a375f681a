"""Data frames, arrays and columns to tensors, whole columns at a time, without importing a data frame library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from samescore_runtime.columns import Cells, cells
from samescore_runtime.contract import Contract
from samescore_runtime.errors import InputError
from samescore_runtime.packing import Group, Tensors, Values, groups, pack
from samescore_runtime.packing import encode_golden as encode_golden
from samescore_runtime.problems import Problems
from samescore_runtime.rows import encode_rows
from samescore_runtime.vectors import read_column

_FORMS = (
    "a pandas or polars DataFrame, an Arrow table, a 2-D array, a dict of columns, a list of dicts, "
    "or for a model of one string column a list of strings"
)


def encode_frame(contract: Contract, data: Any, parts: Sequence[Group] | None = None) -> Tensors:
    """The model's input tensors for data in any of the usual forms.

    A data frame's columns are picked by name, others are ignored; an array is read by position and must have exactly
    the contract's columns, or its ``row_shape``. ``parts`` are the contract's :func:`groups`, for callers that keep them.

    Raises:
        ContractError: with all problems; ``row`` is None where a column is absent from a frame.
        InputError: data of another form, of the wrong width, or with columns of unequal length.
    """
    if isinstance(data, (list, tuple)) and (not data or isinstance(data[0], Mapping)):
        return encode_rows(contract, data)
    sources = _sources(contract, data)
    lengths = {len(source.values) for source in sources.values()}
    if len(lengths) > 1:
        raise InputError("columns", f"lengths {', '.join(map(str, sorted(lengths)))}", "columns of one length")
    problems = Problems()
    columns: dict[str, Values] = {}
    for position, column in enumerate(contract.columns):
        if column.name in sources:
            columns[column.name] = read_column(column, sources[column.name], position, problems)
        elif column.optional and any(lengths):
            columns[column.name] = read_column(column, cells([None] * next(iter(lengths))), position, problems)
        else:
            problems.add_absent(None, position, column)
    if contract.closed and (extra := _names(data) - set(contract.column_named)):
        problems.add_unknown(None, min(extra), contract.columns)
    problems.refuse()
    return pack(groups(contract) if parts is None else parts, columns, lengths.pop())


def _sources(contract: Contract, data: Any) -> dict[str, Cells]:
    names = [column.name for column in contract.columns]
    if isinstance(data, np.ndarray) and contract.row_shape is not None:
        if data.shape[1:] != contract.row_shape:
            sizes = ", ".join(map(str, contract.row_shape))
            raise InputError("array", f"the shape {data.shape}", f"(rows, {sizes})")
        data = data.reshape(len(data), len(names))
    if isinstance(data, np.ndarray) and data.ndim == 2:
        if data.shape[1] != len(names):
            raise InputError("array", f"{data.shape[1]} columns", f"{len(names)} columns: {', '.join(names)}")
        return {name: cells(data[:, position]) for position, name in enumerate(names)}
    if isinstance(data, Mapping):
        return {name: cells(data[name]) for name in names if name in data}
    if hasattr(data, "column_names") and hasattr(data, "column"):
        present = set(data.column_names)
        return {name: cells(data.column(name)) for name in names if name in present}
    if hasattr(data, "columns") and hasattr(data, "__getitem__"):
        # pandas' labels may be numbers or tuples, which a contract has as text; a label that is text comes first.
        labels = {str(label): label for label in data.columns}
        labels |= {label: label for label in data.columns if isinstance(label, str)}
        return {name: _one(name, data[labels[name]]) for name in names if name in labels}
    if _is_texts(data):
        # The only column of a model without column names is called so.
        if len(names) == 1 and (contract.columns[0].type == "string" or names == ["text"]):
            return {names[0]: cells(data)}
        raise InputError("data", "values without columns", f"the columns {', '.join(names)}")
    raise InputError("data", f"a {type(data).__name__}", _FORMS)


def _names(data: Any) -> set[str]:
    """The names of a table's columns; none for data without names."""
    if isinstance(data, Mapping):
        return set(map(str, data))
    if hasattr(data, "column_names"):
        return set(map(str, data.column_names))
    return set(map(str, data.columns)) if hasattr(data, "columns") else set()


def _one(name: str, column: Any) -> Cells:
    if hasattr(column, "columns"):
        raise InputError(name, "several columns of this name", "one")
    return cells(column)


def _is_texts(data: Any) -> bool:
    if isinstance(data, (list, tuple)):
        return True
    return getattr(data, "ndim", 1) == 1 and (
        isinstance(data, np.ndarray) or hasattr(data, "isna") or hasattr(data, "is_null")
    )
