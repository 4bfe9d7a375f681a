"""The Flask application: routes for people, the Open Inference Protocol, and errors as JSON."""

from __future__ import annotations

import logging

from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from samescore_runtime.errors import SamescoreError
from samescore_runtime.service import model_routes, v2_routes
from samescore_runtime.service.failures import INTERNAL, JSON_TYPE, RequestError, failure
from samescore_runtime.service.lane import lane as quick_lane
from samescore_runtime.service.limits import Limits
from samescore_runtime.service.models import Models

_LOG = logging.getLogger(__name__)

#: HTTP statuses that Flask itself gives -> the code and words of the answer.
_FLASK = {
    404: RequestError("not_found", "address", "no such page", "/models/NAME/score, /models, /v2"),
    405: RequestError("method_not_allowed", "method", "another method", "the methods in the Allow header"),
}


def create_app(models: Models, limits: Limits | None = None, lane: bool = True) -> Flask:
    """The service over models that passed their self-check.

    Args:
        models: what to serve.
        limits: of one request.
        lane: serve ``POST /models/NAME/score`` in front of Flask's dispatch; False for applications whose own hooks
            must see those requests.
    """
    limits = Limits() if limits is None else limits
    app = Flask("samescore", static_folder=None, template_folder=None)
    app.register_blueprint(model_routes.routes(models, limits))
    app.register_blueprint(v2_routes.routes(models, limits))
    app.register_error_handler(SamescoreError, _refused)
    app.register_error_handler(HTTPException, _by_flask)
    app.register_error_handler(Exception, _unexpected)
    if lane:
        app.wsgi_app = quick_lane(models, limits, app.wsgi_app)  # type: ignore[assignment, method-assign]
    return app


def _refused(error: SamescoreError) -> Response:
    status, body = failure(error)
    return Response(body, status, content_type=JSON_TYPE)


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
