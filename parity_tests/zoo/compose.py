"""Columns and unions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, OrdinalEncoder, StandardScaler

from parity_tests.case import Case
from parity_tests.data import numbers, table, target
from parity_tests.zoo.building import NUMBERS, STRINGS, model, prepared


def _nullable() -> pd.DataFrame:
    """Columns of pandas' own types, with missing values in each."""
    frame = table()[["stock", "open", "weight"]].convert_dtypes()
    frame.loc[::7] = pd.NA
    return frame


def cases() -> Iterator[Case]:
    forest = RandomForestClassifier(5, random_state=0)
    choices: dict[str, list[tuple[str, Any, Any]]] = {
        "names": [("n", SimpleImputer(), NUMBERS), ("c", OneHotEncoder(handle_unknown="ignore"), STRINGS)],
        "positions": [("n", SimpleImputer(), [0, 2]), ("c", OneHotEncoder(handle_unknown="ignore"), [4])],
        "slice": [("n", SimpleImputer(), slice("price", "stock"))],
        "mask": [("n", SimpleImputer(), [True, True, False, False, False, False])],
        "selector": [
            ("n", SimpleImputer(), make_column_selector(dtype_include=np.number)),
            (
                "c",
                OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
                make_column_selector(dtype_include=object),
            ),
        ],
    }
    for name, transformers in choices.items():
        build = model(lambda t=transformers: make_pipeline(ColumnTransformer(t), forest), table, target)
        yield Case(f"columns/{name}", build, "proven")
    kept = model(
        lambda: make_pipeline(
            ColumnTransformer([("c", OrdinalEncoder(), ["kind"]), ("d", "drop", ["shop"])], remainder="passthrough"),
            forest,
        ),
        table,
        target,
    )
    yield Case("columns/remainder passed through", kept, "proven")
    weighted = model(
        lambda: ColumnTransformer(
            [("a", MinMaxScaler(), ["weight"]), ("b", "passthrough", ["stock", "open"])], transformer_weights={"a": 3.0}
        ),
        table,
        lambda: None,
    )
    yield Case("columns/weights", weighted, "bit-equal")
    union = model(
        lambda: make_pipeline(FeatureUnion([("s", StandardScaler()), ("m", MinMaxScaler())]), forest), numbers, target
    )
    yield Case("columns/union", union, "proven")
    by_column = model(prepared(lambda: RandomForestClassifier(5, random_state=0)), table, target)
    yield Case("columns/one input a column", by_column, "proven", layout="columns")
    single = model(
        lambda: ColumnTransformer([("n", StandardScaler(), ["weight"])], remainder=SimpleImputer()),
        lambda: table()[["price", "weight", "stock"]].astype({"weight": np.float32}),
        lambda: None,
    )
    yield Case("columns/float32 beside float64", single, "bit-equal")
    nested = model(
        lambda: ColumnTransformer(
            [
                (
                    "n",
                    ColumnTransformer([("s", MinMaxScaler(), ["weight"])], remainder="passthrough"),
                    ["weight", "stock"],
                )
            ]
        ),
        table,
        lambda: None,
    )
    yield Case("columns/nested", nested, "bit-equal")
    nullable = model(
        lambda: ColumnTransformer([("n", SimpleImputer(), ["stock", "open", "weight"])]), _nullable, lambda: None
    )
    yield Case("columns/pandas' own types, missing", nullable, "bit-equal")
