"""``samescore prove`` of artifacts: graph, contract and goldens are held to the model, also behind a renewed checksum."""

import copy
import json
import re

import joblib
import numpy as np
import onnx
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier

from parity_tests.zoo import CASES
from samescore_export import export, prove_file
from samescore_export.artifact_writer import artifact_bytes
from samescore_export.errors import ProofError
from samescore_export.exporting import OTHER_MAKERS
from samescore_runtime.cli import main
from samescore_runtime.errors import InputError

RNG = np.random.default_rng(0)
ROWS = pd.DataFrame(
    {"price": RNG.normal(size=200), "weight": RNG.normal(size=200), "kind": RNG.choice(["x", "y", "z"], 200)}
)
ROWS["kind"] = ROWS["kind"].astype(object)
Y = np.where(ROWS.price > ROWS.weight, "yes", "no")


def pipeline(model=None):
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    columns = make_column_transformer((encoder, ["kind"]), remainder="passthrough")
    return make_pipeline(columns, model or DecisionTreeClassifier(random_state=0)).fit(ROWS, Y)


@pytest.fixture(scope="module")
def written():
    model = pipeline()
    content = export(model, ROWS, budget=200, descriptions={"price": ("EUR", "per piece")}).content
    proto = onnx.ModelProto.FromString(content)
    entries = {item.key.removeprefix("samescore."): json.loads(item.value) for item in proto.metadata_props}
    del entries["integrity"]
    return model, proto, entries


def proven(tmp_path, written, change, rows=ROWS):
    model, proto, entries = written
    entries = copy.deepcopy(entries)
    change(entries)
    path = tmp_path / "m.onnx"
    path.write_bytes(artifact_bytes(proto, entries))
    return prove_file(path, model, rows, budget=200)[0]


def test_an_artifact_as_it_was_written_is_proven(tmp_path, written):
    proof = proven(tmp_path, written, lambda entries: None)
    assert not proof.failures
    assert not proof.notes
    kinds = {item["kind"] for item in proof.to_json()["certificates"]}
    assert {"graph", "contract", "goldens", "tree_splits", "categories"} <= kinds


def _place(entries):
    first, second = (c for c in entries["contract"]["columns"] if c["type"] == "float64")
    first["place"], second["place"] = second["place"], first["place"]


def _golden(entries):
    entries["golden"]["outputs"]["predict"]["data"][0] = "maybe"


def _looser(entries):
    entries["golden"]["outputs"]["predict_proba"]["tolerance"] = {"kind": "ulp", "ulp": 4.0, "floor": 1.0}


WRONG = {
    "places of two columns": (_place, r"contract: columns\[price\]\.place\.position: 1; 0"),
    "a category lost": (
        lambda e: e["contract"]["columns"][-1]["categories"].pop(),
        r"contract: columns\[kind\]\.categories",
    ),
    "labels turned about": (
        lambda e: e["contract"]["outputs"][1]["labels"].reverse(),
        r"contract: outputs\[predict_proba\]\.labels\[0\]: 'yes'; 'no'",
    ),
    "a golden score": (_golden, r"goldens: predict: row 0: expected '(yes|no)', got 'maybe'"),
    "a wider tolerance": (_looser, r"goldens: predict_proba: a tolerance of 4 ulp; 0"),
    "an output without goldens": (lambda e: e["golden"]["outputs"].pop("predict"), "goldens: outputs predict_proba"),
    "goldens that are none": (lambda e: e["golden"].pop("columns"), "goldens: unreadable"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_a_file_says_wrongly_of_itself_is_found(tmp_path, written, case):
    change, said = WRONG[case]
    failures = proven(tmp_path, written, change).failures
    assert any(re.search(said, line) for line in failures), failures


def test_another_sample_shows_other_ranges_and_that_is_no_failure(tmp_path, written):
    proof = proven(tmp_path, written, lambda entries: None, ROWS[:150])
    assert not proof.failures
    assert any("in another sample" in line for line in proof.to_json()["not_covered"])


def test_other_makers_are_said(tmp_path, written):
    proof = proven(tmp_path, written, lambda entries: entries["provenance"]["packages"].update(onnx="1.0"))
    assert not proof.failures
    assert proof.notes == (OTHER_MAKERS,)


def test_an_artifact_of_another_kind_of_model_is_not_the_same_rather_than_misuse(tmp_path, capsys):
    X = RNG.normal(size=(60, 2))
    other = LogisticRegression().fit(X, X[:, 0] > 0)
    joblib.dump(other, tmp_path / "other.joblib")
    pd.DataFrame(X, columns=["a", "b"]).to_csv(tmp_path / "X.csv", index=False)
    (tmp_path / "m.onnx").write_bytes(export(pipeline(), ROWS, budget=100).content)
    with pytest.raises(ProofError, match="graph: inputs"):
        prove_file(tmp_path / "m.onnx", other, X)
    arguments = [str(tmp_path / "m.onnx"), "--against", str(tmp_path / "other.joblib"), "--trust-pickle"]
    assert main(["prove", *arguments, "--sample", str(tmp_path / "X.csv")]) == 1
    assert "contract: columns" in capsys.readouterr().err


def test_what_differs_is_not_called_proven(tmp_path):
    (tmp_path / "m.onnx").write_bytes(export(pipeline(), ROWS, budget=100).content)
    proof, _ = prove_file(tmp_path / "m.onnx", pipeline(DecisionTreeClassifier(max_depth=1)), ROWS, budget=100)
    assert proof.failures
    assert {output.sameness for output in proof.outputs.values()} == {"differs"}


@pytest.mark.parametrize("within", [-1.0, float("nan"), float("inf")])
def test_a_limit_that_is_none_is_refused(tmp_path, within):
    with pytest.raises(InputError, match=r"--within: .*; a number from 0 on"):
        prove_file(tmp_path / "m.onnx", pipeline(), ROWS, within=within)


@pytest.mark.parametrize(
    "case_id",
    [
        "scenario/recommender",
        "dicts/DictVectorizer, forest",
        "columns/pandas' own types, missing",
        "labels/MultiLabelBinarizer",
    ],
)
def test_goldens_of_any_kind_of_row_are_read_back(tmp_path, case_id):
    case = CASES[case_id]
    model, X = case.build()
    path = tmp_path / "m.onnx"
    path.write_bytes(export(model, X, methods=case.methods, budget=100).content)
    proof, _ = prove_file(path, model, X, budget=100)
    assert not proof.failures
    assert next(item for item in proof.to_json()["certificates"] if item["kind"] == "goldens")["checked"] > 0
