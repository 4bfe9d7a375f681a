"""Imputers that look at other rows and columns, and the indicator of what is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestRegressor

# Importing this module is what makes IterativeImputer importable.
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer, KNNImputer, MissingIndicator
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from parity_tests.case import Case
from parity_tests.data import target
from parity_tests.zoo.building import PROBABILITIES, model
from parity_tests.zoo.neighbors import spread


def holed() -> NDArray[np.float64]:
    """Five columns, the last nearly a sum of two, a tenth of the numbers missing."""
    rows = spread()
    rng = np.random.default_rng(8)
    rows = np.column_stack([rows, rows[:, 0] + rows[:, 2] + 0.1 * rng.normal(size=len(rows))])
    rows[rng.random(rows.shape) < 0.1] = np.nan
    return rows


def without_a_column() -> NDArray[np.float64]:
    """The same with a column that is missing in every row."""
    rows = holed()
    rows[:, 3] = np.nan
    return rows


def marked() -> NDArray[np.float64]:
    """The same with -999 for what is missing."""
    rows = holed()
    return np.where(np.isnan(rows), -999.0, rows)


MODELS: Mapping[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
    "KNNImputer": (lambda: KNNImputer(), holed),
    "KNNImputer weighted": (lambda: KNNImputer(n_neighbors=3, weights="distance"), holed),
    "KNNImputer indicator": (lambda: KNNImputer(add_indicator=True), holed),
    "KNNImputer empty column": (lambda: KNNImputer(), without_a_column),
    "KNNImputer empty column kept": (lambda: KNNImputer(keep_empty_features=True), without_a_column),
    "KNNImputer marker": (lambda: KNNImputer(missing_values=-999.0), marked),
    "KNNImputer behind a scaler": (lambda: make_pipeline(StandardScaler(), KNNImputer()), holed),
    "IterativeImputer": (lambda: IterativeImputer(Ridge(), max_iter=5), holed),
    "IterativeImputer bayesian": (lambda: IterativeImputer(max_iter=4), holed),
    "IterativeImputer forest": (
        lambda: IterativeImputer(RandomForestRegressor(5, max_depth=4, random_state=0), max_iter=2),
        holed,
    ),
    "IterativeImputer neighbours": (lambda: IterativeImputer(KNeighborsRegressor(), max_iter=2), holed),
    "IterativeImputer limits": (lambda: IterativeImputer(Ridge(), max_iter=3, min_value=-1, max_value=1), holed),
    "IterativeImputer median": (lambda: IterativeImputer(Ridge(), max_iter=3, initial_strategy="median"), holed),
    "IterativeImputer constant": (
        lambda: IterativeImputer(Ridge(), max_iter=3, initial_strategy="constant", fill_value=2.0),
        holed,
    ),
    "IterativeImputer nearest features": (
        lambda: IterativeImputer(Ridge(), max_iter=3, n_nearest_features=2, random_state=0),
        holed,
    ),
    "IterativeImputer roman": (lambda: IterativeImputer(Ridge(), max_iter=3, imputation_order="roman"), holed),
    "IterativeImputer random": (
        lambda: IterativeImputer(Ridge(), max_iter=3, imputation_order="random", random_state=0),
        holed,
    ),
    "IterativeImputer complete": (lambda: IterativeImputer(Ridge(), max_iter=3, skip_complete=True), holed),
    "IterativeImputer indicator": (lambda: IterativeImputer(Ridge(), max_iter=3, add_indicator=True), holed),
    "IterativeImputer no rounds": (lambda: IterativeImputer(max_iter=0), holed),
    "IterativeImputer empty column": (lambda: IterativeImputer(Ridge(), max_iter=3), without_a_column),
    "IterativeImputer empty column kept": (
        lambda: IterativeImputer(Ridge(), max_iter=3, keep_empty_features=True),
        without_a_column,
    ),
    "IterativeImputer marker": (lambda: IterativeImputer(Ridge(), max_iter=3, missing_values=-999.0), marked),
}
INDICATORS: Mapping[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
    "MissingIndicator": (lambda: MissingIndicator(), holed),
    "MissingIndicator all": (lambda: MissingIndicator(features="all"), holed),
    "MissingIndicator sparse": (lambda: MissingIndicator(sparse=True), holed),
    "MissingIndicator new": (lambda: MissingIndicator(error_on_new=False), without_a_column),
    "MissingIndicator marker": (lambda: MissingIndicator(missing_values=-999.0), marked),
}


def cases() -> Iterator[Case]:
    for name, (make, rows) in MODELS.items():
        yield Case(f"imputers/{name}", model(make, rows, lambda: None), "within", ("transform",))
    for name, (make, rows) in INDICATORS.items():
        yield Case(f"imputers/{name}", model(make, rows, lambda: None), "bit-equal", ("transform",))
    behind = model(lambda: make_pipeline(KNNImputer(), LogisticRegression()), holed, lambda: target(2))
    yield Case("imputers/KNNImputer before a classifier", behind, "within", PROBABILITIES)
