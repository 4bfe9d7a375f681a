"""Reading a server's answers: what every check wants of them."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

from samescore_runtime.conformance.server import WIDTHS, Answer, NotRunError, Server, ViolationError

DATATYPES = (*WIDTHS, "BYTES")


def want(holds: bool, text: str) -> None:
    """Raises ViolationError with the text unless something holds."""
    if not holds:
        raise ViolationError(text)


def an_object(value: Any, what: str) -> Mapping[str, Any]:
    """The value, which must be a JSON object."""
    want(isinstance(value, dict), f"{what}: {value!r:.80}; an object")
    return dict(value)


def tensor(item: Mapping[str, Any], where: str, lowest: int) -> None:
    """Hold a tensor of metadata or an answer to its form."""
    want(isinstance(item.get("name"), str), f"{where}: name {item.get('name')!r}; a string")
    want(
        item.get("datatype") in DATATYPES, f"{where}: datatype {item.get('datatype')!r}; one of {', '.join(DATATYPES)}"
    )
    shape = item.get("shape")
    want(isinstance(shape, list) and all(type(size) is int and size >= lowest for size in shape),
          f"{where}: shape {shape!r}; a list of integers from {lowest}")  # fmt: skip


def flat(values: Any) -> list[Any]:
    """The leaves of nested lists."""
    return [leaf for value in values for leaf in flat(value)] if isinstance(values, list) else [values]


def inferred(server: Server, request: Any, path: str | None = None) -> dict[str, dict[str, Any]]:
    """The outputs of an answer in JSON, all of them well-formed, by name."""
    found = an_object(server.post(f"{path or server.path}/infer", request).good("infer"), "infer")
    want(found.get("model_name") == server.name, f"model_name: {found.get('model_name')!r}; {server.name!r}")
    outputs = found.get("outputs")
    want(isinstance(outputs, list), f"outputs: {outputs!r:.80}; a list")
    for item in outputs or []:
        tensor(an_object(item, "outputs"), "outputs", lowest=0)
        data = flat(item.get("data", []))
        want(
            len(data) == prod(item["shape"]),
            f"{item['name']}: {len(data)} values; the {prod(item['shape'])} of its shape",
        )
    return {item["name"]: item for item in outputs or []}


def same(server: Server, outputs: Mapping[str, Any], what: str) -> None:
    """Raises ViolationError unless outputs have the values of the plain request."""
    expected = {name: flat(item["data"]) for name, item in server.outputs.items() if name in outputs}
    got = {name: flat(item["data"]) for name, item in outputs.items()}
    want(got == expected, f"{what}: other scores than the plain request; the same")


def json_inputs(server: Server) -> list[dict[str, Any]]:
    """The inputs of the request, which must have their data in JSON."""
    inputs: list[dict[str, Any]] = server.body["inputs"]
    if any("data" not in item for item in inputs):
        raise NotRunError("a request whose inputs have no data in JSON")
    return inputs


def refused(answer: Answer, what: str) -> None:
    """Raises ViolationError unless an answer is a 4xx with a JSON error."""
    want(400 <= answer.status < 500, f"{what}: status {answer.status}; 4xx")
    found = an_object(answer.json(what), what)
    want(
        isinstance(found.get("error"), str) and bool(found["error"]),
        f"{what}: {found!r:.100}; an object with the text error",
    )
