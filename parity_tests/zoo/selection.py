"""Selected features, searched parameters, chosen thresholds."""

from __future__ import annotations

from collections.abc import Iterator

from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_selection import RFE, SelectFromModel, SelectKBest, VarianceThreshold
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV, TunedThresholdClassifierCV
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeRegressor

from parity_tests.case import Case
from parity_tests.data import amounts, numbers, target
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
