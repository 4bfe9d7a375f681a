"""samescore diff: which rows change, by how much, and where; two artifacts, or one under another Python."""

import json
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeRegressor

from samescore_export import export
from samescore_export.difference import differences
from samescore_export.sample import read_sample
from samescore_runtime.cli import main

RNG = np.random.default_rng(0)
FRAME = pd.DataFrame({"size": RNG.normal(size=200), "shop": RNG.choice(["east", "west"], 200).astype(object)})
COLUMNS = [("shop", OneHotEncoder(), ["shop"]), ("size", "passthrough", ["size"])]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("diff")
    y = FRAME["size"] + (FRAME["shop"] == "east")
    for name, shift in (("old", 0.0), ("new", 1.0)):
        labels = np.where(y + shift * (FRAME["shop"] == "west") > 0.5, "yes", "no")
        model = make_pipeline(ColumnTransformer(COLUMNS), LogisticRegression()).fit(FRAME, labels)
        export(model, FRAME, folder / f"{name}.onnx", budget=100)
    FRAME.to_csv(folder / "X.csv", index=False)
    return folder


def run(files, capsys, *arguments):
    code = main(["diff", *map(str, arguments), "--sample", str(files / "X.csv")])
    return code, capsys.readouterr().out


def test_a_refused_sample_names_the_artifact_that_refuses(files, tmp_path, capsys):
    frame = FRAME.rename(columns={"size": "height"})
    model = make_pipeline(ColumnTransformer([("n", "passthrough", ["height"])]), Ridge()).fit(frame, frame["height"])
    export(model, frame, tmp_path / "other.onnx", budget=100)
    arguments = [str(files / "old.onnx"), str(tmp_path / "other.onnx"), "--sample", str(files / "X.csv")]
    assert main(["diff", *arguments]) == 2
    assert "other.onnx: the contract refuses the sample (rows.height: no such column" in capsys.readouterr().err


def test_the_same_file_changes_nothing(files, capsys):
    code, out = run(files, capsys, files / "old.onnx", files / "old.onnx")
    assert code == 0
    assert "predict: 0 of 200 rows change" in out


def test_labels_move_where_the_change_was_made(files, capsys):
    code, out = run(files, capsys, files / "old.onnx", files / "new.onnx", "--report", files / "report")
    assert code == 1
    assert "no → yes" in out
    found = json.loads((files / "report" / "diff.json").read_text())["outputs"]
    labels = next(item for item in found if item["output"] == "predict")
    shares = {s["value"]: s["changed"] / s["rows"] for s in labels["segments"] if s["column"] == "shop"}
    assert shares["west"] > shares["east"]
    assert "What changes" in (files / "report" / "diff.html").read_text()
    assert "Rows change" in (files / "report" / "diff.md").read_text()


def test_a_limit_below_which_nothing_changes(files, capsys):
    code, out = run(files, capsys, files / "old.onnx", files / "new.onnx", "--within", 1.0, "--json")
    proba = next(item for item in json.loads(out)["outputs"] if item["output"] == "predict_proba")
    assert code == 1
    assert proba["changed"] == 0
    assert proba["largest"] > 0


def test_another_python_scores_the_same(files, capsys):
    code, out = run(files, capsys, files / "old.onnx", files / "old.onnx", "--with-python", sys.executable)
    assert code == 0
    assert "(onnxruntime 1." in out


def test_a_python_that_cannot_score_is_named(files, capsys):
    assert (
        main(["diff", *[str(files / "old.onnx")] * 2, "--sample", str(files / "X.csv"), "--with-python", "/none"]) == 2
    )
    assert "--with-python: /none" in capsys.readouterr().err


def test_numbers_missing_and_infinite():
    rows = read_sample(np.arange(8.0).reshape(4, 2))
    old, new = np.array([np.nan, np.inf, 1.0, 2.0]), np.array([np.nan, np.inf, np.nan, 2.5])
    (found,) = differences({"predict": old}, {"predict": new}, rows)
    assert found.changed == 2
    assert found.worst[0].distance == np.inf
    assert found.worst[1].distance == 0.5


def test_other_outputs_and_shapes_are_mismatches():
    X = np.arange(20.0).reshape(10, 2)
    rows = read_sample(X)
    found = differences({"predict": X[:, 0], "a": X}, {"predict": X, "b": X}, rows)
    assert [item.mismatch for item in found] == [
        "float64 (10,) became float64 (10, 2)",
        "an output of the old one alone; of both",
        "an output of the new one alone; of both",
    ]


def test_numbers_are_cut_into_quarters_and_missing():
    X = RNG.normal(size=(100, 1))
    X[:10] = np.nan
    models = [DecisionTreeRegressor(random_state=0).fit(X, np.nan_to_num(X[:, 0])), Ridge()]
    old = models[0].predict(X)
    (found,) = differences(
        {"p": old}, {"p": np.where(np.nan_to_num(X[:, 0], nan=-9) > 1, old + 1, old)}, read_sample(X)
    )
    assert found.segments[0].value == "missing"
    assert [segment.changed for segment in found.segments][:2] == [0, 0]
    assert found.segments[-1].changed > 0
