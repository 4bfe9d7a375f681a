"""Input tensors of a V2 request, from JSON or from the binary part of the body, as numpy arrays."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samescore_runtime.service.failures import RequestError
from samescore_runtime.service.v2_datatypes import BYTES, DTYPES
from samescore_runtime.wording import found

_SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


@dataclass(frozen=True, slots=True)
class Input:
    """A tensor by name; strings come as objects, and so do numbers with a null among them."""

    name: str
    values: NDArray[Any]


def bad(where: str, what: str, accepted: str) -> RequestError:
    return RequestError("bad_request", where, what, accepted)


def read_inputs(items: Any, binary: bytes) -> list[Input]:
    """The input tensors of a request; ``binary`` is what follows the JSON in the body.

    Raises:
        RequestError: ``bad_request`` for anything that is no tensor, or bytes that do not add up.
    """
    if not isinstance(items, list) or not items:
        raise bad("inputs", "no tensors", "a list of tensors")
    inputs, at = [], 0
    for index, item in enumerate(items):
        where = f"inputs[{index}]"
        name, shape, datatype = _header(item, where)
        size = _binary_size(item, where)
        if size is None:
            values = _from_json(item.get("data"), shape, datatype, where)
        else:
            if item.get("data") is not None:
                raise bad(where, "both data and binary_data_size", "one of the two")
            values = _from_bytes(binary[at : at + size], size, shape, datatype, where)
            at += size
        inputs.append(Input(name, values))
    if at != len(binary):
        raise bad("body", f"{len(binary)} bytes behind the JSON", f"the {at} of the inputs' binary_data_size")
    if len({one.name for one in inputs}) != len(inputs):
        raise bad("inputs", "a name twice", "each name once")
    return inputs


#: Names by which clients tell how they encoded a tensor, where that is how this protocol encodes it anyway.
_CODECS = (None, "np", "pd", "str", "datetime")


def check_codec(parameters: Mapping[str, Any], where: str) -> None:
    """Raises RequestError for a ``content_type`` that would have to be decoded first (``base64``, ``pd_json``)."""
    codec = parameters.get("content_type")
    if codec not in _CODECS:
        raise bad(f"{where}.content_type", found(codec), "np, pd, str or datetime")


def _header(item: Any, where: str) -> tuple[str, tuple[int, ...], str]:
    if not isinstance(item, dict):
        raise bad(where, found(item), "an object with name, shape, datatype and data")
    name, shape, datatype = item.get("name"), item.get("shape"), item.get("datatype")
    if not isinstance(name, str):
        raise bad(f"{where}.name", found(name), "a string")
    if not isinstance(shape, list) or not all(type(size) is int and 0 <= size < 2**31 for size in shape):
        raise bad(f"{where}.shape", found(shape), "a list of sizes")
    if not isinstance(datatype, str) or datatype not in (*DTYPES, BYTES):
        raise bad(f"{where}.datatype", found(datatype), f"one of {', '.join(DTYPES)}, {BYTES}")
    return name, tuple(shape), datatype


def _binary_size(item: Mapping[str, Any], where: str) -> int | None:
    parameters = item.get("parameters") or {}
    if not isinstance(parameters, dict):
        raise bad(f"{where}.parameters", found(parameters), "an object")
    check_codec(parameters, f"{where}.parameters")
    size = parameters.get("binary_data_size")
    if size is not None and (type(size) is not int or size < 0):
        raise bad(f"{where}.parameters.binary_data_size", found(size), "a number of bytes")
    return size


def _from_json(data: Any, shape: tuple[int, ...], datatype: str, where: str) -> NDArray[Any]:
    if not isinstance(data, list):
        raise bad(f"{where}.data", found(data), "a list")
    flat: list[Any] = []
    _flatten(data, flat, len(shape), where)
    if len(flat) != math.prod(shape):
        raise bad(f"{where}.data", f"{len(flat)} elements", f"the {math.prod(shape)} of its shape")
    if datatype == BYTES:
        _require(flat, {str, type(None)}, "strings", where)
        return _objects(flat, shape)
    dtype = DTYPES[datatype]
    if datatype == "BOOL":
        _require(flat, {bool, type(None)}, "true and false", where)
    elif dtype.kind == "f":
        flat = [_SPECIAL.get(value, value) if type(value) is str else value for value in flat]
        _require(flat, {float, int, type(None)}, "numbers", where)
    else:
        _require(flat, {int, type(None)}, "integers", where)
    if None in flat and dtype.kind != "f":
        return _objects(flat, shape)
    try:
        with np.errstate(over="ignore"):
            return np.array(flat, dtype).reshape(shape)
    except OverflowError:
        raise bad(f"{where}.data", f"a number outside {datatype}", f"{datatype} numbers") from None


def _flatten(data: list[Any], flat: list[Any], depth: int, where: str) -> None:
    """Row-major elements; the lists may be nested, at most as deep as the shape is long."""
    for value in data:
        if isinstance(value, list):
            if depth <= 1:
                raise bad(f"{where}.data", "lists nested deeper than the shape", "flat or nested as the shape")
            _flatten(value, flat, depth - 1, where)
        else:
            flat.append(value)


def _require(flat: list[Any], kinds: set[type], words: str, where: str) -> None:
    if set(map(type, flat)) - kinds:
        index = next(index for index, value in enumerate(flat) if type(value) not in kinds)
        raise bad(f"{where}.data[{index}]", found(flat[index]), words)


def _objects(flat: list[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    values = np.empty(len(flat), object)
    values[:] = flat
    return values.reshape(shape)


def _from_bytes(raw: bytes, size: int, shape: tuple[int, ...], datatype: str, where: str) -> NDArray[Any]:
    count = math.prod(shape)
    if len(raw) != size:
        raise bad(where, f"{len(raw)} bytes left in the body", f"the {size} of binary_data_size")
    if datatype == BYTES:
        return _objects(_strings(raw, count, where), shape)
    dtype = DTYPES[datatype]
    if size != count * dtype.itemsize:
        raise bad(where, f"{size} bytes", f"{count * dtype.itemsize} bytes for its shape and datatype")
    if datatype == "BOOL" and raw.strip(b"\x00\x01"):
        raise bad(where, "a byte that is neither 0 nor 1", "0 or 1 for BOOL")
    return np.frombuffer(raw, dtype).reshape(shape)


def _strings(raw: bytes, count: int, where: str) -> list[str]:
    strings, at = [], 0
    while at < len(raw):
        end = at + 4 + int.from_bytes(raw[at : at + 4], "little")
        if len(raw) - at < 4 or end > len(raw):
            raise bad(where, "an element that overruns its bytes", "a length of 4 bytes and as many bytes, each")
        try:
            strings.append(raw[at + 4 : end].decode("utf-8"))
        except UnicodeDecodeError:
            raise bad(f"{where}[{len(strings)}]", "bytes that are not UTF-8", "text in UTF-8") from None
        at = end
    if len(strings) != count:
        raise bad(where, f"{len(strings)} elements", f"the {count} of its shape")
    return strings
