"""Features of the demand scenario: one row per product and day, from what was known before that day.

Units, orders and revenue of the day itself are never used. ``shop_open`` is: a shop knows its opening days beforehand.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

#: Words of a description -> category; the first that matches counts. A product that matches none has no category.
CATEGORIES: Mapping[str, tuple[str, ...]] = {
    "bag": ("BAG", "SHOPPER"),
    "lunch box": ("LUNCH BOX", "SNACK BOX"),
    "baking": ("CAKE", "JAM", "RECIPE"),
    "table": ("NAPKIN", "TEA", "BOWL", "POPCORN"),
    "light": ("LIGHT", "CANDLE", "LANTERN"),
    "sign": ("SIGN", "CHALKBOARD", "WORD"),
    "clock": ("CLOCK",),
    "decoration": ("BUNTING", "ORNAMENT", "FRAME", "RIBBON", "CHARM"),
}

LAGS = (1, 7, 14, 28)
STRINGS = ("stock_code", "category")
WHOLE = ("weekday", "month", "day_of_month", "days_closed_before")
FLAGS = ("shop_open",)
NUMBERS = (*(f"units_lag_{lag}" for lag in LAGS), "units_mean_7", "units_mean_28", "units_open_mean_28", "last_price")
#: The feature table's columns, in order.
FEATURES = (*STRINGS, *WHOLE, *FLAGS, *NUMBERS)
TARGET = "units"


def category_of(description: object) -> str | None:
    """The category of a product's description, or None."""
    words = str(description).upper()
    for category, signs in CATEGORIES.items():
        if any(sign in words for sign in signs):
            return category
    return None


def whole_calendar(daily: pd.DataFrame) -> pd.DataFrame:
    """The same days with every product on every day of the calendar, so that a lag of 7 rows is one week.

    Units and revenue of days without a row are 0. A day without any row counts as closed.
    """
    days = pd.date_range(daily["date"].min(), daily["date"].max(), freq="D")
    codes = np.sort(daily["stock_code"].unique())
    full = pd.MultiIndex.from_product([codes, days], names=["stock_code", "date"])
    wide = daily.set_index(["stock_code", "date"])[["units", "revenue"]].reindex(full, fill_value=0.0).reset_index()
    opened = daily.groupby("date")["shop_open"].max().reindex(days, fill_value=False)
    wide["shop_open"] = wide["date"].map(opened).astype(bool)
    names = daily.groupby("stock_code")["description"].first()
    wide["description"] = wide["stock_code"].map(names)
    return wide


def demand_features(daily: pd.DataFrame) -> pd.DataFrame:
    """The feature table with its keys and target.

    Args:
        daily: as the demand loader gives it: date (datetime64), stock_code (str), description (str), units (float64), revenue
            (float64, currency of the data), shop_open (bool); one row per product and day.

    Returns:
        A frame ordered by product and day: ``date``, the columns ``FEATURES`` and ``units``. Strings as object or str, missing
        where a product has no category; whole numbers int64; ``shop_open`` bool; all others float64, NaN where the history is
        too short or the product was never sold before.
    """
    frame = whole_calendar(daily)
    date = frame["date"].dt
    by_product = frame.groupby("stock_code", sort=False)
    table: dict[str, pd.Series] = {
        "date": frame["date"],
        "stock_code": frame["stock_code"],
        "category": frame["description"].map({name: category_of(name) for name in frame["description"].unique()}),
        "weekday": date.day_of_week.astype(np.int64),
        "month": date.month.astype(np.int64),
        "day_of_month": date.day.astype(np.int64),
        "days_closed_before": _days_closed_before(frame),
        "shop_open": frame["shop_open"],
    }
    before = by_product["units"].shift(1)
    open_before = before.where(by_product["shop_open"].shift(1, fill_value=False).astype(bool))
    for lag in LAGS:
        table[f"units_lag_{lag}"] = by_product["units"].shift(lag)
    table["units_mean_7"] = _rolling(before, frame["stock_code"], 7, 7)
    table["units_mean_28"] = _rolling(before, frame["stock_code"], 28, 14)
    table["units_open_mean_28"] = _rolling(open_before, frame["stock_code"], 28, 6)
    price = (frame["revenue"] / frame["units"]).where(frame["units"] > 0)
    table["last_price"] = price.groupby(frame["stock_code"]).ffill().groupby(frame["stock_code"]).shift(1)
    table[TARGET] = frame["units"].astype(np.float64)
    return pd.DataFrame(table)[["date", *FEATURES, TARGET]]


def _rolling(values: pd.Series, product: pd.Series, days: int, least: int) -> pd.Series:
    means = values.groupby(product, sort=False).rolling(days, min_periods=least).mean()
    # A rolling sum leaves specks of rounding where all values are zero.
    return means.reset_index(level=0, drop=True).round(6)


def _days_closed_before(frame: pd.DataFrame) -> pd.Series:
    """How many days in a row the shop was closed just before each day."""
    opened = frame.groupby("date")["shop_open"].max()
    run = (~opened).groupby(opened.cumsum()).cumsum()
    return frame["date"].map(run.shift(1, fill_value=0)).astype(np.int64)
