"""Imputers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from parity_tests.case import Case
from parity_tests.data import numbers, table
from parity_tests.zoo.building import STRINGS, model


def cases() -> Iterator[Case]:
    def holes() -> Any:
        return numbers(missing=True)

    for strategy in ("mean", "median", "most_frequent"):
        yield Case(
            f"imputer/{strategy}",
            model(lambda s=strategy: SimpleImputer(strategy=s), holes, lambda: None),
            "bit-equal",
        )
    constant = model(
        lambda: SimpleImputer(strategy="constant", fill_value=-1.5, add_indicator=True), holes, lambda: None
    )
    yield Case("imputer/constant with indicator", constant, "bit-equal")
    marker = model(lambda: SimpleImputer(missing_values=0.0), numbers, lambda: None)
    yield Case("imputer/a number as missing", marker, "bit-equal")
    strings = model(
        lambda: make_pipeline(
            SimpleImputer(missing_values=None, strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")
        ),
        lambda: table()[STRINGS],
        lambda: None,
    )
    yield Case("imputer/strings", strings, "bit-equal")
