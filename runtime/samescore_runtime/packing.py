"""Columns to tensors: where each column of the contract goes, and in what form (docs/contract.md, "Tensors").

A column comes in as a sequence of values or an array: numbers with NaN (or None) where missing, strings and lists of
strings with None where missing. That is also the form of the golden columns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from samescore_runtime.arrays import decode_array
from samescore_runtime.contract import Column, ColumnType, Contract, Tensor
from samescore_runtime.errors import ArtifactError

Values = Sequence[Any] | NDArray[Any]
Tensors = dict[str, NDArray[Any]]

_NUMERIC: Mapping[str, type[np.generic]] = {
    "float64": np.float64,
    "float32": np.float32,
    "int64": np.int64,
    "bool": np.bool_,
}


@dataclass(frozen=True, slots=True)
class Group:
    """One input tensor that holds values, and its columns in the order of axis 1."""

    tensor: Tensor
    columns: tuple[Column, ...]

    @property
    def single(self) -> bool:
        """Whether the tensor holds one column of a size known only at run time: a text or a list."""
        return self.tensor.type == "int32" or self.columns[0].type == "list<string>"


def groups(contract: Contract) -> tuple[Group, ...]:
    """The value tensors of a contract with their columns, in the order of the graph.

    Raises:
        ArtifactError: ``contract_mismatch`` if the places of the columns do not fill the tensors.
    """
    held: dict[str, list[Column]] = {tensor.name: [] for tensor in contract.tensors}
    for column in contract.columns:
        if column.type not in get_args(ColumnType):
            raise _mismatch(column.place.tensor, f"a column of type {column.type!r}", "a type of docs/contract.md")
        if column.place.tensor not in held:
            raise _mismatch(column.place.tensor, "no such tensor", f"the tensor of the column {column.name}")
        held[column.place.tensor].append(column)
    masks = {tensor.missing for tensor in contract.tensors}
    result = []
    for tensor in contract.tensors:
        columns = tuple(sorted(held[tensor.name], key=lambda column: column.place.position))
        if tensor.name in masks and not columns:
            continue
        if [column.place.position for column in columns] != list(range(len(columns))) or not columns:
            raise _mismatch(tensor.name, f"{len(columns)} columns", "one column at each position")
        if tensor.type not in (*_NUMERIC, "string", "int32"):
            raise _mismatch(tensor.name, f"type {tensor.type!r}", "a type of docs/contract.md")
        group = Group(tensor, columns)
        if group.single and len(columns) != 1:
            raise _mismatch(tensor.name, f"{len(columns)} columns", "one text or list column")
        result.append(group)
    return tuple(result)


def _mismatch(where: str, found: str, accepted: str) -> ArtifactError:
    return ArtifactError("contract_mismatch", f"tensors.{where}", found, accepted)


def pack(parts: Sequence[Group], columns: Mapping[str, Values], rows: int) -> Tensors:
    """The model's input tensors for columns of ``rows`` accepted values each."""
    tensors: Tensors = {}
    for group in parts:
        values = [columns[column.name] for column in group.columns]
        if group.tensor.type == "int32":
            tensors.update(text_tensors(group.tensor, values[0]))
        elif group.single:
            tensors.update(list_tensors(group.tensor, values[0]))
        elif group.tensor.type == "string":
            tensors.update(string_tensors(group.tensor, values, rows))
        else:
            tensors[group.tensor.name] = _numbers(_NUMERIC[group.tensor.type], values, rows)
    return tensors


def encode_golden(contract: Contract, columns: Mapping[str, Any]) -> Tensors:
    """The tensors of the golden columns: array objects as in docs/artifact.md, or arrays of that form."""
    arrays = {
        name: decode_array(item, f"samescore.golden.columns.{name}") if isinstance(item, Mapping) else np.asarray(item)
        for name, item in columns.items()
    }
    lengths = {array.shape[0] for array in arrays.values()}
    if set(arrays) != set(contract.column_named) or len(lengths) != 1:
        raise ArtifactError(
            "not_an_artifact", "samescore.golden", "columns of other names or of unequal length", "the contract's"
        )
    return pack(groups(contract), arrays, lengths.pop())


def _numbers(dtype: type[np.generic], values: Sequence[Values], rows: int) -> NDArray[Any]:
    # A float32 column is rounded once, from the double: from an integer numpy would go another way.
    through = np.float64 if dtype is np.float32 else dtype
    if len(values) == 1:
        return np.asarray(values[0], through).astype(dtype, copy=False).reshape(rows, 1)
    packed = np.empty((rows, len(values)), dtype)
    for position, column in enumerate(values):
        packed[:, position] = np.asarray(column, through)
    return packed


def string_tensors(tensor: Tensor, values: Sequence[Values], rows: int) -> Tensors:
    """``[rows, columns]`` strings, and the mask where the tensor names one."""
    packed = np.empty((rows, len(values)), object)
    for position, column in enumerate(values):
        packed[:, position] = column
    if tensor.missing is None:
        return {tensor.name: packed}
    mask = np.array([value is None for value in packed.ravel().tolist()], np.bool_).reshape(packed.shape)
    packed[mask] = ""
    return {tensor.name: packed, tensor.missing: mask}


def text_tensors(tensor: Tensor, texts: Values) -> Tensors:
    """``[rows, longest]`` int32 code points filled with -1, and the ``[rows, 1]`` mask where the tensor names one."""
    plain = ["" if text is None else text for text in texts]
    tensors: Tensors = {tensor.name: code_points(plain)}
    if tensor.missing is not None:
        tensors[tensor.missing] = np.array([[text is None] for text in texts], np.bool_).reshape(len(plain), 1)
    return tensors


def code_points(texts: Sequence[str]) -> NDArray[np.int32]:
    """The Unicode code points of each text, filled up with -1 to the longest (at least 1)."""
    flat = np.frombuffer("".join(texts).encode("utf-32-le"), "<i4").astype(np.int32, copy=False)
    if len(texts) == 1 and flat.size:
        return flat.reshape(1, -1)
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    packed = np.full((len(texts), max(1, int(lengths.max(initial=0)))), -1, np.int32)
    filled = np.arange(packed.shape[1]) < lengths[:, None]
    packed[filled] = flat
    return packed


def list_tensors(tensor: Tensor, lists: Values) -> Tensors:
    """``[rows, longest]`` strings filled with the empty string, and the mask of the filled-up places."""
    plain = [() if items is None else items for items in lists]
    lengths = np.fromiter(map(len, plain), np.int64, len(plain))
    packed = np.full((len(plain), max(1, int(lengths.max(initial=0)))), "", object)
    filled = np.arange(packed.shape[1]) >= lengths[:, None]
    packed[~filled] = [item for items in plain for item in items]
    return {tensor.name: packed} if tensor.missing is None else {tensor.name: packed, tensor.missing: filled}
