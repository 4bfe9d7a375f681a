"""The checksum over an artifact, taken on its bytes by a walk of the protobuf wire format (docs/artifact.md).

No protobuf library takes part: the lean runtime has none that knows ONNX, and a parser that skips what it does not know
would leave bytes unchecked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from samescore_runtime.errors import ArtifactError

INTEGRITY_KEY = "samescore.integrity"

#: ModelProto.metadata_props, and key and value of one entry of it.
METADATA_FIELD, KEY_FIELD, VALUE_FIELD = 14, 1, 2

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a message: its number, the span of the whole field, and of the payload of a length-delimited one."""

    number: int
    start: int
    payload: int
    end: int
    wire_type: int


def _malformed(where: str, found: str) -> ArtifactError:
    return ArtifactError("not_an_artifact", where, found, "an ONNX model that samescore wrote")


def _varint(data: memoryview, at: int, where: str) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise _malformed(where, f"a truncated or overlong number at byte {at}")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def fields(data: memoryview, where: str) -> Iterator[Field]:
    """The top-level fields of a message, in order.

    Raises:
        ArtifactError: ``not_an_artifact`` for groups, truncated fields or field number 0.
    """
    at = 0
    while at < len(data):
        start = at
        tag, at = _varint(data, at, where)
        number, wire_type = tag >> 3, tag & 7
        payload = at
        if wire_type == _VARINT:
            _, at = _varint(data, at, where)
        elif wire_type == _FIXED64:
            at += 8
        elif wire_type == _FIXED32:
            at += 4
        elif wire_type == _BYTES:
            length, payload = _varint(data, at, where)
            at = payload + length
        else:
            raise _malformed(where, f"wire type {wire_type} at byte {start}")
        if number == 0 or at > len(data):
            raise _malformed(where, f"a malformed field at byte {start}")
        yield Field(number, start, payload, at, wire_type)


def _entry(data: memoryview, where: str) -> tuple[str, str]:
    parts = {KEY_FIELD: b"", VALUE_FIELD: b""}
    for field in fields(data, where):
        if field.number not in parts or field.wire_type != _BYTES:
            raise _malformed(where, f"field {field.number} in a metadata entry")
        parts[field.number] = bytes(data[field.payload : field.end])
    try:
        return parts[KEY_FIELD].decode("utf-8"), parts[VALUE_FIELD].decode("utf-8")
    except UnicodeDecodeError as error:
        raise _malformed(where, "metadata that is not UTF-8") from error


def read(content: bytes, where: str = "artifact") -> tuple[str, dict[str, str]]:
    """The integrity checksum of an artifact's bytes (hex), and its metadata.

    The value of ``samescore.integrity`` itself is not part of the sum.

    Raises:
        ArtifactError: ``not_an_artifact`` if the bytes are no well-formed message or a metadata key occurs twice.
    """
    data = memoryview(content)
    sha = hashlib.sha256()
    metadata: dict[str, str] = {}
    for field in fields(data, where):
        if field.number != METADATA_FIELD:
            sha.update(data[field.start : field.end])
            continue
        if field.wire_type != _BYTES:
            raise _malformed(where, "metadata that is no message")
        key, value = _entry(data[field.payload : field.end], where)
        if key in metadata:
            raise _malformed(where, f"the metadata key {key!r} twice")
        metadata[key] = value
    for key in sorted(metadata, key=lambda text: text.encode("utf-8")):
        if key == INTEGRITY_KEY:
            continue
        for text in (key, metadata[key]):
            encoded = text.encode("utf-8")
            sha.update(len(encoded).to_bytes(8, "little"))
            sha.update(encoded)
    return sha.hexdigest(), metadata
