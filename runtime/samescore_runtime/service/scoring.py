"""``POST /models/NAME/score``: the bytes of a request to the bytes of an answer, for the lane and for Flask alike."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from samescore_runtime.errors import ContractError
from samescore_runtime.score_json import dumps, json_values
from samescore_runtime.service.failures import RequestError
from samescore_runtime.service.limits import Limits
from samescore_runtime.service.models import Served
from samescore_runtime.strict_json import parse, parse_exactly
from samescore_runtime.wording import found


def score(served: Served, body: bytes, limits: Limits) -> bytes:
    """Score ``{"rows": [{column: value}]}``.

    Raises:
        RequestError, MalformedJsonError, InputError, ContractError: see the table of statuses.
    """
    model = served.model
    rows = _rows(parse(body), limits)
    try:
        outputs = model.score_rows(rows)
    except ContractError as error:
        # orjson rounds integers beyond 64 bits; the words of a refusal name the number as it was sent.
        raise _reworded(served, body) or error from None
    return dumps(
        {
            "model": served.name,
            "version": served.version,
            "digest": model.digest,
            "id": prediction_id(),
            "outputs": _listed(outputs),
        }
    )


def prediction_id() -> str:
    """A new id under which an answer can be found again."""
    return str(uuid.uuid4())


def _listed(outputs: Mapping[str, NDArray[Any]]) -> dict[str, list[Any]]:
    return {name: json_values(array) for name, array in outputs.items()}


def _rows(request: Any, limits: Limits) -> list[Any]:
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
