"""Makes the artifact of the current format, once, when a format is new: ``python -m parity_tests.goldens NUMBER``."""

from __future__ import annotations

import sys
from pathlib import Path

from sklearn.compose import ColumnTransformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder
from sklearn.tree import DecisionTreeClassifier

from parity_tests.data import fit, table, target
from samescore_export import export

rows = table()[["price", "kind"]]
columns = ColumnTransformer([("kind", OrdinalEncoder(), ["kind"])], remainder="passthrough")
model = fit(make_pipeline(columns, DecisionTreeClassifier(max_depth=3, random_state=0)), rows, target())
path = Path(__file__).parent / f"format-{int(sys.argv[1])}.onnx"
if path.exists():
    sys.exit(f"{path.name}: already made; a new number")
export(model, rows, path, budget=60)
