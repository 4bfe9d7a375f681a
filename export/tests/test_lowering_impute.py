"""Imputers that look at other rows and columns, and indicators."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer, KNNImputer, MissingIndicator
from sklearn.linear_model import Ridge
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from samescore_export import ExportError, export_proven

RNG = np.random.default_rng(0)
X = RNG.normal(size=(140, 3)) + 2
X = np.column_stack([X, X[:, 0] + X[:, 1] + 0.1 * RNG.normal(size=140)])
X[RNG.random(X.shape) < 0.15] = np.nan
LOST = X.copy()
LOST[:, 1] = np.nan
MARKED = np.where(np.isnan(X), -9.0, X)


def proven(model, rows=X, budget=250):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exported = export_proven(model, rows, methods=["transform"], budget=budget)
    assert not exported.proof.failures
    return exported.proof.outputs["transform"]


def fitted(model, rows=X):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(rows)


@pytest.mark.parametrize("weights", ["uniform", "distance"])
@pytest.mark.parametrize("options", [{}, {"n_neighbors": 2}, {"n_neighbors": 500}, {"add_indicator": True}], ids=str)
def test_neighbours(options, weights):
    proven(fitted(KNNImputer(weights=weights, **options)))


def test_neighbours_and_empty_columns():
    for options in ({}, {"keep_empty_features": True}, {"keep_empty_features": True, "add_indicator": True}):
        proven(fitted(KNNImputer(**options), LOST))
    proven(fitted(KNNImputer(missing_values=-9.0), MARKED), MARKED)
    proven(make_pipeline(StandardScaler(), KNNImputer(weights="distance")).fit(X))


def test_rows_without_any_number():
    rows = X.copy()
    rows[:4] = np.nan
    proven(fitted(KNNImputer()), rows)
    proven(fitted(IterativeImputer(Ridge(), max_iter=2)), rows)


def test_ties_between_donors():
    rows = np.round(X)
    proven(fitted(KNNImputer(n_neighbors=3), rows), rows)


@pytest.mark.parametrize(
    "options",
    [
        {"max_iter": 3},
        {"max_iter": 3, "initial_strategy": "median"},
        {"max_iter": 2, "initial_strategy": "constant", "fill_value": 1.0},
        {"max_iter": 3, "min_value": 1, "max_value": 3},
        {"max_iter": 3, "n_nearest_features": 2, "random_state": 0},
        {"max_iter": 3, "skip_complete": True},
        {"max_iter": 2, "add_indicator": True},
        {"max_iter": 0},
        {"max_iter": 2, "imputation_order": "random", "random_state": 0},
    ],
    ids=str,
)
def test_rounds(options):
    proven(fitted(IterativeImputer(Ridge(), **options)))


@pytest.mark.parametrize(
    "estimator", [None, KNeighborsRegressor(), RandomForestRegressor(4, max_depth=4, random_state=0)], ids=str
)
def test_rounds_of_other_estimators(estimator):
    proven(fitted(IterativeImputer(estimator, max_iter=2)))


def test_rounds_and_empty_columns():
    for options in ({}, {"keep_empty_features": True}, {"keep_empty_features": True, "add_indicator": True}):
        proven(fitted(IterativeImputer(Ridge(), max_iter=2, **options), LOST))
    proven(fitted(IterativeImputer(Ridge(), max_iter=2, missing_values=-9.0), MARKED), MARKED)


@pytest.mark.parametrize(
    "options", [{}, {"features": "all"}, {"sparse": True}, {"error_on_new": False}, {"missing_values": 2.0}], ids=str
)
def test_indicators(options):
    rows = np.round(X[~np.isnan(X).any(axis=1)]) if "missing_values" in options else X
    assert proven(MissingIndicator(**options).fit(rows), rows).sameness == "bit-equal"


def test_indicators_of_strings():
    frame = pd.DataFrame({"a": ["x", None, "y"] * 5, "b": ["u", "v", None] * 5}, dtype=object)
    assert (
        proven(MissingIndicator(missing_values=None).fit(frame), frame).sameness == "proven"
    )  # every combination of the strings was gone through


def test_draws_are_refused():
    model = fitted(IterativeImputer(sample_posterior=True, max_iter=2, random_state=0))
    with pytest.raises(ExportError, match="sample_posterior"):
        export_proven(model, X)
