"""MLServer's codecs against a running service: URL MODEL; exits with 0 if everything is as it should be."""

from __future__ import annotations

import json
import sys
import urllib.request
import warnings

warnings.simplefilter("ignore")

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from mlserver.codecs import NumpyRequestCodec, PandasCodec, StringCodec  # noqa: E402
from mlserver.codecs.numpy import NumpyCodec  # noqa: E402
from mlserver.types import InferenceRequest, InferenceResponse  # noqa: E402


def infer(url: str, model: str, request: InferenceRequest) -> InferenceResponse:
    body = request.model_dump_json().encode()
    headers = {"Content-Type": "application/json"}
    asked = urllib.request.Request(f"{url}/v2/models/{model}/infer", body, headers)
    with urllib.request.urlopen(asked, timeout=30) as answer:
        return InferenceResponse(**json.loads(answer.read()))


def main(url: str, model: str) -> None:
    """A data frame as columns, an array as the packed tensor, and answers decoded."""
    frame = pd.DataFrame({"price": [1.0, 0.5], "size": [2.0, -1.0]})
    by_columns = infer(url, model, PandasCodec.encode_request(frame))
    packed = NumpyRequestCodec.encode_request(frame.to_numpy())
    packed.inputs[0].name = "float64"
    by_array = infer(url, model, packed)
    tables = []
    for answer in (by_columns, by_array):
        outputs = {output.name: output for output in answer.outputs}
        tables.append(NumpyCodec.decode_output(outputs["predict_proba"]))
        assert set(StringCodec.decode_output(outputs["predict"])) <= {"yes", "no"}
    assert tables[0].shape == (2, 2)
    assert np.array_equal(*tables)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
