"""V2 inference: a request's body to an answer, in JSON or with the binary tensor extension."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samescore_runtime.packing import groups
from samescore_runtime.score_json import dumps, json_values
from samescore_runtime.service.limits import Limits
from samescore_runtime.service.models import Served
from samescore_runtime.service.scoring import check_count, prediction_id
from samescore_runtime.service.v2_columns import columns_of
from samescore_runtime.service.v2_datatypes import BYTES, DATATYPE, DTYPES
from samescore_runtime.service.v2_tensors import bad, read_inputs
from samescore_runtime.strict_json import parse
from samescore_runtime.wording import found


def infer(served: Served, body: bytes, json_length: str | None, limits: Limits) -> tuple[bytes, int | None]:
    """Score a V2 request.

    Args:
        json_length: the header ``Inference-Header-Content-Length``, where the JSON ends and binary data begin.

    Returns:
        The body of the answer, and the length of its JSON if binary data follow.

    Raises:
        RequestError, MalformedJsonError, ContractError: see the table of statuses.
    """
    text, binary = _split(body, json_length)
    request = parse(text)
    if not isinstance(request, dict):
        raise bad("body", found(request), "an object with inputs")
    wanted = _wanted(request, served.model.output_names)
    contract = served.model.contract
    columns, rows = columns_of(contract, groups(contract), read_inputs(request.get("inputs"), binary))
    check_count(rows, "inputs", limits)
    outputs = served.model.score(columns)
    request_id = request.get("id")
    header = {
        "model_name": served.name,
        "model_version": served.version,
        "id": request_id if isinstance(request_id, str) and request_id else prediction_id(),
        "parameters": {"digest": served.model.digest},
    }
    return _answer(header, outputs, wanted)


def _split(body: bytes, json_length: str | None) -> tuple[bytes, bytes]:
    if json_length is None:
        return body, b""
    length = int(json_length) if json_length.isascii() and json_length.isdecimal() else -1
    if not 0 < length <= len(body):
        raise bad("Inference-Header-Content-Length", "a length outside the body", f"1 to {len(body)}")
    return body[:length], body[length:]


def _wanted(request: Mapping[str, Any], names: Sequence[str]) -> dict[str, bool]:
    """The outputs asked for, in order, each with whether it is wanted as binary data."""
    everywhere = bool(_parameters(request, "parameters").get("binary_data_output"))
    items = request.get("outputs")
    if items is None:
        return dict.fromkeys(names, everywhere)
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise bad("outputs", found(items), "a list of objects with a name")
    wanted: dict[str, bool] = {}
    for index, item in enumerate(items):
        if item.get("name") not in names:
            raise bad(f"outputs[{index}].name", found(item.get("name")), f"one of {', '.join(names)}")
        wanted[item["name"]] = bool(_parameters(item, f"outputs[{index}]").get("binary_data", everywhere))
    return wanted or dict.fromkeys(names, everywhere)


def _parameters(item: Mapping[str, Any], where: str) -> Mapping[str, Any]:
    parameters = item.get("parameters") or {}
    if not isinstance(parameters, dict):
        raise bad(where, found(parameters), "an object of parameters")
    return parameters


def _answer(
    header: Mapping[str, Any], outputs: Mapping[str, NDArray[Any]], wanted: Mapping[str, bool]
) -> tuple[bytes, int | None]:
    items, binary = [], []
    for name, as_bytes in wanted.items():
        array = outputs[name]
        datatype = DATATYPE["string" if array.dtype == object else array.dtype.name]
        item: dict[str, Any] = {"name": name, "datatype": datatype, "shape": list(array.shape)}
        if as_bytes:
            raw = _raw(array, datatype)
            item["parameters"] = {"binary_data_size": len(raw)}
            binary.append(raw)
        else:
            # A NaN is null, as the clients of the protocol read it; an infinity has no other form than its name.
            flat = json_values(array.ravel())
            item["data"] = [None if value == "NaN" else value for value in flat] if datatype != BYTES else flat
        items.append(item)
    text = dumps({**header, "outputs": items})
    if not any(wanted.values()):
        return text, None
    return text + b"".join(binary), len(text)


def _raw(array: NDArray[Any], datatype: str) -> bytes:
    if datatype != BYTES:
        return np.ascontiguousarray(array, DTYPES[datatype]).tobytes()
    encoded = [value.encode("utf-8") for value in array.ravel().tolist()]
    return b"".join(len(value).to_bytes(4, "little") + value for value in encoded)
