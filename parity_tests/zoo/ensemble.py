"""Forests, boosting and other ensembles."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    AdaBoostClassifier,
    AdaBoostRegressor,
    BaggingClassifier,
    BaggingRegressor,
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from parity_tests.case import Case, Sameness
from parity_tests.data import amounts, numbers, table, target
from parity_tests.zoo.building import PROBABILITIES, STRINGS, model, prepared


def _forests() -> Iterator[Case]:
    for kind in (RandomForestClassifier, ExtraTreesClassifier):
        for classes in (2, 3):
            for depth in (None, 3):
                build = model(
                    lambda k=kind, d=depth: k(10, max_depth=d, random_state=0), numbers, lambda c=classes: target(c)
                )
                what = "impure" if depth else "pure"
                yield Case(
                    f"forest/{kind.__name__}, {classes} classes, {what}", build, "proven", ("predict", "predict_proba")
                )
    for labels in ("int", "bool", "float"):
        build = model(lambda: RandomForestClassifier(4, random_state=0), numbers, lambda k=labels: target(2, k))
        yield Case(f"forest/{labels} labels, ties", build, "proven")
    for kind in (RandomForestRegressor, ExtraTreesRegressor):
        build = model(lambda k=kind: k(10, random_state=0, n_jobs=2), lambda: numbers(missing=True), amounts)
        yield Case(f"forest/{kind.__name__} with NaN", build, "proven")
    yield Case(
        "forest/mixed table",
        model(prepared(lambda: RandomForestClassifier(8, random_state=0)), table, target),
        "proven",
    )


def _boosting() -> Iterator[Case]:
    raw = ("predict", "decision_function")
    for classes in (2, 3):
        build = model(
            lambda: GradientBoostingClassifier(n_estimators=8, random_state=0), numbers, lambda c=classes: target(c)
        )
        yield Case(f"boosting/GradientBoostingClassifier, {classes} classes", build, "proven", raw)
        yield Case(f"boosting/its probabilities, {classes} classes", build, "within", PROBABILITIES)
    exponential = model(
        lambda: GradientBoostingClassifier(loss="exponential", n_estimators=8, random_state=0), numbers, target
    )
    yield Case("boosting/exponential loss", exponential, "within", (*raw, "predict_proba"))
    zero = model(lambda: GradientBoostingRegressor(init="zero", n_estimators=8, random_state=0), numbers, amounts)
    yield Case("boosting/from zero", zero, "proven")
    yield Case(
        "boosting/GradientBoostingRegressor behind a mixed table",
        model(prepared(lambda: GradientBoostingRegressor(n_estimators=8, random_state=0)), table, amounts),
        "proven",
    )


def _histogram_boosting() -> Iterator[Case]:
    def holes() -> Any:
        return numbers(missing=True)

    losses: Mapping[str, Sameness] = {
        "squared_error": "proven",
        "absolute_error": "proven",
        "poisson": "within",
        "gamma": "within",
    }
    for loss, sameness in losses.items():
        build = model(lambda o=loss: HistGradientBoostingRegressor(loss=o, max_iter=8), holes, amounts)
        yield Case(f"histogram/{loss}", build, sameness)
    quantile = model(lambda: HistGradientBoostingRegressor(loss="quantile", quantile=0.9, max_iter=8), holes, amounts)
    yield Case("histogram/quantile", quantile, "proven")
    for classes in (2, 3):
        build = model(lambda: HistGradientBoostingClassifier(max_iter=8), holes, lambda c=classes: target(c))
        yield Case(f"histogram/{classes} classes", build, "proven", ("predict", "decision_function"))
        yield Case(f"histogram/probabilities of {classes} classes", build, "within", ("predict", "predict_proba"))
    native = model(
        lambda: HistGradientBoostingClassifier(max_iter=8, categorical_features="from_dtype"),
        lambda: table()[[*STRINGS, "price"]].astype(dict.fromkeys(STRINGS, "category")),
        target,
    )
    yield Case("histogram/native categories", native, "proven", ("predict", "decision_function"))
    codes = model(
        lambda: make_pipeline(
            ColumnTransformer(
                [("c", OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan), STRINGS)],
                remainder="passthrough",
            ),
            HistGradientBoostingRegressor(max_iter=8, categorical_features=[0, 1]),
        ),
        table,
        amounts,
    )
    yield Case("histogram/encoded categories", codes, "proven")


def _ensembles_of_any() -> Iterator[Case]:
    def members() -> list[tuple[str, Any]]:
        return [
            ("tree", DecisionTreeClassifier(max_depth=3, random_state=0)),
            ("forest", RandomForestClassifier(4, random_state=0)),
        ]

    classifiers: dict[str, tuple[Callable[[], Any], Sameness]] = {
        "soft voting": (lambda: VotingClassifier(members(), voting="soft", weights=[1, 2]), "proven"),
        "hard voting": (lambda: VotingClassifier(members()), "proven"),
        "stacking": (lambda: StackingClassifier(members(), LogisticRegression(), cv=3), "within"),
        "bagging": (lambda: BaggingClassifier(n_estimators=4, max_features=0.5, random_state=0), "bit-equal"),
        "boosted stumps": (lambda: AdaBoostClassifier(n_estimators=4, random_state=0), "within"),
    }
    for name, (make, sameness) in classifiers.items():
        for classes in (2, 3):
            build = model(make, numbers, lambda c=classes: target(c))
            yield Case(f"ensemble/{name}, {classes} classes", build, sameness)
    pair = model(
        lambda: StackingClassifier(members(), DecisionTreeClassifier(max_depth=3, random_state=0), cv=3),
        numbers,
        lambda: np.column_stack([target(2) == target(2)[0], amounts() > np.median(amounts())]).astype(int),
    )
    yield Case("ensemble/stacking, several targets", pair, "within", ("predict", "predict_proba"))
    regressors: dict[str, tuple[Callable[[], Any], Sameness]] = {
        "voting": (lambda: VotingRegressor([("a", DecisionTreeRegressor(max_depth=3)), ("b", Ridge())]), "within"),
        "stacking": (lambda: StackingRegressor([("a", DecisionTreeRegressor(max_depth=3))], Ridge(), cv=3), "within"),
        "bagging": (lambda: BaggingRegressor(n_estimators=4, random_state=0), "bit-equal"),
        "boosted trees": (lambda: AdaBoostRegressor(n_estimators=4, random_state=0), "bit-equal"),
    }
    for name, (make, sameness) in regressors.items():
        yield Case(f"ensemble/{name} of regressors", model(make, numbers, amounts), sameness)
    outliers = model(lambda: IsolationForest(n_estimators=20, max_features=0.5, random_state=0), numbers, lambda: None)
    yield Case("ensemble/isolation forest", outliers, "within", ("predict", "decision_function", "score_samples"))


def cases() -> Iterator[Case]:
    yield from _forests()
    yield from _boosting()
    yield from _histogram_boosting()
    yield from _ensembles_of_any()
