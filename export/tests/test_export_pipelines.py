"""Whole pipelines through export: what is proven, what is refused, what the file holds."""

import json
import warnings

import numpy as np
import onnx
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder, StandardScaler

from samescore_export import ExportError, ProofError, Registry, export, export_proven
from samescore_export.lowering import TABLES
from samescore_export.scope import Lowered
from samescore_runtime import InputError, load

ROWS = 300
NUMBERS, STRINGS = ["price", "stock", "open"], ["shop", "kind"]


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "price": rng.normal(1e6, 1, ROWS),
            "stock": rng.integers(0, 50, ROWS),
            "open": rng.random(ROWS) > 0.5,
            "shop": rng.choice(["east", "wést", "😀", "a\0b"], ROWS),
            "kind": rng.choice(["x", "east", "y"], ROWS),
        }
    )
    frame.loc[::7, "price"] = np.nan
    return frame


@pytest.fixture(scope="module")
def target(table):
    return np.where(table["stock"] + table["open"] * 20 > 30, "yes", "no")


def prepared(scaled=True):
    numbers = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler()) if scaled else SimpleImputer()
    return ColumnTransformer([("num", numbers, NUMBERS), ("cat", OneHotEncoder(handle_unknown="ignore"), STRINGS)])


def fitted(model, X, y):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(X, y)


@pytest.mark.parametrize(
    "model",
    [
        RandomForestClassifier(10, random_state=0),
        RandomForestClassifier(10, max_depth=3, random_state=0),
        GradientBoostingClassifier(n_estimators=10, random_state=0),
        HistGradientBoostingClassifier(max_iter=10, random_state=0),
    ],
    ids=["pure forest", "impure forest", "gradient boosting", "histogram gradient boosting"],
)
def test_trees_behind_scaler_and_imputer_are_proven(table, target, model):
    steps = make_pipeline(prepared(), model)
    steps[0].set_params(sparse_threshold=0)
    artifact = export(fitted(steps, table, target), table)
    outputs = artifact.proof["outputs"]
    assert outputs["predict"]["sameness"] == "proven"
    assert outputs["predict"]["bit_equal"] == outputs["predict"]["rows"]
    kinds = {certificate["kind"] for certificate in artifact.proof["certificates"]}
    assert {"tree_splits", "categories", "constants"} <= kinds
    assert artifact.proof["coverage"]["boundary_rows"] > 0


def test_linear_model_is_within_its_bound_and_its_labels_are_the_same(table, target):
    model = fitted(make_pipeline(prepared(), LogisticRegression(max_iter=2000)), table, target)
    artifact = export(model, table, methods=["predict", "predict_proba", "predict_log_proba", "decision_function"])
    scores = load(artifact.content).score(table)
    assert (scores["predict"] == model.predict(table)).all()
    tolerance = artifact.golden["outputs"]["decision_function"]["tolerance"]
    assert tolerance["kind"] == "ulp"
    assert tolerance["floor"] < 1e4, "the floor is the scale of ordinary rows, not that of a probe with huge numbers"


def test_text_beside_numbers(target):
    rng = np.random.default_rng(1)
    words = ["Hello", "wörld", "FREE", "İstanbul", "ΛΌΓΟΣ", "won't", "日本", "😀"]
    frame = pd.DataFrame({"n": rng.normal(size=ROWS), "t": [" ".join(rng.choice(words, 6)) for _ in range(ROWS)]})
    columns = ColumnTransformer([("t", TfidfVectorizer(ngram_range=(1, 2)), "t"), ("n", StandardScaler(), ["n"])])
    model = fitted(make_pipeline(columns, LogisticRegression()), frame, target)
    artifact = export(model, frame)
    places = {column.name: column.place.tensor for column in artifact.contract.columns}
    assert places == {"n": "float64", "t": "text.t"}
    assert artifact.proof["outputs"]["predict"]["flips"] == 0


