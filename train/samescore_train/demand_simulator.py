"""A seeded stand-in for the daily demand file: the same columns, weekly rhythm, closed Saturdays, heavy tails."""

from __future__ import annotations

import numpy as np
import pandas as pd

_WORDS = (
    "LUNCH BAG",
    "CAKE CASES",
    "T-LIGHT HOLDER",
    "METAL SIGN",
    "ALARM CLOCK",
    "PARTY BUNTING",
    "LUNCH BOX",
    "GAME",
)
_COLOURS = ("RED", "BLUE", "PINK", "GREEN", "VINTAGE")


def simulate_demand(seed: int = 0, products: int = 12, days: int = 200) -> pd.DataFrame:
    """One row per product and day from 2011-01-03 on, ordered by both.

    Returns:
        date (datetime64), stock_code, description (str), units, orders (int64), revenue (float64), shop_open (int64, 0 or 1).
    """
    random = np.random.default_rng(seed)
    dates = pd.date_range("2011-01-03", periods=days, freq="D")
    holidays = random.random(days) < 0.02
    opened = (dates.day_of_week != 5) & ~holidays
    season = 1.0 + 0.5 * np.sin(np.arange(days) / 40.0)
    weekly = np.array([1.0, 1.1, 1.1, 1.3, 0.9, 0.0, 0.5])[dates.day_of_week]
    frames = []
    for product in range(products):
        level, price = random.gamma(2.0, 15.0) + 3.0, round(float(random.uniform(0.5, 9.0)), 2)
        mean = level * season * weekly * random.gamma(4.0, 0.25, days)
        units = np.where(opened, random.poisson(mean), 0)
        # Now and then somebody orders for a whole shop.
        units = np.where(opened & (random.random(days) < 0.01), units * 12, units)
        paid = np.round(price * np.where(random.random(days) < 0.2, 0.85, 1.0), 2)
        name = f"{_COLOURS[product % len(_COLOURS)]} {_WORDS[product % len(_WORDS)]}"
        frames.append(
            pd.DataFrame(
                {
                    "date": dates,
                    "stock_code": f"{20000 + 7 * product}{'' if product % 4 else 'B'}",
                    "description": name,
                    "units": units.astype(np.int64),
                    "orders": np.minimum(units, 1 + units // 8).astype(np.int64),
                    "revenue": np.round(units * paid, 2),
                    "shop_open": opened.astype(np.int64),
                }
            )
        )
    return pd.concat(frames).sort_values(["date", "stock_code"], kind="stable").reset_index(drop=True)
