"""The Java client's examples, compiled and run: a Spark job and a Spring Boot service give Python's scores to the last bit."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from benchmarks.footprint import free_port
from parity_tests.backends import UnavailableError, build_example
from parity_tests.services import running
from samescore_export import export
from samescore_runtime import load

#: More rows than the job's batch holds, so that a partition takes several batches.
ROWS = 10_000
#: Short runs: start fast, and stay small.
QUICK = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]
#: What spark-submit adds on JDK 17.
OPENED = ("lang", "lang.invoke", "net", "nio", "util", "util.concurrent")
SPARK = [
    *QUICK,
    *(f"--add-opens=java.base/java.{package}=ALL-UNNAMED" for package in OPENED),
    "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
    "--add-opens=java.base/sun.util.calendar=ALL-UNNAMED",
    "-Xmx640m",
    "-Dspark.master=local[2]",
    "-Dspark.ui.enabled=false",
    "-Dspark.driver.host=127.0.0.1",
    "-Dspark.driver.bindAddress=127.0.0.1",
    # Two partitions at least, as from a table of many files.
    "-Dspark.sql.files.maxPartitionBytes=65536",
]


def build(name: str) -> Path:
    """An example's folder, compiled against this client; a missing JDK or Maven is a failure on CI."""
    try:
        return build_example(name)
    except UnavailableError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    colours = np.array(["red", "blue", None], dtype=object)
    return pd.DataFrame(
        {
            "amount, paid": rng.normal(size=ROWS),
            "visits": rng.integers(0, 9, ROWS),
            "member": rng.random(ROWS) > 0.5,
            "shop": rng.choice(["east", "wést"], ROWS).astype(object),
            "colour": rng.choice(colours, ROWS),
        }
    )


