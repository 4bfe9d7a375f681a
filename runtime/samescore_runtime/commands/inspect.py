"""``samescore inspect``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from samescore_runtime.artifact import Artifact, read_artifact
from samescore_runtime.contract import Column, Output


@click.command("inspect")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the contract, proof, profile and provenance as JSON.")
def inspect_command(file: Path, as_json: bool) -> int:
    """Show what an artifact takes and gives, what was proven, and where it came from.

    The integrity is checked; no model is opened.

    \b
    Examples:
      samescore inspect churn.onnx
      samescore inspect churn.onnx --json
    """
    artifact = read_artifact(file)
    click.echo(json.dumps(_entries(artifact)) if as_json else "\n".join(_page(artifact)))
    return 0


def _entries(artifact: Artifact) -> dict[str, Any]:
    return {
        "name": artifact.name,
        "digest": artifact.digest,
        "bytes": len(artifact.content),
        "contract": artifact.contract.to_json(),
        "proof": artifact.proof,
        "profile": artifact.profile,
        "provenance": artifact.provenance,
    }


def _page(artifact: Artifact) -> Iterator[str]:
    contract = artifact.contract
    yield f"{artifact.name}  ({len(artifact.content)} bytes, layout {contract.layout})"
    yield f"digest  {artifact.digest}"
    yield ""
    yield "Columns"
    yield from _table(("name", "type", "missing", "place", "notes"), [_column(column) for column in contract.columns])
    yield ""
    yield "Outputs"
    stated = (artifact.proof or {}).get("outputs", {})
    golden = artifact.golden.get("outputs", {})
    rows = [_output(output, stated.get(output.name, {}), golden.get(output.name, {})) for output in contract.outputs]
    yield from _table(("name", "type", "shape", "sameness", "tolerance", "labels"), rows)
    certificates = (artifact.proof or {}).get("certificates", [])
    if certificates:
        yield ""
        yield "Certificates"
        headings = ("at", "kind", "checked", "claim")
        yield from _table(headings, [[str(item.get(key, "")) for key in headings] for item in certificates])
    if artifact.provenance:
        yield ""
        yield "Provenance"
        for key, value in artifact.provenance.items():
            if key != "format" and value is not None:
                yield f"  {key}: {value if isinstance(value, str) else json.dumps(value)}"


def _column(column: Column) -> list[str]:
    notes = [f"range {column.range[0]!r} to {column.range[1]!r}"] if column.range else []
    if column.finite:
        notes.append("finite")
    if column.limit is not None:
        notes.append(f"magnitude up to {column.limit!r}")
    if column.categories is not None:
        known = ", ".join(column.categories[:5]) + (", …" if len(column.categories) > 5 else "")
        notes.append(f"{'only' if column.closed else 'known'}: {known} ({len(column.categories)})")
    if column.max_length is not None:
        notes.append(f"at most {column.max_length} elements")
    if column.optional:
        notes.append("may be absent")
    notes += [text for text in (column.unit, column.description) if text]
    place = f"{column.place.tensor}[{column.place.position}]"
    return [column.name, column.type, "accepted" if column.nullable else "refused", place, "; ".join(notes)]


def _output(output: Output, proof: Mapping[str, Any], golden: Mapping[str, Any]) -> list[str]:
    tolerance = golden.get("tolerance", {})
    allowed = tolerance.get("kind", "")
    if allowed == "ulp":
        allowed = f"{tolerance['ulp']} ulp, floor {tolerance['floor']}"
    shape = "×".join("?" if size is None else str(size) for size in output.shape)
    labels = "" if output.labels is None else ", ".join(map(str, output.labels[:6]))
    more = ", …" if output.labels is not None and len(output.labels) > 6 else ""
    return [output.name, output.type, shape, str(proof.get("sameness", "")), allowed, labels + more]


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, cells)) for cells in zip(headings, *rows, strict=True)]
    for cells in (headings, *rows):
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
