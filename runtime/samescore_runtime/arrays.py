"""Array objects: numbers inside JSON, exact to the bit (docs/artifact.md, "Arrays")."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samescore_runtime.errors import InputError

#: dtype name in JSON -> numpy's little-endian dtype of one element.
DTYPES: Mapping[str, np.dtype[Any]] = {
    "float64": np.dtype("<f8"),
    "float32": np.dtype("<f4"),
    "int64": np.dtype("<i8"),
    "int32": np.dtype("<i4"),
    "bool": np.dtype("?"),
}


def encode_array(array: NDArray[Any]) -> dict[str, Any]:
    """An array object for numbers, bools, strings or (1-D, object) lists of strings; None stays a missing string."""
    array = np.asarray(array)
    shape = list(array.shape)
    if array.dtype.kind in "OU":
        flat = array.ravel().tolist()
        of_lists = any(isinstance(value, (list, tuple, np.ndarray)) for value in flat)
        if of_lists:
            return {"dtype": "list<string>", "shape": shape, "data": [list(map(str, value)) for value in flat]}
        return {"dtype": "string", "shape": shape, "data": [None if value is None else str(value) for value in flat]}
    name = array.dtype.name
    if name not in DTYPES:
        raise InputError("array", f"dtype {name}", f"one of {', '.join(DTYPES)}, string")
    data = np.ascontiguousarray(array, DTYPES[name]).tobytes()
    return {"dtype": name, "shape": shape, "data": base64.b64encode(data).decode("ascii")}


def decode_array(item: Mapping[str, Any], where: str = "array") -> NDArray[Any]:
    """The array of an array object: numbers in the native byte order, strings and lists with dtype object.

    Raises:
        InputError: an unknown dtype, or data that do not fill the shape.
    """
    name, shape, data = item["dtype"], tuple(item["shape"]), item["data"]
    if name in ("string", "list<string>"):
        # Element by element: numpy would read lists of one length as a second axis.
        flat = np.empty(len(data), dtype=object)
        for index, value in enumerate(data):
            flat[index] = value
        if flat.size != int(np.prod(shape)):
            raise InputError(where, f"{flat.size} elements", f"the {shape} of its shape")
        return flat.reshape(shape)
    if name not in DTYPES:
        raise InputError(where, f"dtype {name!r}", f"one of {', '.join(DTYPES)}, string, list<string>")
    raw = base64.b64decode(data, validate=True)
    dtype = DTYPES[name]
    if len(raw) != int(np.prod(shape)) * dtype.itemsize:
        raise InputError(where, f"{len(raw)} bytes", f"{int(np.prod(shape)) * dtype.itemsize} bytes for shape {shape}")
    return np.frombuffer(raw, dtype).reshape(shape).astype(dtype.newbyteorder("="))
