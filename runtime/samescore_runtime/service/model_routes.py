"""Routes for people: the models, their contracts, and scoring rows of named columns."""

from __future__ import annotations

from html import escape
from typing import Any

from flask import Blueprint, Response, g, request

from samescore_runtime import __version__
from samescore_runtime.score_json import dumps
from samescore_runtime.service.failures import JSON_TYPE
from samescore_runtime.service.lane import answer
from samescore_runtime.service.models import Models, Served
from samescore_runtime.service.worker import Worker


def routes(worker: Worker) -> Blueprint:
    """``GET /``, ``GET /models``, ``GET /models/NAME``, ``POST /models/NAME/score``."""
    pages = Blueprint("models", __name__)

    @pages.get("/")
    def index() -> str:
        return _page(worker.models)

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


def _page(models: Models) -> str:
    rows = "".join(
        f"<tr><td><a href='models/{escape(served.name)}'>{escape(served.name)}</a></td>"
        f"<td>{escape(served.version)}</td><td><code>{served.model.digest[:12]}</code></td>"
        f"<td>{escape(', '.join(column.name for column in served.model.contract.columns))}</td>"
        f"<td>{escape(', '.join(served.model.output_names))}</td></tr>"
        for served in models
    )
    return (
        "<!doctype html><html lang='en'><meta charset='utf-8'><meta name='viewport' content='width=device-width'>"
        "<title>samescore</title><style>body{font:16px/1.5 sans-serif;margin:2em auto;max-width:60em;padding:0 1em}"
        "td,th{padding:.3em 1em .3em 0;text-align:left;vertical-align:top}</style>"
        f"<h1>samescore {__version__}</h1><table><tr><th>model</th><th>version</th><th>digest</th><th>columns</th>"
        f"<th>outputs</th></tr>{rows}</table><p>Score with <code>POST /models/NAME/score</code> and a body like "
        '<code>{"rows": [{"column": 1.5}]}</code>. The Open Inference Protocol V2 is under <code>/v2</code>.</p></html>'
    )
