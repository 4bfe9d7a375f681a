"""A contract as JSON Schema (2020-12): its rows and its outputs, as they travel over HTTP."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from samescore_runtime.contract import Column, Contract, Output

#: How a float that JSON has no number for is written.
SPECIAL = ("NaN", "Infinity", "-Infinity")


def row_schema(contract: Contract) -> dict[str, Any]:
    """JSON Schema of one row. It accepts all that the contract accepts, and of what the contract refuses what a schema can say."""
    return {
        "type": "object",
        "required": [column.name for column in contract.columns if not column.optional],
        "properties": {column.name: column_schema(column) for column in contract.columns},
        "additionalProperties": not contract.closed,
    }


def column_schema(column: Column) -> dict[str, Any]:
    """JSON Schema of one column's values."""
    schema = _value(column)
    told = [text for text in (column.description, column.unit and f"in {column.unit}") if text]
    if column.range is not None:
        told.append(f"observed from {column.range[0]:g} to {column.range[1]:g}")
    schema["examples"] = [example_value(column)]
    if column.nullable:
        schema = {
            "anyOf": [{key: value for key, value in schema.items() if key != "examples"}, {"type": "null"}],
            "examples": schema["examples"],
        }
    if told:
        schema["description"] = "; ".join(told)
    return schema


def _value(column: Column) -> dict[str, Any]:
    if column.type in ("float64", "float32"):
        number: dict[str, Any] = {"type": "number"}
        if column.limit is not None:
            number |= {"minimum": -column.limit, "maximum": column.limit}
        return number if column.finite else {"anyOf": [number, {"enum": list(SPECIAL)}]}
    if column.type == "int64":
        return {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1}
    if column.type == "bool":
        return {"type": "boolean"}
    if column.type == "datetime":
        return {
            "anyOf": [
                {"type": "string", "format": "date-time"},
                {"type": "string", "format": "date"},
                {"type": "integer"},
            ]
        }
    text: dict[str, Any] = {"type": "string"}
    if column.categories is not None and column.closed:
        text["enum"] = list(column.categories)
    if column.type == "list<string>":
        items: dict[str, Any] = {"type": "array", "items": text}
        return items if column.max_length is None else {**items, "maxItems": column.max_length}
    return text


def example_value(column: Column) -> Any:
    """A usual value: in the middle of what was observed, or the first category."""
    if column.type in ("float64", "float32"):
        return 1.0 if column.range is None else float(f"{(column.range[0] + column.range[1]) / 2:.4g}")
    if column.type == "int64":
        return 1 if column.range is None else round((column.range[0] + column.range[1]) / 2)
    if column.type == "bool":
        return True
    if column.type == "datetime":
        return "2026-01-31T12:00:00Z"
    word = column.categories[0] if column.categories else "text"
    return [word] if column.type == "list<string>" else word


def outputs_schema(contract: Contract, names: Iterable[str]) -> dict[str, Any]:
    """JSON Schema of the answer's outputs of these names: a list of an element per row each."""
    shown = {name: _output(contract.output_named(name)) for name in names}
    return {"type": "object", "required": list(shown), "properties": shown}


def _output(output: Output) -> dict[str, Any]:
    kinds: Mapping[str, dict[str, Any]] = {
        "float64": {"anyOf": [{"type": "number"}, {"enum": list(SPECIAL)}]},
        "float32": {"anyOf": [{"type": "number"}, {"enum": list(SPECIAL)}]},
        "int64": {"type": "integer"},
        "int32": {"type": "integer"},
        "bool": {"type": "boolean"},
        "string": {"type": "string"},
    }
    schema = dict(kinds[output.type])
    if output.labels is not None and len(output.shape) == 1:
        schema["examples"] = list(output.labels[:3])
    for _ in output.shape:
        schema = {"type": "array", "items": schema}
    if output.labels is not None and len(output.shape) == 2:
        schema["description"] = f"for each row the scores of {', '.join(map(str, output.labels[:50]))}"
    return schema
