"""Selected features, searched parameters, chosen thresholds."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
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
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    HalvingGridSearchCV,
    HalvingRandomSearchCV,
    RandomizedSearchCV,
    TunedThresholdClassifierCV,
)
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from parity_tests.case import Case
from parity_tests.data import amounts, fit, numbers, target
from parity_tests.zoo.building import model


def cases() -> Iterator[Case]:
    search = model(
        lambda: GridSearchCV(RandomForestClassifier(4, random_state=0), {"max_depth": [2, None]}, cv=3), numbers, target
    )
    yield Case("chosen/grid search", search, "proven")
    threshold = model(
        lambda: FixedThresholdClassifier(RandomForestClassifier(4, random_state=0), threshold=0.75, pos_label="yes"),
        numbers,
        target,
    )
    yield Case("chosen/fixed threshold", threshold, "proven")
    tuned = model(
        lambda: TunedThresholdClassifierCV(RandomForestClassifier(4, random_state=0), cv=3),
        numbers,
        lambda: target(2, "int"),
    )
    yield Case("chosen/tuned threshold", tuned, "proven")
    columns = model(lambda: make_pipeline(SelectKBest(k=2), RandomForestClassifier(4, random_state=0)), numbers, target)
    yield Case("chosen/best columns", columns, "proven")
    eliminated = model(lambda: RFE(RandomForestClassifier(4, random_state=0), n_features_to_select=2), numbers, target)
    yield Case("chosen/recursive elimination", eliminated, "proven")
    constant = model(
        lambda: make_pipeline(VarianceThreshold(), SelectFromModel(DecisionTreeRegressor(random_state=0))),
        numbers,
        amounts,
    )
    yield Case("chosen/from a model", constant, "bit-equal", ("transform",))
    # A first column that tells the classes, so that every selector finds one.
    for selector in (
        GenericUnivariateSelect(mode="k_best", param=2),
        SelectPercentile(percentile=50),
        SelectFpr(alpha=0.9),
        SelectFdr(alpha=0.999),
        SelectFwe(alpha=0.999),
        RFECV(DecisionTreeClassifier(random_state=0), cv=3),
        SequentialFeatureSelector(DecisionTreeClassifier(random_state=0), n_features_to_select=2, cv=2),
    ):
        name = type(selector).__name__
        yield Case(f"chosen/{name}", model(lambda s=selector: s, _telling, target), "bit-equal", ("transform",))
    tree = DecisionTreeClassifier(random_state=0)
    for search_cv in (
        RandomizedSearchCV(tree, {"max_depth": [2, 4]}, n_iter=2, cv=3, random_state=0),
        HalvingGridSearchCV(tree, {"max_depth": [2, 4]}, cv=3, random_state=0),
        HalvingRandomSearchCV(tree, {"max_depth": [2, 4]}, cv=3, random_state=0),
    ):
        yield Case(f"chosen/{type(search_cv).__name__}", model(lambda s=search_cv: s, numbers, target), "proven")
    frozen = model(
        lambda: FrozenEstimator(fit(DecisionTreeClassifier(random_state=0), numbers(), target())), numbers, target
    )
    yield Case("chosen/frozen", frozen, "proven")


def _telling() -> NDArray[np.float64]:
    rows = numbers()
    rows[:, 0] += 5.0 * (target() == "yes")
    return rows
