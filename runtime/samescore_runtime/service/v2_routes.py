"""The Open Inference Protocol V2: health, metadata and inference."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, g, request

from samescore_runtime import __version__
from samescore_runtime.score_json import dumps
from samescore_runtime.service.failures import JSON_TYPE
from samescore_runtime.service.lane import answer
from samescore_runtime.service.models import Models, Served
from samescore_runtime.service.v2_datatypes import DATATYPE
from samescore_runtime.service.worker import Worker

EXTENSIONS = ("binary_tensor_data", "classification", "model_repository", "statistics")


def routes(worker: Worker) -> Blueprint:
    """Everything under ``/v2`` but the repository; models with and without a version or alias in the path."""
    v2 = Blueprint("v2", __name__, url_prefix="/v2")

    @v2.get("")
    @v2.get("/")
    def server() -> Response:
        return as_json({"name": "samescore", "version": __version__, "extensions": list(EXTENSIONS)})

    @v2.get("/health/live")
    def live() -> Response:
        return as_json({"live": True})

    @v2.get("/health/ready")
    def ready() -> Response:
        # Some clients read the body, others only the status.
        return _ready({"ready": worker.ready, "live": True})

    @v2.get("/models/<name>/ready")
    @v2.get("/models/<name>/versions/<version>/ready")
    def model_ready(name: str, version: str | None = None) -> Response:
        worker.models.get(name, version)
        return _ready({"name": name, "ready": not worker.draining})

    @v2.get("/models/<name>")
    @v2.get("/models/<name>/versions/<version>")
    def metadata(name: str, version: str | None = None) -> Response:
        return as_json(_metadata(worker.models, worker.models.get(name, version)))

    @v2.post("/models/<name>/infer")
    @v2.post("/models/<name>/versions/<version>/infer")
    def inference(name: str, version: str | None = None) -> Response:
        worker.models.get(name, version)
        middle = "" if version is None else f"/versions/{version}"
        status, headers, body = answer(worker, worker.targets[f"/v2/models/{name}{middle}/infer"], request.environ)
        g.scored = True
        return Response(body, status, headers)

    return v2


def as_json(value: Any, status: str = "200 OK") -> Response:
    """The type is exactly this: some clients compare it letter by letter."""
    return Response(dumps(value), status, content_type=JSON_TYPE)


def _ready(body: dict[str, Any]) -> Response:
    return as_json(body, "200 OK" if body["ready"] else "503 Service Unavailable")


def _metadata(models: Models, served: Served) -> dict[str, Any]:
    contract = served.model.contract
    shown = served.model.output_names
    return {
        "name": served.name,
        "versions": models.versions(served.name),
        "platform": "onnxruntime_onnx",
        "inputs": [_tensor(tensor) for tensor in contract.tensors],
        "outputs": [_tensor(output) for output in contract.outputs if output.name in shown],
        "parameters": {"digest": served.model.digest},
    }


def _tensor(tensor: Any) -> dict[str, Any]:
    shape = [-1 if size is None else size for size in tensor.shape]
    return {"name": tensor.name, "datatype": DATATYPE[tensor.type], "shape": shape}
