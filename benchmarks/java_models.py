"""Writes the models that the Java benchmarks score: ``python -m benchmarks.java_models FOLDER``."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from samescore_export import export


def write_models(folder: Path) -> None:
    """``forest.onnx`` (100 trees of depth 8) and ``logistic.onnx``, over ten columns of numbers, with int64 labels."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(5000, 10)), columns=[f"x{i}" for i in range(10)])
    y = (X["x0"] + X["x1"] * X["x2"] + rng.normal(size=5000) > 0).astype(int)
    folder.mkdir(parents=True, exist_ok=True)
    export(RandomForestClassifier(100, max_depth=8, random_state=0).fit(X, y), X[:1000], folder / "forest.onnx")
    export(make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y), X[:1000], folder / "logistic.onnx")


if __name__ == "__main__":
    write_models(Path(sys.argv[1]))
