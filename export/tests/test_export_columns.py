"""Columns of every kind that a data frame may have: times, pandas' nullable types, categories, Arrow, and columns that nobody reads."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder, StandardScaler

from samescore_export import ExportError, export, export_proven
from samescore_runtime import load
from samescore_runtime.errors import InputError

RNG = np.random.default_rng(0)
ROWS = 60
DAYS = pd.Series(pd.Timestamp("2024-01-01") + pd.to_timedelta(RNG.integers(0, 9, ROWS), unit="D"))
FRAME = pd.DataFrame(
    {
        "x": RNG.normal(size=ROWS),
        "day": DAYS,
        "aware": DAYS.dt.tz_localize("UTC"),
        "Int64": pd.array(RNG.integers(0, 5, ROWS), dtype="Int64"),
        "Float64": pd.array(RNG.normal(size=ROWS).round(), dtype="Float64"),
        "boolean": pd.array(RNG.random(ROWS) < 0.5, dtype="boolean"),
        "string": pd.array(RNG.choice(["u", "v", "w"], ROWS), dtype="string"),
        "of ints": pd.Categorical(RNG.integers(0, 3, ROWS)),
        "of bools": pd.Categorical(RNG.random(ROWS) < 0.5),
        "of strings": pd.Categorical(RNG.choice(["p", "q"], ROWS)),
        "bool": RNG.random(ROWS) < 0.5,
        "int": RNG.integers(0, 5, ROWS),
        "mixed": pd.Series([1, "a", 2.5] * 20, dtype=object),
    }
)
HOLES = FRAME.copy()
for number, column in enumerate(("Int64", "Float64", "boolean", "of ints", "of bools", "of strings")):
    HOLES.loc[:: 5 + number, column] = None
Y = RNG.integers(0, 2, ROWS)


def same(model, X):
    """Exports, and compares with the model's own answer, dtype and all."""
    exported = export_proven(model, X)
    assert not exported.proof.failures
    expected = model.transform(X)
    expected = expected.toarray() if hasattr(expected, "toarray") else np.asarray(expected)
    scores = load(exported.artifact.content).score(X)["transform"]
    assert scores.dtype == expected.dtype
    np.testing.assert_array_equal(scores, expected)
    return exported


@pytest.mark.parametrize("column", ["day", "aware"])
@pytest.mark.parametrize(
    "encoder",
    [
        OneHotEncoder(handle_unknown="ignore"),
        OneHotEncoder(drop="first"),
        OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
    ],
    ids=str,
)
def test_times_as_categories(encoder, column):
    exported = same(ColumnTransformer([("e", encoder, [column]), ("x", "passthrough", ["x"])]).fit(FRAME), FRAME)
    (day,) = (item for item in exported.artifact.contract.columns if item.name == column)
    assert (day.type, day.range) == ("datetime", (DAYS.min().value // 1000, DAYS.max().value // 1000))


def test_times_are_no_output():
    for step in ("passthrough", FunctionTransformer()):
        with pytest.raises(ExportError, match="methods: transform"):
            export(ColumnTransformer([("t", step, ["day", "x"])]).fit(FRAME), FRAME)


@pytest.mark.parametrize("frame", [FRAME, HOLES], ids=["full", "holes"])
@pytest.mark.parametrize("column", ["Int64", "Float64", "boolean", "of ints", "of bools", "of strings", "bool", "int"])
def test_encoders_and_scalers(column, frame):
    steps = [OneHotEncoder(handle_unknown="ignore"), OrdinalEncoder()]
    if column != "of strings":
        steps.append(StandardScaler())
    for step in steps:
        same(ColumnTransformer([("s", step, [column])]).fit(frame), frame)


@pytest.mark.parametrize("strategy", ["most_frequent", "constant", "mean", "median"])
def test_imputers_of_whole_numbers(strategy):
    for flags in (False, True):
        imputer = SimpleImputer(missing_values=0, strategy=strategy, add_indicator=flags)
        same(imputer.fit(FRAME[["int"]]), FRAME[["int"]])


def test_outputs_of_bools_and_strings():
    same(FunctionTransformer().fit(FRAME[["bool"]]), FRAME[["bool"]])
    same(SimpleImputer(strategy="most_frequent").fit(HOLES[["of strings"]]), HOLES[["of strings"]])


def test_arrow_columns():
    pytest.importorskip("pyarrow")
    kinds = {"x": "double[pyarrow]", "int": "int64[pyarrow]", "string": "string[pyarrow]", "bool": "bool[pyarrow]"}
    frame = FRAME[list(kinds)].astype(kinds)
    steps = [("s", StandardScaler(), ["x", "int"]), ("e", OneHotEncoder(handle_unknown="ignore"), ["string", "bool"])]
    same(ColumnTransformer(steps).fit(frame), frame)


def test_a_column_of_no_type_that_nobody_reads():
    model = make_pipeline(ColumnTransformer([("s", StandardScaler(), ["x"])]), LogisticRegression()).fit(FRAME, Y)
    artifact = export(model, FRAME)
    assert [column.name for column in artifact.contract.columns] == ["x"]
    np.testing.assert_array_equal(load(artifact.content).score(FRAME)["predict"], model.predict(FRAME))
    rows = FRAME[["x", "string", "int"]].to_numpy()
    model = make_pipeline(ColumnTransformer([("s", StandardScaler(), [0])]), LogisticRegression()).fit(rows, Y)
    np.testing.assert_array_equal(load(export(model, rows).content).score(rows)["predict"], model.predict(rows))
    with pytest.raises(InputError, match="x1: values of the types"):
        export(model, FRAME[["x", "mixed", "int"]].to_numpy())


def test_a_column_of_no_type_that_is_read():
    model = ColumnTransformer([("p", "passthrough", ["mixed", "x"])]).fit(FRAME)
    with pytest.raises((ExportError, InputError)):
        export(model, FRAME)


def test_a_description_of_no_column():
    model = StandardScaler().fit(FRAME[["x", "int"]])
    with pytest.raises(
        InputError, match=r"descriptions\['imt'\]: no such column; a column of the sample, such as 'int'"
    ):
        export(model, FRAME[["x", "int"]], descriptions={"imt": ("m", None)})
    assert export(model, FRAME[["x", "int"]], descriptions={"int": ("m", None)}).contract.columns[1].unit == "m"
