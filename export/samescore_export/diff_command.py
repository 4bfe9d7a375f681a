"""The command ``samescore diff``."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from samescore_export.arguments import check_destination, check_within
from samescore_export.commands import read_rows
from samescore_runtime.errors import ContractError, InputError
from samescore_runtime.model import Model


def _scored(model: Model, path: Path, data: Any) -> Mapping[str, Any]:
    """The scores; a refusal says which of the two artifacts refuses the rows."""
    try:
        return model.score(data)
    except ContractError as error:
        raise InputError(path.name, f"the contract refuses the sample ({error})", "rows that both take") from error


@click.command("diff")
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@click.option(
    "--sample", required=True, type=click.Path(path_type=Path), help="Rows that both score: .csv or .parquet."
)
@click.option("--within", default=0.0, show_default=True, help="The largest difference of a number that is no change.")
@click.option(
    "--with-python",
    type=click.Path(path_type=Path),
    help="Score NEW with another Python, to compare two onnxruntime versions; it needs numpy and onnxruntime alone.",
)
@click.option("--report", type=click.Path(path_type=Path), help="A folder for diff.html, diff.md and diff.json.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def diff_command(
    old: Path, new: Path, sample: Path, within: float, with_python: Path | None, report: Path | None, as_json: bool
) -> int:
    """Compare the scores of two artifacts on the same rows: which change, by how much, and in which segments.

    With the same file twice and --with-python, compare two onnxruntime versions on one artifact.

    Exit codes: 0 no row changes, 1 some do, 2 misuse or unreadable input.

    \b
    Examples:
      samescore diff champion.onnx challenger.onnx --sample X.parquet --report diff/
      samescore diff a.onnx b.onnx --sample X.csv --within 1e-9
      samescore diff a.onnx a.onnx --sample X.csv --with-python other-env/bin/python
    """
    from samescore_export.difference import differences
    from samescore_export.other_version import score_under
    from samescore_export.report.differences import text_lines, write_differences
    from samescore_export.sample import TEXT, read_sample
    from samescore_runtime import load
    from samescore_runtime.frames import encode_frame

    check_destination(None, report)
    check_within(within)
    rows = read_rows(sample)
    models = [load(old), load(new)]
    # A text model knows no column name; its rows are a list of texts.
    texts = [[column.name for column in model.contract.columns] == [TEXT] for model in models]
    data = rows[TEXT].tolist() if all(texts) and TEXT in rows else rows
    before = _scored(models[0], old, data)
    label = str(new)
    if with_python is None:
        after = _scored(models[1], new, data)
    else:
        feed = encode_frame(models[1].contract, data)
        version, after = score_under(with_python, new, feed, list(models[1].output_names))
        label = f"{new} (onnxruntime {version})"
    found = differences(before, after, read_sample(data), within)
    if report is not None:
        write_differences(found, report, str(old), label, within)
    if as_json:
        json.dump({"old": str(old), "new": label, "outputs": [item.to_json() for item in found]}, sys.stdout, indent=1)
        print()
    else:
        print("\n".join(text_lines(found, str(old), label)))
    return 1 if any(item.changed for item in found) else 0
