"""``samescore score``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

import click

from samescore_runtime.batch.database.store import is_database
from samescore_runtime.batch.inputs import find_input
from samescore_runtime.batch.run import score_file
from samescore_runtime.errors import InputError


@click.command("score")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--input",
    "source",
    required=True,
    type=click.Path(path_type=Path),
    help="Rows: a .csv, .jsonl, .parquet, .arrow or .feather file, or a folder of files of one of these kinds.",
)
@click.option(
    "--output",
    "target",
    required=True,
    help="Scores: .csv, .jsonl, .parquet, - for CSV on standard output, or a database: sqlite:///FILE, duckdb:///FILE, postgresql://...",
)
@click.option("--key", "keys", default="", help="Columns of the input to carry over, separated by commas.")
@click.option(
    "--chunk-rows", default=8192, show_default=True, type=click.IntRange(min=1), help="Rows in memory at once."
)
@click.option("--table", help="Database: the table; predictions if not given.")
@click.option("--run-id", help="Database: the run's name; made from artifact, input and settings if not given.")
@click.option(
    "--on-bad-row",
    type=click.Choice(["stop", "reject"]),
    help="Database: what rows that break the contract do: stop the run (if not given), or go to the table rejected_rows.",
)
@click.option(
    "--retry-seconds", default=60.0, show_default=True, help="Database: how long a lost server is waited for."
)
def score_command(
    file: Path,
    source: Path,
    target: str,
    keys: str,
    chunk_rows: int,
    table: str | None,
    run_id: str | None,
    on_bad_row: str | None,
    retry_seconds: float,
) -> int:
    """Score rows with an artifact, into a file or a database.

    CSV cells are read as the contract's types; an empty cell is a missing value, except for a string column that takes
    none, where it is the empty string. Lists are JSON. A file that breaks the contract is refused, and no output is
    left behind. Numbers are written so that they read back exactly.

    In a database every row is there exactly once, whatever happens meanwhile: the same command again goes on where it was. A run is seen
    by readers of latest_TABLE when it is complete. The summary is one line of JSON on standard output.

    \b
    Examples:
      samescore score churn.onnx --input rows.csv --output scores.csv --key customer
      samescore score churn.onnx --input rows.parquet --output - | head
      samescore score demand.onnx --input features/ --output sqlite:///demand.db --key stock_code,date
      samescore score demand.onnx --input rows.parquet --output postgresql://scores@db/scores --key stock_code,date --on-bad-row reject
    """
    names = [name for name in keys.split(",") if name]
    rows = find_input(source)
    if is_database(target):
        # Imported here: files need none of it.
        from samescore_runtime.batch.database.scoring import OnBadRow, Request, score_into

        action = cast(OnBadRow, on_bad_row or "stop")
        request = Request(target, table or "predictions", tuple(names), chunk_rows, action, run_id, retry_seconds)
        click.echo(json.dumps(score_into(file, rows, request)))
        return 0
    given = [name for name, value in (("--table", table), ("--run-id", run_id), ("--on-bad-row", on_bad_row)) if value]
    if given:
        raise InputError(", ".join(given), "a file as output", "a database as output")
    done = score_file(file, rows, target, names, chunk_rows)
    click.echo(f"samescore: {done:,} rows scored", err=True)
    return 0
