"""The Flask application: routes for people, the Open Inference Protocol, and errors as JSON."""

from __future__ import annotations

import logging
import time

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from samescore_runtime.errors import SamescoreError
from samescore_runtime.monitor.metrics import sample
from samescore_runtime.service import metrics_route, model_routes, pages, v2_repository, v2_routes
from samescore_runtime.service.bodies import compress
from samescore_runtime.service.failures import INTERNAL, JSON_TYPE, RequestError, failure
from samescore_runtime.service.journal import other_line
from samescore_runtime.service.lane import extra_headers
from samescore_runtime.service.lane import lane as quick_lane
from samescore_runtime.service.limits import Limits
from samescore_runtime.service.models import Models
from samescore_runtime.service.records import Other
from samescore_runtime.service.worker import Worker

_LOG = logging.getLogger(__name__)

#: HTTP statuses that Flask itself gives -> the code and words of the answer.
_FLASK = {
    404: RequestError("not_found", "address", "no such page", "/models/NAME/score, /models, /v2"),
    405: RequestError("method_not_allowed", "method", "another method", "the methods in the Allow header"),
}
#: Asked by machines that hold no token, and telling nothing but whether the service is up.
_OPEN = frozenset({"v2.live", "v2.ready"})


def create_app(models: Models | Worker, limits: Limits | None = None, lane: bool = True) -> Flask:
    """The service over models that passed their self-check.

    Args:
        models: what to serve; or the worker that knows more than that (``limits`` is then its own).
        limits: of one request.
        lane: serve scoring requests in front of Flask's dispatch; False for applications whose own hooks must see
            them.
    """
    worker = models if isinstance(models, Worker) else Worker(models, limits)
    app = Flask("samescore", static_folder=None, template_folder=None)
    app.register_blueprint(pages.routes(worker))
    app.register_blueprint(model_routes.routes(worker))
    app.register_blueprint(v2_routes.routes(worker))
    app.register_blueprint(v2_repository.routes(worker))
    app.register_blueprint(metrics_route.routes(worker))
    app.register_error_handler(SamescoreError, _refused)
    app.register_error_handler(HTTPException, _by_flask)
    app.register_error_handler(Exception, _unexpected)

    @app.before_request
    def begin() -> None:
        g.started, g.answer_id, g.scored = time.perf_counter(), None, False
        if request.endpoint not in _OPEN:
            worker.access.check(request.environ)

    @app.after_request
    def end(response: Response) -> Response:
        # Scoring requests are counted, logged and compressed where the lane does it, too.
        if not g.get("scored"):
            _finish(worker, response)
        return response

    if lane:
        app.wsgi_app = quick_lane(worker, app.wsgi_app)  # type: ignore[assignment, method-assign]
    return app


def _finish(worker: Worker, response: Response) -> None:
    answer_id = worker.next_id()
    response.headers["X-Samescore-Id"] = answer_id
    response.headers["X-Content-Type-Options"] = "nosniff"
    accepted = request.headers.get("Accept-Encoding")
    if accepted and not response.is_streamed:
        body, encoding = compress(response.get_data(), accepted)
        response.headers.add("Vary", "Accept-Encoding")
        if encoding is not None:
            response.set_data(body)
            response.headers["Content-Encoding"] = encoding
    worker.series.add(
        sample(
            "samescore_requests_total", model="", version="", digest="", role="other", code=str(response.status_code)
        )
    )
    if worker.access_log is not None:
        now = time.perf_counter()
        seconds = now - g.get("started", now)
        traceparent = request.headers.get("traceparent")
        record = Other(request.method, request.path, response.status, time.time(), seconds, answer_id, traceparent)
        worker.access_log.write_line(other_line(record))


def _refused(error: SamescoreError) -> Response:
    status, body = failure(error)
    return Response(body, status, headers=extra_headers(status), content_type=JSON_TYPE)


def _by_flask(error: HTTPException) -> Response:
    code = error.code or 500
    told = _FLASK.get(code)
    if told is None:
        told = (
            INTERNAL if code >= 500 else RequestError("bad_request", "request", error.name.lower(), "docs/service.md")
        )
    status, body = failure(told)
    response = Response(body, status if told.code != "bad_request" else code, content_type=JSON_TYPE)
    for name, value in error.get_headers():
        if name == "Allow":
            response.headers[name] = value
    return response


def _unexpected(error: Exception) -> Response:
    _LOG.error("a request failed", exc_info=error)
    return _refused(INTERNAL)
