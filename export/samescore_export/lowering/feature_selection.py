"""Lowerings for ``sklearn.feature_selection``: some of the columns, and for RFE the estimator on them."""

from __future__ import annotations

from typing import Any

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
)

from samescore_export.operations.columns import picked
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Table


def _selected(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Matrix | Table:
    positions = estimator.get_support(indices=True).tolist()
    if not positions:
        raise scope.refuse(f"{type(estimator).__name__} that selects no column", "at least one selected column")
    return picked(scope.graph, inputs, positions)


def lower_selector(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """``SelectorMixin.transform``: the columns of ``get_support``."""
    return Lowered(_selected(estimator, inputs, scope))


def lower_rfe(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """RFE, RFECV: the columns, and the fitted estimator's methods on them."""
    columns = _selected(estimator, inputs, scope)
    child = scope.lower(estimator.estimator_, columns, "estimator_")
    methods = ("predict", "predict_proba", "predict_log_proba", "decision_function")
    scores = {name: child.scores[name] for name in methods if name in child.scores}
    return Lowered(columns, scores).with_evidence(child)


_SELECTORS = (
    GenericUnivariateSelect, SelectFdr, SelectFpr, SelectFromModel, SelectFwe, SelectKBest, SelectPercentile,
    SequentialFeatureSelector, VarianceThreshold,
)  # fmt: skip

LOWERINGS = {**dict.fromkeys(_SELECTORS, lower_selector), RFE: lower_rfe, RFECV: lower_rfe}
