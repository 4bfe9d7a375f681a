"""The checks: what the protocol and its extensions want, and what clients in use rely on beyond it."""

from __future__ import annotations

import gzip
import json
import struct
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, Literal

from samescore_runtime.conformance.server import LENGTH, WIDTHS, Answer, NotRunError, Server, ViolationError

Level = Literal["required", "extension", "client"]
DATATYPES = (*WIDTHS, "BYTES")


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


def _want(holds: bool, text: str) -> None:
    if not holds:
        raise ViolationError(text)


def _object(value: Any, what: str) -> Mapping[str, Any]:
    _want(isinstance(value, dict), f"{what}: {value!r:.80}; an object")
    return dict(value)


def _server_metadata(server: Server) -> None:
    found = _object(server.ask("GET", "/v2").good("GET /v2"), "GET /v2")
    for key in ("name", "version"):
        _want(isinstance(found.get(key), str), f"{key}: {found.get(key)!r}; a string")
    extensions = found.get("extensions")
    _want(isinstance(extensions, list) and all(isinstance(item, str) for item in extensions),
          f"extensions: {extensions!r}; a list of strings")  # fmt: skip


def _healthy(path: str) -> Callable[[Server], None]:
    def run(server: Server) -> None:
        answer = server.ask("GET", path)
        _want(answer.status == 200, f"{path}: status {answer.status}; 200")

    return run


def _health_json(server: Server) -> None:
    for word in ("live", "ready"):
        found = _object(server.ask("GET", f"/v2/health/{word}").good(word), word)
        _want(found.get(word) is True, f"health/{word}: {found!r}; {{{word!r}: true}}")


def _model_ready(path: Callable[[Server], str]) -> Callable[[Server], None]:
    def run(server: Server) -> None:
        answer = server.ask("GET", f"{path(server)}/ready")
        _want(answer.status == 200, f"{path(server)}/ready: status {answer.status}; 200")

    return run


def _model_ready_json(server: Server) -> None:
    found = _object(server.ask("GET", f"{server.path}/ready").good("ready"), "ready")
    _want(found.get("ready") is True, f"ready: {found!r}; {{'ready': true}}")
    _want(found.get("name") == server.name, f"name: {found.get('name')!r}; {server.name!r}")


def _model_unready(server: Server) -> None:
    answer = server.ask("GET", "/v2/models/samescore_no_such_model/ready")
    _want(answer.status != 200, "a model that is not there: ready; a status other than 200")


def _metadata(path: Callable[[Server], str]) -> Callable[[Server], None]:
    def run(server: Server) -> None:
        found = _object(server.ask("GET", path(server)).good("metadata"), "metadata")
        _want(found.get("name") == server.name, f"name: {found.get('name')!r}; {server.name!r}")
        _want(isinstance(found.get("platform"), str), f"platform: {found.get('platform')!r}; a string")
        if found.get("versions") is not None:
            versions = found["versions"]
            _want(isinstance(versions, list) and all(isinstance(item, str) for item in versions),
                  f"versions: {versions!r}; a list of strings")  # fmt: skip
        for side in ("inputs", "outputs"):
            items = found.get(side)
            _want(isinstance(items, list) and len(items) > 0, f"{side}: {items!r:.80}; a list of tensors")
            for item in items or []:
                _tensor(_object(item, side), side, lowest=-1)

    return run


def _tensor(item: Mapping[str, Any], where: str, lowest: int) -> None:
    _want(isinstance(item.get("name"), str), f"{where}: name {item.get('name')!r}; a string")
    _want(
        item.get("datatype") in DATATYPES, f"{where}: datatype {item.get('datatype')!r}; one of {', '.join(DATATYPES)}"
    )
    shape = item.get("shape")
    _want(isinstance(shape, list) and all(type(size) is int and size >= lowest for size in shape),
          f"{where}: shape {shape!r}; a list of integers from {lowest}")  # fmt: skip


def _flat(values: Any) -> list[Any]:
    return [leaf for value in values for leaf in _flat(value)] if isinstance(values, list) else [values]


def _inferred(server: Server, request: Any, path: str | None = None) -> dict[str, dict[str, Any]]:
    """The outputs of an answer in JSON, all of them well-formed, by name."""
    found = _object(server.post(f"{path or server.path}/infer", request).good("infer"), "infer")
    _want(found.get("model_name") == server.name, f"model_name: {found.get('model_name')!r}; {server.name!r}")
    outputs = found.get("outputs")
    _want(isinstance(outputs, list), f"outputs: {outputs!r:.80}; a list")
    for item in outputs or []:
        _tensor(_object(item, "outputs"), "outputs", lowest=0)
        data = _flat(item.get("data", []))
        _want(
            len(data) == prod(item["shape"]),
            f"{item['name']}: {len(data)} values; the {prod(item['shape'])} of its shape",
        )
    return {item["name"]: item for item in outputs or []}


