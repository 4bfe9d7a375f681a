"""The datatypes of the Open Inference Protocol V2, and the contract's types in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

#: Datatype -> little-endian numpy dtype; BYTES (strings, each with its length) is apart.
DTYPES: Mapping[str, np.dtype[Any]] = {
    "BOOL": np.dtype("?"),
    "UINT8": np.dtype("u1"),
    "UINT16": np.dtype("<u2"),
    "UINT32": np.dtype("<u4"),
    "UINT64": np.dtype("<u8"),
    "INT8": np.dtype("i1"),
    "INT16": np.dtype("<i2"),
    "INT32": np.dtype("<i4"),
    "INT64": np.dtype("<i8"),
    "FP16": np.dtype("<f2"),
    "FP32": np.dtype("<f4"),
    "FP64": np.dtype("<f8"),
}
BYTES = "BYTES"

#: The contract's tensor types -> datatypes.
DATATYPE: Mapping[str, str] = {
    "float64": "FP64",
    "float32": "FP32",
    "int64": "INT64",
    "int32": "INT32",
    "bool": "BOOL",
    "string": BYTES,
}
