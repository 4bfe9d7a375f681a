"""The routes for people, errors as JSON, limits, and the lane in front of Flask."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient

from samescore_runtime.contract import Contract
from samescore_runtime.errors import InputError
from samescore_runtime.rows import RowEncoder
from samescore_runtime.service import targets as targets_module
from samescore_runtime.service.app import create_app
from samescore_runtime.service.lane import answer
from samescore_runtime.service.limits import Limits
from samescore_runtime.service.models import Models, Served, load_models
from samescore_runtime.service.places import find
from samescore_runtime.service.worker import Worker

SHARED: dict[str, Any] = json.loads((Path(__file__).parents[2] / "parity_tests" / "contract_cases.json").read_text())
LIMITS = Limits(body_bytes=20_000, rows=50)
JSON = "application/json"
GOOD = b'{"rows": [{"price": 1, "size": 2}]}'


@pytest.fixture(scope="module")
def models(artifact_folder: Path) -> Models:
    return load_models(find(artifact_folder))


@pytest.fixture(scope="module")
def client(models: Models) -> FlaskClient:
    return create_app(models, LIMITS).test_client()


@pytest.fixture(scope="module")
def plain(models: Models) -> FlaskClient:
    """The application without the lane."""
    return create_app(models, LIMITS, lane=False).test_client()


def score(client: FlaskClient, name: str, body: Any, **more: Any) -> Any:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post(f"/models/{name}/score", data=data, **{"content_type": JSON, **more})


def test_scores_rows(client: FlaskClient, models: Models) -> None:
    rows = [{"price": 1.5, "size": 2}, {"price": None, "size": 0.1}, {"price": "NaN", "size": -7}]
    response = score(client, "classifier", {"rows": rows})
    assert response.status_code == 200
    assert response.headers["Content-Type"] == JSON
    model = models.get("classifier").model
    assert (response.json["model"], response.json["version"]) == ("classifier", "1")
    assert response.json["digest"] == model.digest
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", response.json["id"])
    expected = model.score_rows(rows)
    assert response.json["outputs"]["predict"] == expected["predict"].tolist()
    assert response.json["outputs"]["predict_proba"] == expected["predict_proba"].tolist()


def test_each_answer_has_its_own_id(client: FlaskClient) -> None:
    assert len({score(client, "classifier", GOOD).json["id"] for _ in range(20)}) == 20


MIXED = {
    "price": "Infinity", "count": 9007199254740993, "stock": None, "open": True, "shop": "east", "colour": "\u0000é\U0001f600",
    "day": "2020-01-02", "ratio": 0.1, "text": "a", "items": [],
}  # fmt: skip


def test_what_is_no_finite_number_has_a_name(client: FlaskClient) -> None:
    outputs = score(client, "mixed", {"rows": [MIXED, {**MIXED, "price": None, "stock": 1}]}).json["outputs"]
    assert outputs["numbers"] == [["Infinity", "NaN"], ["NaN", 1.0]]
    assert outputs["integers"][0][0] == 9007199254740993
    assert outputs["ratio"] == [[0.10000000149011612], [0.10000000149011612]]
    assert outputs["strings"][0] == ["east", "\u0000é\U0001f600"]
    assert outputs["items"] == [[""], [""]]
    assert "items.missing" not in outputs


def test_doubles_read_back_exactly(client: FlaskClient, models: Models) -> None:
    values = (np.random.default_rng(1).standard_normal((40, 2)) * 10.0 ** np.arange(-20, 20)[:, None]).tolist()
    got = score(client, "classifier", {"rows": [{"price": a, "size": b} for a, b in values]})
    expected = models.get("classifier").model.score(np.array(values))["predict_proba"]
    np.testing.assert_array_equal(np.array(got.json["outputs"]["predict_proba"]), expected)


def test_lists_and_contracts(client: FlaskClient, models: Models) -> None:
    listed = client.get("/models").json["models"]
    assert [item["name"] for item in listed] == ["classifier", "mixed", "text"]
    one = client.get("/models/classifier").json
    assert one["contract"] == json.loads(json.dumps(models.get("classifier").model.contract.to_json()))
    assert one["digest"] == models.get("classifier").model.digest
    page = client.get("/")
    assert page.status_code == 200
    assert "classifier" in page.text


BAD_BODIES: list[tuple[str, bytes, str, int]] = [
    ("empty", b"", "malformed_json", 400),
    ("blank", b"  \n", "malformed_json", 400),
    ("cut off", b'{"rows": [{"price": 1', "malformed_json", 400),
    ("trailing", GOOD + b"}", "malformed_json", 400),
    ("trailing comma", b'{"rows": [{"price": 1, "size": 2},]}', "malformed_json", 400),
    ("single quotes", b"{'rows': []}", "malformed_json", 400),
    ("NaN", b'{"rows": [{"price": NaN, "size": 2}]}', "malformed_json", 400),
    ("Infinity", b'{"rows": [{"price": 1, "size": -Infinity}]}', "malformed_json", 400),
    ("too large a number", b'{"rows": [{"price": 1e999, "size": 2}]}', "malformed_json", 400),
    ("leading zero", b'{"rows": [{"price": 01, "size": 2}]}', "malformed_json", 400),
    ("hex", b'{"rows": [{"price": 0x1, "size": 2}]}', "malformed_json", 400),
    ("comment", b'{"rows": [] /* none */}', "malformed_json", 400),
    ("byte order mark", b"\xef\xbb\xbf" + GOOD, "malformed_json", 400),
    ("utf-16", GOOD.decode().encode("utf-16"), "malformed_json", 400),
    ("latin-1", b'{"rows": [{"price": "\xe9", "size": 2}]}', "malformed_json", 400),
    ("surrogate bytes", b'{"rows": [{"price": "\xed\xa0\xbd", "size": 2}]}', "malformed_json", 400),
    ("control character", b'{"rows": [{"price": "\x01", "size": 2}]}', "malformed_json", 400),
    ("NUL", b"\x00" * 30, "malformed_json", 400),
    ("deep lists", b"[" * 9000, "malformed_json", 400),
    ("deep closed lists", b"[" * 9000 + b"]" * 9000, "malformed_json", 400),
    ("deep rows", b'{"rows":' + b"[" * 5000 + b"]" * 5000 + b"}", "malformed_json", 400),
    ("binary", bytes(range(256)), "malformed_json", 400),
    ("form", b"price=1&size=2", "malformed_json", 400),
    ("number", b"5", "bad_request", 400),
    ("null", b"null", "bad_request", 400),
    ("string", b'"rows"', "bad_request", 400),
    ("list", b'[{"price": 1, "size": 2}]', "bad_request", 400),
    ("no rows key", b'{"row": []}', "bad_request", 400),
    ("rows null", b'{"rows": null}', "bad_request", 400),
    ("rows object", b'{"rows": {"price": 1, "size": 2}}', "bad_request", 400),
    ("rows string", b'{"rows": "abc"}', "bad_request", 400),
    ("row number", b'{"rows": [5]}', "bad_request", 400),
    ("row null", b'{"rows": [{"price": 1, "size": 2}, null]}', "bad_request", 400),
    ("row list", b'{"rows": [[1, 2]]}', "bad_request", 400),
    ("no row", b'{"rows": []}', "empty_batch", 400),
    ("too many rows", b'{"rows": [' + b",".join([b"{}"] * 51) + b"]}", "too_many_rows", 413),
    ("too large a body", b'{"rows": ["' + b"a" * 20_000 + b'"]}', "too_large", 413),
    ("empty row", b'{"rows": [{}]}', "contract", 422),
    ("text for a number", b'{"rows": [{"price": 1, "size": "2"}]}', "contract", 422),
    ("null refused", b'{"rows": [{"price": 1, "size": null}]}', "contract", 422),
    ("infinity refused", b'{"rows": [{"price": "Infinity", "size": 1}]}', "contract", 422),
    ("lone surrogate", b'{"rows": [{"price": "\\ud83d", "size": 1}]}', "contract", 422),
    ("object for a number", b'{"rows": [{"price": {"a": [1]}, "size": 1}]}', "contract", 422),
    ("key twice, the last counts", b'{"rows": [{"price": 1, "size": 1, "size": null}]}', "contract", 422),
]


@pytest.mark.parametrize(("name", "body", "code", "status"), BAD_BODIES, ids=[case[0] for case in BAD_BODIES])
def test_bad_bodies_get_a_clear_error_with_and_without_the_lane(
    client: FlaskClient, plain: FlaskClient, name: str, body: bytes, code: str, status: int
) -> None:
    by_lane, by_flask = score(client, "classifier", body), score(plain, "classifier", body)
    assert by_lane.status_code == by_flask.status_code == status
    assert by_lane.data == by_flask.data
    assert by_lane.headers["Content-Type"] == by_flask.headers["Content-Type"] == JSON
    assert by_lane.json["code"] == code
    assert re.fullmatch(r".+: .+; .+", by_lane.json["error"].splitlines()[0])
    assert "Traceback" not in by_lane.text
    assert "/" not in by_lane.json["error"].replace("1/", "")


def test_problems_are_data(client: FlaskClient) -> None:
    response = score(client, "classifier", {"rows": [{"price": "x", "size": 1}, {"size": None}]})
    assert response.json == {
        "error": (
            'rows[0].price: the string "x"; a finite number or null\n'
            "rows[1].price: no such column; a finite number or null\n"
            "rows[1].size: null; a finite number"
        ),
        "code": "contract",
        "total": 3,
        "problems": [
            {"row": 0, "column": "price", "code": "wrong_type",
             "message": 'rows[0].price: the string "x"; a finite number or null'},
            {"row": 1, "column": "price", "code": "missing_column",
             "message": "rows[1].price: no such column; a finite number or null"},
            {"row": 1, "column": "size", "code": "not_nullable", "message": "rows[1].size: null; a finite number"},
        ],
    }  # fmt: skip


@pytest.mark.parametrize("body", [GOOD, b'{"rows": [{"price": null, "size": 5e-324}, {"price": 1, "size": 2}]}'])
def test_lane_and_flask_give_identical_answers(client: FlaskClient, plain: FlaskClient, body: bytes) -> None:
    by_lane, by_flask = score(client, "classifier", body), score(plain, "classifier", body)
    strip = re.compile(rb'"id":"[^"]*"')
    assert strip.sub(b"", by_lane.data) == strip.sub(b"", by_flask.data)
    assert by_lane.status_code == by_flask.status_code == 200
    assert {**by_lane.headers, "X-Samescore-Id": ""} == {**by_flask.headers, "X-Samescore-Id": ""}
    assert by_lane.headers["X-Samescore-Id"] == by_lane.json["id"]
    assert by_lane.headers["X-Samescore-Digest"] == by_lane.json["digest"]


HTTP_CASES = [case for case in SHARED["cases"] if case.get("rows", True)]


@pytest.mark.parametrize("case", HTTP_CASES, ids=[case["id"] for case in HTTP_CASES])
def test_the_shared_cases_over_http(case: dict[str, Any]) -> None:
    encode = RowEncoder(Contract.from_json(SHARED["contracts"][case["contract"]]))
    model = SimpleNamespace(
        digest="",
        tensors_of_rows=encode,
        score_rows=encode,
        score_tensors=lambda tensors: {},
        artifact=SimpleNamespace(profile=None),
    )
    rows = case["rows_json"] if "rows_json" in case else json.dumps(case["rows"])
    body = f'{{"rows": {rows}}}'.encode()
    worker = Worker(Models([Served("m", "1", model)]), Limits())  # type: ignore[arg-type]
    status, _, told = answer(worker, worker.targets["/models/m/score"], environment(body))
    if case["accepted"]:
        assert status == "200 OK"
    else:
        assert status == "422 Unprocessable Content"
        assert json.loads(told)["problems"] == case["problems"]
        assert json.loads(told)["total"] == case["total"]


def environment(body: bytes, **more: str) -> dict[str, Any]:
    import io

    head = {"REQUEST_METHOD": "POST", "PATH_INFO": "/models/m/score", "CONTENT_LENGTH": str(len(body))}
    return {**head, "wsgi.input": io.BytesIO(body), "CONTENT_TYPE": JSON, **more}


@pytest.mark.parametrize(
    ("more", "status", "code"),
    [
        ({"HTTP_TRANSFER_ENCODING": "chunked"}, "411", "length_required"),
        ({"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": ""}, "411", "length_required"),
        ({"HTTP_CONTENT_ENCODING": "br"}, "415", "unsupported_media_type"),
        ({"HTTP_CONTENT_ENCODING": "gzip"}, "400", "bad_request"),
        ({"HTTP_X_SAMESCORE_DEADLINE_MS": "soon"}, "400", "bad_request"),
        ({"HTTP_X_SAMESCORE_DEADLINE_MS": "20", "HTTP_X_REQUEST_START": "t=1000000000"}, "504", "deadline"),
        ({"CONTENT_TYPE": "text/csv"}, "415", "unsupported_media_type"),
        ({"CONTENT_TYPE": "application/x-www-form-urlencoded"}, "415", "unsupported_media_type"),
        ({"CONTENT_TYPE": "application/octet-stream"}, "415", "unsupported_media_type"),
        ({"CONTENT_LENGTH": "-1"}, "400", "bad_request"),
        ({"CONTENT_LENGTH": "+5"}, "400", "bad_request"),
        ({"CONTENT_LENGTH": "٣"}, "400", "bad_request"),
        ({"CONTENT_LENGTH": "5000"}, "400", "bad_request"),
        ({"CONTENT_LENGTH": "99999999999999999999"}, "413", "too_large"),
        ({"CONTENT_LENGTH": "9" * 5000}, "413", "too_large"),
        ({"CONTENT_LENGTH": ""}, "400", "malformed_json"),
    ],
)
def test_headers(models: Models, more: dict[str, str], status: str, code: str) -> None:
    worker = Worker(models, LIMITS)
    got, _, body = answer(worker, worker.targets["/models/classifier/score"], environment(GOOD, **more))
    assert got.startswith(status)
    assert json.loads(body)["code"] == code


@pytest.mark.parametrize("kind", ["", JSON, "application/json; charset=utf-8", "Application/JSON"])
def test_accepted_content_types(models: Models, kind: str) -> None:
    worker = Worker(models, LIMITS)
    target = worker.targets["/models/classifier/score"]
    assert answer(worker, target, environment(GOOD, CONTENT_TYPE=kind))[0] == "200 OK"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("POST", "/models/nobody/score", 404, "unknown_model"),
        ("GET", "/models/nobody", 404, "unknown_model"),
        ("GET", "/models/classifier/score", 405, "method_not_allowed"),
        ("DELETE", "/models/classifier", 405, "method_not_allowed"),
        ("PUT", "/models", 405, "method_not_allowed"),
        ("POST", "/models/classifier/score/more", 404, "not_found"),
        ("GET", "/models/../../secret", 404, "not_found"),
        ("GET", "/v2/models/nobody", 404, "unknown_model"),
        ("GET", "/v2/models/classifier/versions/9", 404, "unknown_model"),
        ("POST", "/v2/models/nobody/infer", 404, "unknown_model"),
        ("POST", "/v2/health/live", 405, "method_not_allowed"),
    ],
)
def test_wrong_addresses(client: FlaskClient, method: str, path: str, status: int, code: str) -> None:
    response = client.open(path, method=method)
    assert response.status_code == status
    assert response.headers["Content-Type"] == JSON
    assert response.json["code"] == code
    if status == 405:
        assert "Allow" in response.headers


def test_an_internal_error_tells_nothing(
    models: Models, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any) -> bytes:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(targets_module, "_WAYS", (("/models/{}/score", broken, frozenset({JSON})),))
    for lane in (True, False):
        response = score(create_app(models, lane=lane).test_client(), "classifier", GOOD)
        assert (response.status_code, response.json["code"]) == (500, "internal")
        assert "secret" not in response.text
    assert "secret detail" in caplog.text


def test_hooks_of_the_application_see_what_the_lane_does_not_serve(models: Models) -> None:
    app, seen = create_app(models, lane=False), []
    app.before_request(lambda: seen.append(1))
    assert score(app.test_client(), "classifier", GOOD).status_code == 200
    assert seen == [1]


def test_versions(artifact_folder: Path, tmp_path: Path) -> None:
    content = (artifact_folder / "classifier.onnx").read_bytes()
    for version in ("2", "10", "1"):
        folder = tmp_path / "spam" / version
        folder.mkdir(parents=True)
        (folder / "model.onnx").write_bytes(content)
    (tmp_path / "other.onnx").write_bytes(content)
    models = load_models(find(tmp_path))
    assert models.versions("spam") == ["1", "2", "10"]
    assert models.get("spam").version == "10"
    assert models.get("spam", "2").version == "2"
    assert [served.name for served in models] == ["other", "spam"]
    client = create_app(models).test_client()
    assert client.get("/v2/models/spam").json["versions"] == ["1", "2", "10"]
    assert client.get("/v2/models/spam/versions/2/ready").status_code == 200


def test_nothing_to_serve(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="without artifacts"):
        find(tmp_path)
    with pytest.raises(InputError, match="no such file"):
        find(tmp_path / "none")
    (tmp_path / "a b.onnx").write_bytes(b"")
    with pytest.raises(InputError, match="does not fit into an address"):
        find(tmp_path)


def test_a_service_without_models_is_not_ready() -> None:
    client = create_app(Models([])).test_client()
    response = client.get("/v2/health/ready")
    assert (response.status_code, response.json) == (503, {"ready": False, "live": True})
    assert client.get("/v2/health/live").status_code == 200


def test_nested_values_that_are_not_finite_are_named_everywhere() -> None:
    from samescore_runtime.score_json import dumps, json_values

    array = np.array([[[math.nan, 1.0], [math.inf, -math.inf]]])
    assert dumps(json_values(array)) == b'[[["NaN",1.0],["Infinity","-Infinity"]]]'
    assert json_values(np.zeros((0, 3))) == []
