"""The checks of the protocol's extensions, and of compression: made where a server offers them."""

from __future__ import annotations

import gzip
import json
import struct
import time
import zlib
from collections.abc import Callable, Mapping
from math import prod
from typing import Any

from samescore_runtime.conformance.answers import an_object, flat, inferred, json_inputs, refused, same, want
from samescore_runtime.conformance.server import LENGTH, WIDTHS, Answer, NotRunError, Server


def _encode(item: Mapping[str, Any]) -> bytes:
    data, kind = flat(item["data"]), item["datatype"]
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
    raws = [_encode(item) for item in json_inputs(server)]
    inputs = [
        {**{key: value for key, value in item.items() if key != "data"}, "parameters": {"binary_data_size": len(raw)}}
        for item, raw in zip(json_inputs(server), raws, strict=True)
    ]
    text = json.dumps({**server.body, "inputs": inputs, **more}).encode()
    binary = b"".join(raws)
    return text + binary, {LENGTH: str(len(text)), "Content-Type": "application/octet-stream"}, binary


def binary_in(server: Server) -> None:
    """Inputs as binary data give the scores of the same inputs in JSON."""
    body, headers, _ = _binary_request(server)
    found = server.ask("POST", f"{server.path}/infer", body, headers).good("binary inputs")
    same(server, {item["name"]: item for item in found["outputs"]}, "binary inputs")


def binary_out(server: Server) -> None:
    """All outputs as binary data."""
    _binary_answer(server, {"parameters": {"binary_data_output": True}}, set(server.outputs))


def _binary_answer(server: Server, more: Mapping[str, Any], binary: set[str]) -> None:
    answer = server.post(f"{server.path}/infer", {**server.body, **more})
    want(answer.status == 200, f"binary outputs: status {answer.status}; 200")
    stated = answer.headers.get(LENGTH.lower())
    if not binary:
        want(stated is None, "an answer without binary data has a header length; none")
        answer.json("binary outputs")
        return
    want(stated is not None and stated.isdecimal(), f"{LENGTH}: {stated!r}; the JSON's bytes")
    kind = answer.headers.get("content-type", "")
    want(kind == "application/octet-stream", f"Content-Type of binary data: {kind!r}; application/octet-stream")
    length = int(stated or 0)
    outputs = json.loads(answer.body[:length])["outputs"]
    at = length
    for item in outputs:
        size = (item.get("parameters") or {}).get("binary_data_size")
        want(
            (size is not None) == (item["name"] in binary),
            f"{item['name']}: binary_data_size {size!r}; only where asked for",
        )
        if size is None:
            continue
        raw = answer.body[at : at + size]
        at += size
        if item["datatype"] != "BYTES":
            width = WIDTHS[item["datatype"]] * prod(item["shape"])
            want(size == width, f"{item['name']}: {size} bytes; {width}")
        if all(isinstance(value, (int, float, str)) for value in flat(server.outputs[item["name"]]["data"])):
            want(
                raw == _encode(server.outputs[item["name"]]),
                f"{item['name']}: other bytes than its JSON's; the same values",
            )
    want(at == len(answer.body), f"{len(answer.body) - at} bytes behind the outputs; none")


def binary_one(server: Server) -> None:
    """One output as binary data, the others in JSON."""
    first, *rest = server.outputs
    items: list[dict[str, Any]] = [{"name": first, "parameters": {"binary_data": True}}]
    _binary_answer(server, {"outputs": [*items, *({"name": name} for name in rest)]}, {first})


def binary_override(server: Server) -> None:
    """An output's own wish counts more than the request's."""
    items = [{"name": name, "parameters": {"binary_data": False}} for name in server.outputs]
    _binary_answer(server, {"outputs": items, "parameters": {"binary_data_output": True}}, set())


def binary_sizes(server: Server) -> None:
    """Sizes that do not add up are refused."""
    body, headers, _ = _binary_request(server)
    url = f"{server.path}/infer"
    for what, sent, more in (
        ("a byte too many", body + b"\x00", headers),
        ("a byte too few", body[:-1], headers),
        ("a header length beyond the body", body, {**headers, LENGTH: str(len(body) + 1)}),
        ("a header length that is no number", body, {**headers, LENGTH: "many"}),
    ):
        refused(server.ask("POST", url, sent, more), what)


def compressed(encoding: str) -> Callable[[Server], None]:
    """A compressed request gives the same scores; the answer may be compressed."""
    pack, unpack = (gzip.compress, gzip.decompress) if encoding == "gzip" else (zlib.compress, zlib.decompress)

    def run(server: Server) -> None:
        headers = {"Content-Type": "application/json", "Content-Encoding": encoding, "Accept-Encoding": encoding}
        body = pack(json.dumps(server.body).encode())
        answer = server.ask("POST", f"{server.path}/infer", body, headers)
        want(answer.status == 200, f"{encoding}: status {answer.status} with {answer.body[:80]!r}; 200")
        if answer.headers.get("content-encoding") == encoding:
            answer = Answer(200, answer.headers, unpack(answer.body))
        same(server, {item["name"]: item for item in answer.good(encoding)["outputs"]}, encoding)

    return run


def classification(server: Server) -> None:
    """The best classes of each row, the best one first."""
    scores = [name for name, item in server.outputs.items()
              if item["datatype"].startswith("FP") and len(item["shape"]) == 2 and item["shape"][1] > 1]  # fmt: skip
    if not scores:
        raise NotRunError("no output with a score for each class")
    name = scores[0]
    asked = {"outputs": [{"name": name, "parameters": {"classification": 2}}]}
    item = inferred(server, {**server.body, **asked})[name]
    rows, classes = server.outputs[name]["shape"]
    want(item["datatype"] == "BYTES", f"datatype: {item['datatype']}; BYTES")
    want(item["shape"] == [rows, min(2, classes)], f"shape: {item['shape']}; {[rows, min(2, classes)]}")
    table = flat(server.outputs[name]["data"])
    texts = flat(item["data"])
    for row in range(rows):
        told = [text.split(":") for text in texts[row * min(2, classes) : (row + 1) * min(2, classes)]]
        want(all(len(parts) >= 2 for parts in told), f"{told!r}; SCORE:INDEX or SCORE:INDEX:LABEL")
        mine = sorted(table[row * classes : (row + 1) * classes], reverse=True)[: len(told)]
        want(all(abs(float(parts[0]) - score) <= 1e-5 * abs(score) for parts, score in zip(told, mine, strict=True)),
              f"scores {told!r}; the best, {mine!r}, first")  # fmt: skip


def index(server: Server) -> None:
    """The repository index lists the model."""
    for asked in ({}, {"ready": True}):
        found = server.post("/v2/repository/index", asked).good("index")
        want(isinstance(found, list), f"index: {found!r:.80}; a list")
        for item in found:
            want(isinstance(an_object(item, "index").get("name"), str), f"index: {item!r}; an object with a name")
    want(any(item["name"] == server.name for item in found), f"index: no {server.name}; every model that is ready")


def statistics(server: Server) -> None:
    """The counts grow with requests."""

    def counts() -> tuple[int, int]:
        found = server.ask("GET", f"{server.path}/stats").good("stats")
        items = [item for item in an_object(found, "stats").get("model_stats", []) if item.get("name") == server.name]
        want(bool(items), f"model_stats: {found!r:.80}; one for {server.name}")
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
    want(after[0] > before[0] and after[1] > before[1], f"counts {before} then {after}; more after a request")
