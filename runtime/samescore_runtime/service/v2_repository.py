"""The repository and statistics extensions of the Open Inference Protocol V2, as Triton has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request

from samescore_runtime.monitor import metrics
from samescore_runtime.monitor.metrics import sample
from samescore_runtime.service.bodies import read_body
from samescore_runtime.service.failures import RequestError
from samescore_runtime.service.models import Served
from samescore_runtime.service.plan import order
from samescore_runtime.service.v2_routes import as_json
from samescore_runtime.service.worker import Worker
from samescore_runtime.strict_json import parse
from samescore_runtime.wording import found

#: Seconds that loading may take in every process before the answer is that it takes longer.
PATIENCE = 90.0


def routes(worker: Worker) -> Blueprint:
    """Index, load and unload under ``/v2/repository``; statistics under ``/v2/models``."""
    v2 = Blueprint("v2_repository", __name__, url_prefix="/v2")

    @v2.post("/repository/index")
    def index() -> Response:
        body = read_body(request.environ, worker.limits)
        asked = parse(body) if body.strip() else {}
        if not isinstance(asked, dict):
            raise RequestError("bad_request", "body", found(asked), "an object, or nothing")
        items = _index(worker)
        return as_json([item for item in items if item["state"] == "READY" or not asked.get("ready")])

    @v2.post("/repository/models/<name>/load")
    def load(name: str) -> Response:
        _control(worker, name, load=True)
        worker.models.get(name)
        return as_json({})

    @v2.post("/repository/models/<name>/unload")
    def unload(name: str) -> Response:
        worker.models.get(name)
        _control(worker, name, load=False)
        return as_json({})

    @v2.get("/models/stats")
    @v2.get("/models/<name>/stats")
    @v2.get("/models/<name>/versions/<version>/stats")
    def stats(name: str | None = None, version: str | None = None) -> Response:
        if name is None:
            chosen = [served for entry in worker.models.entries.values() for served in entry.versions.values()]
        elif version is None:
            worker.models.get(name)
            chosen = [worker.models.get(name, known) for known in worker.models.versions(name)]
        else:
            chosen = [worker.models.get(name, version)]
        worker.flush()
        numbers = metrics.gathered(worker.slots.read())
        return as_json({"model_stats": [_statistics(served, numbers) for served in chosen]})

    return v2


def _control(worker: Worker, name: str, load: bool) -> None:
    """Do it in all processes; at most one other load or unload is waited for at a time."""
    worker.access.check_admin(request.environ)
    read_body(request.environ, worker.limits)
    follower = worker.follower
    if follower is None or (name not in follower.entries and not load):
        raise RequestError(
            "unknown_model", "model", "no model that could be loaded or unloaded", "a model of the repository"
        )
    asked = worker.control.ask(name, load)
    worker.follow()
    if load and name in follower.refused:
        # The reason is a code; its words may hold a path, and are in the service's own log.
        raise RequestError(
            "conflict",
            f"model {name}",
            f"an artifact that is refused ({follower.refused[name]})",
            "one that passes its checks",
        )
    if not worker.control.wait(worker.slots, asked, PATIENCE):
        raise RequestError(
            "unavailable", f"model {name}", "processes that have not followed yet", "the same request later"
        )


def _index(worker: Worker) -> list[dict[str, Any]]:
    follower = worker.follower
    entries = worker.models.entries if follower is None else follower.entries
    unloaded = frozenset() if follower is None else follower.unloaded
    refused = {} if follower is None else follower.refused
    items = []
    for name, entry in sorted(entries.items()):
        for version in sorted(entry.versions, key=order):
            off = name in unloaded
            reason = "unloaded" if off else ""
            if not off and name in refused:
                reason = f"a newer artifact was refused: {refused[name]}"
            state = "UNAVAILABLE" if off else "READY"
            items.append({"name": name, "version": version, "state": state, "reason": reason})
    new = sorted(set(refused) - set(entries) - {""})
    return items + [{"name": name, "version": "", "state": "UNAVAILABLE", "reason": refused[name]} for name in new]


def _statistics(served: Served, numbers: Mapping[str, float]) -> dict[str, Any]:
    labels = {"model": served.name, "version": served.version}

    def number(name: str) -> float:
        return numbers.get(sample(name, **labels), 0.0)

    answered = int(number("samescore_request_duration_seconds_count"))
    good = int(number("samescore_inferences_total"))
    failed_ns = round(number("samescore_failed_seconds_total") * 1e9)
    whole_ns = round(number("samescore_request_duration_seconds_sum") * 1e9)
    infer_ns = round(number("samescore_inference_seconds_total") * 1e9)

    def duration(count: int, nanoseconds: int) -> dict[str, int]:
        return {"count": count, "ns": nanoseconds}

    return {
        "name": served.name,
        "version": served.version,
        "last_inference": round(number("samescore_last_inference_timestamp_seconds") * 1000),
        "inference_count": int(number("samescore_rows_total")),
        "execution_count": good,
        "inference_stats": {
            "success": duration(good, max(0, whole_ns - failed_ns)),
            "fail": duration(max(0, answered - good), failed_ns),
            # There is no queue of our own: what waits, waits for its turn in the server.
            "queue": duration(good, 0),
            # Reading the request and writing the answer are not timed apart.
            "compute_input": duration(good, max(0, whole_ns - failed_ns - infer_ns)),
            "compute_infer": duration(good, infer_ns),
            "compute_output": duration(good, 0),
            "cache_hit": duration(0, 0),
            "cache_miss": duration(0, 0),
        },
        "batch_stats": [],
    }
