"""Exporting large forests: time, memory and bytes against skl2onnx, each in a process of its own.

Use: python -m benchmarks.forests EXPORTER MODEL.joblib    (prints one line of JSON; called by the benchmark itself)
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from sklearn.ensemble import RandomForestClassifier

#: Trees of the forests; cost must grow as they do.
SIZES = (125, 250, 500)


def rows() -> np.ndarray[Any, np.dtype[np.float64]]:
    """(10,000, 20) normal numbers."""
    return np.random.default_rng(0).normal(size=(10_000, 20))


def large_forests() -> Iterator[str]:
    """A table row per size."""
    X = rows()
    y = X[:, 0] + X[:, 1] * X[:, 2] + np.random.default_rng(1).normal(size=len(X)) > 0
    with tempfile.TemporaryDirectory() as folder:
        for trees in SIZES:
            path = Path(folder) / f"{trees}.joblib"
            model = RandomForestClassifier(trees, random_state=0, n_jobs=-1).fit(X, y)
            model.n_jobs = None
            joblib.dump(model, path)
            nodes = sum(member.tree_.node_count for member in model.estimators_)
            del model
            ours, theirs = _measured("samescore", path), _measured("skl2onnx", path)
            yield (
                f"| {trees} | {nodes:,} | {ours['compile']:.1f} s | {ours['seconds']:.1f} s | {ours['peak']:,.0f} MB | {ours['bytes'] / 1e6:.1f} MB "
                f"| {theirs['seconds']:.1f} s | {theirs['peak']:,.0f} MB | {theirs['bytes'] / 1e6:.1f} MB |"
            )


def _measured(exporter: str, path: Path) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.forests", exporter, str(path)], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])  # type: ignore[no-any-return]


def _samescore(model: Any) -> dict[str, float]:
    from samescore_export import export_proven

    stages: dict[str, float] = {}
    start = time.perf_counter()
    artifact = export_proven(
        model, rows()[:500], progress=lambda stage: stages.setdefault(stage, time.perf_counter())
    ).artifact
    return {
        "compile": stages["prove: the model's answers"] - stages["compile"],
        "seconds": time.perf_counter() - start,
        "bytes": len(artifact.content),
    }


def _skl2onnx(model: Any) -> dict[str, float]:
    from skl2onnx import to_onnx

    start = time.perf_counter()
    options = {id(model): {"zipmap": False}}
    content = to_onnx(model, rows()[:1].astype(np.float32), options=options).SerializeToString()
    return {"seconds": time.perf_counter() - start, "bytes": len(content)}


def main() -> None:
    """Export one model and print what it took."""
    exporter, path = sys.argv[1:]
    measured = {"samescore": _samescore, "skl2onnx": _skl2onnx}[exporter](joblib.load(path))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    print(json.dumps({**measured, "peak": peak}))


if __name__ == "__main__":
    main()
