"""The quick lane: scoring requests served in front of Flask's dispatch, everything else passed on.

Flask costs several times what scoring one row does. The lane calls the same functions as the Flask routes, so limits,
errors and answers are the same; Flask's hooks do not run for what it serves. ``create_app(lane=False)`` does without.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from time import perf_counter
from typing import Any

from samescore_runtime.errors import SamescoreError
from samescore_runtime.service.bodies import compress, read_body
from samescore_runtime.service.failures import INTERNAL, JSON_TYPE, failure
from samescore_runtime.service.records import Answered
from samescore_runtime.service.targets import Target
from samescore_runtime.service.worker import Worker

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]
Headers = list[tuple[str, str]]

BINARY_TYPE = "application/octet-stream"
LENGTH_HEADER = "Inference-Header-Content-Length"

_LOG = logging.getLogger(__name__)


def answer(worker: Worker, target: Target, environ: dict[str, Any]) -> tuple[str, Headers, bytes]:
    """Status, headers and body of one scoring request; never raises."""
    started = perf_counter()
    worker.in_flight.append(None)
    answer_id = f"{worker.id_head}{next(worker.ids):012x}"
    if target.share:
        target = target.chosen(environ.get("HTTP_X_SAMESCORE_KEY") or answer_id)
    headers = [("X-Samescore-Id", answer_id), target.header]
    scored = None
    try:
        access = worker.access
        if access.tokens:
            access.check(environ)
        body = read_body(environ, worker.limits, target.types)
        if "HTTP_X_SAMESCORE_DEADLINE_MS" in environ:
            environ["samescore.waited"] = _waiting_since(environ, started)
        scored = target.score(target.served, body, environ, worker.limits, answer_id)
        status, body = "200 OK", scored.body
        if scored.json_length is None:
            headers.append(("Content-Type", JSON_TYPE))
        else:
            headers += [("Content-Type", BINARY_TYPE), (LENGTH_HEADER, str(scored.json_length))]
    except SamescoreError as error:
        status, body = failure(error)
        headers += [("Content-Type", JSON_TYPE), *extra_headers(status)]
    except Exception:
        _LOG.exception("scoring with %s failed", target.served.name)
        status, body = failure(INTERNAL)
        headers.append(("Content-Type", JSON_TYPE))
    if "HTTP_ACCEPT_ENCODING" in environ:
        body, encoding = compress(body, environ["HTTP_ACCEPT_ENCODING"])
        headers.append(("Vary", "Accept-Encoding"))
        if encoding is not None:
            headers.append(("Content-Encoding", encoding))
    worker.in_flight.pop()
    finished = perf_counter()
    rows, inference = 0, 0.0
    if scored is not None:
        rows, inference = scored.rows, scored.seconds
        if worker.rows_left > 0:
            worker.rows_left -= rows
        elif not worker.keeps(target):
            scored = None
    at, traceparent = worker.epoch + finished, environ.get("HTTP_TRACEPARENT")
    seconds = finished - started
    worker.answered.append(Answered(target, status, at, seconds, rows, inference, answer_id, traceparent, scored))
    return status, headers, body


def extra_headers(status: str) -> Headers:
    """What HTTP wants told with a status."""
    if status.startswith("401"):
        return [("WWW-Authenticate", "Bearer")]
    if status.startswith("503"):
        return [("Retry-After", "1")]
    return []


def _waiting_since(environ: dict[str, Any], started: float) -> Callable[[], float]:
    """Seconds since the request began to wait: at the proxy if it says when, else here."""
    stated = environ.get("HTTP_X_REQUEST_START", "").removeprefix("t=")
    try:
        before = max(0.0, time.time() - float(stated))
    except ValueError:
        before = 0.0
    return lambda: before + perf_counter() - started


def lane(worker: Worker, behind: Wsgi) -> Wsgi:
    """A WSGI application that scores by exact path and passes everything else to ``behind``."""

    def serve(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        target = worker.targets.get(environ["PATH_INFO"])
        if target is None or environ["REQUEST_METHOD"] != "POST" or environ.get("SCRIPT_NAME"):
            return behind(environ, start_response)
        status, headers, body = answer(worker, target, environ)
        headers.append(("Content-Length", str(len(body))))
        start_response(status, headers)
        return [body]

    return serve
