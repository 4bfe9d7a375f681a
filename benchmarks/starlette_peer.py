"""A hand-written Starlette endpoint that parses, scores and dumps; runs in an environment of its own: PATH PORT."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import onnxruntime
import orjson
import uvicorn  # type: ignore[import-not-found, unused-ignore]
from starlette.applications import Starlette  # type: ignore[import-not-found, unused-ignore]
from starlette.responses import Response  # type: ignore[import-not-found, unused-ignore]
from starlette.routing import Route  # type: ignore[import-not-found, unused-ignore]


def application(path: str) -> Any:
    """The endpoint for an artifact with float64 columns in one tensor."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options)
    tensor = session.get_inputs()[0]
    names = [output.name for output in session.get_outputs()]
    columns = [f"x{index}" for index in range(tensor.shape[1])]

    async def score(request: Any) -> Any:
        rows = orjson.loads(await request.body())["rows"]
        values = np.array([[row[column] for column in columns] for row in rows], np.float64)
        outputs = session.run(names, {tensor.name: values})
        body = orjson.dumps({"outputs": {name: array.tolist() for name, array in zip(names, outputs, strict=True)}})
        return Response(body, media_type="application/json")

    return Starlette(routes=[Route("/", score, methods=["POST"])])


if __name__ == "__main__":
    uvicorn.run(
        application(sys.argv[1]), host="127.0.0.1", port=int(sys.argv[2]), log_level="warning", access_log=False
    )
