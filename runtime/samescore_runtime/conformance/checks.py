"""The checks: what the protocol and its extensions want, and what clients in use rely on beyond it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, Literal

from samescore_runtime.conformance import extension_checks as of
from samescore_runtime.conformance.answers import an_object, flat, inferred, json_inputs, refused, same, tensor, want
from samescore_runtime.conformance.server import Server

Level = Literal["required", "extension", "client"]


@dataclass(frozen=True, slots=True)
class Check:
    """One check.

    Attributes:
        level: ``required`` by the protocol; of an ``extension``, made only where the server offers it; or what a ``client`` in
            use relies on, though no text wants it.
        extension: its name, as the server metadata list it.
    """

    name: str
    level: Level
    run: Callable[[Server], None]
    extension: str | None = None


def _server_metadata(server: Server) -> None:
    found = an_object(server.ask("GET", "/v2").good("GET /v2"), "GET /v2")
    for key in ("name", "version"):
        want(isinstance(found.get(key), str), f"{key}: {found.get(key)!r}; a string")
    extensions = found.get("extensions")
    want(isinstance(extensions, list) and all(isinstance(item, str) for item in extensions),
          f"extensions: {extensions!r}; a list of strings")  # fmt: skip


def _healthy(path: str) -> Callable[[Server], None]:
    def run(server: Server) -> None:
        answer = server.ask("GET", path)
        want(answer.status == 200, f"{path}: status {answer.status}; 200")

    return run


def _health_json(server: Server) -> None:
    for word in ("live", "ready"):
        found = an_object(server.ask("GET", f"/v2/health/{word}").good(word), word)
        want(found.get(word) is True, f"health/{word}: {found!r}; {{{word!r}: true}}")


def _model_ready(path: Callable[[Server], str]) -> Callable[[Server], None]:
    def run(server: Server) -> None:
        answer = server.ask("GET", f"{path(server)}/ready")
        want(answer.status == 200, f"{path(server)}/ready: status {answer.status}; 200")

    return run


def _model_ready_json(server: Server) -> None:
    found = an_object(server.ask("GET", f"{server.path}/ready").good("ready"), "ready")
    want(found.get("ready") is True, f"ready: {found!r}; {{'ready': true}}")
    want(found.get("name") == server.name, f"name: {found.get('name')!r}; {server.name!r}")


def _model_unready(server: Server) -> None:
    answer = server.ask("GET", "/v2/models/samescore_no_such_model/ready")
    want(answer.status != 200, "a model that is not there: ready; a status other than 200")


def _metadata(path: Callable[[Server], str]) -> Callable[[Server], None]:
    def run(server: Server) -> None:
        found = an_object(server.ask("GET", path(server)).good("metadata"), "metadata")
        want(found.get("name") == server.name, f"name: {found.get('name')!r}; {server.name!r}")
        want(isinstance(found.get("platform"), str), f"platform: {found.get('platform')!r}; a string")
        if found.get("versions") is not None:
            versions = found["versions"]
            want(isinstance(versions, list) and all(isinstance(item, str) for item in versions),
                  f"versions: {versions!r}; a list of strings")  # fmt: skip
        for side in ("inputs", "outputs"):
            items = found.get(side)
            want(isinstance(items, list) and len(items) > 0, f"{side}: {items!r:.80}; a list of tensors")
            for item in items or []:
                tensor(an_object(item, side), side, lowest=-1)

    return run


def _infer(server: Server) -> None:
    outputs = inferred(server, server.body)
    wanted = {item["name"]: item["datatype"] for item in server.metadata.get("outputs", [])}
    want(set(outputs) <= set(wanted), f"outputs {sorted(outputs)}; those of the metadata {sorted(wanted)}")
    for name, item in outputs.items():
        want(item["datatype"] == wanted[name], f"{name}: {item['datatype']}; {wanted[name]}, as the metadata say")


def _infer_versioned(server: Server) -> None:
    same(server, inferred(server, server.body, server.versioned), "by version")


def _id(server: Server) -> None:
    found = server.post(f"{server.path}/infer", {**server.body, "id": "samescore-17"}).good("infer")
    want(found.get("id") == "samescore-17", f"id: {found.get('id')!r}; the request's, 'samescore-17'")


def _nest(data: list[Any], shape: Sequence[int]) -> list[Any]:
    if len(shape) < 2:
        return data
    step = prod(shape[1:])
    return [_nest(data[index * step : (index + 1) * step], shape[1:]) for index in range(shape[0])]


def _nested(server: Server) -> None:
    inputs = [{**item, "data": _nest(flat(item["data"]), item["shape"])} for item in json_inputs(server)]
    same(server, inferred(server, {**server.body, "inputs": inputs}), "nested data")


def _chosen(server: Server) -> None:
    names = list(server.outputs)[::-1]
    for asked in (names, names[:1]):
        got = list(inferred(server, {**server.body, "outputs": [{"name": name} for name in asked]}))
        want(got == asked, f"outputs asked for {asked}: {got}; those alone, in that order")


def _tolerant(server: Server) -> None:
    more = {"model_name": server.name, "parameters": None, "outputs": None}
    same(server, inferred(server, {**server.body, **more}), "keys that are null or unknown")


def _no_content_type(server: Server) -> None:
    answer = server.ask("POST", f"{server.path}/infer", json.dumps(server.body).encode())
    want(answer.status == 200, f"no Content-Type: status {answer.status}; 200")


def _bad(change: Callable[[dict[str, Any]], Any], what: str) -> Callable[[Server], None]:
    def run(server: Server) -> None:
        request = change(json.loads(json.dumps(server.body)))
        refused(server.post(f"{server.path}/infer", request), what)

    return run


def _with_input(**more: Any) -> Callable[[dict[str, Any]], Any]:
    def change(request: dict[str, Any]) -> Any:
        request["inputs"][0].update(more)
        return request

    return change


def _too_few(request: dict[str, Any]) -> Any:
    request["inputs"][0]["data"] = flat(request["inputs"][0].get("data", []))[:-1]
    return request


def _malformed(server: Server) -> None:
    for body in (b"", b"{", b"[]", b"\xff\xfe{}", b"[" * 100_000):
        refused(
            server.ask("POST", f"{server.path}/infer", body, {"Content-Type": "application/json"}),
            f"the body {body[:10]!r}",
        )


def _unknown_model(server: Server) -> None:
    answers = {
        "metadata": server.ask("GET", "/v2/models/samescore_no_such_model"),
        "infer": server.post("/v2/models/samescore_no_such_model/infer", {"inputs": []}),
    }
    for what, answer in answers.items():
        refused(answer, f"{what} of an unknown model")


def _error_type(server: Server) -> None:
    answer = server.ask("POST", f"{server.path}/infer", b"{", {"Content-Type": "application/json"})
    kind = answer.headers.get("content-type")
    want(kind == "application/json", f"Content-Type of an error: {kind!r}; exactly 'application/json'")


_BINARY, _CLASSES, _REPOSITORY, _STATISTICS = "binary_tensor_data", "classification", "model_repository", "statistics"

CHECKS: tuple[Check, ...] = (
    Check("server metadata", "required", _server_metadata),
    Check("server live", "required", _healthy("/v2/health/live")),
    Check("server ready", "required", _healthy("/v2/health/ready")),
    Check("health in JSON", "client", _health_json),
    Check("model metadata", "required", _metadata(lambda server: server.path)),
    Check("model metadata by version", "required", _metadata(lambda server: server.versioned)),
    Check("model ready", "required", _model_ready(lambda server: server.path)),
    Check("model ready by version", "required", _model_ready(lambda server: server.versioned)),
    Check("model ready in JSON", "client", _model_ready_json),
    Check("unknown model is not ready", "required", _model_unready),
    Check("unknown model is an error", "required", _unknown_model),
    Check("infer", "required", _infer),
    Check("infer by version", "required", _infer_versioned),
    Check("id is echoed", "required", _id),
    Check("nested data", "required", _nested),
    Check("outputs that are asked for", "required", _chosen),
    Check("null and unknown keys", "client", _tolerant),
    Check("no Content-Type", "client", _no_content_type),
    Check("malformed bodies are errors", "required", _malformed),
    Check("no inputs is an error", "required", _bad(lambda request: {**request, "inputs": []}, "no inputs")),
    Check("unknown input is an error", "required", _bad(_with_input(name="samescore_no_such_input"), "an unknown input")),
    Check("unknown datatype is an error", "required", _bad(_with_input(datatype="FP128"), "an unknown datatype")),
    Check("negative shape is an error", "required", _bad(_with_input(shape=[-1]), "a negative shape")),
    Check("too few values is an error", "required", _bad(_too_few, "too few values")),
    Check("data that is text is an error", "required", _bad(_with_input(data="text"), "data that is text")),
    Check("unknown output is an error", "required",
          _bad(lambda request: {**request, "outputs": [{"name": "samescore_no_such_output"}]}, "an unknown output")),
    Check("errors are exactly application/json", "client", _error_type),
    Check("binary inputs", "extension", of.binary_in, _BINARY),
    Check("binary outputs", "extension", of.binary_out, _BINARY),
    Check("one binary output", "extension", of.binary_one, _BINARY),
    Check("binary outputs overridden", "extension", of.binary_override, _BINARY),
    Check("binary sizes that do not add up", "extension", of.binary_sizes, _BINARY),
    Check("gzip", "client", of.compressed("gzip")),
    Check("deflate", "client", of.compressed("deflate")),
    Check("classification", "extension", of.classification, _CLASSES),
    Check("repository index", "extension", of.index, _REPOSITORY),
    Check("statistics", "extension", of.statistics, _STATISTICS),
)  # fmt: skip
