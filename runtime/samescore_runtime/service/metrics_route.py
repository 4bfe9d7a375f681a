"""``GET /metrics``: what all processes have counted, for Prometheus."""

from __future__ import annotations

from flask import Blueprint, Response

from samescore_runtime.monitor import metrics
from samescore_runtime.service.worker import Worker


def routes(worker: Worker) -> Blueprint:
    """The route; it wants a token where scoring does."""
    pages = Blueprint("metrics", __name__)

    @pages.get("/metrics")
    def page() -> Response:
        return Response(metrics.text(worker.numbers()), content_type=metrics.TEXT_TYPE)

    return pages