def _infer(server: Server) -> None:
    outputs = _inferred(server, server.body)
    wanted = {item["name"]: item["datatype"] for item in server.metadata.get("outputs", [])}
    _want(set(outputs) <= set(wanted), f"outputs {sorted(outputs)}; those of the metadata {sorted(wanted)}")
    for name, item in outputs.items():
        _want(item["datatype"] == wanted[name], f"{name}: {item['datatype']}; {wanted[name]}, as the metadata say")


def _infer_versioned(server: Server) -> None:
    _same(server, _inferred(server, server.body, server.versioned), "by version")


def _same(server: Server, outputs: Mapping[str, Any], what: str) -> None:
    expected = {name: _flat(item["data"]) for name, item in server.outputs.items() if name in outputs}
    got = {name: _flat(item["data"]) for name, item in outputs.items()}
    _want(got == expected, f"{what}: other scores than the plain request; the same")


def _id(server: Server) -> None:
    found = server.post(f"{server.path}/infer", {**server.body, "id": "samescore-17"}).good("infer")
    _want(found.get("id") == "samescore-17", f"id: {found.get('id')!r}; the request's, 'samescore-17'")


def _nest(data: list[Any], shape: Sequence[int]) -> list[Any]:
    if len(shape) < 2:
        return data
    step = prod(shape[1:])
    return [_nest(data[index * step : (index + 1) * step], shape[1:]) for index in range(shape[0])]


def _nested(server: Server) -> None:
    inputs = [{**item, "data": _nest(_flat(item["data"]), item["shape"])} for item in _json_inputs(server)]
    _same(server, _inferred(server, {**server.body, "inputs": inputs}), "nested data")


def _json_inputs(server: Server) -> list[dict[str, Any]]:
    inputs: list[dict[str, Any]] = server.body["inputs"]
    if any("data" not in item for item in inputs):
        raise NotRunError("a request whose inputs have no data in JSON")
    return inputs


def _chosen(server: Server) -> None:
    names = list(server.outputs)[::-1]
    for asked in (names, names[:1]):
        got = list(_inferred(server, {**server.body, "outputs": [{"name": name} for name in asked]}))
        _want(got == asked, f"outputs asked for {asked}: {got}; those alone, in that order")


def _tolerant(server: Server) -> None:
    more = {"model_name": server.name, "parameters": None, "outputs": None}
    _same(server, _inferred(server, {**server.body, **more}), "keys that are null or unknown")


def _no_content_type(server: Server) -> None:
    answer = server.ask("POST", f"{server.path}/infer", json.dumps(server.body).encode())
    _want(answer.status == 200, f"no Content-Type: status {answer.status}; 200")


def _refused(answer: Answer, what: str) -> None:
    _want(400 <= answer.status < 500, f"{what}: status {answer.status}; 4xx")
    found = _object(answer.json(what), what)
    _want(
        isinstance(found.get("error"), str) and bool(found["error"]),
        f"{what}: {found!r:.100}; an object with the text error",
    )


def _bad(change: Callable[[dict[str, Any]], Any], what: str) -> Callable[[Server], None]:
    def run(server: Server) -> None:
        request = change(json.loads(json.dumps(server.body)))
        _refused(server.post(f"{server.path}/infer", request), what)

    return run


def _with_input(**more: Any) -> Callable[[dict[str, Any]], Any]:
    def change(request: dict[str, Any]) -> Any:
        request["inputs"][0].update(more)
        return request

    return change


def _too_few(request: dict[str, Any]) -> Any:
    request["inputs"][0]["data"] = _flat(request["inputs"][0].get("data", []))[:-1]
    return request


def _malformed(server: Server) -> None:
    for body in (b"", b"{", b"[]", b"\xff\xfe{}", b"[" * 100_000):
        _refused(
            server.ask("POST", f"{server.path}/infer", body, {"Content-Type": "application/json"}),
            f"the body {body[:10]!r}",
        )


def _unknown_model(server: Server) -> None:
    answers = {
        "metadata": server.ask("GET", "/v2/models/samescore_no_such_model"),
        "infer": server.post("/v2/models/samescore_no_such_model/infer", {"inputs": []}),
    }
    for what, answer in answers.items():
        _refused(answer, f"{what} of an unknown model")


