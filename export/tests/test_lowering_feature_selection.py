"""Selectors pick columns and keep where they come from; RFE's estimator works on them."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_selection import (
    RFE,
    RFECV,
    GenericUnivariateSelect,
    SelectFdr,
    SelectFpr,
    SelectFromModel,
    SelectFwe,
    SelectKBest,
    SelectPercentile,
    SequentialFeatureSelector,
    VarianceThreshold,
    chi2,
    f_classif,
)
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from samescore_export import ExportError, Registry, export_proven
from samescore_export.lowering import TABLES, feature_selection

REGISTRY = Registry([*TABLES, feature_selection.LOWERINGS])


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 6))
    return X, np.where(X[:, 1] + X[:, 4] > 0, "yes", "no")


@pytest.mark.parametrize(
    "selector",
    [
        GenericUnivariateSelect(f_classif, mode="k_best", param=2),
        SelectFdr(alpha=0.5),
        SelectFpr(alpha=0.5),
        SelectFwe(alpha=0.5),
        SelectKBest(k=3),
        SelectPercentile(percentile=50),
        SelectFromModel(LogisticRegression()),
        SequentialFeatureSelector(LogisticRegression(), n_features_to_select=2, cv=2),
        VarianceThreshold(0.1),
    ],
    ids=lambda selector: type(selector).__name__,
)
@pytest.mark.parametrize("framed", [False, True])
def test_selected_columns_are_the_same(data, selector, framed):
    X, y = data
    X = pd.DataFrame(X, columns=list("abcdef")) if framed else X
    exported = export_proven(selector.fit(X, y), X, methods=["transform"], registry=REGISTRY, budget=300)
    assert not exported.proof.failures
    output = exported.proof.outputs["transform"]
    assert output.comparison.bit_equal == output.comparison.rows


def test_trees_behind_a_selector_are_probed_beside_their_splits(data):
    X, y = data
    X = X.copy()
    X[::9, 1] = np.nan
    steps = make_pipeline(VarianceThreshold(0.1), StandardScaler(), DecisionTreeClassifier(max_depth=4, random_state=0))
    exported = export_proven(steps.fit(X, y), X, registry=REGISTRY, budget=600)
    assert not exported.proof.failures
    assert exported.proof.outputs["predict"].sameness == "proven"
    assert (exported.proof.probes.kinds == "split").any()


def test_whole_numbers_stay_whole():
    frame = pd.DataFrame({"a": [1, 2, 3, 4] * 10, "b": [5, 5, 5, 6] * 10, "c": [0, 7, 1, 2] * 10})
    model = SelectKBest(chi2, k="all").fit(frame, [0, 1] * 20)
    exported = export_proven(model, frame, methods=["transform"], registry=REGISTRY, budget=200)
    assert not exported.proof.failures
    assert exported.compiled.scores["transform"].type == "int64"


@pytest.mark.parametrize(
    "model",
    [
        RFE(LogisticRegression(), n_features_to_select=3),
        RFECV(RandomForestClassifier(4, max_depth=3, random_state=0), cv=2, min_features_to_select=2),
    ],
    ids=["RFE", "RFECV"],
)
def test_recursive_elimination_scores_with_its_estimator(data, model):
    X, y = data
    model.fit(X, y)
    methods = ["predict", "predict_proba", "predict_log_proba", "transform"]
    exported = export_proven(model, X, methods=methods, registry=REGISTRY, budget=400)
    assert not exported.proof.failures


def test_nothing_selected_is_refused(data):
    X, y = data
    model = SelectKBest(k=3).fit(X, y)
    model.k = 0
    with pytest.raises(ExportError, match="selects no column"):
        export_proven(model, X, methods=["transform"], registry=REGISTRY)
