"""XGBoost, LightGBM and CatBoost, each where it is installed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import (
    AdaBoostRegressor,
    BaggingClassifier,
    BaggingRegressor,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import LinearRegression
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from parity_tests.case import Case
from parity_tests.data import ROWS, amounts, numbers, table, target, texts
from parity_tests.zoo.building import model, prepared

SMALL: dict[str, dict[str, Any]] = {
    "xgboost": {"n_estimators": 10, "max_depth": 4},
    "lightgbm": {"n_estimators": 10, "num_leaves": 9, "verbose": -1},
    "catboost": {"iterations": 10, "depth": 4, "verbose": 0, "allow_writing_files": False},
}
CLASSIFIED = ("predict", "predict_proba")


def _made(package: str, kind: str, **options: Any) -> Any:
    from importlib import import_module

    return getattr(import_module(package), kind)(**{**SMALL[package], **options})


def _codes(classes: int) -> NDArray[Any]:
    return np.unique(target(classes), return_inverse=True)[1]


def _holed() -> NDArray[np.float64]:
    return numbers(missing=True)


def _coded() -> NDArray[np.float64]:
    X = numbers(missing=True)
    X[:, 1] = np.arange(ROWS) * 31 % 11
    return X


def _categories() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    kinds = pd.Categorical(rng.choice(["x", "yy", "e", "h"], ROWS))
    return pd.DataFrame({"n": rng.normal(size=ROWS), "kind": kinds, "whole": rng.integers(0, 9, ROWS)})


def _both() -> NDArray[np.float64]:
    return np.c_[amounts(), amounts()[::-1]]


def _hashed() -> Any:
    return make_pipeline(HashingVectorizer(), _made("lightgbm", "LGBMClassifier"))


def _options() -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """Package, class, what it is about, options; regressors with amounts that are positive."""
    for name, options in {
        "plain": {},
        "poisson": {"objective": "count:poisson"},
        "gamma": {"objective": "reg:gamma"},
        "tweedie": {"objective": "reg:tweedie"},
        "absolute error": {"objective": "reg:absoluteerror"},
        "quantiles": {"objective": "reg:quantileerror", "quantile_alpha": [0.2, 0.8]},
        "base score": {"base_score": 5.0},
        "dart": {"booster": "dart", "rate_drop": 0.3},
        "linear": {"booster": "gblinear"},
        "parallel trees": {"num_parallel_tree": 3, "subsample": 0.7},
        "a number for missing": {"missing": 0.0},
        "lossguide": {"grow_policy": "lossguide", "max_leaves": 7},
    }.items():
        yield "xgboost", "XGBRegressor", name, options
    yield "xgboost", "XGBRFRegressor", "plain", {}
    for name, options in {
        "plain": {},
        "poisson": {"objective": "poisson"},
        "gamma": {"objective": "gamma"},
        "tweedie": {"objective": "tweedie"},
        "quantile": {"objective": "quantile"},
        "roots": {"reg_sqrt": True},
        "forest": {"boosting_type": "rf", "bagging_freq": 1, "bagging_fraction": 0.6},
        "dart": {"boosting_type": "dart"},
        "goss": {"data_sample_strategy": "goss"},
        "zero for missing": {"zero_as_missing": True},
        "nothing is missing": {"use_missing": False},
    }.items():
        yield "lightgbm", "LGBMRegressor", name, options
    for name, options in {
        "plain": {},
        "poisson": {"loss_function": "Poisson"},
        "tweedie": {"loss_function": "Tweedie:variance_power=1.5"},
        "quantile": {"loss_function": "Quantile:alpha=0.3"},
        "missing as the largest": {"nan_mode": "Max"},
        "lossguide": {"grow_policy": "Lossguide"},
        "depthwise": {"grow_policy": "Depthwise"},
    }.items():
        yield "catboost", "CatBoostRegressor", name, options


_LINKED = ("poisson", "gamma", "tweedie")

_CLASSIFIERS: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    ("xgboost", "XGBClassifier", "plain", {}),
    ("xgboost", "XGBClassifier", "dart", {"booster": "dart", "rate_drop": 0.3}),
    ("xgboost", "XGBClassifier", "linear", {"booster": "gblinear"}),
    ("xgboost", "XGBRFClassifier", "plain", {}),
    ("lightgbm", "LGBMClassifier", "plain", {}),
    ("lightgbm", "LGBMClassifier", "forest", {"boosting_type": "rf", "bagging_freq": 1, "bagging_fraction": 0.6}),
    ("catboost", "CatBoostClassifier", "plain", {}),
    ("catboost", "CatBoostClassifier", "depthwise", {"grow_policy": "Depthwise"}),
)


def _every() -> Iterator[tuple[str, Case]]:
    for package, kind, name, options in _options():
        make = partial(_made, package, kind, **options)
        exact = "within" if name in _LINKED else "bit-equal"
        yield package, Case(f"boosters/{kind} {name}", model(make, _holed, amounts), exact)
    for package, kind, name, options in _CLASSIFIERS:
        for classes in (2, 3):
            make = partial(_made, package, kind, **options)
            build = model(make, _holed, partial(_codes, classes))
            yield package, Case(f"boosters/{kind} {name}, {classes} classes", build, "within", CLASSIFIED)
    softmax = partial(_made, "xgboost", "XGBClassifier", objective="multi:softmax")
    yield (
        "xgboost",
        Case("boosters/XGBClassifier softmax", model(softmax, _holed, lambda: _codes(3)), "within", CLASSIFIED),
    )
    ova = partial(_made, "lightgbm", "LGBMClassifier", objective="multiclassova")
    yield (
        "lightgbm",
        Case("boosters/LGBMClassifier one against all", model(ova, _holed, lambda: target(3)), "within", CLASSIFIED),
    )
    ova = partial(_made, "catboost", "CatBoostClassifier", loss_function="MultiClassOneVsAll")
    yield (
        "catboost",
        Case(
            "boosters/CatBoostClassifier one against all", model(ova, _holed, lambda: target(3)), "within", CLASSIFIED
        ),
    )
    several: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("xgboost", "XGBRegressor", {"multi_strategy": "multi_output_tree", "tree_method": "hist"}),
        ("xgboost", "XGBRegressor", {}),
        ("catboost", "CatBoostRegressor", {"loss_function": "MultiRMSE"}),
    )
    for number, (package, kind, options) in enumerate(several):
        make = partial(_made, package, kind, **options)
        yield package, Case(f"boosters/{kind} of two targets, {number}", model(make, _holed, _both), "bit-equal")
    for most in (1, 100):
        kinds = {"feature_types": ["q", "c", "q", "q"], "enable_categorical": True, "max_cat_to_onehot": most}
        make = partial(_made, "xgboost", "XGBRegressor", tree_method="hist", **kinds)
        yield "xgboost", Case(f"boosters/XGBRegressor categories, {most}", model(make, _coded, amounts), "bit-equal")
    frame = partial(_made, "xgboost", "XGBRegressor", enable_categorical=True)
    yield (
        "xgboost",
        Case("boosters/XGBRegressor a frame with categories", model(frame, _categories, amounts), "bit-equal"),
    )
    codes = {"categorical_feature": [1], "max_cat_to_onehot": 1, "cat_smooth": 1, "min_data_per_group": 1}
    make = partial(_made, "lightgbm", "LGBMRegressor", **codes)
    yield "lightgbm", Case("boosters/LGBMRegressor categories", model(make, _coded, amounts), "bit-equal")
    frame = partial(_made, "lightgbm", "LGBMRegressor")
    yield (
        "lightgbm",
        Case("boosters/LGBMRegressor a frame with categories", model(frame, _categories, amounts), "bit-equal"),
    )
    for package, kind in (
        ("xgboost", "XGBClassifier"),
        ("lightgbm", "LGBMClassifier"),
        ("catboost", "CatBoostClassifier"),
    ):
        make = prepared(partial(_made, package, kind))
        yield (
            package,
            Case(
                f"boosters/{kind} behind a prepared table", model(make, table, lambda: _codes(2)), "within", CLASSIFIED
            ),
        )
    yield (
        "lightgbm",
        Case(
            "boosters/LGBMClassifier over 2**20 hashes", model(_hashed, texts, lambda: _codes(2)), "within", CLASSIFIED
        ),
    )


def _ranked(package: str, kind: str, groups: str, **options: Any) -> Callable[[], tuple[Any, Any]]:
    def build() -> tuple[Any, Any]:
        rows, queries = _holed(), np.repeat(np.arange(ROWS // 20), 20)
        given = {"group": np.bincount(queries)} if groups == "group" else {groups: queries}
        return _made(package, kind, **options).fit(rows, _codes(4), **given), rows

    return build


def _numbered() -> pd.DataFrame:
    return _categories().assign(code=pd.Categorical(np.arange(ROWS) * 13 % 7))


def _meta() -> Iterator[tuple[str, Case]]:
    """Other estimators over boosters, which give float32 or labels in a column."""
    makers: dict[str, tuple[str, str, str]] = {
        "XGBoost": ("xgboost", "XGBClassifier", "XGBRegressor"),
        "LightGBM": ("lightgbm", "LGBMClassifier", "LGBMRegressor"),
        "CatBoost": ("catboost", "CatBoostClassifier", "CatBoostRegressor"),
    }
    for name, (package, kind, amount) in makers.items():
        classifier, regressor = partial(_made, package, kind), partial(_made, package, amount)
        over: dict[str, Callable[[], Any]] = {
            "one against the rest": lambda c=classifier: OneVsRestClassifier(c()),
            "one against one": lambda c=classifier: OneVsOneClassifier(c()),
            "calibrated": lambda c=classifier: CalibratedClassifierCV(c(), cv=2),
            "voting": lambda c=classifier: VotingClassifier([("a", c()), ("b", GaussianNB())], voting="soft"),
            "stacked": lambda c=classifier: StackingClassifier([("a", c()), ("b", GaussianNB())], cv=2),
            "stacked upon": lambda c=classifier: StackingClassifier([("b", GaussianNB())], c(), cv=2),
            "bagged": lambda c=classifier: BaggingClassifier(c(), n_estimators=3, random_state=0),
        }
        for what, make in over.items():
            yield package, Case(f"boosters/{name} {what}", model(make, numbers, lambda: _codes(3)), "within")
        amounts_of: dict[str, Callable[[], Any]] = {
            "a scaled target": lambda r=regressor: TransformedTargetRegressor(r(), transformer=StandardScaler()),
            "a target's logarithm": lambda r=regressor: TransformedTargetRegressor(
                r(), func=np.log1p, inverse_func=np.expm1
            ),
            "voting on amounts": lambda r=regressor: VotingRegressor([("a", r()), ("b", LinearRegression())]),
            "stacked amounts": lambda r=regressor: StackingRegressor([("a", r())], LinearRegression(), cv=2),
            "bagged amounts": lambda r=regressor: BaggingRegressor(r(), n_estimators=3, random_state=0),
            "boosted amounts": lambda r=regressor: AdaBoostRegressor(r(), n_estimators=3, random_state=0),
        }
        for what, make in amounts_of.items():
            yield package, Case(f"boosters/{name} {what}", model(make, numbers, amounts), "within")


def _others() -> Iterator[tuple[str, Case]]:
    for objective in ("rank:ndcg", "rank:pairwise"):
        build = _ranked("xgboost", "XGBRanker", "qid", objective=objective)
        yield "xgboost", Case(f"boosters/XGBRanker {objective}", build, "bit-equal")
    for objective in ("lambdarank", "rank_xendcg"):
        build = _ranked("lightgbm", "LGBMRanker", "group", objective=objective)
        yield "lightgbm", Case(f"boosters/LGBMRanker {objective}", build, "bit-equal")
    for loss in ("YetiRank", "QueryRMSE"):
        build = _ranked("catboost", "CatBoostRanker", "group_id", loss_function=loss)
        yield "catboost", Case(f"boosters/CatBoostRanker {loss}", build, "bit-equal")

    def labels() -> NDArray[Any]:
        return np.column_stack([_codes(2), np.roll(_codes(2), 3)])

    for strategy in ("one_output_per_tree", "multi_output_tree"):
        several = partial(_made, "xgboost", "XGBClassifier", multi_strategy=strategy, tree_method="hist")
        build = model(several, _holed, labels)
        yield "xgboost", Case(f"boosters/XGBClassifier of several labels, {strategy}", build, "within", CLASSIFIED)
    several = partial(_made, "catboost", "CatBoostClassifier", loss_function="MultiLogloss")
    build = model(several, _holed, labels)
    yield "catboost", Case("boosters/CatBoostClassifier of several labels", build, "within", CLASSIFIED)
    for name, rows in (("missing", _holed), ("full", numbers)):
        linear = partial(_made, "lightgbm", "LGBMRegressor", linear_tree=True, min_child_samples=5)
        yield (
            "lightgbm",
            Case(f"boosters/LGBMRegressor linear leaves, {name}", model(linear, rows, amounts), "bit-equal"),
        )
    linear = partial(_made, "lightgbm", "LGBMClassifier", linear_tree=True, min_child_samples=5)
    build = model(linear, _holed, lambda: _codes(3))
    yield "lightgbm", Case("boosters/LGBMClassifier linear leaves", build, "within", CLASSIFIED)
    for package, kind, options in (
        ("xgboost", "XGBRegressor", {"enable_categorical": True, "max_cat_to_onehot": 1}),
        ("lightgbm", "LGBMRegressor", {"cat_smooth": 1, "min_data_per_group": 1}),
    ):
        build = model(partial(_made, package, kind, **options), _numbered, amounts)
        yield package, Case(f"boosters/{kind} categories of numbers in a frame", build, "bit-equal")


def cases() -> Iterator[Case]:
    yield from (case for package, case in (*_others(), *_meta()) if find_spec(package) is not None)
    yield from (case for package, case in _every() if find_spec(package) is not None)
