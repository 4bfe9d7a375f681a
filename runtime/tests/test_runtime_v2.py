"""The Open Inference Protocol V2, as its clients use it."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient

from samescore_runtime.service.app import create_app
from samescore_runtime.service.limits import Limits
from samescore_runtime.service.models import Models, load_models
from samescore_runtime.service.places import find
from samescore_runtime.service.v2_infer import best

JSON = "application/json"
LENGTH = "Inference-Header-Content-Length"


@pytest.fixture(scope="module")
def models(artifact_folder: Path) -> Models:
    return load_models(find(artifact_folder))


@pytest.fixture(scope="module")
def client(models: Models) -> FlaskClient:
    return create_app(models, Limits(rows=50)).test_client()


def infer(client: FlaskClient, request: Any, name: str = "classifier", binary: bytes | None = None) -> Any:
    text = json.dumps(request).encode()
    headers = {} if binary is None else {LENGTH: str(len(text))}
    kind = JSON if binary is None else "application/octet-stream"
    return client.post(f"/v2/models/{name}/infer", data=text + (binary or b""), content_type=kind, headers=headers)


def tensor(name: str, datatype: str, shape: list[int], data: Any) -> dict[str, Any]:
    return {"name": name, "datatype": datatype, "shape": shape, "data": data}


PACKED = tensor("float64", "FP64", [2, 2], [1.0, 2.0, None, -1.0])
PRICE = tensor("price", "FP64", [2], [1.0, None])
SIZE = tensor("size", "INT64", [2, 1], [[2], [-1]])


@pytest.fixture(scope="module")
def expected(models: Models) -> dict[str, Any]:
    return models.get("classifier").model.score(np.array([[1.0, 2.0], [np.nan, -1.0]]))


def test_health_and_metadata(client: FlaskClient, models: Models) -> None:
    assert client.get("/v2").json["extensions"] == [
        "binary_tensor_data",
        "classification",
        "model_repository",
        "statistics",
    ]
    assert client.get("/v2/health/live").json == {"live": True}
    assert client.get("/v2/health/ready").json == {"ready": True, "live": True}
    assert client.get("/v2/models/classifier/ready").json == {"name": "classifier", "ready": True}
    assert client.get("/v2/models/classifier/versions/1").json == client.get("/v2/models/classifier").json
    assert client.get("/v2/models/classifier").json == {
        "name": "classifier",
        "versions": ["1"],
        "platform": "onnxruntime_onnx",
        "inputs": [{"name": "float64", "datatype": "FP64", "shape": [-1, 2]}],
        "outputs": [
            {"name": "predict", "datatype": "BYTES", "shape": [-1]},
            {"name": "predict_proba", "datatype": "FP64", "shape": [-1, 2]},
        ],
        "parameters": {"digest": models.get("classifier").model.digest},
    }
    shown = client.get("/v2/models/mixed").json
    assert {item["name"]: item["datatype"] for item in shown["inputs"]}["text.text"] == "INT32"
    assert "items.missing" not in [item["name"] for item in shown["outputs"]]


@pytest.mark.parametrize(
    "inputs",
    [
        [PACKED],
        [{**PACKED, "data": [[1.0, 2.0], ["NaN", -1.0]]}],
        [PRICE, SIZE],
        [SIZE, {**PRICE, "shape": [2, 1]}],
        [{**PRICE, "parameters": {"content_type": "np"}}, SIZE],
    ],
    ids=["flat", "nested", "columns", "columns reordered", "parameters"],
)
def test_json_tensors(client: FlaskClient, models: Models, expected: dict[str, Any], inputs: list[Any]) -> None:
    request = {"id": "mine", "model_name": "classifier", "inputs": inputs, "outputs": None, "parameters": None}
    answer = infer(client, request)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == JSON
    assert answer.json == {
        "model_name": "classifier",
        "model_version": "1",
        "id": "mine",
        "parameters": {
            "digest": models.get("classifier").model.digest,
            "prediction_id": answer.headers["X-Samescore-Id"],
        },
        "outputs": [
            {"name": "predict", "datatype": "BYTES", "shape": [2], "data": expected["predict"].tolist()},
            {"name": "predict_proba", "datatype": "FP64", "shape": [2, 2],
             "data": expected["predict_proba"].ravel().tolist()},
        ],
    }  # fmt: skip


def test_an_id_is_made_and_outputs_are_chosen(client: FlaskClient) -> None:
    answer = infer(client, {"inputs": [PACKED], "outputs": [{"name": "predict_proba"}, {"name": "predict"}]}).json
    assert len(answer["id"]) == 36
    assert [item["name"] for item in answer["outputs"]] == ["predict_proba", "predict"]
    answer = infer(client, {"inputs": [PACKED], "outputs": [{"name": "predict"}]}).json
    assert [item["name"] for item in answer["outputs"]] == ["predict"]


def binary_tensor(name: str, datatype: str, shape: list[int], raw: bytes) -> dict[str, Any]:
    return {"name": name, "datatype": datatype, "shape": shape, "parameters": {"binary_data_size": len(raw)}}


def read_binary(answer: Any) -> tuple[dict[str, Any], bytes]:
    length = int(answer.headers[LENGTH])
    assert answer.headers["Content-Type"] == "application/octet-stream"
    return json.loads(answer.data[:length]), answer.data[length:]


def test_binary_tensors_both_ways(client: FlaskClient, expected: dict[str, Any]) -> None:
    raw = np.array([[1.0, 2.0], [np.nan, -1.0]], "<f8").tobytes()
    request = {"inputs": [binary_tensor("float64", "FP64", [2, 2], raw)], "parameters": {"binary_data_output": True}}
    header, tail = read_binary(infer(client, request, binary=raw))
    label, probability = header["outputs"]
    assert label["parameters"]["binary_data_size"] + probability["parameters"]["binary_data_size"] == len(tail)
    labels = b"".join(struct.pack("<I", len(text)) + text.encode() for text in expected["predict"])
    assert tail == labels + expected["predict_proba"].tobytes()


def test_binary_and_json_side_by_side(client: FlaskClient, expected: dict[str, Any]) -> None:
    raw = np.array([2, -1], "<i4").tobytes()
    request = {
        "inputs": [PRICE, binary_tensor("size", "INT32", [2], raw)],
        "outputs": [{"name": "predict"}, {"name": "predict_proba", "parameters": {"binary_data": True}}],
    }
    header, tail = read_binary(infer(client, request, binary=raw))
    assert header["outputs"][0]["data"] == expected["predict"].tolist()
    assert tail == expected["predict_proba"].tobytes()
    everywhere = {"inputs": [PACKED], "parameters": {"binary_data_output": True},
                  "outputs": [{"name": "predict", "parameters": {"binary_data": False}}]}  # fmt: skip
    assert infer(client, everywhere).headers["Content-Type"] == JSON


ROW = {"price": 1.5, "count": 2**53 + 1, "stock": 3, "open": True, "shop": "east", "colour": "ré", "day": 5, "ratio": 0.5,
       "text": "h\U0001f600", "items": ["a", "b"]}  # fmt: skip
MIXED_TENSORS = [
    tensor("float64", "FP64", [1, 2], [1.5, 3.0]),
    tensor("float32", "FP32", [1, 1], [0.5]),
    tensor("int64", "INT64", [1, 2], [2**53 + 1, 5]),
    tensor("bool", "BOOL", [1, 1], [True]),
    tensor("string", "BYTES", [1, 2], ["east", "ré"]),
    tensor("string.missing", "BOOL", [1, 2], [False, False]),
    tensor("text.text", "INT32", [1, 3], [104, 128512, -1]),
    tensor("list.items", "BYTES", [1, 3], ["a", "b", ""]),
    tensor("list.items.missing", "BOOL", [1, 3], [False, False, True]),
]
MIXED_COLUMNS = [
    tensor("price", "FP32", [1], [1.5]),
    tensor("count", "INT64", [1, 1], [2**53 + 1]),
    tensor("stock", "UINT8", [1], [3]),
    tensor("open", "BOOL", [1], [True]),
    tensor("shop", "BYTES", [1], ["east"]),
    tensor("colour", "BYTES", [1], ["ré"]),
    tensor("day", "BYTES", [1], ["1970-01-01T00:00:00.000005Z"]),
    tensor("ratio", "FP64", [1], [0.5]),
    tensor("text", "BYTES", [1, 1], ["h\U0001f600"]),
    tensor("items", "BYTES", [1, 2], ["a", "b"]),
]


@pytest.mark.parametrize("inputs", [MIXED_TENSORS, MIXED_COLUMNS], ids=["tensors", "columns"])
def test_every_kind_of_tensor(client: FlaskClient, inputs: list[Any]) -> None:
    answer = infer(client, {"inputs": inputs}, "mixed")
    assert answer.status_code == 200, answer.text
    outputs = {item["name"]: item["data"] for item in answer.json["outputs"]}
    by_rows = client.post("/models/mixed/score", json={"rows": [ROW]}).json["outputs"]
    assert outputs == {name: np.array(values, object).ravel().tolist() for name, values in by_rows.items()}


def test_masks_are_missing_values(client: FlaskClient) -> None:
    inputs = [dict(item) for item in MIXED_TENSORS]
    inputs[0]["data"] = [None, None]
    inputs[5]["data"] = [False, True]
    outputs = {item["name"]: item["data"] for item in infer(client, {"inputs": inputs}, "mixed").json["outputs"]}
    assert outputs["numbers"] == [None, None]
    assert (outputs["strings"], outputs["strings.missing"]) == (["east", ""], [False, True])


BAD = {
    "no inputs": {},
    "inputs null": {"inputs": None},
    "inputs empty": {"inputs": []},
    "inputs object": {"inputs": {"a": 1}},
    "input number": {"inputs": [5]},
    "no name": {"inputs": [{"shape": [1, 2], "datatype": "FP64", "data": [1, 2]}]},
    "unknown name": {"inputs": [{**PACKED, "name": "other"}]},
    "name twice": {"inputs": [PACKED, PACKED]},
    "no shape": {"inputs": [{**PACKED, "shape": None}]},
    "negative shape": {"inputs": [{**PACKED, "shape": [-1, 2]}]},
    "float shape": {"inputs": [{**PACKED, "shape": [2.0, 2]}]},
    "huge shape": {"inputs": [{**PACKED, "shape": [2**40, 2]}]},
    "wrong count": {"inputs": [{**PACKED, "shape": [3, 2]}]},
    "wrong width": {"inputs": [tensor("float64", "FP64", [1, 4], [1, 2, 3, 4])]},
    "wrong rank": {"inputs": [tensor("float64", "FP64", [4], [1, 2, 3, 4])]},
    "scalar": {"inputs": [tensor("float64", "FP64", [], [1])]},
    "no data": {"inputs": [{**PACKED, "data": None}]},
    "data string": {"inputs": [{**PACKED, "data": "1,2"}]},
    "too deep": {"inputs": [{**PACKED, "data": [[[1.0, 2.0]], [[3.0, 4.0]]]}]},
    "string among numbers": {"inputs": [{**PACKED, "data": [1, 2, 3, "x"]}]},
    "true among numbers": {"inputs": [{**PACKED, "data": [1, 2, 3, True]}]},
    "unknown datatype": {"inputs": [{**PACKED, "datatype": "FP128"}]},
    "datatype list": {"inputs": [{**PACKED, "datatype": ["FP64"]}]},
    "number outside": {"inputs": [PRICE, tensor("size", "INT8", [2], [1, 300])]},
    "fraction": {"inputs": [PRICE, tensor("size", "INT64", [2], [1, 1.5])]},
    "unequal rows": {"inputs": [PRICE, tensor("size", "INT64", [1], [1])]},
    "column of rank 3": {"inputs": [tensor("price", "FP64", [1, 1, 1], [1]), tensor("size", "FP64", [1], [1])]},
    "no rows": {"inputs": [tensor("float64", "FP64", [0, 2], [])]},
    "unknown output": {"inputs": [PACKED], "outputs": [{"name": "nothing"}]},
    "outputs string": {"inputs": [PACKED], "outputs": "predict"},
    "output without name": {"inputs": [PACKED], "outputs": [{}]},
    "parameters list": {"inputs": [PACKED], "parameters": [1]},
    "a size without bytes": {"inputs": [binary_tensor("float64", "FP64", [1, 2], b"\x00" * 16)]},
    "a size that is no number": {"inputs": [{**PACKED, "parameters": {"binary_data_size": "16"}}]},
    "data and size": {"inputs": [{**PACKED, "parameters": {"binary_data_size": 0}}]},
    "a list": [1],
}


@pytest.mark.parametrize("name", BAD)
def test_bad_requests_are_400_in_words(client: FlaskClient, name: str) -> None:
    answer = infer(client, BAD[name])
    assert answer.status_code == 400, answer.text
    assert answer.headers["Content-Type"] == JSON
    assert answer.json["error"].count("; ") >= 1


BAD_BINARY = {
    "bytes left over": ([binary_tensor("float64", "FP64", [1, 2], b"\x00" * 16)], b"\x00" * 17),
    "too few bytes": ([binary_tensor("float64", "FP64", [1, 2], b"\x00" * 16)], b"\x00" * 15),
    "size against shape": ([binary_tensor("float64", "FP64", [1, 2], b"\x00" * 8)], b"\x00" * 8),
    "overrun": ([PRICE, binary_tensor("size", "BYTES", [2], b"\x09\x00\x00\x00a")], b"\x09\x00\x00\x00a"),
    "short length": ([PRICE, binary_tensor("size", "BYTES", [2], b"\x01\x00")], b"\x01\x00"),
    "not UTF-8": ([PRICE, binary_tensor("size", "BYTES", [1], b"\x01\x00\x00\x00\xff")], b"\x01\x00\x00\x00\xff"),
    "too few strings": ([PRICE, binary_tensor("size", "BYTES", [2], b"\x00" * 4)], b"\x00" * 4),
    "a bool of 2": ([PRICE, binary_tensor("size", "BOOL", [2], b"\x01\x02")], b"\x01\x02"),
}


@pytest.mark.parametrize("name", BAD_BINARY)
def test_bad_binary_is_400(client: FlaskClient, name: str) -> None:
    inputs, binary = BAD_BINARY[name]
    assert infer(client, {"inputs": inputs}, binary=binary).status_code == 400


@pytest.mark.parametrize("length", ["0", "-1", "abc", "100000", "1.5", ""])
def test_bad_header_lengths_are_400(client: FlaskClient, length: str) -> None:
    body = json.dumps({"inputs": [PACKED]}).encode()
    answer = client.post("/v2/models/classifier/infer", data=body, content_type=JSON, headers={LENGTH: length})
    assert answer.status_code == 400


def test_values_pass_the_contract_however_they_are_sent(client: FlaskClient) -> None:
    for inputs in ([{**PACKED, "data": [1, 2, 1, "Infinity"]}], [PRICE, tensor("size", "FP64", [2], [2, "Infinity"])]):
        answer = infer(client, {"inputs": inputs})
        assert answer.status_code == 422
        assert answer.json["error"] == "rows[1].size: Infinity; a finite number"
    missing = infer(client, {"inputs": [PRICE]})
    assert (missing.status_code, missing.json["problems"][0]["code"]) == (422, "missing_column")
    inputs = [dict(item) for item in MIXED_TENSORS]
    inputs[4] = {**inputs[4], "data": ["moon", "red"]}
    assert 'the string "moon"; one of "east", "west"' in infer(client, {"inputs": inputs}, "mixed").json["error"]


@pytest.mark.parametrize("codes", [[104, -1, 105], [104, 0x110000, -1], [-2, -1, -1], [0xD83D, -1, -1]])
def test_code_points_that_are_no_text(client: FlaskClient, codes: list[int]) -> None:
    inputs = [dict(item) for item in MIXED_TENSORS]
    inputs[6]["data"] = codes
    assert infer(client, {"inputs": inputs}, "mixed").status_code in (400, 422)


def test_too_many_rows(client: FlaskClient) -> None:
    request = {"inputs": [tensor("float64", "FP64", [51, 2], [1.0] * 102)]}
    assert infer(client, request).status_code == 413


def classified(client: FlaskClient, count: Any, binary: bool = False, name: str = "predict_proba") -> Any:
    parameters = {"classification": count, "binary_data": binary}
    return infer(client, {"inputs": [PACKED], "outputs": [{"name": name, "parameters": parameters}]})


def test_classification(client: FlaskClient, expected: dict[str, Any]) -> None:
    for count, width in ((1, 1), (2, 2), (9, 2)):
        (item,) = classified(client, count).json["outputs"]
        assert (item["datatype"], item["shape"]) == ("BYTES", [2, width])
        table = np.array(item["data"], object).reshape(2, width)
        for row, scores in zip(table, expected["predict_proba"], strict=True):
            order = np.argsort(-scores, kind="stable")[:width]
            shown = [f"{scores[place].item()!r}:{place}:{['no', 'yes'][place]}" for place in order]
            assert row.tolist() == shown
    header, tail = read_binary(classified(client, 1, binary=True))
    assert header["outputs"][0]["parameters"]["binary_data_size"] == len(tail)
    assert tail[4:].startswith(b"0.")


@pytest.mark.parametrize(
    ("count", "name"), [(-1, "predict_proba"), ("1", "predict_proba"), (True, "predict_proba"), (1, "predict")]
)
def test_classification_that_cannot_be(client: FlaskClient, count: Any, name: str) -> None:
    answer = classified(client, count, name=name)
    assert answer.status_code == 400
    assert "classification" in answer.json["error"]


def test_ties_and_nan_in_a_classification() -> None:
    scores = np.array([[0.25, 0.5, 0.5], [np.nan, 0.1, -np.inf]])
    assert best(scores, 3, ["a", "b", "c"]).tolist() == [
        ["0.5:1:b", "0.5:2:c", "0.25:0:a"],
        ["0.1:1:b", "-inf:2:c", "nan:0:a"],
    ]
    assert best(np.array([1.5, 2.0]), 2, None).tolist() == [["1.5:0"], ["2.0:0"]]


@pytest.mark.parametrize("codec", ["base64", "pd_json", 5, ["np"]])
def test_codecs_that_would_have_to_be_decoded_are_refused(client: FlaskClient, codec: Any) -> None:
    for request in (
        {"inputs": [PACKED], "parameters": {"content_type": codec}},
        {"inputs": [{**PACKED, "parameters": {"content_type": codec}}]},
    ):
        answer = infer(client, request)
        assert answer.status_code == 400
        assert "np, pd, str or datetime" in answer.json["error"]


def test_an_output_twice_is_refused(client: FlaskClient) -> None:
    assert infer(client, {"inputs": [PACKED], "outputs": [{"name": "predict"}] * 2}).status_code == 400
