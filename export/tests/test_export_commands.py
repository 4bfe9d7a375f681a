"""The exporter's commands: exit codes, messages, and that nothing is written when something is wrong."""

import json
import pickle

import joblib
import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingRegressor, HistGradientBoostingRegressor
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from samescore_runtime.cli import main


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Models and samples as files."""
    path = tmp_path_factory.mktemp("models")
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(80, 3)), columns=["a", "b", "c"])
    X.to_csv(path / "X.csv", index=False)
    X.to_parquet(path / "X.parquet")
    X.assign(y=1.0).to_csv(path / "target.csv", index=False)
    (path / "empty.csv").write_text("a,b,c\n")
    (path / "broken.parquet").write_bytes(b"no parquet")
    good = make_pipeline(StandardScaler(), HistGradientBoostingRegressor(max_iter=5)).fit(X, X["a"])
    skops.io.dump(good, path / "good.skops")
    (path / "good.pkl").write_bytes(pickle.dumps(good))
    (path / "broken.skops").write_bytes(b"no zip")
    strange = make_pipeline(FunctionTransformer(np.cumsum), LinearRegression()).fit(X, X["a"])
    (path / "strange.pkl").write_bytes(pickle.dumps(strange))
    return path


@pytest.mark.parametrize("sample", ["X.csv", "X.parquet"])
def test_export_check_and_prove(folder, tmp_path, capsys, sample):
    artifact = tmp_path / "m.onnx"
    arguments = [str(folder / "good.skops"), "--sample", str(folder / sample)]
    assert main(["check", *arguments]) == 0
    assert main(["export", *arguments, "-o", str(artifact)]) == 0
    assert "predict: proven" in capsys.readouterr().out
    assert main(["verify", str(artifact)]) == 0
    assert (
        main(["prove", str(artifact), "--against", str(folder / "good.skops"), "--sample", str(folder / sample)]) == 0
    )


@pytest.mark.parametrize(
    ("model", "sample", "said"),
    [
        ("good.pkl", "X.csv", "good.pkl: a pickle, which runs code when it is loaded; .skops, or --trust-pickle"),
        ("broken.skops", "X.csv", "broken.skops: no skops file; a model written by skops.io.dump"),
        ("absent.skops", "X.csv", "absent.skops: no such file"),
        ("good.skops", "absent.csv", "absent.csv: no such file"),
        ("good.skops", "empty.csv", "empty.csv: no rows; at least one row"),
        ("good.skops", "broken.parquet", "broken.parquet: cannot be read"),
        ("good.skops", "X.xlsx", "the suffix '.xlsx'; .csv, .csv.gz or .parquet"),
    ],
)
def test_what_cannot_be_read_exits_2_and_says_why(folder, tmp_path, capsys, model, sample, said):
    code = main(["export", str(folder / model), "--sample", str(folder / sample), "-o", str(tmp_path / "m.onnx")])
    assert code == 2
    assert said in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("model", "sample", "said"),
    [
        ("good.skops", "target.csv", "sample.y: a column that the model was not fitted on; is it the target?"),
        ("strange.pkl", "X.csv", "steps.functiontransformer: FunctionTransformer(cumsum)"),
    ],
)
def test_what_cannot_be_exported_exits_1_and_writes_nothing(folder, tmp_path, capsys, model, sample, said):
    arguments = [str(folder / model), "--sample", str(folder / sample), "--trust-pickle"]
    assert main(["export", *arguments, "-o", str(tmp_path / "m.onnx")]) == 1
    assert said in capsys.readouterr().err
    assert main(["check", *arguments]) == 1
    assert not list(tmp_path.iterdir())


def test_untrusted_types_are_all_named(folder, tmp_path, capsys):
    from samescore_train.recommender import ItemToItemRecommender

    model = ItemToItemRecommender(k=2).fit([["a", "b"], ["b", "c"]])
    skops.io.dump(model, tmp_path / "r.skops")
    pd.DataFrame({"items": [["a"]]}).to_parquet(tmp_path / "s.parquet")
    arguments = [
        "export",
        str(tmp_path / "r.skops"),
        "--sample",
        str(tmp_path / "s.parquet"),
        "-o",
        str(tmp_path / "r.onnx"),
    ]
    assert main(arguments) == 2
    assert "--trust samescore_train.recommender.ItemToItemRecommender" in capsys.readouterr().err
    assert main([*arguments, "--trust", "samescore_train.recommender.ItemToItemRecommender"]) == 0


def test_prove_catches_a_graph_changed_behind_a_renewed_checksum(folder, tmp_path, capsys):
    import onnx
    from onnx import numpy_helper

    from samescore_export.artifact_writer import artifact_bytes

    artifact = tmp_path / "m.onnx"
    arguments = ["--sample", str(folder / "X.csv")]
    assert main(["export", str(folder / "good.skops"), *arguments, "-o", str(artifact)]) == 0
    proto = onnx.ModelProto.FromString(artifact.read_bytes())
    entries = {p.key.removeprefix("samescore."): json.loads(p.value) for p in proto.metadata_props}
    del entries["integrity"]
    (trees,) = [node for node in proto.graph.node if node.op_type == "TreeEnsemble"]
    (splits,) = [attribute for attribute in trees.attribute if attribute.name == "nodes_splits"]
    values = numpy_helper.to_array(splits.t).copy()
    values[1] = np.nextafter(values[1], np.inf)
    splits.t.CopyFrom(numpy_helper.from_array(values))
    artifact.write_bytes(artifact_bytes(proto, entries))
    capsys.readouterr()
    assert main(["prove", str(artifact), "--against", str(folder / "good.skops"), *arguments]) == 1
    assert "the split differs" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["export", "check", "prove"])
def test_help_has_examples(command, capsys):
    assert main([command, "--help"]) == 0
    assert f"samescore {command} " in capsys.readouterr().out


def test_check_says_what_an_export_will_be_like(tmp_path, capsys):
    frame = pd.DataFrame({"a": np.arange(40.0), "b": np.arange(40.0) % 7, "unread": np.ones(40)})
    model = make_pipeline(
        ColumnTransformer([("kept", StandardScaler(), ["a", "b"])]), GradientBoostingRegressor(n_estimators=4)
    ).fit(frame, frame["a"])
    joblib.dump(model, tmp_path / "model.joblib")
    frame.to_csv(tmp_path / "X.csv", index=False)
    arguments = ["check", str(tmp_path / "model.joblib"), "--trust-pickle", "--sample", str(tmp_path / "X.csv")]
    assert main(arguments) == 0
    out = capsys.readouterr().out
    assert out.startswith("no problem: 2 columns")
    assert "predict: proven" in out
    assert "loads in onnxruntime 1.24.1" in out
    assert "one intra-op thread" in out
    assert "need not send: unread" in out