def _error_type(server: Server) -> None:
    answer = server.ask("POST", f"{server.path}/infer", b"{", {"Content-Type": "application/json"})
    kind = answer.headers.get("content-type")
    _want(kind == "application/json", f"Content-Type of an error: {kind!r}; exactly 'application/json'")


def _encode(item: Mapping[str, Any]) -> bytes:
    data, kind = _flat(item["data"]), item["datatype"]
    if kind == "BYTES":
        texts = [str(value).encode() for value in data]
        return b"".join(struct.pack("<I", len(text)) + text for text in texts)
    codes = {"BOOL": "?", "UINT8": "B", "UINT16": "H", "UINT32": "I", "UINT64": "Q", "INT8": "b", "INT16": "h", "INT32": "i",
             "INT64": "q", "FP16": "e", "FP32": "f", "FP64": "d"}  # fmt: skip
    if kind not in codes or any(value is None or isinstance(value, str) for value in data):
        raise NotRunError(f"{item['name']}: values that this check cannot write as {kind}")
    return struct.pack(f"<{len(data)}{codes[kind]}", *data)


def _binary_request(server: Server, **more: Any) -> tuple[bytes, dict[str, str], bytes]:
    """Body, headers and the binary part of a request with binary inputs."""
    raws = [_encode(item) for item in _json_inputs(server)]
    inputs = [
        {**{key: value for key, value in item.items() if key != "data"}, "parameters": {"binary_data_size": len(raw)}}
        for item, raw in zip(_json_inputs(server), raws, strict=True)
    ]
    text = json.dumps({**server.body, "inputs": inputs, **more}).encode()
    binary = b"".join(raws)
    return text + binary, {LENGTH: str(len(text)), "Content-Type": "application/octet-stream"}, binary


def _binary_in(server: Server) -> None:
    body, headers, _ = _binary_request(server)
    found = server.ask("POST", f"{server.path}/infer", body, headers).good("binary inputs")
    _same(server, {item["name"]: item for item in found["outputs"]}, "binary inputs")


def _binary_out(server: Server) -> None:
    _binary_answer(server, {"parameters": {"binary_data_output": True}}, set(server.outputs))


def _binary_answer(server: Server, more: Mapping[str, Any], binary: set[str]) -> None:
    answer = server.post(f"{server.path}/infer", {**server.body, **more})
    _want(answer.status == 200, f"binary outputs: status {answer.status}; 200")
    stated = answer.headers.get(LENGTH.lower())
    if not binary:
        _want(stated is None, "an answer without binary data has a header length; none")
        answer.json("binary outputs")
        return
    _want(stated is not None and stated.isdecimal(), f"{LENGTH}: {stated!r}; the JSON's bytes")
    kind = answer.headers.get("content-type", "")
    _want(kind == "application/octet-stream", f"Content-Type of binary data: {kind!r}; application/octet-stream")
    length = int(stated or 0)
    outputs = json.loads(answer.body[:length])["outputs"]
    at = length
    for item in outputs:
        size = (item.get("parameters") or {}).get("binary_data_size")
        _want(
            (size is not None) == (item["name"] in binary),
            f"{item['name']}: binary_data_size {size!r}; only where asked for",
        )
        if size is None:
            continue
        raw = answer.body[at : at + size]
        at += size
        if item["datatype"] != "BYTES":
            width = WIDTHS[item["datatype"]] * prod(item["shape"])
            _want(size == width, f"{item['name']}: {size} bytes; {width}")
        if all(isinstance(value, (int, float, str)) for value in _flat(server.outputs[item["name"]]["data"])):
            _want(
                raw == _encode(server.outputs[item["name"]]),
                f"{item['name']}: other bytes than its JSON's; the same values",
            )
    _want(at == len(answer.body), f"{len(answer.body) - at} bytes behind the outputs; none")


def _binary_one(server: Server) -> None:
    first, *rest = server.outputs
    items: list[dict[str, Any]] = [{"name": first, "parameters": {"binary_data": True}}]
    _binary_answer(server, {"outputs": [*items, *({"name": name} for name in rest)]}, {first})


def _binary_override(server: Server) -> None:
    items = [{"name": name, "parameters": {"binary_data": False}} for name in server.outputs]
    _binary_answer(server, {"outputs": items, "parameters": {"binary_data_output": True}}, set())


