"""What an export is asked wrongly is refused by name, before any work is done."""

import numpy as np
import onnx
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier, StackingClassifier
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from samescore_export import ExportError, export, standard_registry
from samescore_export.certificate import FinishedGraph
from samescore_export.compiler import compile_model
from samescore_export.sample import read_sample
from samescore_export.testing import assert_same_scores
from samescore_runtime import load
from samescore_runtime.cli import main
from samescore_runtime.errors import InputError, SamescoreError

X = np.random.default_rng(0).normal(size=(60, 3))
Y = (X[:, 0] > 0).astype(int)
FRAME = pd.DataFrame(X, columns=["a", "b", "c"])
TREE = DecisionTreeClassifier(max_depth=3).fit(X, Y)
HALF = "half \ud800 a pair"


def text_frame(values):
    return pd.DataFrame({"s": np.array(values, dtype=object)}, dtype=object)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (DecisionTreeClassifier(), "model: not fitted (This DecisionTreeClassifier instance is not fitted yet"),
        (make_pipeline(StandardScaler(), LogisticRegression()), "model: not fitted (This Pipeline instance"),
        (DecisionTreeClassifier, "model: the class DecisionTreeClassifier; a fitted estimator"),
        (None, "model: a NoneType"),
        ("model.skops", "model: a str"),
    ],
)
def test_what_is_no_fitted_model(model, said):
    with pytest.raises(InputError) as found:
        export(model, FRAME)
    assert said in str(found.value)


def test_an_estimator_without_methods_before_it_is_fitted():
    with pytest.raises(ExportError, match="model: a StackingClassifier that is not fitted; a fitted model"):
        export(StackingClassifier([("a", LogisticRegression())]), FRAME)


@pytest.mark.parametrize(
    ("sample", "said"),
    [
        (pd.DataFrame(X, columns=["a", "b", "b"]), "sample: several columns named 'b'; a name of its own for each"),
        (pd.DataFrame(X, columns=["a", 1, "1"]), "several columns named '1'"),
        (FRAME.iloc[:0], "sample: no rows"),
        (FRAME[[]], "sample: no columns; at least one column"),
        (X[:, :0], "sample: no columns"),
        ([], "sample: a list with no element"),
        (FRAME.assign(a=["x", 1, 2.5] * 20), "a: values of the types float, int, str together"),
        (FRAME.assign(a=np.array([2**64 - 1, 1] * 30, np.uint64)), "a: a whole number beyond int64"),
        (np.full((5, 3), 2**64 - 1, np.uint64), "a whole number beyond int64"),
        (FRAME.assign(a=pd.Series([10**400, 1] * 30, dtype=object)), "a: a whole number too large for float64"),
        (text_frame(["a", HALF] * 30), "s: a lone surrogate, which is no text"),
        (["a", HALF], "sample: a list with a lone surrogate"),
        ([["a"], [HALF]], "sample: lists with a lone surrogate"),
        (X.tolist(), "lists with float; lists of strings, or a 2-D array of numbers"),
        (X[0], "sample: the model refuses it (ValueError: Expected 2D array"),
        (X[:, :2], "sample: the model refuses it (ValueError: X has 2 features"),
        (X * np.inf, "sample: the model refuses it (ValueError: Input X contains infinity"),
    ],
)
def test_a_sample_that_is_none(sample, said):
    with pytest.raises(InputError) as found:
        export(TREE, sample)
    assert said in str(found.value)


def test_a_row_amid_the_sample_that_the_model_refuses():
    rows = X.copy()
    rows[7] = np.nan
    with pytest.raises(InputError, match=r"the model refuses it \(ValueError: Input X contains NaN"):
        export(LogisticRegression().fit(X, Y), rows)


def test_columns_in_another_order_are_refused_in_scikit_learns_words():
    with pytest.raises(InputError, match="must be in the same order as they were in fit"):
        export(DecisionTreeClassifier().fit(FRAME, Y), FRAME[["c", "b", "a"]])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"methods": []}, "methods: no name"),
        ({"methods": "predict"}, "methods: 'predict'; a list of names"),
        ({"methods": [3]}, "methods: [3]"),
        ({"budget": 0}, "budget: 0; at least 1"),
        ({"seed": -1}, "seed: -1; 0 or more"),
        ({"descriptions": {"x0": "metres"}}, "descriptions['x0']: 'metres'; (unit, description)"),
        ({"layout": "wide"}, "layout: 'wide'; packed or columns"),
        ({"registry": [3]}, "registry: a int; a list of tables"),
        ({"registry": {DecisionTreeClassifier: None}}, "registry: DecisionTreeClassifier; a list of tables"),
    ],
)
def test_arguments(options, said):
    with pytest.raises(InputError) as found:
        export(TREE, X, **options)
    assert said in str(found.value)


