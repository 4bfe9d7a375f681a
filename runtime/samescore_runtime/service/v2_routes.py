"""The Open Inference Protocol V2: health, metadata and inference."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from samescore_runtime import __version__
from samescore_runtime.score_json import dumps
from samescore_runtime.service.bodies import TENSOR_TYPES, read_body
from samescore_runtime.service.failures import JSON_TYPE
from samescore_runtime.service.limits import Limits
from samescore_runtime.service.models import Models, Served
from samescore_runtime.service.v2_datatypes import DATATYPE
from samescore_runtime.service.v2_infer import infer

BINARY_TYPE = "application/octet-stream"
LENGTH_HEADER = "Inference-Header-Content-Length"


def routes(models: Models, limits: Limits) -> Blueprint:
    """Everything under ``/v2``; models with and without a version in the path."""
    v2 = Blueprint("v2", __name__, url_prefix="/v2")

    @v2.get("")
    @v2.get("/")
    def server() -> Response:
        return _json({"name": "samescore", "version": __version__, "extensions": ["binary_tensor_data"]})

    @v2.get("/health/live")
    def live() -> Response:
        return _json({"live": True})

    @v2.get("/health/ready")
    def ready() -> Response:
        # Some clients read the body, others only the status.
        body = {"ready": models.ready, "live": True}
        return _json(body, "200 OK" if models.ready else "503 Service Unavailable")

    @v2.get("/models/<name>/ready")
    @v2.get("/models/<name>/versions/<version>/ready")
    def model_ready(name: str, version: str | None = None) -> Response:
        models.get(name, version)
        return _json({"name": name, "ready": True})

    @v2.get("/models/<name>")
    @v2.get("/models/<name>/versions/<version>")
    def metadata(name: str, version: str | None = None) -> Response:
        return _json(_metadata(models, models.get(name, version)))

    @v2.post("/models/<name>/infer")
    @v2.post("/models/<name>/versions/<version>/infer")
    def inference(name: str, version: str | None = None) -> Response:
        served = models.get(name, version)
        body = read_body(request.environ, limits, TENSOR_TYPES)
        answer, json_length = infer(served, body, request.headers.get(LENGTH_HEADER), limits)
        if json_length is None:
            return Response(answer, content_type=JSON_TYPE)
        return Response(answer, headers={LENGTH_HEADER: str(json_length)}, content_type=BINARY_TYPE)

    return v2


def _json(value: Any, status: str = "200 OK") -> Response:
    return Response(dumps(value), status, content_type=JSON_TYPE)


def _metadata(models: Models, served: Served) -> dict[str, Any]:
    contract = served.model.contract
    shown = served.model.output_names
    return {
        "name": served.name,
        "versions": models.versions(served.name),
        "platform": "onnxruntime_onnx",
        "inputs": [_tensor(tensor) for tensor in contract.tensors],
        "outputs": [_tensor(output) for output in contract.outputs if output.name in shown],
    }


def _tensor(tensor: Any) -> dict[str, Any]:
    shape = [-1 if size is None else size for size in tensor.shape]
    return {"name": tensor.name, "datatype": DATATYPE[tensor.type], "shape": shape}
