"""OpenAPI 3.1 of the running service: the addresses of its models, with the real columns, types, categories and examples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from samescore_runtime import __version__
from samescore_runtime.contract import Column, Contract, Output
from samescore_runtime.service.failures import STATUS
from samescore_runtime.service.models import Models, Served
from samescore_runtime.service.v2_datatypes import BYTES, DATATYPE, DTYPES

_SPECIAL = ["NaN", "Infinity", "-Infinity"]
_TENSOR = {"$ref": "#/components/schemas/Tensor"}
_JSON = "application/json"


def document(models: Models) -> dict[str, Any]:
    """The whole document."""
    paths: dict[str, Any] = {
        "/models": {"get": _operation("List the models", "listModels", {"type": "object"})},
        "/v2": {"get": _operation("Server metadata", "serverMetadata", {"type": "object"})},
        "/v2/health/live": {"get": _operation("Whether the service is alive", "live", {"type": "object"})},
        "/v2/health/ready": {"get": _operation("Whether the service is ready", "ready", {"type": "object"}, ("503",))},
        "/v2/repository/index": {
            "post": {
                **_operation(
                    "The models and their states", "repositoryIndex", {"type": "array"}, ("400", "411", "413", "415")
                ),
                "requestBody": _body({"type": "object", "properties": {"ready": {"type": "boolean"}}}, required=False),
            }
        },
        "/v2/models/stats": {"get": _operation("Statistics of all models", "statistics", {"type": "object"})},
    }
    schemas: dict[str, Any] = dict(_SCHEMAS)
    for served in models:
        name = served.name
        contract = served.model.contract
        schemas[f"{name}.row"] = row_schema(contract)
        schemas[f"{name}.outputs"] = _outputs(served)
        paths |= _paths(name, example(served), _tensors(contract))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "samescore",
            "version": __version__,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{}, {"token": []}],
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    }


def _paths(name: str, row: Mapping[str, Any], inputs: list[dict[str, Any]]) -> dict[str, Any]:
    rows = {"type": "array", "items": {"$ref": f"#/components/schemas/{name}.row"}, "minItems": 1}
    asked = {"type": "object", "required": ["rows"], "properties": {"rows": rows}, "examples": [{"rows": [row]}]}
    scored = {
        "type": "object",
        "required": ["model", "version", "digest", "id", "outputs"],
        "properties": {
            "model": {"const": name},
            "version": {"type": "string"},
            "digest": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
            "id": {"type": "string"},
            "outputs": {"$ref": f"#/components/schemas/{name}.outputs"},
        },
    }
    refusals = ("400", "404", "411", "413", "415", "422", "503", "504")
    tensors = {"$ref": "#/components/schemas/Tensors", "examples": [{"inputs": inputs}]}
    return {
        f"/models/{name}": {"get": _operation(f"The contract of {name}", f"{name}.contract", {"type": "object"})},
        f"/models/{name}/score": {
            "post": {
                **_operation(f"Score rows with {name}", f"{name}.score", scored, refusals),
                "requestBody": _body(asked),
            }
        },
        f"/v2/models/{name}": {"get": _operation(f"Metadata of {name}", f"{name}.metadata", {"type": "object"})},
        f"/v2/models/{name}/ready": {
            "get": _operation(f"Whether {name} is ready", f"{name}.ready", {"type": "object"}, ("503",))
        },
        f"/v2/models/{name}/stats": {"get": _operation(f"Statistics of {name}", f"{name}.stats", {"type": "object"})},
        f"/v2/models/{name}/infer": {
            "post": {
                **_operation(f"Score tensors with {name}", f"{name}.infer", {"type": "object"}, refusals),
                "requestBody": _body(tensors),
            }
        },
    }


def _operation(summary: str, name: str, answer: Mapping[str, Any], refusals: tuple[str, ...] = ()) -> dict[str, Any]:
    known = {text[:3]: text[4:] for text in STATUS.values()}
    error = {"description": "", "content": {_JSON: {"schema": {"$ref": "#/components/schemas/Error"}}}}
    if name.endswith("ready"):
        error = {"description": "", "content": {_JSON: {"schema": {"type": "object"}}}}
    return {
        "summary": summary,
        "operationId": name,
        "responses": {
            "200": {"description": "OK", "content": {_JSON: {"schema": answer}}},
            **{status: {**error, "description": known[status]} for status in ("401", *refusals)},
        },
    }


def _body(schema: Mapping[str, Any], required: bool = True) -> dict[str, Any]:
    return {"required": required, "content": {_JSON: {"schema": schema}}}


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
        return number if column.finite else {"anyOf": [number, {"enum": _SPECIAL}]}
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


def example(served: Served) -> dict[str, Any]:
    """A row that the model accepts."""
    return {column.name: example_value(column) for column in served.model.contract.columns}


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


def _tensors(contract: Contract) -> list[dict[str, Any]]:
    """The same row as a tensor a column."""
    inputs = []
    for column in contract.columns:
        value = example_value(column)
        data = value if isinstance(value, list) else [value]
        shape = [1, len(data)] if isinstance(value, list) else [1]
        datatype = BYTES if column.type in ("datetime", "list<string>") else DATATYPE[column.type]
        inputs.append({"name": column.name, "shape": shape, "datatype": datatype, "data": data})
    return inputs


def _outputs(served: Served) -> dict[str, Any]:
    contract = served.model.contract
    shown = {name: _output(contract.output_named(name)) for name in served.model.output_names}
    return {"type": "object", "required": list(shown), "properties": shown}


def _output(output: Output) -> dict[str, Any]:
    kinds: Mapping[str, dict[str, Any]] = {
        "float64": {"anyOf": [{"type": "number"}, {"enum": _SPECIAL}]},
        "float32": {"anyOf": [{"type": "number"}, {"enum": _SPECIAL}]},
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


_SCHEMAS: Mapping[str, Any] = {
    "Error": {
        "type": "object",
        "required": ["error", "code"],
        "properties": {
            "error": {"type": "string"},
            "code": {"enum": list(STATUS)},
            "total": {"type": "integer"},
            "problems": {"type": "array", "items": {"type": "object"}},
        },
    },
    "Tensor": {
        "type": "object",
        "required": ["name", "shape", "datatype"],
        "properties": {
            "name": {"type": "string"},
            "shape": {"type": "array", "items": {"type": "integer", "minimum": 0}},
            "datatype": {"enum": [*DTYPES, BYTES]},
            "data": {"type": "array"},
            "parameters": {"type": ["object", "null"]},
        },
    },
    "Tensors": {
        "type": "object",
        "required": ["inputs"],
        "properties": {
            "id": {"type": ["string", "null"]},
            "inputs": {"type": "array", "items": _TENSOR, "minItems": 1},
            "outputs": {"type": ["array", "null"], "items": {"type": "object", "required": ["name"]}},
            "parameters": {"type": ["object", "null"]},
        },
    },
}
