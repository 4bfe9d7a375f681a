"""Categories to numbers: one look-up for all columns of an encoder, then one table.

A fitted encoder is a finite function of each column's categories, "missing" and "anything else". So its own ``transform`` is
run on all of these, and the answers become the table: every option of the encoder is then right by construction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from samescore_export.graph import Graph
from samescore_export.scope import Scope
from samescore_export.values import Matrix, Series, Table, as_double, columns_of


@dataclass(frozen=True, slots=True)
class Codes:
    """Codes of several columns: ``value`` (rows, columns) int64.

    Code i < len(values) stands for ``values[i]``, then one for missing, then one for everything else. ``unmasked`` are the same before
    missing cells get their code: they have that of everything else, unless the empty string is a category. ``node`` is what the
    look-up of ``table`` gives, for the certificate.
    """

    value: ir.Value
    values: tuple[Any, ...]
    unmasked: ir.Value
    node: ir.Value
    table: Mapping[str, NDArray[Any]]

    @property
    def missing(self) -> int:
        return len(self.values)

    @property
    def size(self) -> int:
        return len(self.values) + 2


def modified_utf8(text: str) -> bytes:
    """The bytes by which the JVM hands a string to native code: surrogates one by one, U+0000 as two bytes."""
    units = np.frombuffer(text.encode("utf-16-le", "surrogatepass"), "<u2")
    out = bytearray()
    for unit in units.tolist():
        out += b"\xc0\x80" if unit == 0 else chr(unit).encode("utf-8", "surrogatepass")
    return bytes(out)


def is_missing(value: Any) -> bool:
    """None, NaN and pandas' NA, as scikit-learn's encoders store a missing category."""
    return (
        value is None
        or (isinstance(value, (float, np.floating)) and value != value)
        or (isinstance(value, np.datetime64) and bool(np.isnat(value)))
        or type(value).__name__ in ("NAType", "NaTType")
    )


def as_number(value: Any) -> float:
    """A category that is no text as its column's tensor has it: a time as microseconds since 1970."""
    if isinstance(value, datetime):
        value = np.datetime64(value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value, "us")
    if isinstance(value, np.datetime64):
        return float(value.astype("datetime64[us]").astype(np.int64))
    return float(value)


def string_table(values: Sequence[str], default: int) -> dict[str, NDArray[Any]]:
    """A LabelEncoder's attributes; both encodings of a string that the JVM binding writes differently are keys."""
    keys, codes = [], []
    for code, value in enumerate(values):
        for key in dict.fromkeys((value.encode("utf-8"), modified_utf8(value))):
            keys.append(key)
            codes.append(code)
    if not keys:
        # The operator wants at least one key; this one gives the default like any other string.
        keys, codes = [b""], [default]
    return {
        "keys_tensor": np.array(keys, dtype=object),
        "values_tensor": np.array(codes, np.int64),
        "default_tensor": np.array([default], np.int64),
    }


def _number_table(values: Sequence[float], default: int) -> dict[str, NDArray[Any]]:
    """A LabelEncoder's attributes: onnxruntime has none from doubles to int64, so the codes are doubles."""
    codes = np.arange(len(values), dtype=np.float64) if len(values) else np.array([float(default)])
    return {
        "keys_tensor": np.asarray(list(values) or [0.0], np.float64),
        "values_tensor": codes,
        "default_tensor": np.array([float(default)]),
    }


def strings_to_codes(graph: Graph, strings: ir.Value, values: Sequence[str], default: int) -> ir.Value:
    """int64 code of each string."""
    return graph.op("LabelEncoder", strings, domain="ai.onnx.ml", **string_table(values, default))


def numbers_to_codes(graph: Graph, numbers: ir.Value, values: Sequence[float], default: int) -> ir.Value:
    """int64 code of each float64 number; NaN gives the default."""
    found = graph.op("LabelEncoder", numbers, domain="ai.onnx.ml", **_number_table(values, default))
    return graph.op("Cast", found, to=int(ir.DataType.INT64))