def _binary_sizes(server: Server) -> None:
    body, headers, _ = _binary_request(server)
    url = f"{server.path}/infer"
    for what, sent, more in (
        ("a byte too many", body + b"\x00", headers),
        ("a byte too few", body[:-1], headers),
        ("a header length beyond the body", body, {**headers, LENGTH: str(len(body) + 1)}),
        ("a header length that is no number", body, {**headers, LENGTH: "many"}),
    ):
        _refused(server.ask("POST", url, sent, more), what)


def _compressed(encoding: str) -> Callable[[Server], None]:
    pack, unpack = (gzip.compress, gzip.decompress) if encoding == "gzip" else (zlib.compress, zlib.decompress)

    def run(server: Server) -> None:
        headers = {"Content-Type": "application/json", "Content-Encoding": encoding, "Accept-Encoding": encoding}
        body = pack(json.dumps(server.body).encode())
        answer = server.ask("POST", f"{server.path}/infer", body, headers)
        _want(answer.status == 200, f"{encoding}: status {answer.status} with {answer.body[:80]!r}; 200")
        if answer.headers.get("content-encoding") == encoding:
            answer = Answer(200, answer.headers, unpack(answer.body))
        _same(server, {item["name"]: item for item in answer.good(encoding)["outputs"]}, encoding)

    return run


def _classification(server: Server) -> None:
    scores = [name for name, item in server.outputs.items()
              if item["datatype"].startswith("FP") and len(item["shape"]) == 2 and item["shape"][1] > 1]  # fmt: skip
    if not scores:
        raise NotRunError("no output with a score for each class")
    name = scores[0]
    asked = {"outputs": [{"name": name, "parameters": {"classification": 2}}]}
    item = _inferred(server, {**server.body, **asked})[name]
    rows, classes = server.outputs[name]["shape"]
    _want(item["datatype"] == "BYTES", f"datatype: {item['datatype']}; BYTES")
    _want(item["shape"] == [rows, min(2, classes)], f"shape: {item['shape']}; {[rows, min(2, classes)]}")
    table = _flat(server.outputs[name]["data"])
    texts = _flat(item["data"])
    for row in range(rows):
        told = [text.split(":") for text in texts[row * min(2, classes) : (row + 1) * min(2, classes)]]
        _want(all(len(parts) >= 2 for parts in told), f"{told!r}; SCORE:INDEX or SCORE:INDEX:LABEL")
        mine = sorted(table[row * classes : (row + 1) * classes], reverse=True)[: len(told)]
        _want(all(abs(float(parts[0]) - score) <= 1e-5 * abs(score) for parts, score in zip(told, mine, strict=True)),
              f"scores {told!r}; the best, {mine!r}, first")  # fmt: skip


def _index(server: Server) -> None:
    for asked in ({}, {"ready": True}):
        found = server.post("/v2/repository/index", asked).good("index")
        _want(isinstance(found, list), f"index: {found!r:.80}; a list")
        for item in found:
            _want(isinstance(_object(item, "index").get("name"), str), f"index: {item!r}; an object with a name")
    _want(any(item["name"] == server.name for item in found), f"index: no {server.name}; every model that is ready")


def _statistics(server: Server) -> None:
    def counts() -> tuple[int, int]:
        found = server.ask("GET", f"{server.path}/stats").good("stats")
        items = [item for item in _object(found, "stats").get("model_stats", []) if item.get("name") == server.name]
        _want(bool(items), f"model_stats: {found!r:.80}; one for {server.name}")
        success = [item["inference_stats"]["success"] for item in items]
        return sum(item["inference_count"] for item in items), sum(item["count"] for item in success)

    server.post(f"{server.path}/infer", server.body)
    before = counts()
    server.post(f"{server.path}/infer", server.body)
    # Processes may add up their numbers a moment later.
    for _ in range(50):
        after = counts()
        if after[1] > before[1]:
            break
        time.sleep(0.1)
    _want(after[0] > before[0] and after[1] > before[1], f"counts {before} then {after}; more after a request")


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
    Check("binary inputs", "extension", _binary_in, _BINARY),
    Check("binary outputs", "extension", _binary_out, _BINARY),
    Check("one binary output", "extension", _binary_one, _BINARY),
    Check("binary outputs overridden", "extension", _binary_override, _BINARY),
    Check("binary sizes that do not add up", "extension", _binary_sizes, _BINARY),
    Check("gzip", "client", _compressed("gzip")),
    Check("deflate", "client", _compressed("deflate")),
    Check("classification", "extension", _classification, _CLASSES),
    Check("repository index", "extension", _index, _REPOSITORY),
    Check("statistics", "extension", _statistics, _STATISTICS),
)  # fmt: skip
