"""Failures of a request, and the one table that gives each its HTTP status."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from samescore_runtime.errors import ContractError, InputError, SamescoreError
from samescore_runtime.strict_json import MalformedJsonError

JSON_TYPE = "application/json"


class RequestError(SamescoreError):
    """A request that cannot be answered; ``code`` is a key of :data:`STATUS`."""

    def __init__(self, code: str, where: str, found: str, accepted: str) -> None:
        super().__init__(where, found, accepted)
        self.code = code


#: Code of an answer -> its HTTP status and phrase.
STATUS: Mapping[str, str] = {
    "bad_request": "400 Bad Request",
    "malformed_json": "400 Bad Request",
    "too_deep": "400 Bad Request",
    "empty_batch": "400 Bad Request",
    "unauthorized": "401 Unauthorized",
    "forbidden": "403 Forbidden",
    "unknown_model": "404 Not Found",
    "not_found": "404 Not Found",
    "method_not_allowed": "405 Method Not Allowed",
    "length_required": "411 Length Required",
    "too_large": "413 Content Too Large",
    "too_many_rows": "413 Content Too Large",
    "unsupported_media_type": "415 Unsupported Media Type",
    "contract": "422 Unprocessable Content",
    "conflict": "409 Conflict",
    "internal": "500 Internal Server Error",
    "unavailable": "503 Service Unavailable",
    "deadline": "504 Gateway Timeout",
}

INTERNAL = RequestError("internal", "service", "an internal error", "the same request later, or a report of it")


def code_of(error: SamescoreError) -> str:
    """The code of any error of samescore that a request may meet."""
    if isinstance(error, RequestError):
        return error.code
    if isinstance(error, ContractError):
        return "contract"
    if isinstance(error, MalformedJsonError):
        return "malformed_json"
    return "bad_request" if isinstance(error, InputError) else "internal"


def failure(error: SamescoreError) -> tuple[str, bytes]:
    """Status and JSON body of a failed request: what was wrong, never a traceback or a path."""
    code = code_of(error)
    told = INTERNAL if code == "internal" else error
    body: dict[str, Any] = {"error": str(told), "code": code}
    if isinstance(error, ContractError):
        body["total"] = error.total
        body["problems"] = [
            {"row": one.row, "column": one.column, "code": one.code, "message": one.message} for one in error.problems
        ]
    return STATUS[code], orjson.dumps(body, default=str)
