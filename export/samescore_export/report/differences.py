"""The findings of ``samescore diff`` as a page, as Markdown, as JSON, and as lines for a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from samescore_export.difference import OutputDifference
from samescore_export.report.content import counted
from samescore_export.report.page import TEMPLATES


def write_differences(found: Sequence[OutputDifference], folder: Path, old: str, new: str, within: float) -> None:
    """Write diff.html, diff.md and diff.json into a folder, which is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    values = {
        "outputs": found,
        "old": old,
        "new": new,
        "within": within,
        "changed": max((item.changed for item in found), default=0),
        "rows": max((item.rows for item in found), default=0),
    }
    for name in ("diff.html", "diff.md"):
        (folder / name).write_text(TEMPLATES.get_template(name).render(**values), encoding="utf-8")
    machine = {"old": old, "new": new, "within": within, "outputs": [item.to_json() for item in found]}
    (folder / "diff.json").write_text(json.dumps(machine, indent=1) + "\n", encoding="utf-8")


def text_lines(found: Sequence[OutputDifference], old: str, new: str) -> Iterator[str]:
    """The findings for a terminal: an output a paragraph, the segments where most changes."""
    yield f"{old} -> {new}"
    for item in found:
        if item.mismatch is not None:
            yield f"{item.output}: {item.mismatch}"
            continue
        size = "" if item.largest is None else f", at most {item.largest:.3g} ({counted(item.largest_ulp or 0)} ulp)"
        yield f"{item.output}: {item.changed:,} of {item.rows:,} rows change{size if item.changed else ''}"
        yield from (f"  {move}: {count:,} rows" for move, count in list(item.moves.items())[:10])
        touched = [segment for segment in item.segments if segment.changed]
        touched.sort(key=lambda segment: -segment.changed / segment.rows)
        yield from (
            f"  {segment.column} {segment.value}: {segment.changed:,} of {segment.rows:,}" for segment in touched[:8]
        )
