"""Routes for people: the models, their contracts, and scoring rows of named columns."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, g, request

from samescore_runtime.score_json import dumps
from samescore_runtime.service.failures import JSON_TYPE
from samescore_runtime.service.lane import answer
from samescore_runtime.service.models import Models, Served
from samescore_runtime.service.worker import Worker


def routes(worker: Worker) -> Blueprint:
    """``GET /models``, ``GET /models/NAME``, ``POST /models/NAME/score``."""
    pages = Blueprint("models", __name__)

    @pages.get("/models")
    def listed() -> Response:
        models = worker.models
        return _json({"models": [_summary(models, served) for served in models]})

    @pages.get("/models/<name>")
    def one(name: str) -> Response:
        models = worker.models
        served = models.get(name)
        return _json({**_summary(models, served), "contract": served.model.contract.to_json()})

    @pages.post("/models/<name>/score")
    def score(name: str) -> Response:
        worker.models.get(name)
        status, headers, body = answer(worker, worker.targets[f"/models/{name}/score"], request.environ)
        g.scored = True
        return Response(body, status, headers)

    return pages


def _json(value: Any) -> Response:
    return Response(dumps(value), content_type=JSON_TYPE)


def _summary(models: Models, served: Served) -> dict[str, Any]:
    return {
        "name": served.name,
        "version": served.version,
        "versions": models.versions(served.name),
        "aliases": dict(models.entries[served.name].aliases),
        "digest": served.model.digest,
        "outputs": list(served.model.output_names),
    }
