"""V2 input tensors to columns of the contract: one tensor per column, or the tensors of the graph taken apart.

Both ways end in columns, so every value passes the contract however it was sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samescore_runtime.contract import Column, Contract
from samescore_runtime.packing import Group
from samescore_runtime.service.failures import RequestError
from samescore_runtime.service.limits import Limits
from samescore_runtime.service.v2_tensors import Input, bad

Columns = dict[str, Any]


def columns_of(contract: Contract, parts: Sequence[Group], inputs: Sequence[Input]) -> tuple[Columns, int]:
    """The columns of a request and the number of rows.

    Raises:
        RequestError: ``bad_request`` for names or shapes that are neither the columns' nor the tensors'.
    """
    given = {one.name: one.values for one in inputs}
    by_column = set(given) <= set(contract.column_named)
    if not by_column and set(given) != set(contract.tensor_named):
        tensors, columns = ", ".join(contract.tensor_named), ", ".join(contract.column_named)
        raise bad("inputs", f"the names {', '.join(given)}", f"the tensors {tensors}; or the columns {columns}")
    rows = {values.shape[0] if values.ndim else 0 for values in given.values()}
    if len(rows) != 1:
        raise bad("inputs", "tensors of unequal numbers of rows", "one number of rows")
    if by_column:
        return {name: _column(contract.column_named[name], values) for name, values in given.items()}, rows.pop()
    unpacked: Columns = {}
    for group in parts:
        unpacked |= _unpack(group, given)
    return unpacked, rows.pop()


def check_strings(columns: Mapping[str, Any], size: int, limits: Limits) -> None:
    """Hold the strings of a request to their cap, binary ones too; a body shorter than the cap holds no longer string.

    Raises:
        RequestError: ``too_large``.
    """
    if size <= limits.string_length:
        return
    for name, values in columns.items():
        if isinstance(values, np.ndarray) and values.dtype != object:
            continue
        for value in values:
            longest = (
                max(map(len, value), default=0)
                if isinstance(value, list)
                else len(value or "")
                if isinstance(value, str)
                else 0
            )
            if longest > limits.string_length:
                raise RequestError(
                    "too_large", f"inputs.{name}", "a longer string", f"at most {limits.string_length} characters"
                )


def _column(column: Column, values: NDArray[Any]) -> Any:
    if column.type == "list<string>" and values.ndim == 2:
        return [list(row) for row in values.tolist()]
    if values.ndim == 1:
        return values
    if values.ndim == 2 and values.shape[1] == 1:
        return values[:, 0]
    raise bad(f"inputs.{column.name}.shape", str(list(values.shape)), "[N] or [N, 1]")


def _unpack(group: Group, given: Mapping[str, NDArray[Any]]) -> Columns:
    tensor = group.tensor
    values = given[tensor.name]
    width = None if group.single else len(group.columns)
    if values.ndim != 2 or (width is not None and values.shape[1] != width):
        raise bad(
            f"inputs.{tensor.name}.shape", str(list(values.shape)), f"[N, {'length' if width is None else width}]"
        )
    mask = None if tensor.missing is None else given[tensor.missing]
    if mask is not None:
        wanted = (values.shape[0], 1) if tensor.type == "int32" else values.shape
        if mask.dtype != np.bool_ or mask.shape != wanted:
            raise bad(f"inputs.{tensor.missing}", f"{list(mask.shape)}", f"BOOL of the shape {list(wanted)}")
    if tensor.type == "int32":
        return {group.columns[0].name: _texts(values, mask, tensor.name)}
    if group.single:
        return {group.columns[0].name: _lists(values, mask)}
    return {
        column.name: _values(column, values[:, position], None if mask is None else mask[:, position])
        for position, column in enumerate(group.columns)
    }


def _values(column: Column, values: NDArray[Any], mask: NDArray[np.bool_] | None) -> Any:
    if mask is not None and mask.any():
        masked = values.astype(object)
        masked[mask] = None
        return masked
    if column.type == "bool" and column.nullable and values.dtype.kind == "f":
        named = {0.0: False, 1.0: True}
        return [None if np.isnan(value) else named.get(value, value) for value in values.tolist()]
    return values


def _texts(codes: NDArray[Any], mask: NDArray[np.bool_] | None, name: str) -> list[str | None]:
    if codes.dtype.kind not in "iu" or ((codes < -1) | (codes > 0x10FFFF)).any():
        raise bad(f"inputs.{name}", "what is no code point", "INT32 code points, filled up with -1")
    lengths = (codes >= 0).sum(axis=1)
    if ((np.arange(codes.shape[1]) < lengths[:, None]) != (codes >= 0)).any():
        raise bad(f"inputs.{name}", "-1 before a code point", "-1 only behind a text")
    texts: list[str | None] = [
        "".join(map(chr, row[:length])) for row, length in zip(codes.tolist(), lengths.tolist(), strict=True)
    ]
    if mask is not None:
        return [None if gone else text for text, gone in zip(texts, mask[:, 0].tolist(), strict=True)]
    return texts


def _lists(values: NDArray[Any], mask: NDArray[np.bool_] | None) -> list[list[Any]]:
    if mask is None:
        return [list(row) for row in values.tolist()]
    return [
        [item for item, filled in zip(row, filled_up, strict=True) if not filled]
        for row, filled_up in zip(values.tolist(), mask.tolist(), strict=True)
    ]
