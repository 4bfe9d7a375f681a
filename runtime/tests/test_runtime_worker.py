"""What a process of the service does beside scoring: following, splitting, shadowing, counting, logging, tokens."""

from __future__ import annotations

import gc
import gzip
import json
import re
import time
import weakref
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from samescore_runtime.errors import ArtifactError, InputError
from samescore_runtime.model import load
from samescore_runtime.monitor import metrics
from samescore_runtime.monitor.drift import Histograms, distance, expected
from samescore_runtime.monitor.slots import DRAINING, Slots
from samescore_runtime.repository import operations
from samescore_runtime.repository.trial import Bounds, try_out
from samescore_runtime.service.access import Access, TokenFiles, read_tokens
from samescore_runtime.service.app import create_app
from samescore_runtime.service.control import Control
from samescore_runtime.service.following import Follower
from samescore_runtime.service.journal import Journal, PlainFile, RotatedFiles, access_lines, prediction_lines, trace_id
from samescore_runtime.service.limits import Limits
from samescore_runtime.service.models import Models, load_models
from samescore_runtime.service.options import PredictionLog, processors
from samescore_runtime.service.places import find
from samescore_runtime.service.targets import bucket
from samescore_runtime.service.worker import Worker
from samescore_runtime.signatures import Trust

ROW = {"price": 1, "size": 2}
SCORE = "/models/churn/score"


def unchecked(content: bytes, signature: bytes | None) -> None:
    """For artifacts that publish would refuse."""


class Service:
    """A repository with a model in it, and a worker that follows it."""

    def __init__(self, folder: Path, classifier: Any, **more: Any) -> None:
        self.root, self.common = folder / "models", folder / "common"
        self.common.mkdir()
        self._recipe, self._folder = classifier, folder
        self.publish("0", alias="champion")
        self.follower = Follower(self.root, Trust(), self.common)
        self.worker = Worker(
            self.follower.start(), slots=Slots(), follower=self.follower, control=Control(self.common),
            common=self.common, **more,
        )  # fmt: skip
        self.client: FlaskClient = create_app(self.worker).test_client()

    def publish(self, mark: str, alias: str | None = None, content: bytes | None = None) -> str:
        if content is None:
            content = self._recipe.build(provenance={"format": 1, "commit": mark})
        (self._folder / "new.onnx").write_bytes(content)
        version = operations.publish(self.root, "churn", self._folder / "new.onnx", unchecked, "me")
        if alias is not None:
            operations.promote(self.root, "churn", version, alias, "me")
        return version

    def score(self, rows: int = 1, **headers: str) -> Any:
        response = self.client.post(SCORE, json={"rows": [ROW] * rows}, headers=headers)
        assert response.status_code == 200, response.text
        return response.json

    def numbers(self) -> dict[str, float]:
        return self.worker.numbers()


@pytest.fixture
def service(tmp_path: Path, classifier: Any) -> Service:
    return Service(tmp_path, classifier)


def test_the_alias_is_followed_and_the_old_model_is_freed(service: Service) -> None:
    first = service.score()
    old = weakref.ref(service.worker.models.get("churn").model)
    assert service.publish("1") == "2"
    service.worker.follow()
    assert service.score()["version"] == "1"
    operations.promote(service.root, "churn", "2", "champion", "me")
    service.worker.follow()
    second = service.score()
    assert (second["version"], second["outputs"]) == ("2", first["outputs"])
    assert second["digest"] != first["digest"]
    service.numbers()
    gc.collect()
    assert old() is None
    operations.rollback(service.root, "churn", "champion", "me")
    service.worker.follow()
    assert service.score()["digest"] == first["digest"]
    assert service.numbers()['samescore_model_reloads_total{model="churn"}'] == 2


