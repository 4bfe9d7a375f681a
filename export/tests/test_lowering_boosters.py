"""XGBoost, LightGBM and CatBoost: objectives, missing values, categories, early stopping; each where it is installed."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.ensemble import AdaBoostRegressor, BaggingRegressor, StackingClassifier, VotingClassifier
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from parity_tests.data import target, texts
from samescore_export import ExportError, export, export_proven
from samescore_export.registry import standard_registry

RNG = np.random.default_rng(0)
ROWS = 240
X = RNG.normal(size=(ROWS, 5))
X[:, 1] = np.round(X[:, 1] * 2)
X[:, 3] = RNG.integers(0, 12, ROWS)
WHOLE = X.copy()
X[RNG.random(X.shape) < 0.05] = np.nan
CODES = np.where(np.arange(5) == 3, WHOLE, X)
SUM = WHOLE[:, 0] + np.isin(WHOLE[:, 3], [2, 5, 7]) + RNG.normal(size=ROWS) * 0.3
TWO, THREE = (SUM > 0.3).astype(int), np.digitize(SUM, [-0.2, 0.7])
POSITIVE = np.exp(SUM / 2)
FRAME = pd.DataFrame(
    {
        "a": X[:, 0],
        "c": pd.Categorical(RNG.choice(["x", "yy", "e", "h", "w"], ROWS)),
        "n": RNG.integers(0, 9, ROWS),
        "d": pd.Categorical(np.where(RNG.random(ROWS) < 0.1, None, RNG.choice(list("pqr"), ROWS))),
    }
)
AMOUNT = WHOLE[:, 0] + FRAME.c.isin(["yy", "w"]) * 2.0 + (FRAME.d == "q")
SMALL = {
    "xgboost": {"n_estimators": 8, "max_depth": 4},
    "lightgbm": {"n_estimators": 8, "num_leaves": 9, "verbose": -1},
}
SMALL["catboost"] = {"iterations": 8, "depth": 4, "verbose": 0, "allow_writing_files": False}

pytestmark = pytest.mark.filterwarnings("ignore")


def made(name, **options):
    """An estimator by ``package.Class``, small unless told otherwise."""
    package, _, kind = name.partition(".")
    return getattr(pytest.importorskip(package), kind)(**{**SMALL[package], **options})


def proven(model, rows, bit_equal=False):
    methods = [name for name in ("predict", "predict_proba", "decision_function") if hasattr(model, name)]
    exported = export_proven(model, rows, methods=methods, budget=250)
    assert not exported.proof.failures
    for name, output in exported.proof.outputs.items():
        if name == "predict" and bit_equal:
            assert output.sameness in ("proven", "bit-equal")
    return exported


@pytest.mark.parametrize("name", ["xgboost.XGB", "lightgbm.LGBM", "catboost.CatBoost"])
@pytest.mark.parametrize("labels", [TWO, THREE], ids=["two", "three"])
def test_classes(name, labels):
    proven(made(f"{name}Classifier").fit(X, labels), X)


@pytest.mark.parametrize("name", ["xgboost.XGB", "lightgbm.LGBM", "catboost.CatBoost"])
def test_amounts(name):
    proven(made(f"{name}Regressor").fit(X, SUM), X, bit_equal=True)
    proven(made(f"{name}Regressor").fit(X.astype(np.float32), SUM), X.astype(np.float32), bit_equal=True)


@pytest.mark.parametrize("name", ["lightgbm.LGBMClassifier", "catboost.CatBoostClassifier"])
def test_labels_that_are_strings(name):
    proven(made(name).fit(X, np.array(["no", "yes", "maybe"])[THREE]), X)


@pytest.mark.parametrize(
    "options",
    [
        {"objective": "count:poisson"},
        {"objective": "reg:gamma"},
        {"objective": "reg:tweedie"},
        {"objective": "reg:absoluteerror", "base_score": 5.0},
        {"objective": "reg:quantileerror", "quantile_alpha": [0.2, 0.8]},
        {"booster": "dart", "rate_drop": 0.3},
        {"booster": "gblinear"},
        {"num_parallel_tree": 3, "subsample": 0.7},
        {"missing": 0.0},
        {"grow_policy": "lossguide", "max_leaves": 7},
        {"tree_method": "exact"},
    ],
    ids=str,
)
def test_xgboost_amounts(options):
    exponential = options.get("objective") in ("count:poisson", "reg:gamma", "reg:tweedie")
    proven(made("xgboost.XGBRegressor", **options).fit(X, POSITIVE), X, bit_equal=not exponential)


@pytest.mark.parametrize(
    "options",
    [
        {"base_score": 0.3},
        {"objective": "binary:logitraw"},
        {"objective": "reg:logistic"},
        {"booster": "dart", "rate_drop": 0.3},
        {"booster": "gblinear"},
    ],
    ids=str,
)
def test_xgboost_two_classes(options):
    proven(made("xgboost.XGBClassifier", **options).fit(X, TWO), X, bit_equal=True)


@pytest.mark.parametrize(
    "options", [{"objective": "multi:softmax"}, {"booster": "dart", "rate_drop": 0.3}, {"booster": "gblinear"}]
)
def test_xgboost_three_classes(options):
    proven(made("xgboost.XGBClassifier", **options).fit(X, THREE), X)


def test_xgboost_several_targets_and_forests():
    both = np.c_[SUM, POSITIVE]
    proven(made("xgboost.XGBRegressor").fit(X, both), X, bit_equal=True)
    whole = made("xgboost.XGBRegressor", multi_strategy="multi_output_tree", tree_method="hist")
    proven(whole.fit(X, both), X, bit_equal=True)
    proven(made("xgboost.XGBRFClassifier").fit(X, THREE), X)
    proven(made("xgboost.XGBRFRegressor").fit(X, SUM), X, bit_equal=True)
    ranker = made("xgboost.XGBRanker").fit(X, THREE, qid=np.repeat(np.arange(24), 10))
    proven(ranker, X, bit_equal=True)


@pytest.mark.parametrize("most", [1, 100], ids=["partitions", "one-hot"])
def test_xgboost_categories(most):
    options = {"enable_categorical": True, "max_cat_to_onehot": most, "tree_method": "hist"}
    kinds = ["q", "q", "q", "c", "q"]
    proven(made("xgboost.XGBRegressor", feature_types=kinds, **options).fit(CODES, SUM), CODES, bit_equal=True)
    proven(made("xgboost.XGBRegressor", **options).fit(FRAME, AMOUNT), FRAME, bit_equal=True)


@pytest.mark.parametrize(
    "options",
    [
        {"objective": "poisson"},
        {"objective": "gamma"},
        {"objective": "quantile"},
        {"objective": "mape"},
        {"reg_sqrt": True},
        {"boosting_type": "rf", "bagging_freq": 1, "bagging_fraction": 0.6},
        {"boosting_type": "dart"},
        {"data_sample_strategy": "goss"},
        {"zero_as_missing": True},
        {"use_missing": False},
        {"categorical_feature": [3], "max_cat_to_onehot": 1, "cat_smooth": 1, "min_data_per_group": 1},
    ],
    ids=str,
)
def test_lightgbm_amounts(options):
    exponential = options.get("objective") in ("poisson", "gamma")
    rows = CODES if "categorical_feature" in options else X
    proven(made("lightgbm.LGBMRegressor", **options).fit(rows, POSITIVE), rows, bit_equal=not exponential)


@pytest.mark.parametrize(
    "options", [{"objective": "multiclassova"}, {"boosting_type": "rf", "bagging_freq": 1, "bagging_fraction": 0.6}]
)
def test_lightgbm_classes(options):
    proven(made("lightgbm.LGBMClassifier", **options).fit(X, THREE), X)


def test_lightgbm_two_classes_frames_and_dust():
    proven(made("lightgbm.LGBMClassifier", sigmoid=2.5).fit(X, TWO), X, bit_equal=True)
    proven(made("lightgbm.LGBMRegressor").fit(FRAME, AMOUNT), FRAME, bit_equal=True)
    proven(made("lightgbm.LGBMRegressor").fit(X * 1e-35, SUM), X * 1e-35, bit_equal=True)
    proven(made("lightgbm.LGBMRanker").fit(X, THREE, group=np.full(24, 10)), X, bit_equal=True)


@pytest.mark.parametrize(
    "options",
    [
        {"loss_function": "Poisson"},
        {"loss_function": "Quantile:alpha=0.3"},
        {"nan_mode": "Max"},
        {"grow_policy": "Lossguide"},
        {"grow_policy": "Depthwise"},
    ],
    ids=str,
)
def test_catboost_amounts(options):
    proven(made("catboost.CatBoostRegressor", **options).fit(X, POSITIVE), X)


def test_catboost_outputs():
    proven(
        made("catboost.CatBoostRegressor", loss_function="MultiRMSE").fit(X, np.c_[SUM, POSITIVE]), X, bit_equal=True
    )
    proven(made("catboost.CatBoostClassifier", loss_function="MultiClassOneVsAll").fit(X, THREE), X)
    proven(made("catboost.CatBoostClassifier", grow_policy="Lossguide").fit(X, THREE), X)


def test_early_stopping():
    model = made("xgboost.XGBRegressor", n_estimators=60, early_stopping_rounds=3, learning_rate=0.8)
    model.fit(X[:160], SUM[:160], eval_set=[(X[160:], SUM[160:])], verbose=0)
    assert model.best_iteration < 50
    proven(model, X, bit_equal=True)
    package = pytest.importorskip("lightgbm")
    model = made("lightgbm.LGBMRegressor", n_estimators=60, learning_rate=0.8)
    stop = [package.early_stopping(3, verbose=False)]
    proven(model.fit(X[:160], SUM[:160], eval_set=[(X[160:], SUM[160:])], callbacks=stop), X, bit_equal=True)


@pytest.mark.parametrize("name", ["xgboost.XGB", "lightgbm.LGBM", "catboost.CatBoost"])
def test_in_pipelines(name):
    frame = FRAME[["a", "n"]].assign(c=FRAME.c.astype(object)).fillna({"a": 0.5})
    columns = [("n", StandardScaler(), ["a"]), ("o", OneHotEncoder(), ["c"])]
    proven(make_pipeline(ColumnTransformer(columns), made(f"{name}Classifier")).fit(frame, TWO), frame)
    labels = (target() == "yes").astype(int)
    words = CountVectorizer(dtype=np.float64)
    proven(make_pipeline(words, made(f"{name}Classifier")).fit(texts(), labels), texts())
    wide = HashingVectorizer(n_features=2**18, alternate_sign=False)
    proven(make_pipeline(wide, made(f"{name}Classifier")).fit(texts(), labels), texts())


def test_xgboost_tells_a_zero_that_is_there_from_one_that_is_not():
    labels = (target() == "yes").astype(int)
    few = HashingVectorizer(n_features=8, norm=None)
    proven(make_pipeline(few, made("xgboost.XGBClassifier")).fit(texts(), labels), texts(), bit_equal=True)


@pytest.mark.parametrize(
    ("name", "options", "rows", "named"),
    [
        ("lightgbm.LGBMRegressor", {"linear_tree": True}, WHOLE.astype(np.float32), "linear_tree"),
        ("catboost.CatBoostRegressor", {"loss_function": "RMSEWithUncertainty"}, WHOLE, "RMSEWithUncertainty"),
        ("catboost.CatBoostRegressor", {"cat_features": ["c"]}, FRAME[["a", "c"]].astype({"c": str}), "categorical features"),
        ("xgboost.XGBRegressor", {"enable_categorical": True}, FRAME.assign(c=FRAME.c.cat.rename_categories({"x": "é"})), "ASCII"),
    ],
)  # fmt: skip
def test_refusals(name, options, rows, named):
    with pytest.raises(ExportError, match=named):
        export(made(name, **options).fit(rows, AMOUNT), rows)


def test_no_booster_is_imported_before_a_model_of_it_comes():
    code = "import sys, samescore_export; print([m for m in ('xgboost', 'lightgbm', 'catboost') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
    names = standard_registry().names
    assert {"xgboost.sklearn.XGBClassifier", "lightgbm.sklearn.LGBMRanker", "catboost.core.CatBoostRegressor"} <= set(
        names
    )


@pytest.mark.parametrize("rows", [X, WHOLE], ids=["holes", "full"])
def test_lightgbm_linear_leaves(rows):
    for model in (
        made("lightgbm.LGBMRegressor", linear_tree=True, min_child_samples=5).fit(rows, AMOUNT),
        made("lightgbm.LGBMClassifier", linear_tree=True, min_child_samples=5).fit(rows, THREE),
    ):
        # The first trees have no features in their leaves; later ones have several.
        lines = [line for line in model.booster_.model_to_string().splitlines() if line.startswith("num_features=")]
        assert any(int(word) > 1 for line in lines for word in line.partition("=")[2].split())
        proven(model, rows, bit_equal=isinstance(model, type(made("lightgbm.LGBMRegressor"))))


def test_categories_of_numbers_in_a_frame():
    codes = np.where(np.arange(ROWS) % 9, np.arange(ROWS) * 13 % 7, -1)
    frame = FRAME.assign(code=pd.Categorical.from_codes(codes, categories=[10, 20, 30, 41, 52, 63, 70]))
    proven(made("lightgbm.LGBMRegressor", cat_smooth=1, min_data_per_group=1).fit(frame, AMOUNT), frame, bit_equal=True)
    for most in (1, 100):
        model = made("xgboost.XGBRegressor", enable_categorical=True, max_cat_to_onehot=most).fit(frame, AMOUNT)
        proven(model, frame, bit_equal=True)


def test_several_labels():
    labels = np.column_stack([TWO, THREE > 0])
    for strategy in ("one_output_per_tree", "multi_output_tree"):
        proven(made("xgboost.XGBClassifier", multi_strategy=strategy, tree_method="hist").fit(X, labels), X)
    proven(made("catboost.CatBoostClassifier", loss_function="MultiLogloss").fit(X, labels), X)


def test_answers_in_float32_stay_so():
    regressor, classifier = made("xgboost.XGBRegressor"), made("xgboost.XGBClassifier")
    for model, y in (
        (BaggingRegressor(regressor, n_estimators=3), AMOUNT),
        (AdaBoostRegressor(regressor, n_estimators=3), AMOUNT),
        (TransformedTargetRegressor(regressor, transformer=StandardScaler()), AMOUNT),
        (OneVsRestClassifier(classifier), THREE),
        (OneVsRestClassifier(classifier), TWO),
    ):
        exported = proven(model.fit(WHOLE, y), WHOLE)
        assert "float32" in {output.type for output in exported.artifact.contract.outputs}


def test_labels_in_a_column_below_a_stack():
    final = made("catboost.CatBoostClassifier")
    proven(StackingClassifier([("a", LogisticRegression())], final, cv=2).fit(WHOLE, THREE), WHOLE)


def test_beside_other_estimators():
    members = [("x", made("xgboost.XGBClassifier")), ("l", made("lightgbm.LGBMClassifier"))]
    proven(VotingClassifier(members, voting="soft").fit(X, THREE), X)
    proven(StackingClassifier(members, LogisticRegression(), cv=2).fit(X, TWO), X)
    proven(CalibratedClassifierCV(made("xgboost.XGBClassifier"), cv=2).fit(X, TWO), X)
