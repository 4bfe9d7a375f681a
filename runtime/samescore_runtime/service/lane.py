"""The quick lane: scoring requests served in front of Flask's dispatch, everything else passed on.

Flask costs several times what scoring one row does. The lane calls the same functions as the Flask route, so limits,
errors and answers are the same; Flask's hooks do not run for what it serves. ``create_app(lane=False)`` does without.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from samescore_runtime.errors import SamescoreError
from samescore_runtime.service.bodies import read_body
from samescore_runtime.service.failures import INTERNAL, JSON_TYPE, failure
from samescore_runtime.service.limits import Limits
from samescore_runtime.service.models import Models, Served
from samescore_runtime.service.scoring import score

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]

_LOG = logging.getLogger(__name__)


def answer(served: Served, environ: Mapping[str, Any], limits: Limits) -> tuple[str, bytes]:
    """Status and body of one scoring request; never raises."""
    try:
        return "200 OK", score(served, read_body(environ, limits), limits)
    except SamescoreError as error:
        return failure(error)
    except Exception:
        _LOG.exception("scoring with %s failed", served.name)
        return failure(INTERNAL)


def lane(models: Models, limits: Limits, behind: Wsgi) -> Wsgi:
    """A WSGI application that scores by exact path and passes everything else to ``behind``."""
    by_path = {f"/models/{served.name}/score": served for served in models}

    def serve(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        served = by_path.get(environ["PATH_INFO"])
        if served is None or environ["REQUEST_METHOD"] != "POST" or environ.get("SCRIPT_NAME"):
            return behind(environ, start_response)
        status, body = answer(served, environ, limits)
        start_response(status, [("Content-Type", JSON_TYPE), ("Content-Length", str(len(body)))])
        return [body]

    return serve
