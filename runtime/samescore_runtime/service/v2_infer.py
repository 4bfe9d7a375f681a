"""V2 inference: a request's body to an answer, in JSON or with the binary tensor extension."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samescore_runtime.contract import Contract
from samescore_runtime.packing import groups
from samescore_runtime.score_json import dumps, json_values
from samescore_runtime.service.limits import Limits, check_value
from samescore_runtime.service.models import Served
from samescore_runtime.service.scoring import Scored, check_count, check_deadline
from samescore_runtime.service.v2_columns import check_strings, columns_of
from samescore_runtime.service.v2_datatypes import BYTES, DATATYPE, DTYPES
from samescore_runtime.service.v2_tensors import bad, check_codec, read_inputs
from samescore_runtime.strict_json import parse
from samescore_runtime.wording import found


def infer(served: Served, body: bytes, environ: Mapping[str, Any], limits: Limits, answer_id: str) -> Scored:
    """Score a V2 request; the header ``Inference-Header-Content-Length`` says where its JSON ends and binary data begin.

    Raises:
        RequestError, MalformedJsonError, ContractError: see the table of statuses.
    """
    text, binary = _split(body, environ.get("HTTP_INFERENCE_HEADER_CONTENT_LENGTH"))
    request = parse(text)
    if not isinstance(request, dict):
        raise bad("body", found(request), "an object with inputs")
    model, contract = served.model, served.model.contract
    check_value(request, text, limits, 0)
    wanted = _wanted(request, contract, model.output_names)
    columns, rows = columns_of(contract, groups(contract), read_inputs(request.get("inputs"), binary))
    check_count(rows, "inputs", limits)
    check_strings(columns, len(body), limits)
    tensors = model.tensors_of(columns)
    if "HTTP_X_SAMESCORE_DEADLINE_MS" in environ:
        check_deadline(environ)
    started = perf_counter()
    outputs = model.score_tensors(tensors)
    seconds = perf_counter() - started
    request_id = request.get("id")
    header = {
        "model_name": served.name,
        "model_version": served.version,
        # The client's own id is echoed, as the protocol wants; the answer's is always there, too.
        "id": request_id if isinstance(request_id, str) and request_id else answer_id,
        "parameters": {"digest": model.digest, "prediction_id": answer_id},
    }
    answer, json_length = _answer(header, outputs, wanted)
    return Scored(answer, json_length, rows, seconds, columns, tensors, outputs)


def _split(body: bytes, json_length: str | None) -> tuple[bytes, bytes]:
    if json_length is None:
        return body, b""
    length = int(json_length) if json_length.isascii() and json_length.isdecimal() else -1
    if not 0 < length <= len(body):
        raise bad("Inference-Header-Content-Length", "a length outside the body", f"1 to {len(body)}")
    return body[:length], body[length:]


@dataclass(frozen=True, slots=True)
class Wanted:
    """How an output is wanted: as binary data, and as its best ``classes`` instead of all scores."""

    binary: bool
    classes: int = 0
    labels: Sequence[Any] | None = None


def _wanted(request: Mapping[str, Any], contract: Contract, names: Sequence[str]) -> dict[str, Wanted]:
    """The outputs asked for, in order."""
    shared = _parameters(request, "parameters")
    check_codec(shared, "parameters")
    everywhere = bool(shared.get("binary_data_output"))
    items = request.get("outputs")
    if items is None:
        return dict.fromkeys(names, Wanted(everywhere))
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise bad("outputs", found(items), "a list of objects with a name")
    wanted: dict[str, Wanted] = {}
    for index, item in enumerate(items):
        name = item.get("name")
        if name not in names:
            raise bad(f"outputs[{index}].name", found(name), f"one of {', '.join(names)}")
        if name in wanted:
            raise bad(f"outputs[{index}].name", f"{name} twice", "each output once")
        parameters = _parameters(item, f"outputs[{index}]")
        classes = parameters.get("classification") or 0
        if type(classes) is not int or classes < 0:
            raise bad(f"outputs[{index}].parameters.classification", found(classes), "a number of classes")
        output = contract.output_named(name)
        if classes and (output.type not in ("float64", "float32", "int64", "int32") or len(output.shape) > 2):
            raise bad(
                f"outputs[{index}].parameters.classification", f"{name}, which holds no scores", "an output of numbers"
            )
        wanted[name] = Wanted(bool(parameters.get("binary_data", everywhere)), classes, output.labels)
    return wanted or dict.fromkeys(names, Wanted(everywhere))


def _parameters(item: Mapping[str, Any], where: str) -> Mapping[str, Any]:
    parameters = item.get("parameters") or {}
    if not isinstance(parameters, dict):
        raise bad(where, found(parameters), "an object of parameters")
    return parameters


def _answer(
    header: Mapping[str, Any], outputs: Mapping[str, NDArray[Any]], wanted: Mapping[str, Wanted]
) -> tuple[bytes, int | None]:
    items, binary = [], []
    for name, how in wanted.items():
        array = outputs[name]
        if how.classes:
            array = best(array, how.classes, how.labels)
        datatype = DATATYPE["string" if array.dtype == object else array.dtype.name]
        item: dict[str, Any] = {"name": name, "datatype": datatype, "shape": list(array.shape)}
        if how.binary:
            raw = _raw(array, datatype)
            item["parameters"] = {"binary_data_size": len(raw)}
            binary.append(raw)
        else:
            # A NaN is null, as the clients of the protocol read it; an infinity has no other form than its name.
            flat = json_values(array.ravel())
            item["data"] = [None if value == "NaN" else value for value in flat] if datatype != BYTES else flat
        items.append(item)
    text = dumps({**header, "outputs": items})
    if not binary:
        return text, None
    return text + b"".join(binary), len(text)


def best(scores: NDArray[Any], classes: int, labels: Sequence[Any] | None) -> NDArray[Any]:
    """The classification extension: ``SCORE:INDEX[:LABEL]`` for the best classes of each row, the best one first.

    Equal scores are told in the order of their classes; NaN comes last. A row's single score is its class 0.
    """
    table = scores.reshape(len(scores), -1)
    order = np.argsort(-table.astype(np.float64), axis=1, kind="stable")[:, :classes]
    named = labels is not None and len(labels) == table.shape[1]
    best_ones = np.empty(order.shape, object)
    for row, places in enumerate(order.tolist()):
        for rank, place in enumerate(places):
            shown = f"{table[row, place].item()!r}:{place}"
            best_ones[row, rank] = f"{shown}:{labels[place]}" if labels is not None and named else shown
    return best_ones


def _raw(array: NDArray[Any], datatype: str) -> bytes:
    if datatype != BYTES:
        return np.ascontiguousarray(array, DTYPES[datatype]).tobytes()
    encoded = [value.encode("utf-8") for value in array.ravel().tolist()]
    return b"".join(len(value).to_bytes(4, "little") + value for value in encoded)
