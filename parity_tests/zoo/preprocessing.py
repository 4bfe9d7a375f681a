"""Scalers and encoders."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    Binarizer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    RobustScaler,
    StandardScaler,
)

from parity_tests.case import Case
from parity_tests.data import amounts, numbers, table
from parity_tests.zoo.building import STRINGS, model


def _scalers() -> Iterator[Case]:
    makers: dict[str, Callable[[], Any]] = {
        "standard": StandardScaler,
        "standard without mean": lambda: StandardScaler(with_mean=False),
        "standard without std": lambda: StandardScaler(with_std=False),
        "minmax": MinMaxScaler,
        "minmax clipped": lambda: MinMaxScaler((-1, 3), clip=True),
        "maxabs": MaxAbsScaler,
        "robust": RobustScaler,
        "robust without centering": lambda: RobustScaler(with_centering=False),
        "binarizer": lambda: Binarizer(threshold=0.25),
    }
    for name, make in makers.items():
        yield Case(f"scaler/{name}", model(make, numbers, lambda: None), "bit-equal")
        forest = model(lambda m=make: make_pipeline(m(), RandomForestRegressor(7, random_state=0)), numbers, amounts)
        yield Case(f"scaler/{name} before a forest", forest, "proven")


def _encoders() -> Iterator[Case]:
    one_hot: dict[str, dict[str, Any]] = {
        "ignore": {"handle_unknown": "ignore"},
        "error": {},
        "drop first": {"drop": "first"},
        "drop if binary": {"drop": "if_binary", "handle_unknown": "ignore"},
        "infrequent": {"handle_unknown": "infrequent_if_exist", "min_frequency": 55},
        "dense": {"handle_unknown": "ignore", "sparse_output": False},
    }
    for name, options in one_hot.items():
        build = model(lambda o=options: OneHotEncoder(**o), lambda: table()[STRINGS], lambda: None)
        yield Case(f"one-hot/{name}", build, "bit-equal")
    ordinal: dict[str, dict[str, Any]] = {
        "error": {},
        "unknown -1": {"handle_unknown": "use_encoded_value", "unknown_value": -1},
        "unknown nan, missing -2": {
            "handle_unknown": "use_encoded_value",
            "unknown_value": np.nan,
            "encoded_missing_value": -2,
        },
        "infrequent": {"handle_unknown": "use_encoded_value", "unknown_value": -1, "max_categories": 3},
    }
    for name, options in ordinal.items():
        build = model(lambda o=options: OrdinalEncoder(**o), lambda: table()[STRINGS], lambda: None)
        yield Case(f"ordinal/{name}", build, "bit-equal")
    mixed = model(
        lambda: OneHotEncoder(handle_unknown="ignore"), lambda: table()[["stock", "shop", "open"]], lambda: None
    )
    yield Case("one-hot/ints, strings and bools", mixed, "bit-equal")
    floats = model(
        lambda: OneHotEncoder(handle_unknown="ignore"), lambda: np.round(numbers(missing=True)), lambda: None
    )
    yield Case("one-hot/floats with NaN", floats, "bit-equal")


def cases() -> Iterator[Case]:
    yield from _scalers()
    yield from _encoders()
