"""Graphs that others made: how they are fed and read, and what is said of them."""

import json
import re
import warnings

import numpy as np
import onnx
import pandas as pd
import pytest
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from samescore_export import export, prove_file
from samescore_export.report import write_report
from samescore_runtime.errors import ArtifactError, InputError

X = np.random.default_rng(0).normal(size=(300, 4))
Y = np.where(X[:, 0] + X[:, 1] * X[:, 2] > 0, "yes", "no")


def judged(tmp_path, model, rows, onx, **options):
    path = tmp_path / "foreign.onnx"
    path.write_bytes(onx.SerializeToString())
    return prove_file(path, model, rows, budget=600, **options)[0]


def converted(model, rows, dtype=np.float32, zipmap=True):
    options = None if zipmap else {id(model): {"zipmap": False}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return to_onnx(model, rows[:1].astype(dtype), options=options, target_opset={"": 21, "ai.onnx.ml": 3})


@pytest.mark.parametrize("zipmap", [True, False])
def test_a_right_graph_passes(tmp_path, zipmap):
    model = LogisticRegression().fit(X, Y)
    proof = judged(tmp_path, model, X, converted(model, X, zipmap=zipmap))
    assert not [line for line in proof.failures if line.startswith("predict_proba")]
    assert proof.outputs["predict_proba"].sameness == "within 1e-05 of the scale"


def test_types_and_axes_are_said_apart_from_values(tmp_path):
    model = Ridge().fit(X, X[:, 0])
    proof = judged(tmp_path, model, X, converted(model, X))
    assert not proof.failures
    assert any("shape" in note for note in proof.notes)
    assert any("float32; float64" in note for note in proof.notes)


def test_one_input_a_column(tmp_path):
    frame = pd.DataFrame({"a": X[:, 0], "b c": X[:, 1], "kind": np.where(X[:, 2] > 0, "x", "y").astype(object)})
    columns = ColumnTransformer(
        [
            ("n", StandardScaler(), ["a", "b c"]),
            ("k", OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["kind"]),
        ]
    )
    model = make_pipeline(columns, LogisticRegression()).fit(frame, Y)
    types = [
        ("a", FloatTensorType([None, 1])),
        ("b c", FloatTensorType([None, 1])),
        ("kind", StringTensorType([None, 1])),
    ]
    proof = judged(tmp_path, model, frame, to_onnx(model, initial_types=types, target_opset={"": 21, "ai.onnx.ml": 3}))
    assert not [line for line in proof.failures if line.startswith("predict_proba")], proof.failures


def test_an_artifact_whose_metadata_was_lost_is_still_compared_bit_by_bit(tmp_path):
    model = DecisionTreeRegressor(random_state=0).fit(X, X[:, 1])
    graph = onnx.ModelProto.FromString(export(model, X).content)
    del graph.metadata_props[:]
    proof = judged(tmp_path, model, X, graph)
    assert not proof.failures
    assert proof.outputs["predict"].sameness == "proven"
    assert "metadata is lost" in proof.notes[0]
    splits = next(item for item in graph.graph.node[0].attribute if item.name == "nodes_splits")
    splits.t.CopyFrom(onnx.numpy_helper.from_array(np.nextafter(onnx.numpy_helper.to_array(splits.t), np.inf)))
    assert any("nodes_splits" in line for line in judged(tmp_path, model, X, graph).failures)


def test_what_does_not_fit_is_listed_at_once(tmp_path):
    model = Ridge().fit(X, X[:, 0])
    with pytest.raises(InputError, match=r"no_such.*decision_function"):
        judged(tmp_path, model, X, converted(model, X), mapping={"no_such": "predict", "variable": "decision_function"})
    with pytest.raises(InputError, match="takes 4 columns"):
        judged(tmp_path, Ridge().fit(X[:, :3], X[:, 0]), X[:, :3], converted(model, X))


def test_a_name_that_tells_nothing_needs_a_map(tmp_path):
    model = Ridge().fit(X, X[:, 0])
    graph = converted(model, X)
    graph.graph.output[0].name = graph.graph.node[-1].output[0] = "y"
    with pytest.raises(InputError, match="the output y tells no method"):
        judged(tmp_path, model, X, graph)
    assert not judged(tmp_path, model, X, graph, mapping={"y": "predict"}).failures


def test_a_split_moved_by_one_ulp_in_a_graph_of_others_is_found(tmp_path):
    model = RandomForestRegressor(8, max_depth=6, random_state=0).fit(X, X[:, 0] * X[:, 1])
    graph = onnx.ModelProto.FromString(export(model, X).content)
    del graph.metadata_props[:]
    graph.producer_name = "somebody"
    assert not judged(tmp_path, model, X, graph).failures
    (node,) = [node for node in graph.graph.node if node.op_type == "TreeEnsemble"]
    splits = next(item for item in node.attribute if item.name == "nodes_splits")
    values = onnx.numpy_helper.to_array(splits.t).copy()
    # A root is passed by every row, a node further down by some.
    for position in (0, 40):
        moved = values.copy()
        moved[position] = np.nextafter(moved[position], np.inf)
        splits.t.CopyFrom(onnx.numpy_helper.from_array(moved))
        assert any("a split probe" in line for line in judged(tmp_path, model, X, graph).failures), position


def test_the_page_of_a_foreign_graph_claims_no_more_than_was_done(tmp_path):
    """A failing one: what differs is red and in words, nothing is said of certificates or of a session that was not run."""
    rows = X.copy()
    rows[::5, 1] = np.nan
    model = DecisionTreeClassifier(random_state=0).fit(rows, Y)
    path = tmp_path / "foreign.onnx"
    path.write_bytes(converted(model, X).SerializeToString())
    proof, artifact = prove_file(path, model, rows, budget=600)
    write_report(proof, artifact, tmp_path, "foreign.onnx")
    page = (tmp_path / "report.html").read_text()
    assert 'class="badge bad">differs' in page
    assert "certificates cover all" not in page
    assert "two threads" not in page
    assert "np.float64" not in page
    assert json.loads((tmp_path / "report.json").read_text())["outputs"]["predict"]["default_session"] is None
    assert re.search(r"predict: \d+ values? beyond the tolerance in \d+ rows; none", "\n".join(proof.failures))


def test_a_graph_that_does_not_run_on_what_the_model_takes(tmp_path):
    model = Ridge().fit(X, X[:, 0])
    graph = converted(model, X)
    reshape = onnx.helper.make_node("Reshape", ["variable", "three"], ["narrow"])
    graph.graph.initializer.append(onnx.numpy_helper.from_array(np.array([3], np.int64), "three"))
    graph.graph.node.append(reshape)
    graph.graph.output[0].name = "narrow"
    with pytest.raises(ArtifactError, match="it does not run"):
        judged(tmp_path, model, X, graph, mapping={"narrow": "predict"})
