"""``samescore score``."""

from __future__ import annotations

from pathlib import Path

import click

from samescore_runtime.batch.run import score_file


@click.command("score")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--input", "source", required=True, type=click.Path(path_type=Path), help="Rows: .csv, .jsonl or .parquet."
)
@click.option(
    "--output", "target", required=True, help="Scores: .csv, .jsonl, .parquet, or - for CSV on standard output."
)
@click.option("--key", "keys", default="", help="Columns of the input to carry over, separated by commas.")
@click.option(
    "--chunk-rows", default=8192, show_default=True, type=click.IntRange(min=1), help="Rows in memory at once."
)
def score_command(file: Path, source: Path, target: str, keys: str, chunk_rows: int) -> int:
    """Score a file of rows with an artifact.

    CSV cells are read as the contract's types; an empty cell is a missing value, except for a string column that takes
    none, where it is the empty string. Lists are JSON. A file that breaks the contract is refused, and no output is
    left behind. Numbers are written so that they read back exactly.

    \b
    Examples:
      samescore score churn.onnx --input rows.csv --output scores.csv --key customer
      samescore score churn.onnx --input rows.parquet --output - | head
    """
    names = [name for name in keys.split(",") if name]
    rows = score_file(file, source, target, names, chunk_rows)
    click.echo(f"samescore: {rows:,} rows scored", err=True)
    return 0
