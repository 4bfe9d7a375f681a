"""Writes docs/coverage.md from the registry and from a report of the parity suite: every scikit-learn estimator with out-of-sample inference,
who lowers it, and what the suite's cases of it reached.

Use: make coverage
     python -m tools.coverage_page build/parity-full/report.json
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import sklearn
import sklearn.experimental.enable_halving_search_cv
import sklearn.experimental.enable_iterative_imputer
from sklearn.utils import all_estimators

from samescore_export.lowering import TABLES

PAGE = Path(__file__).resolve().parent.parent / "docs" / "coverage.md"

#: Methods that score rows which fitting has not seen.
METHODS = ("predict", "predict_proba", "decision_function", "transform", "score_samples", "kneighbors")

#: Estimators whose methods are found only on an instance.
DELEGATING = ("FrozenEstimator",)

#: Estimators that cannot be exported, and why; each is refused by that name.
REFUSED: Mapping[str, str] = {}

HEAD = """# Coverage

Made from the registry and a full report of the parity suite by `make coverage`; a test fails when scikit-learn has an estimator that the page lacks.

*Reached* is the sameness of the outputs in the suite's cases, for 2,000 ordinary rows and up to 6,000 probes each, on the runtime, plain onnxruntime, HTTP and the JVM:
**proven** (certificates cover every input), **bit-equal** (on every probe), **within** (a stated bound with its reason; also where a decision hangs on inexact
numbers). Estimators inside a pipeline or an ensemble count where they stand. *Options* are those that cases set to something other than the default.

What a lowering cannot do it refuses by name. Estimators that cannot score unseen rows (DBSCAN, TSNE, ...) are left out. skl2onnx lowers none of these; it stays the
way for estimators of other packages that have a converter there.
"""

_ORDER = ("proven", "bit-equal", "within")


def infers(kind: type) -> bool:
    """Whether instances can score rows that fitting has not seen."""
    return kind.__name__ in DELEGATING or any(hasattr(kind, method) for method in METHODS)


def estimators() -> list[tuple[str, str, type]]:
    """Module, name and type of every estimator that the page must list."""
    found = [(kind.__module__.split(".")[1], name, kind) for name, kind in all_estimators() if infers(kind)]
    return sorted(found, key=lambda item: item[:2])


def lines(report: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The page, line by line."""
    known = {kind if isinstance(kind, str) else kind.__name__ for table in TABLES for kind in table}
    cases: dict[str, list[tuple[Mapping[str, Any], Mapping[str, str]]]] = {}
    for line in report:
        for name, options in line["parts"]:
            cases.setdefault(name, []).append((line, options))
    found = estimators()
    ours = sum(name in known and name not in REFUSED for _, name, _ in found)
    yield HEAD
    yield f"{ours} of {len(found)} estimators of scikit-learn {sklearn.__version__} are lowered by samescore; {len(report)} cases.\n"
    yield "| module | estimator | cases | reached | methods | options |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for module, name, _ in found:
        yield _row(module, name, cases.get(name, []))
    yield "\n## Other packages\n\n| package | estimator | cases | reached | methods | options |\n| --- | --- | --- | --- | --- | --- |"
    packages = {
        key.rpartition(".")[2]: key.partition(".")[0] for table in TABLES for key in table if isinstance(key, str)
    }
    for name in sorted(packages):
        yield _row(packages[name], name, cases.get(name, []))


def _row(module: str, name: str, cases: Sequence[tuple[Mapping[str, Any], Mapping[str, str]]]) -> str:
    if name in REFUSED:
        return f"| {module} | {name} | | *refused by name* | | {REFUSED[name]} |"
    reached = {_class_of(sameness) for line, _ in cases for sameness in line["outputs"].values()}
    methods = sorted({output.partition(".")[0] for line, _ in cases for output in line["outputs"]})
    options: dict[str, set[str]] = {}
    for _, own in cases:
        for option, value in own.items():
            options.setdefault(option, set()).add(value)
    shown = ", ".join(f"`{option}` {_values(values)}" for option, values in sorted(options.items()))
    text = ", ".join(word for word in _ORDER if word in reached)
    return f"| {module} | {name} | {len(cases)} | {text} | {', '.join(methods)} | {shown} |"


def _values(values: set[str]) -> str:
    listed = sorted(values)
    return ", ".join(value.replace("|", "\\|") for value in listed[:8]) + (", …" if len(listed) > 8 else "")


def _class_of(sameness: str) -> str:
    if sameness in ("proven", "bit-equal"):
        return sameness
    return "within"


def main() -> int:
    """Write the page."""
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    PAGE.write_text("\n".join(lines(json.loads(Path(sys.argv[1]).read_text()))) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
