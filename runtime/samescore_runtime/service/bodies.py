"""The body of a request, read under the limits. It must state its length."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from samescore_runtime.service.failures import RequestError
from samescore_runtime.service.limits import Limits

JSON_TYPES = frozenset({"", "application/json"})
TENSOR_TYPES = JSON_TYPES | {"application/octet-stream"}


def check_headers(environ: Mapping[str, Any], types: frozenset[str]) -> None:
    """Refuse what would be read in two ways, and content of another kind.

    Raises:
        RequestError: ``length_required``, ``unsupported_media_type``.
    """
    if environ.get("HTTP_TRANSFER_ENCODING"):
        # The server drops a Content-Length that came with it, so the ambiguous case cannot be told from the plain one.
        raise RequestError("length_required", "Transfer-Encoding", "a body without a length", "Content-Length")
    encoding = environ.get("HTTP_CONTENT_ENCODING", "").strip().lower()
    if encoding not in ("", "identity"):
        raise RequestError("unsupported_media_type", "Content-Encoding", "a compressed body", "identity")
    kind = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    if kind not in types:
        raise RequestError("unsupported_media_type", "Content-Type", "another type", " or ".join(sorted(types - {""})))


def read_body(environ: Mapping[str, Any], limits: Limits, types: frozenset[str] = JSON_TYPES) -> bytes:
    """The bytes of the body, at most ``limits.body_bytes``.

    Raises:
        RequestError: ``too_large`` before more than that was read, ``bad_request`` if the body breaks off, and those
            of :func:`check_headers`.
    """
    check_headers(environ, types)
    stated = environ.get("CONTENT_LENGTH") or ""
    if stated and not (stated.isascii() and stated.isdecimal()):
        raise RequestError("bad_request", "Content-Length", "no number", "the number of bytes")
    if stated and int(stated) > limits.body_bytes:
        raise _too_large(limits)
    size = int(stated or 0)
    try:
        body: bytes = environ["wsgi.input"].read(size) if size else b""
    except OSError as error:
        raise RequestError("bad_request", "body", "a body that breaks off", "the whole body") from error
    if len(body) < size:
        raise RequestError("bad_request", "body", "a body that breaks off", "the whole body")
    return body


def _too_large(limits: Limits) -> RequestError:
    return RequestError("too_large", "body", "a larger body", f"at most {limits.body_bytes} bytes")
