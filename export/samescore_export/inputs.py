"""From the columns of a sample to the inputs of a graph: places, tensors, and the table that lowering starts from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import onnx_ir as ir

from samescore_export.acceptance import Acceptance
from samescore_export.graph import Graph
from samescore_export.sample import Sample
from samescore_export.values import Origin, Series, Table, same
from samescore_runtime.contract import Column, ColumnType, Layout, Place, Tensor, TensorType

#: Types whose tensor a column shares with others of its type.
_TENSORS: Mapping[ColumnType, TensorType] = {
    "float64": "float64",
    "float32": "float32",
    "int64": "int64",
    "bool": "bool",
    "string": "string",
    "datetime": "int64",
}


@dataclass(frozen=True)
class Inputs:
    """The inputs of a graph: the contract's columns and tensors, and the columns as values."""

    columns: tuple[Column, ...]
    tensors: tuple[Tensor, ...]
    table: Table


def tensor_type(type_: ColumnType, nullable: bool) -> TensorType:
    """The dtype a column travels in; nullable integers, bools and times as float64, NaN where missing."""
    if nullable and type_ in ("int64", "bool", "datetime"):
        return "float64"
    return _TENSORS[type_]


def make_inputs(
    graph: Graph,
    sample: Sample,
    order: Sequence[str],
    read: frozenset[str],
    texts: frozenset[str],
    acceptance: Mapping[str, Acceptance],
    layout: Layout,
    descriptions: Mapping[str, tuple[str | None, str | None]],
) -> Inputs:
    """Declare the graph's inputs for the columns of the sample that the model reads.

    The table has all columns in ``order``, so that positions mean what they meant in fitting; a column that is not read
    has no input, and zeros in its place.
    """
    names = [name for name in order if name in read and name not in sample.strange]
    shared: dict[str, list[str]] = {}
    for name in names:
        type_ = sample.types[name]
        if name in texts or type_ == "list<string>":
            continue
        tensor = name if layout == "columns" else tensor_type(type_, acceptance[name].nullable)
        shared.setdefault(tensor, []).append(name)

    tensors: list[Tensor] = []
    values: dict[str, ir.Value] = {}

    def declare(tensor: Tensor, shape: Sequence[int | str]) -> None:
        tensors.append(tensor)
        values[tensor.name] = graph.input(tensor.name, tensor.type, shape)

    for tensor, members in shared.items():
        element = tensor_type(sample.types[members[0]], acceptance[members[0]].nullable)
        mask = f"{tensor}.missing"
        masked = element == "string" and any(acceptance[name].nullable for name in members)
        declare(Tensor(tensor, element, (None, len(members)), mask if masked else None), ("rows", len(members)))
        if masked:
            declare(Tensor(mask, "bool", (None, len(members)), None), ("rows", len(members)))

    columns: list[Column] = []
    series: list[Series] = []
    for name in names:
        type_, accepts = sample.types[name], acceptance[name]
        origin = Origin(name, same)
        if name in texts:
            tensor = f"text.{name}"
            mask = f"{tensor}.missing"
            nullable = accepts.nullable
            declare(Tensor(tensor, "int32", (None, None), mask if nullable else None), ("rows", f"{tensor}.length"))
            if nullable:
                declare(Tensor(mask, "bool", (None, 1), None), ("rows", 1))
            place = Place(tensor, 0)
            series.append(Series(name, "text", values[tensor], 0, 1, values.get(mask), origin, None, name))
        elif type_ == "list<string>":
            tensor, mask = f"list.{name}", f"list.{name}.missing"
            declare(Tensor(tensor, "string", (None, None), mask), ("rows", f"{tensor}.length"))
            declare(Tensor(mask, "bool", (None, None), None), ("rows", f"{tensor}.length"))
            place = Place(tensor, 0)
            series.append(Series(name, "list", values[tensor], 0, 1, values[mask], origin, None, name))
        else:
            tensor = name if layout == "columns" else tensor_type(type_, accepts.nullable)
            members = shared[tensor]
            place = Place(tensor, members.index(name))
            kind = tensor_type(type_, accepts.nullable)
            masks = values.get(f"{tensor}.missing") if kind == "string" else None
            series.append(
                Series(name, kind, values[tensor], place.position, len(members), masks, origin, None, name)  # type: ignore[arg-type]
            )
        unit, description = descriptions.get(name, (None, None))
        columns.append(
            Column(
                name=name,
                type=type_,
                nullable=accepts.nullable,
                finite=accepts.finite,
                limit=accepts.limit,
                range=accepts.range,
                categories=accepts.categories,
                closed=accepts.closed,
                max_length=accepts.max_length,
                unit=unit,
                description=description,
                place=place,
                optional=accepts.optional,
            )
        )
    by_name = {item.name: item for item in series}
    blank = Series("", "float64", graph.constant(np.zeros((1, 1))), 0, 1)
    by_name |= {name: replace(blank, name=name, type="object", column=name) for name in sample.strange}
    table = Table(tuple(by_name.get(name) or replace(blank, name=name) for name in order))
    return Inputs(tuple(columns), tuple(tensors), table)
