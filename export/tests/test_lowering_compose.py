"""Columns picked in every way, of every dtype, with missing values in each; containers at their edges."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, OneHotEncoder, PowerTransformer, StandardScaler

from samescore_export import ExportError, export_proven

RNG = np.random.default_rng(0)
ROWS = 120
HOLES = RNG.random(ROWS) < 0.1
FRAME = pd.DataFrame(
    {
        "a": np.where(HOLES, np.nan, RNG.normal(size=ROWS)),
        "b": RNG.normal(size=ROWS) * 5,
        "i": RNG.integers(0, 9, ROWS),
        "s": pd.Series(np.where(HOLES, None, RNG.choice(["x", "y", "z"], ROWS)), dtype=object),
        "c": pd.Categorical(RNG.choice(["u", "v"], ROWS)),
        "t": RNG.random(ROWS) > 0.5,
        "I": pd.array(np.where(HOLES, None, RNG.integers(0, 5, ROWS)), dtype="Int64"),
        "B": pd.array(np.where(HOLES, None, RNG.random(ROWS) > 0.5), dtype="boolean"),
        "F": pd.array(np.where(HOLES, None, RNG.normal(size=ROWS)), dtype="Float64"),
        "f": RNG.normal(size=ROWS).astype(np.float32),
    }
)
LABELS = RNG.random(ROWS) > 0.5
NUMBERS = make_pipeline(SimpleImputer(), StandardScaler())
CODES = OneHotEncoder(handle_unknown="ignore")
CHOICES = {
    "names": [("n", NUMBERS, ["a", "b"]), ("o", CODES, ["s", "c"])],
    "positions": [("n", NUMBERS, [0, 1]), ("o", CODES, [3, 4])],
    "mask": [("n", NUMBERS, [True, True] + [False] * 8)],
    "slices": [("n", NUMBERS, slice("a", "i")), ("o", CODES, slice(3, 5))],
    "selectors": [
        ("n", NUMBERS, make_column_selector(dtype_include="float64")),
        ("o", CODES, make_column_selector("s|c")),
    ],
    "pandas' own types": [("n", NUMBERS, ["I", "F", "B"])],
    "bools and ints": [("n", NUMBERS, ["B", "t", "i"])],
    "float32": [("n", NUMBERS, ["f"])],
    "float32 beside float64": [("n", NUMBERS, ["f"]), ("m", NUMBERS, ["a"])],
    "nested": [("n", ColumnTransformer([("m", NUMBERS, ["a"]), ("o", CODES, ["s"])]), ["a", "s"]), ("o", CODES, ["c"])],
    "dropped and empty": [("n", NUMBERS, ["a"]), ("d", "drop", ["s"]), ("e", CODES, [])],
    "passed through": [("n", StandardScaler(), ["b"]), ("p", "passthrough", ["i", "t"])],
    "ints passed through": [("p", "passthrough", ["i"])],
    "functions": [("f", FunctionTransformer(np.square), ["b", "i"])],
    "codes of pandas' types": [("o", CODES, ["I", "B", "F"])],
}


def proven(model, rows=FRAME, methods=None):
    exported = export_proven(model, rows, methods=methods, budget=200)
    assert not exported.proof.failures


@pytest.mark.parametrize("name", CHOICES)
def test_columns(name):
    columns = ColumnTransformer(CHOICES[name]).fit(FRAME)
    proven(columns)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = make_pipeline(ColumnTransformer(CHOICES[name]), SimpleImputer(), LogisticRegression(max_iter=500))
        model.fit(FRAME, LABELS)
    proven(model, FRAME, ["predict", "predict_proba"])


def test_what_remains():
    for remainder in (SimpleImputer(), "passthrough", "drop"):
        rows = FRAME[["a", "b", "s", "f"]]
        proven(ColumnTransformer([("o", CODES, ["s"])], remainder=remainder).fit(rows), rows)


@pytest.mark.parametrize("options", [{"sparse_threshold": 0}, {"sparse_threshold": 1.0}], ids=str)
def test_sparse_and_weighted(options):
    choice = [("n", NUMBERS, ["a"]), ("o", CODES, ["s", "c"])]
    proven(ColumnTransformer(choice, transformer_weights={"n": 2.0, "o": 0.5}, **options).fit(FRAME))


def test_output_as_a_frame():
    dense = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    columns = ColumnTransformer([("n", NUMBERS, ["a"]), ("o", dense, ["s"])]).set_output(transform="pandas")
    proven(columns.fit(FRAME))


def test_arrays():
    rows = RNG.normal(size=(60, 4))
    proven(ColumnTransformer([("n", StandardScaler(), [0, -1])], remainder="passthrough").fit(rows), rows)


def test_containers_at_their_edges():
    rows = RNG.normal(size=(60, 3))
    for model in (
        Pipeline([("a", "passthrough"), ("b", StandardScaler())]),
        Pipeline([("a", "passthrough")]),
        FeatureUnion([("a", "passthrough"), ("b", StandardScaler())]),
        FeatureUnion([("a", "drop"), ("b", PowerTransformer())], transformer_weights={"b": 3}),
    ):
        proven(model.fit(rows), rows)
    proven(Pipeline([("a", None), ("b", MinMaxScaler()), ("c", Ridge())]).fit(rows, rows[:, 0]), rows)
    with pytest.raises(ExportError, match="drops all"):
        export_proven(FeatureUnion([("a", "drop")]).fit(rows), rows)


def test_times_through_a_function_are_refused():
    rows = pd.DataFrame({"when": pd.date_range("2026-01-01", periods=30), "b": np.arange(30.0)})
    columns = ColumnTransformer([("m", FunctionTransformer(lambda frame: frame), ["b"]), ("d", "drop", ["when"])])
    with pytest.raises(ExportError, match="FunctionTransformer"):
        export_proven(columns.fit(rows), rows)
