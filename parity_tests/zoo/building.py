"""How the cases are built: a model fitted on rows and a target, alone or behind a prepared table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from parity_tests.data import fit

NUMBERS, STRINGS = ["price", "weight", "stock", "open"], ["shop", "kind"]

#: What a classifier with probabilities gives.
PROBABILITIES = ("predict", "predict_proba", "predict_log_proba")


def model(make: Callable[[], Any], X: Callable[[], Any], y: Callable[[], Any]) -> Callable[[], tuple[Any, Any]]:
    """A case's ``build``: ``make()`` fitted on ``X()`` and ``y()``; the rows are the sample."""

    def build() -> tuple[Any, Any]:
        rows = X()
        return fit(make(), rows, y()), rows

    return build


def nothing() -> None:
    """The target of what needs none."""


def prepared(make: Callable[[], Any]) -> Callable[[], Any]:
    """The model behind imputer, scaler and one-hot encoder over the mixed table."""

    def pipeline() -> Any:
        columns = [
            ("num", make_pipeline(SimpleImputer(add_indicator=True), StandardScaler()), NUMBERS),
            ("cat", OneHotEncoder(handle_unknown="ignore"), STRINGS),
        ]
        return make_pipeline(ColumnTransformer(columns, sparse_threshold=0), make())

    return pipeline