def encode(scope: Scope, series: Sequence[Series], categories: Sequence[Sequence[Any]]) -> Codes:
    """Codes for columns of one kind: all strings, or all numbers."""
    graph = scope.graph
    universe: dict[Any, None] = {}
    strings = series[0].type == "string"
    for column, known in zip(series, categories, strict=True):
        for value in known:
            if is_missing(value):
                continue
            if strings and not isinstance(value, str):
                raise scope.refuse(
                    f"column {column.name!r} has the category {value!r} ({type(value).__name__}) among strings",
                    "categories of one kind, all strings or all numbers",
                )
            universe.setdefault(value if strings else as_number(value))
    values = tuple(universe)
    default = len(values) + 1
    tensor = columns_of(graph, series)
    if strings:
        table = string_table(values, default)
        codes = unmasked = node = graph.op("LabelEncoder", tensor, domain="ai.onnx.ml", **table)
        if any(column.missing is not None for column in series):
            missing = columns_of(graph, series, missing=True)
            codes = graph.op("Where", missing, graph.constant(len(values), np.int64), codes)
    else:
        number = as_double(graph, tensor, series[0].type)
        table = _number_table(values, default)
        node = graph.op("LabelEncoder", number, domain="ai.onnx.ml", **table)
        codes = unmasked = graph.op("Cast", node, to=int(ir.DataType.INT64))
        if series[0].type in ("float64", "float32"):
            nan = graph.op("IsNaN", number)
            codes = graph.op("Where", nan, graph.constant(len(values), np.int64), codes)
    return Codes(codes, values, unmasked, node, table)


def needed(codes: Codes, tables: Sequence[NDArray[np.float64]]) -> Codes:
    """The codes, unmasked where no table tells missing from unknown."""
    alike = all(np.array_equal(table[codes.missing], table[codes.missing + 1]) for table in tables)
    return replace(codes, value=codes.unmasked) if alike and "" not in codes.values else codes


def runs_of_kind(inputs: Matrix | Table, table: Table) -> list[list[int]]:
    """Positions of the columns, grouped by the tensor they live in, in order of first appearance."""
    groups: dict[int, list[int]] = {}
    for position, series in enumerate(table.series):
        groups.setdefault(id(series.tensor), []).append(position)
    return list(groups.values())


def looked_up(
    graph: Graph, codes: Codes, tables: Sequence[NDArray[np.float64]]
) -> tuple[ir.Value, list[tuple[ir.Value, NDArray[Any]]]]:
    """(rows, sum of widths): for column c the row ``tables[c][code]`` of its table (codes.size, width_c), side by side.

    With it, the constants that the tables were written as.
    """
    columns, widths = len(tables), [table.shape[1] for table in tables]
    if all(width == 1 for width in widths):
        flat = np.concatenate([table[:, 0] for table in tables])
        written = graph.constant(flat)
        return graph.op("Gather", written, _offset(graph, codes, columns), axis=0), [(written, flat)]
    starts = np.concatenate([[0], np.cumsum(widths)])
    if all((np.count_nonzero(table, axis=1) <= 1).all() for table in tables):
        return _one_hot(graph, codes, tables, starts)
    parts = []
    constants = [(graph.constant(table), table) for table in tables]
    for column, (written, _) in enumerate(constants):
        code = graph.op("Gather", codes.value, graph.constant(column, np.int64), axis=1)
        parts.append(graph.op("Gather", written, code, axis=0))
    return parts[0] if len(parts) == 1 else graph.op("Concat", *parts, axis=1), list(constants)


def _one_hot(
    graph: Graph, codes: Codes, tables: Sequence[NDArray[np.float64]], starts: NDArray[np.int64]
) -> tuple[ir.Value, list[tuple[ir.Value, NDArray[Any]]]]:
    """Rows of tables that hold at most one number each: written into zeros at its place, and 0.0 added where there is none."""
    places = np.concatenate(
        [np.abs(table).argmax(axis=1) + start for table, start in zip(tables, starts, strict=False)]
    )
    numbers = np.concatenate([table.max(axis=1, initial=0.0) + table.min(axis=1, initial=0.0) for table in tables])
    cell = _offset(graph, codes, len(tables))
    constants = [(graph.constant(places, np.int64), places), (graph.constant(numbers), numbers)]
    place, number = (graph.op("Gather", written, cell, axis=0) for written, _ in constants)
    rows = graph.op("Shape", codes.value, start=0, end=1)
    shape = graph.op("Concat", rows, graph.constant([int(starts[-1])], np.int64), axis=0)
    zeros = graph.op("Expand", graph.constant(0.0), shape)
    return graph.op("ScatterElements", zeros, place, number, axis=1, reduction="add"), constants


def _offset(graph: Graph, codes: Codes, columns: int) -> ir.Value:
    if columns == 1:
        return codes.value
    return graph.op("Add", codes.value, graph.constant(np.arange(columns) * codes.size, np.int64))
