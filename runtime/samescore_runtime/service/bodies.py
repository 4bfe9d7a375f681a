"""The body of a request, read under the limits, and the encodings of bodies in both directions."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

from samescore_runtime.service.failures import RequestError
from samescore_runtime.service.limits import Limits

JSON_TYPES = frozenset({"", "application/json"})
TENSOR_TYPES = JSON_TYPES | {"application/octet-stream"}

#: Content-Encoding -> zlib's number for the wrapping; ``deflate`` is zlib's own form (RFC 9110, 8.4.1.2).
_WINDOW = {"gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}
#: Shorter answers are not worth compressing.
_WORTH = 1024


def check_headers(environ: Mapping[str, Any], types: frozenset[str]) -> str:
    """Refuse what would be read in two ways, and content of another kind; the Content-Encoding, or nothing.

    Raises:
        RequestError: ``length_required``, ``unsupported_media_type``.
    """
    if environ.get("HTTP_TRANSFER_ENCODING"):
        # The server drops a Content-Length that came with it, so the ambiguous case cannot be told from the plain one.
        raise RequestError("length_required", "Transfer-Encoding", "a body without a length", "Content-Length")
    kind = environ.get("CONTENT_TYPE", "")
    if kind not in types and kind.partition(";")[0].strip().lower() not in types:
        raise RequestError("unsupported_media_type", "Content-Type", "another type", " or ".join(sorted(types - {""})))
    encoding: str = environ.get("HTTP_CONTENT_ENCODING", "")
    if encoding:
        encoding = encoding.strip().lower()
        if encoding in ("", "identity"):
            return ""
        if encoding not in _WINDOW:
            raise RequestError("unsupported_media_type", "Content-Encoding", "another encoding", "gzip or deflate")
    return encoding


def read_body(environ: Mapping[str, Any], limits: Limits, types: frozenset[str] = JSON_TYPES) -> bytes:
    """The bytes of the body, decompressed, at most ``limits.body_bytes``.

    Raises:
        RequestError: ``too_large`` before more than that was read, ``bad_request`` if the body breaks off, and those
            of :func:`check_headers`.
    """
    usual = (
        environ.get("CONTENT_TYPE") == "application/json"
        and "HTTP_CONTENT_ENCODING" not in environ
        and "HTTP_TRANSFER_ENCODING" not in environ
    )
    encoding = "" if usual else check_headers(environ, types)
    stated = environ.get("CONTENT_LENGTH") or ""
    if stated and not (stated.isascii() and stated.isdecimal()):
        raise RequestError("bad_request", "Content-Length", "no number", "the number of bytes")
    # So many digits are too large in any case, and int() refuses thousands of them.
    body: bytes
    size = int(stated[:19] or 0)
    if size > limits.body_bytes:
        raise _too_large(limits)
    try:
        if not size:
            body = b""
        elif environ.get("wsgi.input_terminated"):
            # The server ends the body where its stated length does; granian reads a whole body several times faster than a part.
            body = environ["wsgi.input"].read()
        else:
            body = environ["wsgi.input"].read(size)
    except OSError as error:
        raise RequestError("bad_request", "body", "a body that breaks off", "the whole body") from error
    if len(body) != size:
        raise RequestError("bad_request", "body", "a body that breaks off", "the whole body")
    return _decompress(body, encoding, limits) if encoding else body


def _decompress(body: bytes, encoding: str, limits: Limits) -> bytes:
    opened = zlib.decompressobj(_WINDOW[encoding])
    try:
        plain = opened.decompress(body, limits.body_bytes + 1)
    except zlib.error as error:
        raise RequestError("bad_request", "body", f"no {encoding}", f"{encoding}, as Content-Encoding says") from error
    if len(plain) > limits.body_bytes:
        raise _too_large(limits)
    if not opened.eof or opened.unused_data:
        raise RequestError("bad_request", "body", f"{encoding} that breaks off or goes on", "one whole stream")
    return plain


def _too_large(limits: Limits) -> RequestError:
    return RequestError("too_large", "body", "a larger body", f"at most {limits.body_bytes} bytes")


def compress(body: bytes, accepted: str) -> tuple[bytes, str | None]:
    """The body in the first encoding that the client accepts, and its name; short bodies and other clients' stay as they are."""
    if len(body) < _WORTH:
        return body, None
    for item in accepted.lower().split(","):
        name, _, weight = item.partition(";")
        name = name.strip()
        if name in _WINDOW and weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000"):
            packer = zlib.compressobj(1, zlib.DEFLATED, _WINDOW[name])
            return packer.compress(body) + packer.flush(), name
    return body, None
