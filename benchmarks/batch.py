"""Batch into a database: beside reading and scoring alone, and beside loading the same rows alone. ``python -m benchmarks.batch``."""

from __future__ import annotations

import contextlib
import io
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
from sklearn.ensemble import RandomForestRegressor

from parity_tests import postgresql_server
from samescore_export import export
from samescore_runtime import load
from samescore_runtime.batch.database.copy_binary import HEADER, TRAILER, rows_in_binary
from samescore_runtime.batch.inputs import find_input
from samescore_runtime.cli import main

ROWS, CHUNK, ROUNDS = 300_000, 8192, 5


def _seconds(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _score(artifact: Path, rows: Path, url: str, run_id: str) -> dict[str, Any]:
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        code = main(
            ["score", str(artifact), "--input", str(rows), "--output", url, "--key", "number", "--run-id", run_id]
        )
    if code:
        sys.exit(code)
    summary: dict[str, Any] = json.loads(told.getvalue())
    return summary


def measure(folder: Path) -> dict[str, float]:
    """Median seconds of each way, in turns over the same rows."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(4000, 10))
    model = RandomForestRegressor(50, max_depth=8, random_state=0).fit(X, X[:, 0] * X[:, 1])
    names = [f"x{i}" for i in range(10)]
    many = pa.table({"number": np.arange(ROWS), **{name: rng.normal(size=ROWS) for name in names}})
    rows, artifact = folder / "rows.parquet", folder / "forest.onnx"
    pq.write_table(many, rows, row_group_size=65_536)
    import pandas as pd

    export(model.fit(pd.DataFrame(X, columns=names), X[:, 0] * X[:, 1]), pd.DataFrame(X, columns=names), artifact)
    opened = load(artifact)
    scores = np.concatenate(
        [opened.score(chunk.data)["predict"] for chunk in find_input(rows).chunks(opened.contract, ["number"], CHUNK)]
    )
    times: dict[str, list[float]] = {
        "read and score": [],
        "bare COPY": [],
        "postgresql": [],
        "sqlite": [],
        "duckdb": [],
    }
    with (
        postgresql_server.server(folder / "server") as server,
        psycopg.connect(server.url, autocommit=True) as connection,
    ):
        for turn in range(ROUNDS):
            times["read and score"].append(
                _seconds(
                    lambda: [
                        opened.score(chunk.data)
                        for chunk in find_input(rows).chunks(opened.contract, ["number"], CHUNK)
                    ]
                )
            )
            table = f"bare{turn}"
            connection.execute(
                f"CREATE TABLE {table} (run BIGINT, row_number BIGINT, number BIGINT, predict FLOAT8, PRIMARY KEY (run, row_number))"
            )
            connection.execute(f"CREATE INDEX ON {table} (number, run)")
            times["bare COPY"].append(_seconds(lambda table=table: _bare(connection, table, scores)))
            times["postgresql"].append(_seconds(lambda turn=turn: _score(artifact, rows, server.url, f"r{turn}")))
            for kind in ("sqlite", "duckdb"):
                url = f"{kind}:///{folder / f'{kind}.db'}"
                times[kind].append(_seconds(lambda url=url, turn=turn: _score(artifact, rows, url, f"r{turn}")))
    return {name: statistics.median(values) for name, values in times.items()}


def _bare(connection: psycopg.Connection[Any], table: str, scores: Any) -> None:
    """The rows alone, already in memory, a transaction a chunk as well."""
    for start in range(0, len(scores), CHUNK):
        part = scores[start : start + CHUNK]
        number = np.arange(start, start + len(part))
        content = rows_in_binary(
            ["whole", "whole", "whole", "number"], [np.ones(len(part), np.int64), number, number, part]
        )
        with (
            connection.transaction(),
            connection.cursor() as cursor,
            cursor.copy(f"COPY {table} FROM STDIN (FORMAT BINARY)") as copy,
        ):
            copy.write(HEADER + content + TRAILER)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        (Path(made) / "server").mkdir()
        found = measure(Path(made))
    slower = max(found["read and score"], found["bare COPY"])
    for title, seconds in found.items():
        print(
            f"{title:15} {seconds:6.2f} s  {ROWS / seconds:9,.0f} rows/s  {slower / seconds:5.0%} of the slower of the first two"
        )
