"""Writes ``forest.pmml``, the forest of ``benchmarks.java_models`` once more, for JPMML-Evaluator: ``java_pmml.py FOLDER``.

Runs in an environment of its own: sklearn2pmml 0.133.1 refuses scikit-learn 1.9. That of 1.8 grows the same trees from the same seed,
which the benchmark makes sure of by comparing probabilities.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn2pmml import sklearn2pmml
from sklearn2pmml.pipeline import PMMLPipeline

rng = np.random.default_rng(0)
X = pd.DataFrame(rng.normal(size=(5000, 10)), columns=[f"x{i}" for i in range(10)])
y = (X["x0"] + X["x1"] * X["x2"] + rng.normal(size=5000) > 0).astype(int)
model = PMMLPipeline([("forest", RandomForestClassifier(100, max_depth=8, random_state=0))]).fit(X, y)
sklearn2pmml(model, str(Path(sys.argv[1]) / "forest.pmml"))