def test_a_misspelt_method_is_told_those_that_there_are():
    with pytest.raises(ExportError, match="methods: predict_prob; one of predict, predict_proba, predict_log_proba"):
        export(TREE, X, methods=["predict_prob"])


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ({"path": "nowhere/m.onnx"}, "no such folder"),
        ({"path": ""}, "a folder; a file to write"),
        ({"report": "taken"}, "is a file; a folder for the report"),
        ({"report": "taken/report"}, "is a file; a folder for the report"),
    ],
)
def test_places_are_looked_at_before_the_work(tmp_path, place, said):
    (tmp_path / "taken").write_text("a file")
    stages = []
    with pytest.raises(InputError) as found:
        export(TREE, X, **{key: tmp_path / value for key, value in place.items()}, progress=stages.append)
    assert said in str(found.value)
    assert not stages


def test_a_folder_that_must_not_be_written(tmp_path, monkeypatch):
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(InputError, match="must not be written"):
        export(TREE, X, tmp_path / "m.onnx")
    with pytest.raises(InputError, match="must not be written"):
        export(TREE, X, report=tmp_path / "report")


@pytest.mark.parametrize(
    ("make", "rows"),
    [
        (lambda: DecisionTreeClassifier().fit(X, np.array(["good", HALF], dtype=object)[Y]), X),
        (
            lambda: make_pipeline(OneHotEncoder(), LogisticRegression()).fit(text_frame(["a", HALF] * 30), Y),
            text_frame(["a", "a"]),
        ),
        (lambda: make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(["good day", HALF] * 30, Y), ["good day"]),
    ],
)
def test_text_that_is_none_within_the_model(make, rows):
    """Refused, or never needed; but nothing breaks."""
    model = make()
    try:
        export(model, rows, budget=100)
    except SamescoreError as error:
        assert "surrogate" in str(error)  # noqa: PT017


def test_labels_beyond_int64():
    model = DecisionTreeClassifier().fit(X, np.array([2**63, 1], np.uint64)[Y])
    with pytest.raises(ExportError, match="the label 9223372036854775808; whole numbers within int64"):
        export(model, X)


def test_labels_that_no_output_holds():
    with pytest.raises(ExportError, match=r"labels of the type \|S1; strings"):
        export(DecisionTreeClassifier().fit(X, np.array([b"a", b"b"])[Y]), X)


@pytest.mark.parametrize("kind", [DecisionTreeClassifier, LogisticRegression])
def test_labels_that_end_in_nul(kind):
    labels = np.array(["a", "a\0"], dtype=object)
    assert_same_scores(kind().fit(X, labels[Y]), X, methods=["predict"])


def test_no_method_is_called_that_is_no_output():
    """fit_predict would fit the model anew."""
    model = KMeans(2, n_init=1, random_state=0).fit(X)
    before = model.cluster_centers_.copy()
    with pytest.raises(ExportError, match="methods: fit_predict; one of predict, transform"):
        export(model, X[:20], methods=["fit_predict"])
    assert (model.cluster_centers_ == before).all()


@pytest.mark.parametrize("names", [["predict", "b", "predict_proba"], ["", "b", "c"]])
def test_names_that_are_taken_in_the_layout_columns(names):
    frame = pd.DataFrame(X, columns=names)
    model = DecisionTreeClassifier().fit(frame, Y)
    with pytest.raises(ExportError, match=f"sample: a column named {names[0]!r}; a name that no output"):
        export(model, frame, layout="columns")
    assert_same_scores(model, frame)


def test_a_column_named_like_the_mask_of_another():
    frame = pd.DataFrame({"s": ["a", None] * 30, "s.missing": ["x", "y"] * 30})
    model = make_pipeline(OneHotEncoder(handle_unknown="ignore"), DecisionTreeClassifier()).fit(frame, Y)
    with pytest.raises(ExportError, match=r"sample: a column named 's.missing'"):
        export(model, frame, layout="columns")
    assert_same_scores(model, frame)


