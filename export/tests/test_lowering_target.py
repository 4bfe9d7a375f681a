"""Targets taken back through a transformer; trees of several targets; boosting that begins at another estimator."""

import numpy as np
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    RandomTreesEmbedding,
)
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier

from samescore_export import ExportError, export_proven

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 3))
Y = np.exp(X[:, 0] + X[:, 1] / 2) + 0.1
BOTH = np.column_stack([Y, Y**2])
THREE = np.array(["a", "bb", "c"])[np.digitize(Y, [0.8, 2])]
TRANSFORMERS = [
    None,
    StandardScaler(),
    MinMaxScaler(),
    MaxAbsScaler(),
    RobustScaler(),
    PowerTransformer(),
    PowerTransformer("box-cox"),
    QuantileTransformer(n_quantiles=40),
    QuantileTransformer(n_quantiles=40, output_distribution="normal"),
    FunctionTransformer(np.log1p, inverse_func=np.expm1),
    make_pipeline(FunctionTransformer(np.log, inverse_func=np.exp), StandardScaler()),
]


def proven(model, rows=X, methods=None, budget=200):
    exported = export_proven(model, rows, methods=methods, budget=budget)
    assert not exported.proof.failures
    return exported.proof.outputs


@pytest.mark.parametrize("transformer", TRANSFORMERS, ids=lambda one: type(one).__name__)
@pytest.mark.parametrize("regressor", [Ridge(), DecisionTreeRegressor(max_depth=3)], ids=lambda one: type(one).__name__)
def test_targets_taken_back(regressor, transformer):
    for target in (Y, BOTH):
        proven(TransformedTargetRegressor(regressor, transformer=transformer).fit(X, target))


def test_functions_of_the_target():
    for there, back in ((np.log, np.exp), (np.sqrt, np.square)):
        proven(TransformedTargetRegressor(Ridge(), func=there, inverse_func=back).fit(X, Y))
    model = TransformedTargetRegressor(Ridge(), func=np.log10, inverse_func=lambda y: 10**y).fit(X, Y)
    with pytest.raises(ExportError, match="lambda"):
        export_proven(model, X)


@pytest.mark.parametrize("model", [DecisionTreeRegressor(max_depth=4), RandomForestRegressor(5, max_depth=4)], ids=str)
def test_numbers_of_several_targets(model):
    assert proven(model.fit(X, BOTH))["predict"].sameness == "proven"


@pytest.mark.parametrize(
    "model",
    [DecisionTreeClassifier(max_depth=3), ExtraTreeClassifier(), RandomForestClassifier(5, max_depth=3)],
    ids=str,
)
def test_labels_of_several_targets(model):
    for labels in (np.column_stack([THREE, np.where(Y > 1, "y", "n")]), np.column_stack([Y > 1, Y > 2, X[:, 2] > 0])):
        outputs = proven(model.fit(X, labels), X, ["predict", "predict_proba", "predict_log_proba"])
        assert outputs["predict"].sameness == outputs["predict_proba.1"].sameness == "proven"


@pytest.mark.parametrize("sparse", [True, False])
def test_leaves_as_columns(sparse):
    model = RandomTreesEmbedding(5, random_state=0, sparse_output=sparse).fit(X)
    assert proven(model)["transform"].sameness == "proven"
    proven(make_pipeline(model, LogisticRegression()).fit(X, Y > 1))


@pytest.mark.parametrize("init", ["zero", LinearRegression(), DecisionTreeRegressor(max_depth=2)], ids=str)
def test_boosting_begins_at_a_regressor(init):
    proven(GradientBoostingRegressor(init=init, n_estimators=5).fit(X, Y))


@pytest.mark.parametrize("init", ["zero", LogisticRegression(), DecisionTreeClassifier(max_depth=2)], ids=str)
@pytest.mark.parametrize("target", [THREE, Y > 1], ids=["three", "two"])
def test_boosting_begins_at_a_classifier(init, target):
    model = GradientBoostingClassifier(init=init, n_estimators=5).fit(X, target)
    proven(model, X, ["predict", "predict_proba", "decision_function"])


@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_boosting_begins_at_another_behind_an_inexact_step(kind):
    rows = X.astype(kind)
    for init in (LinearRegression(), DecisionTreeRegressor(max_depth=2)):
        proven(make_pipeline(PCA(2), GradientBoostingRegressor(init=init, n_estimators=5)).fit(rows, Y), rows)
    for init in (LogisticRegression(), DecisionTreeClassifier(max_depth=2)):
        for target in (THREE, Y > 1):
            model = make_pipeline(PCA(2), GradientBoostingClassifier(init=init, n_estimators=5)).fit(rows, target)
            proven(model, rows, ["predict", "predict_proba", "decision_function"])
