"""Writes docs/coverage.md from the registry: every scikit-learn estimator with out-of-sample inference, and who lowers it.

Use: python -m tools.coverage_page            (writes the page)
     python -m tools.coverage_page --check    (1 if the page is not what would be written)
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import sklearn.experimental.enable_halving_search_cv
import sklearn.experimental.enable_iterative_imputer  # noqa: F401
from sklearn.utils import all_estimators

from samescore_export.lowering import TABLES

PAGE = Path(__file__).resolve().parent.parent / "docs" / "coverage.md"

#: Methods that score rows which fitting has not seen.
METHODS = ("predict", "predict_proba", "decision_function", "transform", "score_samples", "kneighbors")

#: Estimators whose methods are found only on an instance.
DELEGATING = ("FrozenEstimator",)

HEAD = """# Coverage

Made from the registry by `python -m tools.coverage_page`; a test fails when scikit-learn has an estimator that the page lacks.

* **samescore**: a lowering of ours; what it cannot do it refuses by name.
* *skl2onnx*: no lowering of ours yet. Inside a pipeline or alone the leaf goes through skl2onnx and is held to the same proof, so an export
  either gives the same scores within 4,096 ulp or is refused; many are.

Estimators that cannot score unseen rows (DBSCAN, TSNE, ...) are left out.
"""


def infers(kind: type) -> bool:
    """Whether instances can score rows that fitting has not seen."""
    return kind.__name__ in DELEGATING or any(hasattr(kind, method) for method in METHODS)


def lines() -> Iterator[str]:
    """The page, line by line."""
    known = {kind for table in TABLES for kind in table}
    found = sorted((kind.__module__.split(".")[1], name, kind) for name, kind in all_estimators() if infers(kind))
    ours = sum(kind in known for _, _, kind in found)
    yield HEAD
    yield f"{ours} of {len(found)} have a lowering of ours.\n"
    yield "| module | estimator | lowered by |"
    yield "| --- | --- | --- |"
    for module, name, kind in found:
        yield f"| {module} | {name} | {'**samescore**' if kind in known else '*skl2onnx*'} |"


def main() -> int:
    """Write the page, or compare it."""
    text = "\n".join(lines()) + "\n"
    if "--check" in sys.argv[1:]:
        return int(not PAGE.exists() or PAGE.read_text() != text)
    PAGE.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
