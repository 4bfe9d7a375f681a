"""The yardstick of the service: a bare WSGI function that parses, scores and dumps, on the same server, and does nothing else."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

import numpy as np
import onnxruntime
import orjson


def application(path: str) -> Any:
    """The function for an artifact with float64 columns in one tensor."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options)
    tensor = session.get_inputs()[0]
    names = [output.name for output in session.get_outputs()]
    columns = [f"x{index}" for index in range(tensor.shape[1])]

    def binary(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        body = environ["wsgi.input"].read()
        length = int(environ["HTTP_INFERENCE_HEADER_CONTENT_LENGTH"])
        shape = orjson.loads(body[:length])["inputs"][0]["shape"]
        outputs = session.run(names, {tensor.name: np.frombuffer(body, "<f8", offset=length).reshape(shape)})
        answer = b"".join(array.tobytes() for array in outputs)
        start_response("200 OK", [("Content-Type", "application/octet-stream"), ("Content-Length", str(len(answer)))])
        return [answer]

    def score(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/binary":
            return binary(environ, start_response)
        rows = orjson.loads(environ["wsgi.input"].read())["rows"]
        values = np.array([[row[column] for column in columns] for row in rows], np.float64)
        outputs = session.run(names, {tensor.name: values})
        body = orjson.dumps({"outputs": {name: array.tolist() for name, array in zip(names, outputs, strict=True)}})
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]

    return score


def main() -> None:
    """Serve an artifact: PATH PORT."""
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    path, port = sys.argv[1], int(sys.argv[2])
    server = Granian(
        "bare",
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=1,
        backpressure=1024,
        websockets=False,
        log_level=LogLevels.warning,
    )
    server.serve(target_loader=lambda: application(path), wrap_loader=False)


if __name__ == "__main__":
    main()