@pytest.mark.parametrize("kind", ["uint8", "uint64", "int8", "UInt8", "Int8", "UInt64"])
def test_whole_numbers_of_few_bits_or_no_sign(kind):
    """Probes go beyond them: -1 is no uint8, and is a number to the model."""
    frame = pd.DataFrame({"a": np.arange(60) % 7, "b": X[:, 0]}).astype({"a": kind})
    assert_same_scores(make_pipeline(StandardScaler(), DecisionTreeClassifier()).fit(frame, Y), frame)


def test_an_array_of_objects():
    mixed = np.c_[X.astype(object), np.array(["a", "b"] * 30, dtype=object)]
    columns = make_column_transformer((OneHotEncoder(), [3]), remainder="passthrough")
    assert_same_scores(make_pipeline(columns, DecisionTreeClassifier()).fit(mixed, Y), mixed)
    assert_same_scores(TREE, X.astype(object))


def test_one_class():
    for model in (DecisionTreeClassifier(), RandomForestClassifier(n_estimators=3)):
        assert_same_scores(model.fit(X, 0 * Y), X)
    with pytest.raises(ExportError, match="fitted on one class"):
        export(HistGradientBoostingClassifier(max_iter=3).fit(X, 0 * Y), X)


@pytest.mark.parametrize("names", [[0, 1, 2], [1, "b", 2.5], pd.MultiIndex.from_tuples([("x", 1), ("x", 2), ("y", 1)])])
def test_names_that_are_no_strings(names, tmp_path):
    frame = pd.DataFrame(X, columns=names)
    artifact = assert_same_scores(TREE, frame)
    (tmp_path / "m.onnx").write_bytes(artifact.content)
    assert (load(tmp_path / "m.onnx").score(frame)["predict"] == TREE.predict(X)).all()


@pytest.mark.parametrize("rows", [X[:1], X[Y == 0]], ids=["one row", "a class is lacking"])
def test_a_poor_sample_is_enough(rows):
    assert_same_scores(TREE, rows)


def test_a_sameness_that_does_not_exist():
    with pytest.raises(InputError, match="at_least: 'equal'; within or bit-equal or proven"):
        assert_same_scores(TREE, X, at_least="equal")


def test_the_command_lists_diff(capsys):
    assert main(["--help"]) == 0
    assert "Say which scores change between two artifacts." in capsys.readouterr().out


def test_commands_look_at_their_places_first(tmp_path, capsys):
    """Neither the model nor the sample is there: what is said is where nothing could be written."""
    (tmp_path / "taken").write_text("a file")
    taken = ["--report", str(tmp_path / "taken")]
    sample = ["--sample", "X.csv"]
    for arguments in (
        ["export", "m.skops", *sample, "-o", str(tmp_path / "m.onnx"), *taken],
        ["prove", "m.onnx", "--against", "m.skops", *sample, *taken],
        ["diff", "a.onnx", "b.onnx", *sample, *taken],
    ):
        assert main(arguments) == 2
        assert "is a file; a folder for the report" in capsys.readouterr().err
    assert main(["export", "m.skops", *sample, "-o", str(tmp_path / "no" / "m.onnx")]) == 2
    assert "no such folder" in capsys.readouterr().err


def test_the_certificate_of_dicts_sees_a_string_that_has_another_feature():
    rows = [{"shop": "east", "price": 1.0}, {"shop": "west", "price": 2.0}] * 20
    model = make_pipeline(DictVectorizer(), DecisionTreeClassifier()).fit(rows, [0, 1] * 20)
    compiled = compile_model(model, read_sample(rows, dicts=True), standard_registry())
    graph = onnx.ModelProto()
    graph.CopyFrom(compiled.model)
    (lookup,) = [node for node in graph.graph.node if node.op_type == "LabelEncoder"]
    keys = next(item.t for item in lookup.attribute if item.name == "keys_tensor")
    keys.string_data[:] = list(reversed(keys.string_data))
    finished = FinishedGraph(graph, compiled.used)
    (certificate,) = [item for item in compiled.certificates if item.kind == "categories"]
    assert certificate.verify(FinishedGraph(compiled.model, compiled.used)).failures == ()
    assert "keys_tensor: 2 values differ" in certificate.verify(finished).failures[0]
