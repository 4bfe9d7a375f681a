"""tritonclient[http] against a running service: URL MODEL; exits with 0 if everything is as it should be."""

from __future__ import annotations

import sys
import warnings
from typing import Any

warnings.simplefilter("ignore")

import numpy as np  # noqa: E402
import tritonclient.http as triton  # noqa: E402
from tritonclient.utils import InferenceServerException  # noqa: E402


def tensor(name: str, values: np.ndarray[Any, Any], datatype: str, binary: bool) -> Any:
    made = triton.InferInput(name, list(values.shape), datatype)
    made.set_data_from_numpy(values, binary_data=binary)
    return made


def main(address: str, model: str) -> None:
    """Everything that the client can do with this service."""
    client = triton.InferenceServerClient(address)
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready(model)
    assert client.is_model_ready(model, "1")
    assert not client.is_model_ready("nobody")
    assert "binary_tensor_data" in client.get_server_metadata()["extensions"]
    assert client.get_model_metadata(model)["inputs"] == [{"name": "float64", "datatype": "FP64", "shape": [-1, 2]}]
    rows = np.array([[1.0, 2.0], [0.5, -1.0], [np.nan, 0.25]])
    proba = None
    for binary_in in (True, False):
        given = np.where(np.isnan(rows), 0.5, rows) if not binary_in else rows
        for outputs in (
            None,
            [triton.InferRequestedOutput("predict_proba", binary_data=True), triton.InferRequestedOutput("predict")],
            [triton.InferRequestedOutput("predict_proba", binary_data=False)],
        ):
            for packing in (None, "gzip", "deflate"):
                answer = client.infer(
                    model, [tensor("float64", given, "FP64", binary_in)], outputs=outputs, request_id="mine",
                    request_compression_algorithm=packing, response_compression_algorithm=packing,
                )  # fmt: skip
                assert answer.get_response()["id"] == "mine"
                got = answer.as_numpy("predict_proba")
                assert got.shape == (3, 2)
                assert np.allclose(got.sum(axis=1), 1)
                proba = got if proba is None else proba
                assert np.array_equal(got, proba)
    columns = [tensor("price", rows[:, 0].copy(), "FP64", True), tensor("size", rows[:, 1:].copy(), "FP64", True)]
    answer = client.infer(model, columns, model_version="1")
    assert np.array_equal(answer.as_numpy("predict_proba"), proba)
    labels = [text.decode() for text in answer.as_numpy("predict")]
    assert set(labels) <= {"yes", "no"}
    best = client.infer(model, columns, outputs=[triton.InferRequestedOutput("predict_proba", class_count=1)])
    first = [text.decode().split(":") for text in best.as_numpy("predict_proba").ravel()]
    assert [label for _, _, label in first] == labels
    assert all(float(score) == max(row) for (score, _, _), row in zip(first, proba, strict=True))
    assert client.get_model_repository_index()[0]["state"] == "READY"
    stats = client.get_inference_statistics(model)["model_stats"][0]
    assert stats["inference_stats"]["success"]["count"] >= 1
    refused = ""
    try:
        client.infer(model, [tensor("nothing", rows, "FP64", True)])
    except InferenceServerException as error:
        refused = str(error)
    assert "nothing" in refused, refused


if __name__ == "__main__":
    main(sys.argv[1].removeprefix("http://"), sys.argv[2])
