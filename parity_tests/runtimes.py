"""The suite's artifacts under other releases of onnxruntime: ``python -m parity_tests.runtimes 1.23.2 1.26.0 -o DIR``.

For each release an environment with that onnxruntime is made; every artifact is verified there, as a reader would, and all its probes are
scored. What must not be is a case that scores otherwise and passes its own check. One graph by skl2onnx stands beside them, which has no check.
Writes runtimes.md.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier

from parity_tests.prepared import BRIEF, Prepared, prepare_all
from parity_tests.zoo import CASES
from samescore_export.other_version import score_under
from samescore_runtime.comparison import compare
from samescore_runtime.errors import InputError
from samescore_runtime.frames import encode_frame

ROOT = Path(__file__).resolve().parent.parent

#: What a release did with an artifact.
SAME, REFUSED, UNNOTICED = "same", "refused by its own check", "differs, unnoticed"


@dataclass(frozen=True, slots=True)
class Standing:
    """One artifact under one release."""

    release: str
    case_id: str
    what: str
    detail: str = ""


def environment(release: str, folder: Path) -> Path:
    """A Python with one release of onnxruntime, and what ``samescore verify`` imports."""
    python = folder / release / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder / release)], check=True)
        wanted = [f"onnxruntime=={release}", "numpy", "flask", "orjson"]
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *wanted], check=True)
    return python


def standing(item: Prepared, release: str, python: Path) -> Standing:
    """Verify and score one artifact under a release."""
    command = [str(python), "-m", "samescore_runtime", "verify", str(item.path)]
    checked = subprocess.run(
        command, env=os.environ | {"PYTHONPATH": str(ROOT / "runtime")}, capture_output=True, text=True, check=False
    )
    refused = checked.returncode != 0
    try:
        feed = encode_frame(item.contract, item.rows.native())
        _, found = score_under(python, item.path, feed, list(item.expected))
    except InputError as error:
        return Standing(release, item.case_id, REFUSED if refused else UNNOTICED, str(error))
    wrong = [
        f"{name}: {result}"
        for name, expected in item.expected.items()
        if not (
            result := compare(expected, found[name], item.outputs[name].tolerance, floor=item.floors.get(name))
        ).passed
    ]
    if not wrong:
        return Standing(release, item.case_id, SAME, "refused although the same" if refused else "")
    return Standing(release, item.case_id, REFUSED if refused else UNNOTICED, "; ".join(wrong)[:300])


def foreign(release: str, python: Path, folder: Path) -> Standing:
    """skl2onnx's graph of a forest of two classes, as onnxruntime issue 28557 has it."""
    from skl2onnx import to_onnx

    X, y = make_classification(500, 10, n_informative=5, random_state=42)
    rows = X.astype(np.float32)
    model = RandomForestClassifier(20, max_depth=8, random_state=42).fit(rows[:400], y[:400])
    path = folder / "skl2onnx.onnx"
    path.write_bytes(to_onnx(model, rows[:1], options={"zipmap": False}).SerializeToString())
    _, found = score_under(python, path, {"X": rows}, ["label"])
    wrong = int((found["label"] != model.predict(rows)).sum())
    return Standing(
        release, "skl2onnx/RandomForestClassifier", UNNOTICED if wrong else SAME, f"{wrong} of 500 labels differ"
    )


def table(standings: Sequence[Standing]) -> str:
    """A line a release, then what is not the same."""
    lines = ["| onnxruntime | same | refused by its own check | differs, unnoticed |", "| --- | --- | --- | --- |"]
    for release in dict.fromkeys(item.release for item in standings):
        own = [item for item in standings if item.release == release and not item.case_id.startswith("skl2onnx/")]
        lines.append(
            f"| {release} | {' | '.join(str(sum(i.what == w for i in own)) for w in (SAME, REFUSED, UNNOTICED))} |"
        )
    lines += ["", "| onnxruntime | case | | |", "| --- | --- | --- | --- |"]
    lines += [
        f"| {item.release} | {item.case_id} | {item.what} | {item.detail.replace('|', '/')} |"
        for item in standings
        if item.what != SAME or item.detail
    ]
    return "\n".join(lines) + "\n"


def main(argv: Sequence[str] | None = None) -> int:
    """Run, write, and return 1 if an artifact of ours differs and passes its own check."""
    parser = argparse.ArgumentParser(prog="python -m parity_tests.runtimes", description=__doc__)
    parser.add_argument("releases", nargs="+", help="releases of onnxruntime, such as 1.26.0")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for runtimes.md and the environments")
    parser.add_argument("--only", default="", help="cases whose id starts with this")
    arguments = parser.parse_args(argv)
    folder = arguments.output
    artifacts = folder / "artifacts"
    artifacts.mkdir(parents=True, exist_ok=True)
    ids = [case_id for case_id in CASES if case_id.startswith(arguments.only)]
    prepared, broken = prepare_all(ids, artifacts, BRIEF, 120, lambda case_id: None)
    print(f"{len(prepared)} of {len(ids)} cases exported", *map(": ".join, broken.items()), sep="\n", file=sys.stderr)
    standings: list[Standing] = []
    for release in arguments.releases:
        python = environment(release, folder / "environments")
        standings.append(foreign(release, python, folder))
        # Each is scored in a process of its own, as a release may crash on it; a thread a core waits for these.
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            for number, found in enumerate(
                pool.map(partial(standing, release=release, python=python), prepared), start=1
            ):
                standings.append(found)
                if number % 25 == 0 or number == len(prepared):
                    print(f"onnxruntime {release}: {number} of {len(prepared)}", file=sys.stderr)
    (folder / "runtimes.md").write_text(table(standings), encoding="utf-8")
    print(table(standings))
    bad = [item for item in standings if item.what == UNNOTICED and not item.case_id.startswith("skl2onnx/")]
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
