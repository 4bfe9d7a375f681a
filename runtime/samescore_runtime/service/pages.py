"""Pages for people: the models, one model, and the API to try out. They load nothing from anywhere else."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, make_response, render_template

from samescore_runtime import __version__
from samescore_runtime.contract import Column
from samescore_runtime.monitor.metrics import sample
from samescore_runtime.service.models import Served
from samescore_runtime.service.openapi import document, example_value
from samescore_runtime.service.v2_routes import as_json
from samescore_runtime.service.worker import Worker

#: Categories that a table names; the others are counted.
SHOWN = 12
_KINDS: Mapping[str, str] = {"float64": "number", "float32": "number", "int64": "number", "bool": "bool", "list<string>": "list",
                             "string": "text", "datetime": "time"}  # fmt: skip


def routes(worker: Worker) -> Blueprint:
    """``GET /``, ``/models/NAME/page``, ``/docs`` and ``/openapi.json``."""
    pages = Blueprint("pages", __name__, template_folder=str(Path(__file__).parent / "templates"))

    @pages.get("/")
    def index() -> Response:
        return _page("index.html", version=__version__, models=list(worker.models))

    @pages.get("/models/<name>/page")
    def model(name: str) -> Response:
        served = worker.models.get(name)
        entry = worker.models.entries[name]
        worker.flush()
        histograms = worker.histograms.total(served)
        live = histograms is not None and histograms.rows > 0
        provenance = served.model.artifact.provenance or {}
        return _page(
            "model.html",
            served=served,
            aliases=[alias for alias, version in entry.aliases.items() if version == served.version],
            estimator=provenance.get("estimator"),
            columns=[_column(column) for column in served.model.contract.columns],
            proof=served.model.artifact.proof,
            traffic=_traffic(served, worker.numbers()),
            drift=histograms.drift() if histograms is not None and live else {},
            drift_rows=histograms.rows if histograms is not None else 0,
        )

    @pages.get("/docs")
    def docs() -> Response:
        operations = [
            _operation(path, method, operation)
            for path, methods in document(worker.models)["paths"].items()
            for method, operation in methods.items()
        ]
        scoring = [number for number, one in enumerate(operations, 1) if one["path"].endswith("/score")]
        return _page("docs.html", operations=operations, first=scoring[0] if scoring else 1)

    @pages.get("/openapi.json")
    def openapi() -> Response:
        return as_json(document(worker.models))

    return pages


def _page(template: str, **values: Any) -> Response:
    nonce = secrets.token_urlsafe(16)
    response = make_response(render_template(template, nonce=nonce, **values))
    # Nothing from elsewhere, and no script but the page's own.
    policy = (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    response.headers["Content-Security-Policy"] = policy
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response


def _column(column: Column) -> dict[str, Any]:
    """What the page says of a column, and how its field in the form looks."""
    kind = _KINDS[column.type]
    categories = list(column.categories or ())
    closed = column.closed and column.type == "string"
    options = ["true", "false"] if kind == "bool" else categories if closed else []
    example = example_value(column)
    shown = ", ".join(categories[:SHOWN]) + (f" and {len(categories) - SHOWN} more" if len(categories) > SHOWN else "")
    return {
        "name": column.name,
        "type": column.type,
        "kind": kind,
        "number": kind == "number",
        "nullable": column.nullable,
        "unit": column.unit,
        "description": column.description,
        "observed": None if column.range is None else f"{column.range[0]:g} to {column.range[1]:g}",
        "categories": shown,
        "options": options,
        "known": [] if options else categories[:200],
        "example": str(example).lower() if kind == "bool" else ", ".join(example) if kind == "list" else f"{example}",
        "told": ", ".join(filter(None, [column.type, column.unit])),
    }


def _traffic(served: Served, numbers: Mapping[str, float]) -> dict[str, float]:
    def number(name: str) -> float:
        return numbers.get(sample(name, model=served.name, version=served.version), 0.0)

    scored = number("samescore_inferences_total")
    spent = number("samescore_request_duration_seconds_sum") - number("samescore_failed_seconds_total")
    return {
        "requests": scored,
        "failed": number("samescore_request_duration_seconds_count") - scored,
        "rows": number("samescore_rows_total"),
        "milliseconds": 1000 * spent / scored if scored else 0.0,
    }


def _operation(path: str, method: str, operation: Mapping[str, Any]) -> dict[str, Any]:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    schema = content.get("schema")
    body = None
    if schema is not None:
        found = schema.get("examples")
        body = json.dumps(found[0] if found else {}, indent=2)
    return {
        "method": method.upper(),
        "path": path,
        "summary": operation["summary"],
        "body": body,
        "schema": None if schema is None else json.dumps(schema, indent=2),
    }
