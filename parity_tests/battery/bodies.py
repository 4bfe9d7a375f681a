"""Bodies that are wrong in as many ways, for the two scoring addresses."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from typing import Any

ROW = {"price": 1.5, "size": 2.0}
GOOD = {"name": "float64", "datatype": "FP64", "shape": [1, 2], "data": [1.5, 2.0]}


def malformed() -> Iterator[tuple[str, str, bytes, dict[str, str]]]:
    """Name, ``score`` or ``infer``, body, and headers beside the type."""
    for name, body in _texts():
        yield name, "score", body, {}
        yield name, "infer", body, {}
    for name, value in _rows():
        yield name, "score", json.dumps(value).encode(), {}
    for name, value in _requests():
        yield name, "infer", json.dumps(value).encode(), {}
    good = json.dumps({"rows": [ROW]}).encode()
    encoded = {"Content-Encoding": "gzip"}
    yield "gzip bomb", "score", gzip.compress(b" " * 200_000_000, 9), encoded
    yield "gzip cut", "score", gzip.compress(good)[:-3], encoded
    yield "gzip twice", "score", gzip.compress(gzip.compress(good)), encoded
    yield "no gzip", "score", good, encoded
    yield "brotli", "score", good, {"Content-Encoding": "br"}
    yield "form", "score", b"price=1", {"Content-Type": "application/x-www-form-urlencoded"}
    yield "multipart", "score", b"--a\r\n", {"Content-Type": "multipart/form-data; boundary=a"}
    for length in ("-1", "0", "1e3", "99999999999999999999", "many"):
        yield (
            f"header length {length}",
            "infer",
            json.dumps({"inputs": [GOOD]}).encode(),
            {"Inference-Header-Content-Length": length},
        )


def _texts() -> Iterator[tuple[str, bytes]]:
    yield from {
        "empty": b"",
        "space": b"  ",
        "brace": b"{",
        "bracket": b"[",
        "comma": b'{"rows": [1,]}',
        "comment": b'{"rows": [] /* none */}',
        "single quotes": b"{'rows': []}",
        "NaN": b'{"rows": [{"price": NaN, "size": 1}]}',
        "Infinity": b'{"rows": [{"price": Infinity, "size": 1}]}',
        "minus Infinity": b'{"rows": [{"price": -Infinity, "size": 1}]}',
        "1e999": b'{"rows": [{"price": 1e999, "size": 1}]}',
        "a long integer": b'{"rows": [{"price": ' + b"9" * 5000 + b', "size": 1}]}',
        "leading zero": b'{"rows": [{"price": 01, "size": 1}]}',
        "hexadecimal": b'{"rows": [{"price": 0x1, "size": 1}]}',
        "byte order mark": b"\xef\xbb\xbf{}",
        "UTF-16": '{"rows": []}'.encode("utf-16"),
        "UTF-32": '{"rows": []}'.encode("utf-32"),
        "Latin-1": b'{"rows": "\xe9"}',
        "a cut character": b'{"rows": "\xe2\x82"}',
        "surrogate bytes": b'{"rows": "\xed\xa0\x80"}',
        "overlong": b'{"rows": "\xc0\xaf"}',
        "control character": b'{"rows": "\x01"}',
        "NUL": b"\x00",
        "all bytes": bytes(range(256)),
        "100,000 brackets": b"[" * 100_000,
        "100,000 closed": b"[" * 100_000 + b"]" * 100_000,
        "deep objects": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
        "two values": b"{} {}",
        "null": b"null",
        "true": b"true",
        "number": b"5",
        "text": b'"text"',
        "list": b"[]",
        "object": b"{}",
    }.items()


def _rows() -> Iterator[tuple[str, Any]]:
    for value in (None, 5, "x", True, {}, [None], [5], ["x"], [[]], [[1, 2]], [ROW, None]):
        yield f"rows {value!r}", {"rows": value}
    for value in ("x", True, [], {}, [1], 1e400, "1", "nan", "\ud83d"):
        yield f"price {value!r}", {"rows": [{**ROW, "size": value}]}
    yield "no columns", {"rows": [{}]}
    yield "a million empty rows", {"rows": [{}] * 200_000}
    yield "a long key", {"rows": [{"k" * 2_000_000: 1}]}


def _requests() -> Iterator[tuple[str, Any]]:
    for key, values in {
        "name": (None, 5, "nothing", ""),
        "datatype": (None, 5, "FP128", "BYTES", "BOOL", ["FP64"]),
        "shape": (None, 5, "2", [], [2], [1, 2, 1], [-1, 2], [1.5, 2], [2**40, 2], [0, 2], [True, 2]),
        "data": (None, 5, "x", {}, [], [1], [1, "x"], [[[[1, 2]]]], [1, None, 3], [1, True]),
        "parameters": (5, [1], {"binary_data_size": -1}, {"binary_data_size": "8"}, {"binary_data_size": 8}),
    }.items():
        for value in values:
            yield f"{key} {value!r}", {"inputs": [{**GOOD, key: value}]}
    for value in (5, "x", {}, [5], [{}], [{"name": "nothing"}], [{"name": 5}], [{"name": ["predict"]}]):
        yield f"outputs {value!r}", {"inputs": [GOOD], "outputs": value}
    yield "inputs twice", {"inputs": [GOOD, GOOD]}
