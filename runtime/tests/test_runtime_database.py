"""Scores in databases: every row exactly once, whatever happens meanwhile."""

from __future__ import annotations

import csv
import datetime as dt
import json
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from parity_tests import postgresql_server
from samescore_runtime import InputError, load
from samescore_runtime.batch.database.copy_binary import HEADER, TRAILER, rows_in_binary
from samescore_runtime.batch.database.ledger import migrate
from samescore_runtime.batch.database.store import open_store
from samescore_runtime.cli import main

ROWS = 4_000
CHUNK = 250


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with postgresql_server.server(tmp_path_factory.mktemp("postgresql")) as running:
        yield running


@pytest.fixture(params=["sqlite", "duckdb", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of the test's own."""
    if request.param != "postgresql":
        return f"{request.param}:///{tmp_path / 'scores.db'}"
    running = request.getfixturevalue("server")
    name = f"t{random.getrandbits(60):x}"
    with psycopg.connect(running.url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return str(running.url).replace("/postgres", f"/{name}")


def query(url: str, statement: str) -> list[tuple[Any, ...]]:
    if url.startswith("sqlite"):
        with sqlite3.connect(url.removeprefix("sqlite:///")) as plain:
            found = list(plain.execute(statement))
        plain.close()
        return found
    if url.startswith("duckdb"):
        with duckdb.connect(url.removeprefix("duckdb:///"), read_only=True) as embedded:
            return embedded.execute(statement).fetchall()
    with psycopg.connect(url) as connection:
        return connection.execute(statement).fetchall()


@pytest.fixture(scope="module")
def artifact(classifier: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("artifact") / "shop.onnx"
    path.write_bytes(classifier.build())
    return path


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("rows") / "rows.parquet"
    table = {
        "product": [f"p{i % 40}é" if i % 40 else None for i in range(ROWS)],
        "day": [dt.date(2026, 1, 1) + dt.timedelta(i // 40) for i in range(ROWS)],
        "number": list(range(ROWS)),
        "price": rng.normal(size=ROWS),
        "size": rng.uniform(0, 9, ROWS),
    }
    pq.write_table(pa.table(table), path, row_group_size=700)
    return path


def score(artifact: Path, rows: Path, url: str, *more: str) -> list[str]:
    return ["score", str(artifact), "--input", str(rows), "--output", url, "--chunk-rows", str(CHUNK), *more]


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    summary: dict[str, Any] = json.loads(capsys.readouterr().out)
    return summary


def test_every_row_with_its_key_and_the_scores_to_the_bit(
    artifact: Path, rows: Path, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = score(artifact, rows, url, "--key", "product,day,number")
    assert main(arguments) == 0
    first = told(capsys)
    assert (first["rows"], first["rejected"], first["status"]) == (ROWS, 0, "complete")
    found = query(url, "SELECT product, day, number, predict, predict_proba_yes FROM predictions ORDER BY row_number")
    table = pq.read_table(rows)
    scores = load(artifact).score(table)
    day = [value.isoformat() if "sqlite" in url else value for value in table["day"].to_pylist()]
    numbers = table["number"].to_pylist()
    expected = zip(
        table["product"].to_pylist(),
        day,
        numbers,
        scores["predict"],
        scores["predict_proba"][:, 1].tolist(),
        strict=True,
    )
    assert found == list(expected)
    # Again: nothing is written, and the summary is the same run's.
    assert main(arguments) == 0
    second = told(capsys)
    assert (second["run_id"], second["run"], second["rows"]) == (first["run_id"], first["run"], ROWS)
    assert second["chunks_written"] == 0
    assert query(url, "SELECT COUNT(*) FROM predictions") == [(ROWS,)]


def test_a_later_run_is_the_latest(artifact: Path, rows: Path, url: str, classifier: Any, tmp_path: Path) -> None:
    for run in ("first", "second"):
        assert main(score(artifact, rows, url, "--key", "number", "--run-id", run)) == 0
    latest = query(url, "SELECT COUNT(*), COUNT(DISTINCT number), MIN(run_id), MAX(run_id) FROM latest_predictions")
    assert latest == [(ROWS, ROWS, "second", "second")]
    assert query(url, "SELECT COUNT(*) FROM predictions") == [(2 * ROWS,)]
    some = pq.read_table(rows).slice(0, 10)
    pq.write_table(some, tmp_path / "some.parquet")
    assert main(score(artifact, tmp_path / "some.parquet", url, "--key", "number")) == 0
    assert query(url, "SELECT COUNT(*) FROM latest_predictions") == [(ROWS,)]
    assert query(url, "SELECT COUNT(*) FROM latest_predictions WHERE run_id = 'second'") == [(ROWS - 10,)]


def test_an_unfinished_run_is_not_seen_and_goes_on(artifact: Path, url: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    lines = ["id,price,size", *(f"{i},{i / 7},1.5" for i in range(900)), "x,broken,1", *("9,1,1" for _ in range(99))]
    path.write_text("\n".join(lines) + "\n")
    assert main(score(artifact, path, url, "--key", "id", "--run-id", "r")) == 2
    assert query(url, "SELECT COUNT(*) FROM predictions") == [(750,)]
    assert query(url, "SELECT COUNT(*) FROM latest_predictions") == [(0,)]
    assert query(url, "SELECT status FROM runs") == [("running",)]
    # The input mended is another input, and so another run.
    path.write_text(path.read_text().replace("broken", "1.0"))
    assert main(score(artifact, path, url, "--key", "id", "--run-id", "r")) == 2
    assert main(score(artifact, path, url, "--key", "id")) == 0
    assert query(url, "SELECT COUNT(*) FROM latest_predictions") == [(901,)]


def test_bad_rows_are_set_aside_with_their_reasons(
    artifact: Path, url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "rows.jsonl"
    bad = {3, 4, 250, 999}
    with path.open("w") as file:
        for i in range(1000):
            file.write(json.dumps({"id": i, "price": "cheap" if i in bad else 1.0 + i, "size": 2.0}) + "\n")
    assert main(score(artifact, path, url, "--key", "id", "--on-bad-row", "reject")) == 0
    summary = told(capsys)
    assert (summary["rows"], summary["rejected"]) == (996, 4)
    found = query(url, "SELECT row_number, row_key, reason FROM rejected_rows ORDER BY row_number")
    assert [row for row, _, _ in found] == sorted(bad)
    assert found[2] == (250, "id=250", 'rows[250].price: the string "cheap"; a finite number or null')
    assert query(url, "SELECT COUNT(*), SUM(id) FROM latest_predictions") == [(996, sum(range(1000)) - sum(bad))]


def test_folders_and_no_rows(artifact: Path, url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "input"
    folder.mkdir()
    for part in range(3):
        with (folder / f"part{part}.csv").open("w", newline="") as file:
            csv.writer(file).writerows([["price", "size"], *([part, i] for i in range(300))])
    assert main(score(artifact, folder, url)) == 0
    assert told(capsys)["rows"] == 900
    assert query(url, "SELECT COUNT(DISTINCT row_number), MAX(row_number) FROM latest_predictions") == [(900, 899)]
    (tmp_path / "none.csv").write_text("price,size\n")
    assert main(score(artifact, tmp_path / "none.csv", url)) == 0
    assert told(capsys)["rows"] == 0


@pytest.mark.parametrize("form", ["file", "stream"])
def test_arrow_as_it_comes(artifact: Path, rows: Path, form: str, tmp_path: Path) -> None:
    table = pq.read_table(rows)
    path, url = tmp_path / "rows.arrow", f"sqlite:///{tmp_path / 'scores.db'}"
    make = pa.ipc.new_file if form == "file" else pa.ipc.new_stream
    with make(str(path), table.schema) as writer:
        writer.write_table(table, max_chunksize=1100)
    assert main(score(artifact, path, url, "--key", "number")) == 0
    assert _exact(url)
    with make(str(tmp_path / "none.arrow"), table.schema):
        pass
    assert main(score(artifact, tmp_path / "none.arrow", url, "--key", "number")) == 0
    (tmp_path / "broken.feather").write_bytes(path.read_bytes()[:100])
    assert main(score(artifact, tmp_path / "broken.feather", url)) == 2


def test_what_does_not_fit_is_refused(
    artifact: Path, rows: Path, url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(score(artifact, rows, url, "--key", "number")) == 0
    for more, said in (
        (
            ["--key", "product"],
            "--table predictions: the keys product (text); its keys number (whole), or another --table",
        ),
        (["--key", "absent"], "absent"),
        (["--table", "Bad Name"], "--table: 'Bad Name'"),
        (["--table", "runs"], "--table: 'runs'"),
        (["--key", "predict"], "--key: the column predict, which is an output"),
    ):
        capsys.readouterr()
        assert main(score(artifact, rows, url, *more)) == 2
        assert said in capsys.readouterr().err
    assert main(score(artifact, rows, url, "--key", "product", "--table", "by_product")) == 0
    assert query(url, "SELECT COUNT(*) FROM latest_by_product") == [(40,)]
    assert main(score(artifact, rows, "mysql://somewhere/x")) == 2
    if url.startswith("postgresql"):
        capsys.readouterr()
        assert main(score(artifact, rows, f"{url}_absent")) == 2
        assert "does not exist; a PostgreSQL database that lets us in" in capsys.readouterr().err
        assert main(score(artifact, rows, "postgresql://127.0.0.1:9/x", "--retry-seconds", "0.2")) == 2
        assert "run the command again to go on" in capsys.readouterr().err
    assert main(score(artifact, rows, str(tmp_path / "scores.csv"), "--table", "x")) == 2


def test_tables_of_a_newer_version_are_refused(url: str) -> None:
    store = open_store(url)
    store.connect()
    migrate(store)
    migrate(store)
    store.execute("INSERT INTO samescore_migrations VALUES (99)")
    with pytest.raises(InputError, match="version 99"):
        migrate(store)
    store.close()


EXACT = [(ROWS, ROWS, ROWS * (ROWS - 1) // 2)]


def _exact(url: str) -> bool:
    counted = query(url, "SELECT COUNT(*), COUNT(DISTINCT number), SUM(number) FROM predictions")
    seen = query(url, "SELECT COUNT(*), COUNT(DISTINCT number), SUM(number) FROM latest_predictions")
    return [tuple(map(int, row)) for row in counted] == EXACT and [tuple(map(int, row)) for row in seen] == EXACT


def test_killed_at_any_moment_and_begun_again(artifact: Path, rows: Path, url: str) -> None:
    arguments = score(artifact, rows, url, "--key", "number", "--chunk-rows", "2")
    command = [sys.executable, "-m", "samescore_runtime", *arguments]
    rng = random.Random(0)
    killed = 0
    for _ in range(20):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(rng.uniform(0.2, 0.8))
            break
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait(60)
            killed += 1
    assert killed
    assert main(arguments) == 0
    assert _exact(url)


def test_two_writers_at_once(artifact: Path, rows: Path, server: Any, tmp_path: Path) -> None:
    for kind in ("sqlite", "postgresql"):
        url = f"sqlite:///{tmp_path / 'two.db'}"
        if kind == "postgresql":
            with psycopg.connect(server.url, autocommit=True) as connection:
                connection.execute("CREATE DATABASE two")
            url = server.url.replace("/postgres", "/two")
        command = [sys.executable, "-m", "samescore_runtime", *score(artifact, rows, url, "--key", "number")]
        with ThreadPoolExecutor(2) as callers:
            done = list(
                callers.map(partial(subprocess.run, capture_output=True, text=True, check=False), [command] * 2)
            )
        assert [one.returncode for one in done] == [0, 0], done[0].stderr + done[1].stderr
        assert sum(json.loads(one.stdout)["chunks_written"] for one in done) == json.loads(done[0].stdout)["chunks"]
        assert _exact(url)


def test_the_server_is_restarted_meanwhile(artifact: Path, rows: Path, tmp_path: Path) -> None:
    with postgresql_server.server(tmp_path) as running:
        more = ("--key", "number", "--chunk-rows", "20")
        command = [sys.executable, "-m", "samescore_runtime", *score(artifact, rows, running.url, *more)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(5):
            time.sleep(0.4)
            running.restart_at_once()
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        assert json.loads(out)["rows"] == ROWS
        assert _exact(running.url)


def test_a_full_disk_stops_the_run_and_loses_nothing(artifact: Path, rows: Path, tmp_path: Path) -> None:
    path = tmp_path / "small.db"
    url = f"sqlite:///{path}"
    command = score(artifact, rows, url, "--key", "number")
    # As full as a disk is to SQLite: no page more than these.
    code = (
        "import sqlite3, sys\nfrom samescore_runtime.batch.database import sqlite\nfrom samescore_runtime.cli import main\n"
        "opened = sqlite3.connect\n"
        "def small(*args, **more):\n    found = opened(*args, **more)\n    found.execute('PRAGMA max_page_count = 40')\n    return found\n"
        "sqlite3.connect = small\nsys.exit(main(sys.argv[1:]))\n"
    )
    done = subprocess.run([sys.executable, "-c", code, *command], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "full" in done.stderr
    assert query(url, "SELECT COUNT(*) FROM latest_predictions") == [(0,)]
    assert main(command) == 0
    assert _exact(url)


def test_binary_rows_are_postgresql_s(server: Any) -> None:
    kinds = ["whole", "number", "flag", "text", "date", "time"]
    moment = dt.datetime(1999, 12, 31, 23, 59, 59, 999999, tzinfo=dt.UTC)
    given: list[list[Any]] = [
        [1, -(2**63), None],
        [0.1, float("nan"), -0.0],
        [True, None, False],
        ["é😀\n", "", None],
        [dt.date(1, 1, 1), None, dt.date(2026, 2, 28)],
        [moment, dt.datetime(2026, 1, 1, tzinfo=dt.UTC), None],
    ]
    with psycopg.connect(server.url) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE t (a BIGINT, b FLOAT8, c BOOL, d TEXT, e DATE, f TIMESTAMPTZ)")
        with cursor.copy("COPY t FROM STDIN (FORMAT BINARY)") as copy:
            copy.write(HEADER + rows_in_binary(kinds, given))  # type: ignore[arg-type]
            copy.write(rows_in_binary(kinds, [column[:0] for column in given]) + TRAILER)  # type: ignore[arg-type]
        cursor.execute("SELECT a, b::text, c, d, e, f FROM t")
        found = cursor.fetchall()
    expected = list(zip(given[0], ["0.1", "NaN", "-0"], *given[2:], strict=True))
    assert [tuple(row) for row in found] == expected
