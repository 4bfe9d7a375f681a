"""The contract as data: what an artifact takes and gives (docs/contract.md)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Literal

from samescore_runtime.errors import ArtifactError

FORMAT = 1

ColumnType = Literal["float64", "float32", "int64", "bool", "string", "datetime", "list<string>"]
TensorType = Literal["float64", "float32", "int64", "int32", "bool", "string"]
Layout = Literal["packed", "columns"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a column's values go: a tensor, and the index on its axis 1."""

    tensor: str
    position: int


@dataclass(frozen=True, slots=True)
class Column:
    """One input column; the meaning of each field is in docs/contract.md."""

    name: str
    type: ColumnType
    nullable: bool
    finite: bool
    limit: float | None
    range: tuple[float, float] | None
    categories: tuple[str, ...] | None
    closed: bool
    max_length: int | None
    unit: str | None
    description: str | None
    place: Place
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Tensor:
    """One input tensor of the graph; ``None`` in ``shape`` is a size known only at run time."""

    name: str
    type: TensorType
    shape: tuple[int | None, ...]
    missing: str | None


@dataclass(frozen=True, slots=True)
class Output:
    """One output tensor, named after the scikit-learn method it equals; ``each`` is how many of its rows a row gives."""

    name: str
    type: TensorType
    shape: tuple[int | None, ...]
    labels: tuple[str | int | float | bool, ...] | None
    index: str | None
    each: int = 1


@dataclass(frozen=True)
class Contract:
    """The columns, tensors and outputs of an artifact.

    ``closed`` says that a key which is no column is refused, not ignored. ``row_shape`` are the sizes of an array's axes behind the rows, where
    the model takes more than one such axis (images); its elements in row-major order are then the columns.
    """

    layout: Layout
    columns: tuple[Column, ...]
    tensors: tuple[Tensor, ...]
    outputs: tuple[Output, ...]
    closed: bool = False
    row_shape: tuple[int, ...] | None = None

    @cached_property
    def column_named(self) -> Mapping[str, Column]:
        return {column.name: column for column in self.columns}

    @cached_property
    def tensor_named(self) -> Mapping[str, Tensor]:
        return {tensor.name: tensor for tensor in self.tensors}

    def output_named(self, name: str) -> Output:
        """The output of that name; KeyError if there is none."""
        return {output.name: output for output in self.outputs}[name]

    def to_json(self) -> dict[str, Any]:
        """The contract as plain JSON values: every key but ``row_shape`` and ``each`` where they say nothing."""
        data = {"format": FORMAT, **asdict(self)}
        for output in data["outputs"]:
            if output["each"] == 1:
                del output["each"]
        if self.row_shape is None:
            del data["row_shape"]
        return data

    @staticmethod
    def from_json(text: str | Mapping[str, Any], where: str = "contract") -> Contract:
        """Parse a contract.

        Raises:
            ArtifactError: ``unknown_format``, or ``not_an_artifact`` if a key is missing or of the wrong kind.
        """
        try:
            data = json.loads(text) if isinstance(text, str) else text
            if data["format"] != FORMAT:
                raise ArtifactError("unknown_format", where, f"format {data['format']!r}", f"format {FORMAT}")
            return Contract(
                layout=data["layout"],
                columns=tuple(_column(item) for item in data["columns"]),
                tensors=tuple(
                    Tensor(item["name"], item["type"], tuple(item["shape"]), item["missing"])
                    for item in data["tensors"]
                ),
                outputs=tuple(_output(item) for item in data["outputs"]),
                # Contracts written before they could be closed lack the word.
                closed=data.get("closed", False),
                row_shape=_tuple(data.get("row_shape")),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ArtifactError(
                "not_an_artifact", where, f"unreadable ({type(error).__name__}: {error})", "docs/contract.schema.json"
            ) from error


def _tuple(items: Any) -> tuple[Any, ...] | None:
    return None if items is None else tuple(items)


def _output(item: Mapping[str, Any]) -> Output:
    shape, labels = tuple(item["shape"]), _tuple(item["labels"])
    return Output(item["name"], item["type"], shape, labels, item["index"], item.get("each", 1))


def _column(item: Mapping[str, Any]) -> Column:
    # Contracts written before a column could be optional lack the word.
    fields = {key: item[key] for key in Column.__dataclass_fields__ if key != "optional" or key in item}
    observed = _tuple(fields["range"])
    return Column(
        **{
            **fields,
            "range": observed if observed is None else (observed[0], observed[1]),
            "categories": _tuple(fields["categories"]),
            "place": Place(**fields["place"]),
        }
    )
