"""``POST /models/NAME/score``: the bytes of a request to the bytes of an answer, for the lane and for Flask alike."""

from __future__ import annotations

from collections.abc import Mapping
from time import perf_counter
from typing import Any, NamedTuple

from numpy.typing import NDArray

from samescore_runtime.errors import ContractError
from samescore_runtime.packing import Tensors
from samescore_runtime.score_json import dumps, json_values
from samescore_runtime.service.failures import RequestError
from samescore_runtime.service.limits import Limits, check_value
from samescore_runtime.service.models import Served
from samescore_runtime.strict_json import parse, parse_exactly
from samescore_runtime.wording import found

#: Bytes of a body that is quickly looked through, and that holds no string beyond any cap.
SHORT = 4096


class Scored(NamedTuple):
    """An answer and what it came from.

    Attributes:
        json_length: of an answer with binary data behind its JSON.
        seconds: spent in the model.
        data: the rows, or the columns, as they were sent.
    """

    body: bytes
    json_length: int | None
    rows: int
    seconds: float
    data: Any
    tensors: Tensors
    outputs: Mapping[str, NDArray[Any]]


def score(served: Served, body: bytes, environ: Mapping[str, Any], limits: Limits, answer_id: str) -> Scored:
    """Score ``{"rows": [{column: value}]}``.

    Raises:
        RequestError, MalformedJsonError, InputError, ContractError: see the table of statuses.
    """
    model = served.model
    request = parse(body)
    rows = request.get("rows") if type(request) is dict else None
    if type(rows) is not list or not 0 < len(rows) <= limits.rows:
        rows = _rows(request, limits)
    # A short body of few lists and objects keeps every cap on them.
    if len(body) > min(SHORT, limits.string_length) or body.count(b"[") + body.count(b"{") - len(rows) > limits.nesting:
        check_value(request, body, limits, len(rows))
    try:
        tensors = model.tensors_of_rows(rows)
    except ContractError as error:
        # orjson rounds integers beyond 64 bits; the words of a refusal name the number as it was sent.
        raise _reworded(served, body) or error from None
    if "HTTP_X_SAMESCORE_DEADLINE_MS" in environ:
        check_deadline(environ)
    started = perf_counter()
    outputs = model.score_tensors(tensors)
    seconds = perf_counter() - started
    answer = b'%b"%b","outputs":%b}' % (served.head, answer_id.encode(), _outputs(outputs))
    return Scored(answer, None, len(rows), seconds, rows, tensors, outputs)


def _outputs(outputs: Mapping[str, NDArray[Any]]) -> bytes:
    """The outputs as JSON; what is not finite comes out of the quick way as null, and is then named."""
    quick = dumps({name: array.tolist() for name, array in outputs.items()})
    if b"null" not in quick:
        return quick
    return dumps({name: json_values(array) for name, array in outputs.items()})


def check_deadline(environ: Mapping[str, Any]) -> None:
    """Refuse to begin what the client no longer waits for.

    ``X-Samescore-Deadline-Ms``, which must be there, is how long the client waits; the time counts from ``X-Request-Start: t=SECONDS``, which a proxy
    sets, or without it from when the request's turn came.

    Raises:
        RequestError: ``deadline``, or ``bad_request`` for headers that hold no number.
    """
    stated = environ["HTTP_X_SAMESCORE_DEADLINE_MS"]
    if not (stated.isascii() and stated.isdecimal() and len(stated) < 10):
        raise RequestError("bad_request", "X-Samescore-Deadline-Ms", "no number", "milliseconds")
    if environ["samescore.waited"]() * 1000 > int(stated):
        raise RequestError("deadline", "deadline", "the time is up before scoring began", f"{stated} ms or more")


def _rows(request: Any, limits: Limits) -> list[Any]:
    """The rows of a request, or what is wrong with them."""
    accepted = 'an object {"rows": [{column: value}]}'
    if not isinstance(request, dict):
        raise RequestError("bad_request", "body", found(request), accepted)
    if "rows" not in request:
        raise RequestError("bad_request", "body", "no key rows", accepted)
    rows = request["rows"]
    if not isinstance(rows, list):
        raise RequestError("bad_request", "rows", found(rows), "a list of rows")
    check_count(len(rows), "rows", limits)
    return rows


def check_count(rows: int, where: str, limits: Limits) -> None:
    """Raises RequestError for no rows (a request that asks for nothing), or more than allowed."""
    if rows == 0:
        raise RequestError("empty_batch", where, "no rows", "at least one row")
    if rows > limits.rows:
        raise RequestError("too_many_rows", where, f"{rows} rows", f"at most {limits.rows} rows")


def _reworded(served: Served, body: bytes) -> ContractError | None:
    try:
        served.model.score_rows(parse_exactly(body)["rows"])
    except ContractError as error:
        return error
    except (ValueError, RecursionError):
        return None
    return None