@pytest.fixture(scope="module")
def artifact(frame: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    columns = ColumnTransformer(
        [
            ("numbers", StandardScaler(), ["amount, paid", "visits"]),
            ("member", "passthrough", ["member"]),
            ("shop", OneHotEncoder(), ["shop"]),
            ("colour", OneHotEncoder(handle_unknown="ignore"), ["colour"]),
        ]
    )
    labels = np.where(frame["amount, paid"] + frame["visits"] > 4, "yes 😀", "no")
    path = tmp_path_factory.mktemp("examples") / "shop.onnx"
    export(make_pipeline(columns, LogisticRegression()).fit(frame, labels), frame, path)
    return path


def rows_of(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {name: None if value is None or value != value else value for name, value in row.items()}
        for row in frame.to_dict("records")
    ]


@pytest.fixture(scope="module")
def job() -> Sequence[str]:
    folder = build("spark")
    classpath = f"{folder / 'target/classes'}:{(folder / 'target/classpath').read_text().strip()}"
    return ["java", *SPARK, "-cp", classpath, "io.samescore.examples.spark.ScoreTable"]


def run(command: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def assert_same_scores(table: pd.DataFrame, artifact: Path) -> None:
    expected = load(artifact).score(rows_of(table.drop(columns=["predict", "predict_proba"])))
    assert table["predict"].tolist() == expected["predict"].tolist()
    probabilities = np.stack(table["predict_proba"].to_list()).astype(np.float64)
    assert probabilities.shape == expected["predict_proba"].shape
    assert np.array_equal(probabilities.view(np.int64), expected["predict_proba"].view(np.int64))


def test_spark_scores_parquet(job: Sequence[str], frame: pd.DataFrame, artifact: Path, tmp_path: Path) -> None:
    written = frame.assign(id=np.arange(ROWS))
    written.to_parquet(tmp_path / "shop.parquet", row_group_size=1000)
    done = run([*job, str(artifact), "shop.parquet", "scored.parquet"], tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    table = pd.read_parquet(tmp_path / "scored.parquet").sort_values("id")
    assert table["id"].tolist() == list(range(ROWS))
    assert len(list((tmp_path / "scored.parquet").glob("part-*"))) > 1
    # The table's own columns come along as they were.
    pd.testing.assert_frame_equal(table[written.columns].reset_index(drop=True), written, check_dtype=False)
    assert_same_scores(table, artifact)


def test_spark_scores_csv_and_tells_what_is_wrong(
    job: Sequence[str], frame: pd.DataFrame, artifact: Path, tmp_path: Path
) -> None:
    few = frame.head(50).assign(id=np.arange(50))
    few.to_csv(tmp_path / "shop.csv", index=False)
    done = run([*job, str(artifact), "shop.csv", "scored.json"], tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    parts = (tmp_path / "scored.json").glob("part-*")
    lines = [json.loads(line) for part in parts for line in part.read_text("utf-8").splitlines()]
    scored = pd.DataFrame(lines).sort_values("id", key=lambda column: column.astype(int))
    table = few.assign(predict=scored["predict"].to_numpy(), predict_proba=scored["predict_proba"].to_numpy())
    assert_same_scores(table, artifact)

    few.assign(shop="south").to_parquet(tmp_path / "bad.parquet")
    done = run([*job, str(artifact), "bad.parquet", "none.parquet"], tmp_path)
    assert done.returncode == 1
    assert 'rows[0].shop: the string "south"; one of "east", "wést"' in done.stderr
    few.drop(columns="shop").to_parquet(tmp_path / "lacking.parquet")
    done = run([*job, str(artifact), "lacking.parquet", "none.parquet"], tmp_path)
    assert "lacking.parquet: no column shop; a table with every column of the contract" in done.stderr


class Service:
    """The Spring Boot example on a port of the loopback."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process = process
        self.port = port

    def ask(self, path: str, body: object = None) -> tuple[int, Any]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", data, {"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)


@contextlib.contextmanager
def service(log: Path, *properties: str) -> Iterator[Service]:
    """The service, ready; killed at the end if it did not stop by itself."""
    jar = build("spring-boot") / "target/spring-boot-scoring-0.1.0.jar"
    port = free_port()
    options = [f"--server.port={port}", *(f"--samescore.{item}" for item in properties)]
    with log.open("wb") as out:
        process = subprocess.Popen(["java", *QUICK, "-Xmx256m", "-jar", str(jar), *options], stdout=out, stderr=out)
    started = Service(process, port)
    try:
        deadline = time.monotonic() + 60
        while True:
            with contextlib.suppress(OSError):
                if started.ask("/actuator/health/readiness")[0] == 200:
                    break
            said = log.read_text()[-3000:]
            assert process.poll() is None, said
            assert time.monotonic() < deadline, said
            time.sleep(0.2)
        yield started
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(20)


def assert_answers(started: Service, frame: pd.DataFrame, artifact: Path) -> None:
    rows = rows_of(frame.head(20))
    status, answer = started.ask("/scores", {"rows": rows})
    model = load(artifact)
    expected = model.score(rows)
    assert status == 200
    assert answer["artifact"] == model.digest
    assert {name: values.tolist() for name, values in expected.items()} == answer["outputs"]
    status, answer = started.ask("/scores", {"rows": [rows[0] | {"shop": "south", "visits": "many"}]})
    assert status == 422
    assert [(problem["column"], problem["code"]) for problem in answer["problems"]] == [
        ("visits", "wrong_type"),
        ("shop", "unknown_category"),
    ]
    assert answer["total"] == 2
    for body in ({}, {"rows": 3}, {"rows": [None]}, []):
        assert started.ask("/scores", body)[0] == 400
    assert started.ask("/scores", {"rows": []})[1]["outputs"]["predict"] == []
    health = started.ask("/actuator/health")[1]
    assert health["components"]["scorer"] == {"status": "UP", "details": {"artifact": model.digest}}


def test_spring_boot_scores_and_stops_gracefully(frame: pd.DataFrame, artifact: Path, tmp_path: Path) -> None:
    with service(tmp_path / "log", f"artifact={artifact}") as started:
        assert_answers(started, frame, artifact)
        # A request whose body is under way when the service is told to stop is answered all the same.
        body = json.dumps({"rows": rows_of(frame.head(3))}).encode()
        with socket.create_connection(("127.0.0.1", started.port), timeout=20) as connection:
            head = f"POST /scores HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            connection.sendall(head.encode() + body[:40])
            time.sleep(0.5)
            started.process.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            connection.sendall(body[40:])
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            outputs = json.loads(answer.read())["outputs"]
        assert answer.status == 200
        assert outputs["predict"] == load(artifact).score(rows_of(frame.head(3)))["predict"].tolist()
        assert started.process.wait(30) == 128 + signal.SIGTERM


def test_spring_boot_scores_through_a_service(frame: pd.DataFrame, artifact: Path, tmp_path: Path) -> None:
    port = free_port()
    properties = [f"service=http://127.0.0.1:{port}", "model=shop"]
    with running(artifact, port), service(tmp_path / "log", *properties) as started:
        assert_answers(started, frame, artifact)


def test_spring_boot_does_not_start_on_a_guess(artifact: Path) -> None:
    jar = build("spring-boot") / "target/spring-boot-scoring-0.1.0.jar"
    for properties, said in (
        ([f"artifact={artifact}", "model=shop"], "either samescore.artifact"),
        (["artifact=absent.onnx"], "absent.onnx: "),
    ):
        options = [f"--samescore.{item}" for item in properties]
        command = ["java", *QUICK, "-Xmx256m", "-jar", str(jar), "--server.port=0", *options]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 1
        assert said in done.stdout + done.stderr