@pytest.mark.parametrize("ngrams", [(1, 1), (1, 2), (2, 3)])
def test_counts_of_words_are_exact_for_any_unicode(ngrams):
    rng = np.random.default_rng(2)
    alphabet = list("aAbBzZ_019 '-.éÉßẞñÀжЖИи中文ıIİiKΣσς٣²½😀\u0301\u200d\tǅ")
    texts = ["".join(rng.choice(alphabet, rng.integers(0, 40))) for _ in range(800)]
    model = CountVectorizer(ngram_range=ngrams).fit(texts)
    got = load(export(model, texts).content).score(texts)["transform"]
    assert (got == model.transform(texts).toarray()).all()


def test_native_categories_of_histogram_gradient_boosting(table, target):
    frame = table[[*STRINGS, "price"]].astype(dict.fromkeys(STRINGS, "category"))
    model = fitted(HistGradientBoostingClassifier(max_iter=10, categorical_features="from_dtype"), frame, target)
    artifact = export(model, frame)
    assert artifact.proof["outputs"]["predict"]["sameness"] == "proven"


def test_emoji_labels_get_an_index_for_the_jvm(table):
    labels = np.where(table["stock"] > 25, "😀", "plain")
    model = fitted(RandomForestClassifier(5, random_state=0), table[["stock"]], labels)
    artifact = export(model, table[["stock"]])
    assert artifact.contract.output_named("predict").index == "predict.index"
    assert set(load(artifact.content).score(table[["stock"]])) == {"predict", "predict_proba"}


def test_the_same_export_twice_gives_the_same_bytes(table, target, tmp_path):
    model = fitted(make_pipeline(prepared(), RandomForestClassifier(5, random_state=0)), table, target)
    export(model, table, tmp_path / "a.onnx")
    export(model, table, tmp_path / "b.onnx")
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()


def test_metadata_is_ascii_json_and_the_model_is_valid_onnx(table, target):
    model = fitted(make_pipeline(prepared(), RandomForestClassifier(5, random_state=0)), table, target)
    proto = onnx.ModelProto.FromString(export(model, table).content)
    onnx.checker.check_model(proto)
    assert {prop.key for prop in proto.metadata_props} == {
        f"samescore.{name}" for name in ("contract", "golden", "proof", "profile", "provenance", "integrity")
    }
    for prop in proto.metadata_props:
        assert prop.value.isascii()
        assert json.loads(prop.value)["format"] == 1


def test_layout_by_columns_gives_one_input_each(table, target):
    model = fitted(make_pipeline(prepared(), RandomForestClassifier(5, random_state=0)), table, target)
    artifact = export(model, table, layout="columns")
    assert {"price", "stock", "open", "shop", "kind"} <= {tensor.name for tensor in artifact.contract.tensors}
    assert (load(artifact.content).score(table)["predict"] == model.predict(table)).all()


class Halved(TransformerMixin, BaseEstimator):
    """A transformer of a user."""

    def fit(self, X, y=None):
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X):
        return np.asarray(X) / 2


class WrongHalf(Halved):
    """Lowered wrongly on purpose."""


def lower_halved(estimator, inputs, scope):
    from samescore_export.values import matrix_of

    x = matrix_of(scope.graph, inputs)
    return Lowered(x.mapped(scope.graph.op("Div", x.value, scope.graph.constant(2.0))))


def lower_wrong(estimator, inputs, scope):
    from samescore_export.values import matrix_of

    x = matrix_of(scope.graph, inputs)
    return Lowered(x.mapped(scope.graph.op("Mul", x.value, scope.graph.constant(0.5000001))))


def test_a_lowering_of_the_users_own(table):
    X = table[["stock"]].astype(float)
    model = fitted(make_pipeline(Halved(), RandomForestRegressor(5, random_state=0)), X, table["stock"])
    artifact = export(model, X, registry=[{Halved: lower_halved}])
    assert artifact.proof["outputs"]["predict"]["bit_equal"] == artifact.proof["outputs"]["predict"]["rows"]


def test_a_wrong_graph_is_never_written(table, tmp_path):
    X = table[["stock"]].astype(float)
    model = fitted(make_pipeline(WrongHalf(), Ridge()), X, table["stock"])
    with pytest.raises(ProofError, match=r"predict: row \d+: expected .*, got .* ulp apart") as caught:
        export(model, X, tmp_path / "wrong.onnx", registry=[{WrongHalf: lower_wrong}])
    assert caught.value.failures
    assert not list(tmp_path.iterdir())


