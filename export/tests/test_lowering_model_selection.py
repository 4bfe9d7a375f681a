"""Searches and threshold classifiers."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import uniform
from sklearn.ensemble import RandomForestClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    HalvingGridSearchCV,
    HalvingRandomSearchCV,
    RandomizedSearchCV,
    TunedThresholdClassifierCV,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC

from samescore_export import ExportError, Registry, export_proven
from samescore_export.lowering import TABLES, frozen, model_selection

REGISTRY = Registry([*TABLES, model_selection.LOWERINGS, frozen.LOWERINGS])
ALL = ["predict", "predict_proba", "predict_log_proba", "decision_function"]


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 4))
    return X, (X[:, 1] + X[:, 3] + rng.normal(size=120) > 0).astype(int)


@pytest.mark.parametrize(
    "search",
    [
        GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, cv=2),
        RandomizedSearchCV(LogisticRegression(), {"C": uniform(0.1, 1)}, n_iter=2, cv=2, random_state=0),
        HalvingGridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, cv=2, random_state=0),
        HalvingRandomSearchCV(LogisticRegression(), {"C": uniform(0.1, 1)}, n_candidates=2, cv=2, random_state=0),
    ],
    ids=lambda search: type(search).__name__,
)
def test_a_search_is_its_best_estimator(data, search):
    X, y = data
    exported = export_proven(search.fit(X, y), X, methods=ALL, registry=REGISTRY, budget=300)
    assert not exported.proof.failures


def test_a_search_over_a_pipeline_on_strings(data):
    _, y = data
    frame = pd.DataFrame({"a": np.where(np.arange(len(y)) % 3, "x", "y"), "b": np.where(y > 0, "u", "v")})
    steps = make_pipeline(OneHotEncoder(handle_unknown="ignore"), LogisticRegression())
    search = GridSearchCV(steps, {"logisticregression__C": [0.5, 1.0]}, cv=2).fit(frame, y)
    exported = export_proven(search, frame, registry=REGISTRY, budget=200)
    assert not exported.proof.failures


def test_a_search_without_refit_is_refused(data):
    X, y = data
    search = GridSearchCV(LogisticRegression(), {"C": [0.1]}, cv=2, refit=False).fit(X, y)
    with pytest.raises(ExportError, match="refit=False"):
        export_proven(search, X, methods=["predict"], registry=REGISTRY)


def test_frozen_estimators_are_transparent(data):
    X, y = data
    steps = make_pipeline(FrozenEstimator(StandardScaler().fit(X)), FrozenEstimator(Ridge().fit(X, y)))
    exported = export_proven(steps.fit(X, y), X, registry=REGISTRY, budget=300)
    assert not exported.proof.failures


@pytest.mark.parametrize("response", ["auto", "decision_function"])
@pytest.mark.parametrize("threshold", ["auto", 0.3])
@pytest.mark.parametrize("swapped", [False, True])
def test_fixed_thresholds(data, response, threshold, swapped):
    X, y = data
    labels = np.where(y > 0, "p", "q")
    model = FixedThresholdClassifier(
        LogisticRegression(), threshold=threshold, response_method=response, pos_label="p" if swapped else None
    ).fit(X, labels)
    exported = export_proven(model, X, methods=ALL, registry=REGISTRY, budget=300)
    assert not exported.proof.failures
    assert exported.proof.outputs["predict"].flips == 0


def test_thresholds_that_votes_meet_exactly(data):
    X, y = data
    forest = RandomForestClassifier(4, random_state=0)
    model = FixedThresholdClassifier(forest, threshold=0.25).fit(X, y)
    exported = export_proven(model, X, registry=REGISTRY, budget=500)
    assert not exported.proof.failures
    output = exported.proof.outputs["predict"]
    assert output.sameness == "proven"
    assert (model.estimator_.predict_proba(X)[:, 1] == 0.25).any()


@pytest.mark.parametrize("inner", [LogisticRegression(), LinearSVC()], ids=["probabilities", "decision values"])
def test_tuned_thresholds(data, inner):
    X, y = data
    model = TunedThresholdClassifierCV(inner, cv=2, thresholds=20).fit(X, y)
    assert model.best_threshold_ != 0.5
    exported = export_proven(model, X, registry=REGISTRY, budget=300)
    assert not exported.proof.failures
