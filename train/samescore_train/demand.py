"""The demand scenario: units per product and day, one day ahead."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from samescore_runtime.errors import InputError
from samescore_train.demand_features import FEATURES, FLAGS, NUMBERS, STRINGS, TARGET, WHOLE, demand_features
from samescore_train.demand_simulator import simulate_demand
from samescore_train.layouts import Layout, read_layout
from samescore_train.loading import load_data
from samescore_train.online_retail import ONLINE_RETAIL, daily_demand
from samescore_train.scores import Scores, regression_scores
from samescore_train.snapshot import Snapshot
from samescore_train.trained import Progress, Trained, finish, one_thread, silent, spread_rows

FILE = "retail_daily_top60.csv.gz"
DAILY = Layout(
    "daily demand",
    {
        "date": ("date", "time"),
        "stock_code": ("stock_code", "string"),
        "description": ("description", "string"),
        "units": ("units", "number"),
        "revenue": ("revenue", "number"),
        "shop_open": ("shop_open", "flag"),
    },
)
#: The last part of the days, on which the model is scored.
HOLDOUT = 0.1
#: Below this many days the longest lag leaves nothing to learn from.
LEAST_DAYS = 60

Kind = Literal["boosting", "forest"]


def load(
    data: str | Path | None = None, seed: int = 0, simulate: bool = False, progress: Progress = silent
) -> Snapshot:
    """The daily demand named, or the public file, or a simulation."""
    return load_data(FILE, lambda: simulate_demand(seed), data=data, simulate=simulate, progress=progress)


def tidy(frame: pd.DataFrame, where: str) -> pd.DataFrame:
    """Daily demand as ``demand_features`` takes it, from either published form.

    Raises:
        InputError: missing columns, bad cells, a product twice on a day, units below zero, or too few days.
    """
    layout, table = read_layout(frame, where, [DAILY, ONLINE_RETAIL])
    if layout is ONLINE_RETAIL:
        table = daily_demand(table)
    table["date"] = table["date"].dt.normalize()
    problems = []
    if table["stock_code"].isna().any():
        problems.append(f"{int(table['stock_code'].isna().sum())} rows without a product")
    if (table["units"] < 0).any():
        problems.append(f"{int((table['units'] < 0).sum())} rows with units below zero")
    if table.duplicated(["date", "stock_code"]).any():
        problems.append(f"{int(table.duplicated(['date', 'stock_code']).sum())} rows of a product and day seen before")
    days = 0 if table.empty else (table["date"].max() - table["date"].min()).days + 1
    if days < LEAST_DAYS:
        problems.append(f"{days} days")
    if problems:
        raise InputError(where, "; ".join(problems), f"one row per product and day, of at least {LEAST_DAYS} days")
    return table


def build_model(kind: Kind, seed: int) -> Any:
    """The unfitted Pipeline over a frame with the columns ``FEATURES``.

    ``boosting`` learns the median (absolute error), which a few wholesale orders of thousands do not pull; ``forest`` the mean.
    """
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OrdinalEncoder, StandardScaler

    numbers = [*WHOLE, *FLAGS, *NUMBERS]
    if kind == "boosting":
        codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan, encoded_missing_value=np.nan)
        prepare = ColumnTransformer([("strings", codes, list(STRINGS)), ("numbers", "passthrough", numbers)])
        trees = HistGradientBoostingRegressor(
            loss="absolute_error",
            learning_rate=0.05,
            max_iter=100,
            min_samples_leaf=50,
            categorical_features=list(range(len(STRINGS))),
            random_state=seed,
        )
        return Pipeline([("prepare", prepare), ("model", trees)])
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2)
    fill = Pipeline([("impute", SimpleImputer(strategy="median")), ("scale", StandardScaler())])
    prepare = ColumnTransformer(
        [("strings", codes, list(STRINGS)), ("numbers", fill, list(NUMBERS)), ("rest", "passthrough", [*WHOLE, *FLAGS])]
    )
    forest = RandomForestRegressor(n_estimators=60, min_samples_leaf=10, max_features=0.5, random_state=seed, n_jobs=1)
    return Pipeline([("prepare", prepare), ("model", forest)])


def fit(
    snapshot: Snapshot, seed: int = 0, kind: Kind = "boosting", sample_rows: int = 2000, progress: Progress = silent
) -> Trained:
    """Train on all but the last tenth of the days, and score on the open days of that tenth.

    The baselines know what the model knows: the units of the same day last week, and the mean of the open days of the last 28.

    Args:
        snapshot: rows as published (``load``).
        seed: of the model's own randomness.
        kind: the model.
        sample_rows: at most so many training rows in ``Trained.sample``.

    Raises:
        InputError: the rows are not as published, or too few.
    """
    daily = tidy(snapshot.frame, snapshot.source)
    progress(f"build features for {daily['stock_code'].nunique()} products")
    table = demand_features(daily)
    days = np.sort(table["date"].unique())
    cut = pd.Timestamp(days[-max(1, round(len(days) * HOLDOUT))])
    train, test = table[table["date"] < cut], table[(table["date"] >= cut) & table["shop_open"]]
    if test.empty:
        raise InputError(snapshot.source, f"no open day from {cut:%Y-%m-%d} on", "a last tenth with an open day")
    progress(f"fit {kind} on {len(train):,} rows")
    model = build_model(kind, seed)
    with one_thread():
        model.fit(train[list(FEATURES)], train[TARGET].to_numpy())
        predicted = model.predict(test[list(FEATURES)])
    scores = Scores(
        split=f"time split at {cut:%Y-%m-%d}, open days, one day ahead",
        train_rows=len(train),
        test_rows=len(test),
        model=regression_scores(test[TARGET].to_numpy(), predicted),
        baselines={
            "last week same day": _baseline(test, "units_lag_7"),
            "mean of open days": _baseline(test, "units_open_mean_28"),
        },
    )
    holdout = test[["date", *FEATURES, TARGET]].reset_index(drop=True)
    return finish("demand", model, spread_rows(train[list(FEATURES)], sample_rows), holdout, scores, snapshot, seed)


def _baseline(test: pd.DataFrame, column: str) -> dict[str, float]:
    return regression_scores(test[TARGET].to_numpy(), test[column].fillna(0.0).to_numpy())