@pytest.mark.parametrize("kind", ["bit", "truncated", "golden", "empty", "not published"])
def test_a_bad_artifact_leaves_the_old_one(service: Service, classifier: Any, kind: str, caplog: Any) -> None:
    before = service.score()
    content = bytearray(classifier.build(provenance={"format": 1, "commit": "new"}))
    if kind == "golden":
        golden = json.loads(metadata(bytes(content))["samescore.golden"])
        golden["outputs"]["predict"]["data"][0] = "yes"
        content = bytearray(classifier.build(golden=golden))
    elif kind == "bit":
        content[len(content) // 2] ^= 1
    elif kind == "truncated":
        content = content[: len(content) // 2]
    elif kind == "empty":
        content = bytearray(b"")
    version = service.publish("", content=bytes(content))
    if kind == "not published":
        (service.root / "churn" / version / "model.onnx").write_bytes(classifier.build(provenance=None))
    operations.promote(service.root, "churn", version, "champion", "me")
    service.worker.follow()
    after = service.score()
    assert after["digest"] == before["digest"]
    assert service.client.get("/v2/health/ready").status_code == 200
    assert service.numbers()['samescore_model_reload_failures_total{model="churn"}'] == 1
    assert "what is served stays" in caplog.text
    index = service.client.post("/v2/repository/index", json={}).json
    assert [item["state"] for item in index] == ["READY"]
    assert "a newer artifact was refused" in index[0]["reason"]
    assert str(service.root) not in json.dumps(index)
    # A process that starts now begins with what was accepted, not with what is bad.
    assert Follower(service.root, Trust(), service.common).start().get("churn").model.digest == before["digest"]


def metadata(content: bytes) -> dict[str, str]:
    from samescore_runtime import integrity

    return integrity.read(content)[1]


def test_a_state_that_cannot_be_read_changes_nothing(service: Service, caplog: Any) -> None:
    before = service.score()
    (service.root / "churn" / "samescore.json").write_text("{")
    service.worker.follow()
    assert service.score()["digest"] == before["digest"]
    assert "cannot be read" in caplog.text


def test_a_model_that_is_new_or_gone(service: Service, classifier: Any, tmp_path: Path) -> None:
    (tmp_path / "other.onnx").write_bytes(classifier.build(provenance=None))
    operations.publish(service.root, "other", tmp_path / "other.onnx", unchecked, "me")
    service.worker.follow()
    assert service.client.get("/v2/models/other/ready").status_code == 200
    import shutil

    shutil.rmtree(service.root / "other")
    service.worker.follow()
    assert service.client.get("/v2/models/other/ready").status_code == 404
    assert service.score()


def test_aliases_are_addresses(service: Service) -> None:
    service.publish("1", alias="challenger")
    service.worker.follow()
    request = {"inputs": [{"name": "float64", "datatype": "FP64", "shape": [1, 2], "data": [1, 2]}]}
    for version, meant in (("champion", "1"), ("challenger", "2"), ("2", "2")):
        path = f"/v2/models/churn/versions/{version}"
        answer = service.client.post(f"{path}/infer", json=request)
        assert answer.json["model_version"] == meant
        assert service.client.get(f"{path}/ready").status_code == 200
    assert service.client.get("/models/churn").json["aliases"] == {"champion": "1", "challenger": "2"}


def test_a_split_is_sticky_and_of_its_size(service: Service) -> None:
    service.publish("1", alias="challenger")
    operations.divert(service.root, "churn", "split", "challenger", 30, "me")
    service.worker.follow()
    ways = {key: service.score(**{"X-Samescore-Key": key})["version"] for key in map(str, range(300))}
    again = {key: service.score(**{"X-Samescore-Key": key})["version"] for key in ways}
    assert ways == again
    assert 55 <= list(ways.values()).count("2") <= 125
    without_key = [service.score()["version"] for _ in range(300)]
    assert 55 <= without_key.count("2") <= 125
    roles = {name.split('role="')[1].split('"')[0] for name in service.numbers() if 'role="' in name}
    assert {"default", "challenger"} <= roles
    operations.divert(service.root, "churn", "split", None, 0, "me")
    service.worker.follow()
    assert {service.score()["version"] for _ in range(50)} == {"1"}


def test_buckets_are_even_and_models_independent() -> None:
    places = np.array([[bucket(name, f"key-{number}") for number in range(20_000)] for name in ("a", "b")])
    counts = np.bincount(places[0] // 1000, minlength=10)
    assert counts.min() > 1800
    assert counts.max() < 2200
    assert abs(np.corrcoef(places)[0, 1]) < 0.05


def test_the_shadow_scores_along_and_differences_are_counted(tmp_path: Path, classifier: Any) -> None:
    service = Service(tmp_path, classifier)
    changed = classifier.__class__(
        classifier.contract, classifier.nodes, {**classifier.constants, "intercepts": np.array([9.0, 0.2])},
        classifier.golden, classifier.tolerance,
    )  # fmt: skip
    service.publish("", alias="challenger", content=changed.build())
    operations.divert(service.root, "churn", "shadow", "challenger", 100, "me")
    service.worker.follow()
    rows = [{"price": 1, "size": 2}, {"price": 0, "size": 90}, {"price": -10, "size": 0}]
    for _ in range(3):
        answer = service.client.post(SCORE, json={"rows": rows}).json
        assert answer["version"] == "1"
    other = service.worker.models.get("churn", "challenger").model.score_rows(rows)["predict"].tolist()
    differ = sum(one != two for one, two in zip(answer["outputs"]["predict"], other, strict=True))
    assert 0 < differ < 3
    numbers = service.numbers()
    labels = '{model="churn",version="2"}'
    assert numbers[f"samescore_shadow_rows_total{labels}"] == 9
    assert numbers[f"samescore_shadow_disagreements_total{labels}"] == 3 * differ


def test_load_and_unload(service: Service) -> None:
    index = service.client.post("/v2/repository/index").json
    assert index == [{"name": "churn", "version": "1", "state": "READY", "reason": ""}]
    for path in ("load", "unload"):
        response = service.client.post(f"/v2/repository/models/churn/{path}", json={})
        assert (response.status_code, response.json["code"]) == (403, "forbidden")
    service.worker.access = Access(admin=(b"an-administrators-token",))
    admin = {"Authorization": "Bearer an-administrators-token"}
    assert service.client.post("/v2/repository/models/churn/unload", json={}, headers=admin).status_code == 200
    assert service.client.post(SCORE, json={"rows": [ROW]}).status_code == 404
    assert service.client.get("/v2/models/churn/ready").status_code == 404
    index = service.client.post("/v2/repository/index").json
    assert index == [{"name": "churn", "version": "1", "state": "UNAVAILABLE", "reason": "unloaded"}]
    assert service.client.post("/v2/repository/index", json={"ready": True}).json == []
    assert service.client.post("/v2/repository/models/churn/load", json={}, headers=admin).status_code == 200
    assert service.score()["version"] == "1"
    response = service.client.post("/v2/repository/models/nobody/load", json={}, headers=admin)
    assert (response.status_code, response.json["code"]) == (404, "unknown_model")


def test_loading_a_file_anew(tmp_path: Path, classifier: Any) -> None:
    file, common = tmp_path / "churn.onnx", tmp_path / "common"
    common.mkdir()
    file.write_bytes(classifier.build())
    follower = Follower(file, Trust(), common)
    worker = Worker(follower.start(), follower=follower, control=Control(common), common=common)
    client = create_app(worker).test_client()
    worker.access = Access(admin=(b"an-administrators-token",))
    admin = {"Authorization": "Bearer an-administrators-token"}
    before = client.get("/models/churn").json["digest"]
    file.write_bytes(classifier.build(provenance=None))
    worker.follow()
    assert client.get("/models/churn").json["digest"] == before
    assert client.post("/v2/repository/models/churn/load", json={}, headers=admin).status_code == 200
    assert client.get("/models/churn").json["digest"] != before
    file.write_bytes(b"nothing")
    response = client.post("/v2/repository/models/churn/load", json={}, headers=admin)
    assert (response.status_code, response.json["code"]) == (409, "conflict")
    assert str(tmp_path) not in response.text
    assert client.post(SCORE, json={"rows": [ROW]}).status_code == 200


def test_statistics(service: Service) -> None:
    service.score(3)
    service.client.post(SCORE, data=b"{", content_type="application/json")
    service.worker.flush()
    for path in ("/v2/models/stats", "/v2/models/churn/stats", "/v2/models/churn/versions/1/stats"):
        (stats,) = service.client.get(path).json["model_stats"]
        assert (stats["name"], stats["version"]) == ("churn", "1")
        assert (stats["inference_count"], stats["execution_count"]) == (3, 1)
        assert stats["inference_stats"]["success"]["count"] == 1
        assert stats["inference_stats"]["fail"]["count"] == 1
        assert 0 < stats["inference_stats"]["compute_infer"]["ns"] < stats["inference_stats"]["success"]["ns"]
        assert abs(stats["last_inference"] / 1000 - time.time()) < 60


def test_metrics_are_what_prometheus_reads(service: Service) -> None:
    for rows in (1, 2):
        service.score(rows)
    service.client.post(SCORE, data=b"{", content_type="application/json")
    page = service.client.get("/metrics")
    assert page.headers["Content-Type"] == metrics.TEXT_TYPE
    families = {family.name: family for family in text_string_to_metric_families(page.text)}
    found = {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in families.values()
        for sample in family.samples
    }
    by_code = {dict(key[1:])["code"]: value for key, value in found.items()
               if key[0] == "samescore_requests_total" and ("role", "default") in key}  # fmt: skip
    assert by_code == {"200": 2, "400": 1}
    version = (("model", "churn"), ("version", "1"))
    assert found["samescore_rows_total", *version] == 3
    assert found["samescore_request_duration_seconds_count", *version] == 3
    buckets = [value for key, value in found.items() if key[0] == "samescore_request_duration_seconds_bucket"]
    assert buckets == sorted(buckets)
    assert buckets[-1] == 3
    assert families["samescore_model_info"].samples[0].labels["digest"] == service.score()["digest"]


def test_numbers_of_several_processes_are_one_and_survive_their_writers() -> None:
    import multiprocessing

    slots = Slots(4)

    def count(times: int) -> None:
        series = slots.claim()
        for _ in range(times):
            series.add('samescore_rows_total{model="m",version="1"}')
        series.set("samescore_workers", 1)
        series.set("samescore_last_inference_timestamp_seconds", times)

    for rounds in range(1, 3):
        processes = [multiprocessing.get_context("fork").Process(target=count, args=(n,)) for n in (1000, 2000, 3000)]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
            assert process.exitcode == 0
        total = metrics.gathered(slots.read())
        assert total['samescore_rows_total{model="m",version="1"}'] == 6000 * rounds
        # They have ended: what they were is no longer true.
        assert "samescore_workers" not in total
        assert "samescore_last_inference_timestamp_seconds" not in total
    series = slots.claim()
    series.set("samescore_last_inference_timestamp_seconds", 5)
    total = metrics.gathered(slots.read())
    assert total["samescore_last_inference_timestamp_seconds"] == 5
    assert total['samescore_rows_total{model="m",version="1"}'] == 12_000


def test_a_full_slot_takes_no_more_names_and_breaks_nothing() -> None:
    series = Slots().claim()
    for number in range(17_000):
        series.add(f'samescore_rows_total{{model="{number}"}}')
    known = series.read()
    assert len(known) == 16_383
    assert all(value == 1 for value in known.values())


def test_the_access_log_has_a_line_a_request_and_no_payload(tmp_path: Path, classifier: Any) -> None:
    file = tmp_path / "access.jsonl"
    service = Service(tmp_path, classifier, access_log=Journal(PlainFile(file), access_lines))
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    answer = service.score(2, traceparent=f"00-{trace}-00f067aa0ba902b7-01")
    service.client.get("/models")
    service.client.post(SCORE, data=b'{"rows": [{"price": "secret"}]}', content_type="application/json")
    service.worker.flush()
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    scored = next(line for line in lines if line["id"] == answer["id"])
    assert (scored["trace"], scored["status"], scored["rows"]) == (trace, 200, 2)
    assert (scored["model"], scored["version"], scored["digest"]) == ("churn", "1", answer["digest"])
    assert {line["status"] for line in lines} == {200, 422}
    assert {line["path"] for line in lines} == {SCORE, "/models"}
    assert "secret" not in file.read_text()


@pytest.mark.parametrize(
    "header", ["", "00-" + "0" * 32 + "-" + "1" * 16 + "-01", "00-xyz-1-01", "a\nb", "00-" + "1" * 31]
)
def test_what_is_no_trace(header: str) -> None:
    assert trace_id(header) is None


def test_the_prediction_log_keeps_rows_and_scores_and_leaves_out_what_it_should(
    tmp_path: Path, classifier: Any
) -> None:
    log = PredictionLog(tmp_path / "log", ("price",))
    service = Service(
        tmp_path, classifier, prediction_log=Journal(RotatedFiles(log, 0), prediction_lines(log.redacted))
    )
    answer = service.score(2)
    request = {"inputs": [{"name": "float64", "datatype": "FP64", "shape": [1, 2], "data": [3.5, 4.5]}]}
    service.client.post("/v2/models/churn/infer", json=request)
    service.client.post(SCORE, json={"rows": [{}]})
    service.worker.flush()
    (file,) = log.folder.iterdir()
    first, second = map(json.loads, file.read_text().splitlines())
    assert first["rows"] == [{"price": "[redacted]", "size": 2}] * 2
    assert first["outputs"] == answer["outputs"]
    assert (first["id"], first["digest"], first["version"]) == (answer["id"], answer["digest"], "1")
    assert second["rows"] == [{"price": "[redacted]", "size": 4.5}]
    assert "3.5" not in file.read_text()


def test_prediction_logs_rotate_and_are_not_kept_for_ever(tmp_path: Path) -> None:
    log = PredictionLog(tmp_path, file_bytes=100, files=3, days=1)
    old = tmp_path / "predictions-20200101T000000.000000-0.jsonl"
    old.write_text("{}")
    import os

    os.utime(old, (0, 0))
    write = RotatedFiles(log, 7)
    for number in range(8):
        write(f"{number:03d}".encode() * 40)
    files = sorted(tmp_path.iterdir())
    assert len(files) == 3
    assert not old.exists()
    assert files[-1].read_bytes() == b"007" * 40


def test_a_log_that_cannot_be_written_is_counted_and_stops_nothing(tmp_path: Path, classifier: Any) -> None:
    def full(content: bytes) -> None:
        raise OSError(28, "No space left on device")

    service = Service(tmp_path, classifier, access_log=Journal(full, access_lines))
    service.score()
    assert service.score()
    service.worker.flush()
    assert service.numbers()['samescore_log_lost_total{log="access"}'] == 2


TOKEN, OTHER = "a-token-of-some-length", "another-token-of-length"


def test_tokens(models: Models, tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    file.write_text(f"# two are live\n{TOKEN}\n{OTHER}\n")
    worker = Worker(models, token_files=TokenFiles(file))
    client = create_app(worker).test_client()

    def status(token: str | None, path: str = "/models/classifier/score") -> int:
        headers = {} if token is None else {"Authorization": token}
        call = client.post if path.endswith("score") else client.get
        kind = {"json": {"rows": [ROW]}} if path.endswith("score") else {}
        response = call(path, headers=headers, **kind)
        assert response.status_code != 401 or response.headers["WWW-Authenticate"] == "Bearer"
        return int(response.status_code)

    for token in (f"Bearer {TOKEN}", f"bearer {OTHER}"):
        assert status(token) == 200
    for bad in (None, "", "Bearer", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer \u00e9", f"Bearer {TOKEN[:-1]}"):
        assert status(bad) == 401
    for path in ("/", "/models", "/v2", "/metrics", "/v2/models/classifier", "/nowhere"):
        assert status(None, path) == 401
        assert status(f"Bearer {TOKEN}", path) in (200, 404)
    assert status(None, "/v2/health/live") == status(None, "/v2/health/ready") == 200
    file.write_text("a-token-that-came-later\n")
    import os

    os.utime(file, (1, 1))
    worker.follow()
    assert status(f"Bearer {TOKEN}") == 401
    assert status("Bearer a-token-that-came-later") == 200
    file.write_text("short\n")
    worker.follow()
    assert status("Bearer a-token-that-came-later") == 200


@pytest.mark.parametrize("text", ["", "#\n", "short", f"{TOKEN}\n" * 3, "a token with spaces in it", "t\u00e9" * 20])
def test_what_are_no_tokens(text: str) -> None:
    with pytest.raises(InputError):
        read_tokens(text, "file")


@pytest.fixture(scope="module")
def models(artifact_folder: Path) -> Models:
    return load_models(find(artifact_folder))


def packed(text: bytes, encoding: str) -> bytes:
    return gzip.compress(text) if encoding == "gzip" else zlib.compress(text)


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
@pytest.mark.parametrize("lane", [True, False])
def test_compression_both_ways(models: Models, encoding: str, lane: bool) -> None:
    client = create_app(models, lane=lane).test_client()
    body = json.dumps({"rows": [ROW] * 200}).encode()
    headers = {"Content-Encoding": encoding, "Accept-Encoding": encoding, "Content-Type": "application/json"}
    plain = client.post("/models/classifier/score", data=body, headers={"Content-Type": "application/json"})
    response = client.post("/models/classifier/score", data=packed(body, encoding), headers=headers)
    assert response.headers["Content-Encoding"] == encoding
    opened = gzip.decompress(response.data) if encoding == "gzip" else zlib.decompress(response.data)
    assert json.loads(opened)["outputs"] == plain.json["outputs"]
    assert "Content-Encoding" not in plain.headers
    refused = {**headers, "Accept-Encoding": f"{encoding};q=0, br"}
    response = client.post("/models/classifier/score", data=packed(body, encoding), headers=refused)
    assert response.json["outputs"] == plain.json["outputs"]


def test_compressed_bodies_that_are_bad(models: Models) -> None:
    client = create_app(models, Limits(body_bytes=10_000)).test_client()
    body = json.dumps({"rows": [ROW]}).encode()
    bomb = gzip.compress(b" " * 50_000_000)
    for data, status in (
        (gzip.compress(body), 200),
        (bomb[:9000], 413),
        (gzip.compress(body)[:-4], 400),
        (gzip.compress(body) + b"more", 400),
        (gzip.compress(body) * 2, 400),
        (body, 400),
        (b"", 400),
    ):
        headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
        assert client.post("/models/classifier/score", data=data, headers=headers).status_code == status


def test_caps_on_strings_and_nesting(models: Models) -> None:
    client = create_app(models, Limits(string_length=50, nesting=8)).test_client()

    def status(extra: Any, name: str = "classifier") -> tuple[int, str]:
        response = client.post(f"/models/{name}/score", json={"rows": [{**ROW, "more": extra}]})
        return response.status_code, response.json.get("code", "")

    deep: Any = 0
    for _ in range(5):
        deep = [deep]
    assert status(deep) == (200, "")
    assert status([[{"a": deep}]]) == (400, "too_deep")
    assert status("[{" * 20) == (200, "")
    assert status("x" * 50) == (200, "")
    assert status("x" * 51) == (413, "too_large")
    assert status({"x" * 51: 1}) == (413, "too_large")
    assert client.post("/models/classifier/score", json={"rows": [ROW] * 500}).status_code == 200
    raw = (60).to_bytes(4, "little") + b"x" * 60
    head = {
        "inputs": [{"name": "text", "datatype": "BYTES", "shape": [1], "parameters": {"binary_data_size": len(raw)}}]
    }
    text = json.dumps(head).encode()
    headers = {"Inference-Header-Content-Length": str(len(text)), "Content-Type": "application/octet-stream"}
    response = client.post("/v2/models/mixed/infer", data=text + raw, headers=headers)
    assert (response.status_code, response.json["code"]) == (413, "too_large")


def test_readiness_ends_when_draining_begins(models: Models) -> None:
    worker = Worker(models)
    client = create_app(worker).test_client()
    assert client.get("/v2/health/ready").status_code == 200
    worker.slots.raise_flag(DRAINING)
    assert (client.get("/v2/health/ready").status_code, client.get("/v2/health/ready").json["ready"]) == (503, False)
    assert client.get("/v2/models/classifier/ready").status_code == 503
    assert client.get("/v2/health/live").status_code == 200
    assert client.post("/models/classifier/score", json={"rows": [ROW]}).status_code == 200


@pytest.mark.parametrize(
    ("name", "text", "number"),
    [
        ("cpu.max", "max 100000", None),
        ("cpu.max", "150000 100000", 1),
        ("cpu.max", "50000 100000", 1),
        ("none", "", None),
    ],
)
def test_processors_follow_the_quota(tmp_path: Path, name: str, text: str, number: int | None) -> None:
    import os

    (tmp_path / name).write_text(text)
    assert processors(tmp_path) == (len(os.sched_getaffinity(0)) if number is None else number)


def test_trials_end_what_crashes_hangs_or_grows(classifier: Any) -> None:
    content = classifier.build()
    try_out("good", content)
    with pytest.raises(ArtifactError) as caught:
        try_out("bad", content[:-10])
    assert caught.value.code in ("not_an_artifact", "integrity")
    with pytest.raises(ArtifactError, match="took more than"):
        try_out("slow", content, Bounds(seconds=0.05))
    with pytest.raises(ArtifactError) as caught:
        try_out("big", content, Bounds(memory=40 << 20))
    assert caught.value.code == "crashed"


def test_one_process_tries_out_for_all(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []
    monkeypatch.setattr("samescore_runtime.service.following.try_out", lambda name, content, bounds: tried.append(name))
    service.publish("1", alias="champion")
    others = [Follower(service.root, Trust(), service.common) for _ in range(2)]
    for other in others:
        other.start()
        other.follow()
    assert len(tried) == 1
    assert {other.entries["churn"].default.version for other in others} == {"2"}


def profile() -> dict[str, Any]:
    return {
        "format": 1,
        "rows": 100,
        "columns": {"price": {"kind": "numeric", "missing": 10, "edges": [0.0, 1.0], "counts": [30, 30, 30]}},
        "outputs": {
            "predict": {"kind": "categorical", "missing": 0, "values": ["no"], "counts": [90], "other": 10},
            "predict_proba[yes]": {"kind": "numeric", "missing": 0, "edges": [0.5], "counts": [50, 50]},
        },
    }


def test_live_values_are_counted_on_the_bins_of_the_profile(tmp_path: Path, classifier: Any) -> None:
    model = load(classifier.build(profile=profile()))
    histograms = Histograms(model.contract, profile())
    rows = [{"price": price, "size": 1} for price in (0, 0.5, 1, 1.5, None, -7)]
    tensors = model.tensors_of_rows(rows)
    outputs = model.score_tensors(tensors)
    histograms.add([(tensors, outputs), (tensors, outputs)])
    assert histograms.counts["price"].tolist() == [4, 4, 2, 2]
    yes = int((outputs["predict"] == "yes").sum())
    assert histograms.counts["score predict"].tolist() == [2 * (6 - yes), 2 * yes, 0]
    above = int((outputs["predict_proba"][:, 1] > 0.5).sum())
    assert histograms.counts["score predict_proba[yes]"].tolist() == [2 * (6 - above), 2 * above, 0]
    assert histograms.rows == 12


def test_every_kind_of_column_is_counted(artifact_folder: Path) -> None:
    model = load(artifact_folder / "mixed.onnx")
    kinds = {
        "price": {"kind": "numeric", "missing": 0, "edges": [1.0], "counts": [1, 1]},
        "open": {"kind": "categorical", "missing": 0, "values": ["true", "false"], "counts": [1, 1], "other": 0},
        "shop": {"kind": "categorical", "missing": 0, "values": ["east"], "counts": [1], "other": 0},
        "colour": {"kind": "text", "missing": 0, "edges": [2], "counts": [1, 1]},
        "day": {"kind": "numeric", "missing": 0, "edges": [3.0], "counts": [1, 1]},
        "text": {"kind": "text", "missing": 0, "edges": [1], "counts": [1, 1]},
        "items": {"kind": "list", "missing": 0, "edges": [1], "counts": [1, 1]},
    }
    histograms = Histograms(model.contract, {"columns": kinds, "outputs": {}})
    row = {"price": 0.5, "count": 1, "stock": 1, "open": True, "shop": "east", "colour": "red", "day": 5, "ratio": 1,
           "text": "ab", "items": ["x"]}  # fmt: skip
    rows = [
        row,
        {**row, "price": None, "shop": "west", "colour": None, "open": False, "items": ["x", "y"], "text": "a"},
    ]
    tensors = model.tensors_of_rows(rows)
    histograms.add([(tensors, model.score_tensors(tensors))])
    assert {name: counts.tolist() for name, counts in histograms.counts.items()} == {
        "price": [1, 0, 1],
        "open": [1, 1, 0, 0],
        "shop": [1, 1, 0],
        "colour": [0, 1, 1],
        "day": [0, 2, 0],
        "text": [1, 1, 0],
        "items": [1, 1, 0],
    }


def test_the_index_is_near_its_noise_without_drift_and_far_with_it() -> None:
    random = np.random.default_rng(0)
    reference = expected({"edges": list(range(1, 20)), "counts": [500] * 20, "missing": 0})
    live = np.bincount(random.integers(0, 20, 5000), minlength=21)
    still = distance(reference, live)
    assert 0.2 * still.noise < still.psi < 3 * still.noise
    moved = distance(reference, np.bincount(np.clip(random.integers(0, 20, 5000) + 8, 0, 19), minlength=21))
    assert moved.psi > 0.2 > 10 * still.noise
    # The definition, by hand, for two bins: 30 of 100 then, 60 of 100 now.
    # Half a count more in each.
    psi = (60.5 - 30.5) / 101 * np.log(60.5 / 30.5) + (40.5 - 70.5) / 101 * np.log(40.5 / 70.5)
    assert distance(expected({"edges": [0], "counts": [30, 70], "missing": 0}), np.array([60, 40, 0])).psi == (
        pytest.approx(psi)
    )
    assert distance(reference, np.zeros(21, np.int64)).psi == 0


def test_drift_is_a_metric_and_adds_up_over_processes(tmp_path: Path, classifier: Any) -> None:
    (tmp_path / "m.onnx").write_bytes(classifier.build(profile=profile()))
    models, slots, common = load_models(find(tmp_path / "m.onnx")), Slots(2), tmp_path / "common"
    common.mkdir()
    workers = [Worker(models, slots=slots, common=common)]
    # Two in one process cannot hold a lock against each other, so the second gets its slot by hand.
    workers.append(Worker(models, slots=Slots(), common=common))
    workers[1].histograms._slot = 1
    for worker in workers:
        client = create_app(worker).test_client()
        for _ in range(4):
            assert client.post("/models/m/score", json={"rows": [ROW] * 25}).status_code == 200
        worker.flush()
    for worker in workers:
        numbers = worker.numbers()
        labels = 'model="m",version="1"'
        assert numbers[f"samescore_profile_rows_total{{{labels}}}"] == 200
        assert numbers[f'samescore_profile_values_total{{{labels},column="price",bin="1"}}'] == 200
        assert numbers[f'samescore_drift_psi{{{labels},column="price"}}'] > 1
        assert 0 < numbers[f'samescore_drift_noise{{{labels},column="price"}}'] < 0.1
    page = create_app(workers[0]).test_client().get("/metrics").text
    assert re.search(r'samescore_drift_psi\{.*column="score predict"', page)
