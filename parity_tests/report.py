"""Cases times backends in one table: ``python -m parity_tests.report -o DIR``.

Writes report.html, report.md, report.xml and report.json. The artifacts and their rows stay in ``--artifacts``, where the Java tests find them.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from parity_tests.backends import BACKENDS, Found, UnavailableError
from parity_tests.exclusions import EXCLUSIONS
from parity_tests.prepared import BRIEF, FULL, Prepared, Size, prepare_all
from parity_tests.zoo import CASES
from samescore_runtime.comparison import Comparison, compare

Standing = Literal["bit-equal", "within", "differs", "not run"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One case on one backend: how it stands, in a word and in a line."""

    standing: Standing
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """One case: its id, what the export proved by output, a cell per backend, and the estimators in it with their options.

    ``reached`` is whether every output is as much the same as the case asks.
    """

    id: str
    sameness: str
    rows: int
    cells: Mapping[str, Cell]
    outputs: Mapping[str, str] = field(default_factory=dict)
    parts: tuple[tuple[str, Mapping[str, str]], ...] = ()
    reached: bool = True


def judge(item: Prepared, found: Found) -> Cell:
    """Compare a backend's scores with the original model's, under the artifact's own tolerances and floors."""
    if isinstance(found, str):
        return Cell("differs", found)
    results: dict[str, Comparison] = {}
    for name, expected in item.expected.items():
        floor = item.floors.get(name)
        results[name] = compare(expected, found[name], item.outputs[name].tolerance, floor=floor)
    wrong = [f"{name}: {result}" for name, result in results.items() if not result.passed]
    if wrong:
        return Cell("differs", "; ".join(wrong))
    largest = max(result.largest_ulp for result in results.values())
    if largest == 0:
        return Cell("bit-equal", "bit-equal")
    return Cell("within", f"within {largest:,} ulp")


def _counter(total: int) -> Callable[[str], None]:
    """Says on standard error how many of ``total`` cases are exported."""
    start, done = time.monotonic(), 0

    def count(case_id: str) -> None:
        nonlocal done
        done += 1
        passed = f"export {done} of {total} ({time.monotonic() - start:.0f} s)"
        if sys.stderr.isatty():
            print(f"\r{passed} {case_id:60.60s}", end="\n" if done == total else "", file=sys.stderr)
        elif done % 25 == 0 or done == total:
            print(passed, file=sys.stderr)

    return count


def run(ids: Sequence[str], folder: Path, size: Size = BRIEF, seconds: float = 120) -> list[Line]:
    """Export the cases into a folder and score them on every backend; progress goes to standard error."""
    folder.mkdir(parents=True, exist_ok=True)
    prepared, broken = prepare_all(ids, folder, size, seconds, _counter(len(ids)))
    cells: dict[str, dict[str, Cell]] = {case_id: {} for case_id in ids}
    for name, score in BACKENDS.items():
        start = time.monotonic()
        print(f"score on {name} ...", end="", file=sys.stderr, flush=True)
        try:
            found = score(prepared, folder)
        except UnavailableError as error:
            print(f" {error}", file=sys.stderr)
            for item in prepared:
                cells[item.case_id][name] = Cell("not run", str(error))
            continue
        for item in prepared:
            cells[item.case_id][name] = judge(item, found[item.case_id])
        print(f" {time.monotonic() - start:.1f} s", file=sys.stderr)
    lines = []
    for case_id, text in broken.items():
        lines.append(Line(case_id, "not exported", 0, {name: Cell("differs", text) for name in BACKENDS}))
    for item in prepared:
        sameness = ", ".join(dict.fromkeys(output.sameness for output in item.outputs.values()))
        if not item.reached:
            sameness += f" (expected {CASES[item.case_id].sameness})"
        outputs = {name: output.sameness for name, output in item.outputs.items()}
        lines.append(
            Line(item.case_id, sameness, item.rows.rows, cells[item.case_id], outputs, item.parts, item.reached)
        )
    return sorted(lines, key=lambda line: list(ids).index(line.id))


def failures(lines: Sequence[Line]) -> list[str]:
    """What differs or is less the same than its case asks, and is not excluded, in words."""
    counted = [line for line in lines if line.id not in EXCLUSIONS]
    weaker = [f"{line.id}: {line.sameness}" for line in counted if not line.reached]
    return weaker + [
        f"{line.id} on {name}: {cell.text}"
        for line in counted
        for name, cell in line.cells.items()
        if cell.standing == "differs"
    ]


def junit_xml(lines: Sequence[Line]) -> str:
    """A test case per case and backend."""
    suite = ET.Element("testsuite", name="samescore parity", tests=str(sum(len(line.cells) for line in lines)))
    for line in lines:
        for name, cell in line.cells.items():
            case = ET.SubElement(suite, "testcase", classname=name, name=line.id)
            if cell.standing == "differs":
                clean = "".join(c if c >= " " else " " for c in cell.text)
                ET.SubElement(case, "failure", message=clean[:300])
            elif cell.standing == "not run":
                ET.SubElement(case, "skipped", message=cell.text)
    ET.indent(suite)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(suite, encoding="unicode") + "\n"


def write(lines: Sequence[Line], folder: Path) -> None:
    """Write the four reports."""
    folder.mkdir(parents=True, exist_ok=True)
    templates = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    families = [(name, list(group)) for name, group in groupby(lines, key=lambda line: line.id.partition("/")[0])]
    standings = {
        name: {
            standing: sum(line.cells[name].standing == standing for line in lines)
            for standing in ("bit-equal", "within", "differs", "not run")
        }
        for name in BACKENDS
    }
    values = {
        "families": families,
        "backends": list(BACKENDS),
        "standings": standings,
        "failures": failures(lines),
        "cases": len(lines),
    }
    for name in ("report.html", "report.md"):
        (folder / name).write_text(templates.get_template(f"parity_{name}").render(**values), encoding="utf-8")
    (folder / "report.xml").write_text(junit_xml(lines), encoding="utf-8")
    (folder / "report.json").write_text(json.dumps([asdict(line) for line in lines], indent=1) + "\n", encoding="utf-8")


def main(argv: Sequence[str] | None = None) -> int:
    """Run, write, and return 1 if anything differs."""
    parser = argparse.ArgumentParser(prog="python -m parity_tests.report", description=__doc__)
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for the reports")
    parser.add_argument(
        "--artifacts", type=Path, default=Path("build/artifacts/parity"), help="folder for the artifacts"
    )
    parser.add_argument("--only", default="", help="cases whose id starts with this, such as forest or scenario/spam")
    parser.add_argument(
        "--full", action="store_true", help="2,000 ordinary rows and 6,000 probes a case in place of 600 in all"
    )
    parser.add_argument("--seconds", type=float, default=120, help="time limit of one case's export (120)")
    arguments = parser.parse_args(argv)
    ids = [case_id for case_id in CASES if case_id.startswith(arguments.only)]
    if not ids:
        parser.error(f"--only {arguments.only!r} names no case")
    lines = run(ids, arguments.artifacts, FULL if arguments.full else BRIEF, arguments.seconds)
    write(lines, arguments.output)
    wrong = failures(lines)
    for text in wrong:
        print(text, file=sys.stderr)
    print(f"{len(lines)} cases on {len(BACKENDS)} backends, {len(wrong)} differ; {arguments.output / 'report.html'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
