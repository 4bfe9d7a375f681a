"""kserve's InferenceRESTClient against a running service: URL MODEL; exits with 0 if everything is as it should be."""

from __future__ import annotations

import asyncio
import sys
import warnings
from typing import Any

warnings.simplefilter("ignore")

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig  # noqa: E402


async def main(url: str, model: str) -> None:
    """Health, inference with binary and JSON tensors, and a data frame."""
    client = InferenceRESTClient(RESTConfig(protocol="v2", timeout=30))
    assert await client.is_server_live(url)
    assert await client.is_server_ready(url)
    assert await client.is_model_ready(url, model)
    rows = np.array([[1.0, 2.0], [0.5, -1.0]])
    found = []
    for binary in (True, False):
        tensor = InferInput("float64", [2, 2], "FP64")
        tensor.set_data_from_numpy(rows, binary_data=binary)
        answer: Any = await client.infer(url, InferRequest(model, [tensor]), model_name=model)
        assert answer.model_name == model
        outputs = {output.name: output.as_numpy() for output in answer.outputs}
        assert outputs["predict_proba"].shape == (2, 2)
        found.append(outputs["predict_proba"])
    frame = pd.DataFrame(rows, columns=["price", "size"])
    tensors = []
    for name in frame:
        tensor = InferInput(str(name), [2, 1], "FP64", parameters={"content_type": "pd"})
        tensor.set_data_from_numpy(frame[[name]].to_numpy(), binary_data=False)
        tensors.append(tensor)
    request = InferRequest(model, tensors, parameters={"content_type": "pd"})
    answer = await client.infer(url, request, model_name=model)
    found.append({output.name: output.as_numpy() for output in answer.outputs}["predict_proba"])
    for one in found[1:]:
        assert np.array_equal(one, found[0])
    refused = ""
    try:
        await client.infer(url, InferRequest("nobody", tensors), model_name="nobody")
    except Exception as error:
        refused = str(error)
    assert "404" in refused or "no model" in refused, refused


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