def test_every_problem_is_listed_at_once_by_its_path(table, target):
    columns = ColumnTransformer(
        [
            ("log", make_pipeline(SimpleImputer(), FunctionTransformer(np.array)), NUMBERS),
            ("code", OrdinalEncoder(dtype=np.float16), STRINGS),
        ]
    )
    model = fitted(make_pipeline(columns, Halved(), LogisticRegression()), table.assign(price=1.0), target)
    with pytest.raises(ExportError) as caught:
        export(model, table.assign(price=1.0))
    paths = {problem.path for problem in caught.value.problems}
    assert paths == {
        "steps.columntransformer.log.functiontransformer",
        "steps.columntransformer.code",
        "steps.halved",
    }


def test_a_target_left_in_the_sample_is_noticed(table, target):
    model = fitted(make_pipeline(prepared(), LogisticRegression(max_iter=2000)), table, target)
    with pytest.raises(ExportError, match=r"sample.answer: a column that the model was not fitted on"):
        export(model, table.assign(answer=target))


def test_a_method_the_model_does_not_have_is_named(table, target):
    model = fitted(LinearRegression(), table[["stock"]], table["stock"])
    with pytest.raises(ExportError, match="methods: predict_proba; one of predict"):
        export(model, table[["stock"]], methods=["predict_proba"])


@pytest.mark.parametrize(
    ("sample", "found"),
    [
        (pd.DataFrame({"a": []}), "no rows"),
        (pd.DataFrame({"a": ["x", 1]}), "a: values of the types int, str together"),
        (pd.DataFrame({"a": ["x", None, np.nan]}, dtype=object), "both None and NaN"),
        (object(), "a object"),
    ],
)
def test_a_bad_sample_is_refused(sample, found):
    with pytest.raises(InputError, match=found):
        export_proven(LinearRegression(), sample)


def test_contract_asks_the_model_what_it_accepts(table, target):
    strict = ColumnTransformer([("n", StandardScaler(), ["price"]), ("c", OneHotEncoder(), STRINGS)])
    frame = table.fillna({"price": 1e6})
    columns = export(fitted(make_pipeline(strict, LogisticRegression()), frame, target), frame).contract.column_named
    assert list(columns) == ["price", *STRINGS], "columns that the model does not read are no part of the contract"
    assert (columns["price"].nullable, columns["price"].finite, columns["price"].limit) == (
        False,
        True,
        3.4028235677973362e38,
    )
    forest = fitted(RandomForestClassifier(5, random_state=0), frame[["price"]], target)
    column = export(forest, frame[["price"]]).contract.column_named["price"]
    assert (column.nullable, column.finite, column.limit) == (True, True, 3.4028235677973362e38)
    assert columns["shop"].closed
    assert columns["shop"].categories == tuple(sorted({"east", "wést", "😀", "a\0b"}))
    free = fitted(HistGradientBoostingRegressor(max_iter=5), frame[["price"]], frame["stock"])
    column = export(free, frame[["price"]]).contract.column_named["price"]
    assert (column.nullable, column.finite, column.limit) == (True, False, None)


def test_leaves_without_a_lowering_go_through_skl2onnx(table, target):
    X = table[["stock", "open"]].astype(float)
    without = Registry([lowerings for lowerings in TABLES if GaussianNB not in lowerings])
    artifact = export(fitted(make_pipeline(StandardScaler(), GaussianNB()), X, target), X, registry=without)
    assert artifact.proof["outputs"]["predict"]["flips"] == 0
    assert "skl2onnx" in artifact.proof["outputs"]["predict_proba"]["reason"]


def test_no_rows_give_outputs_with_no_rows(table, target):
    texts = ["win now", "see you", "free win", "you see"]
    text_model = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts, ["spam", "ham"] * 2)
    scores = load(export(text_model, texts).content).score([])
    assert scores["predict"].shape == (0,)
    assert scores["predict"].dtype == object
    assert scores["predict_proba"].shape == (0, 2)
    forest = fitted(make_pipeline(prepared(), RandomForestClassifier(5, random_state=0)), table, target)
    assert load(export(forest, table).content).score(table[:0])["predict_proba"].shape == (0, 2)
