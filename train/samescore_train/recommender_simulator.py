"""A seeded stand-in for the purchases file: customers with tastes, items that go together, a few that everybody buys."""

from __future__ import annotations

import numpy as np
import pandas as pd


def simulate_interactions(
    seed: int = 0, customers: int = 400, items: int = 150, tastes: int = 10, days: int = 300
) -> pd.DataFrame:
    """Purchases ordered by time, columns as in retail_interactions.csv.

    Returns:
        customer_id, item_id (str), timestamp (datetime64), units (int64), spend_gbp (float64); one row per customer, item and day.
    """
    random = np.random.default_rng(seed)
    taste_of_item = np.arange(items) % tastes
    appeal = random.zipf(1.6, items).clip(max=12).astype(np.float64)
    names = np.array([f"{10000 + 13 * item}{'' if item % 5 else 'A'}" for item in range(items)])
    rows: list[tuple[str, str, int, int]] = []
    for customer in range(customers):
        taste = int(random.integers(tastes))
        weights = appeal * np.where(taste_of_item == taste, 25.0, 1.0)
        weights /= weights.sum()
        for day in np.sort(random.integers(0, days, int(random.integers(1, 7)))):
            basket = random.choice(items, size=int(random.integers(1, 9)), replace=False, p=weights)
            rows += [
                (str(12000 + customer), str(names[item]), int(day), int(random.integers(1, 13))) for item in basket
            ]
    frame = pd.DataFrame(rows, columns=["customer_id", "item_id", "day", "units"])
    frame = frame.groupby(["customer_id", "item_id", "day"]).agg(units=("units", "sum")).reset_index()
    frame["timestamp"] = pd.Timestamp("2011-01-01 09:00") + pd.to_timedelta(frame["day"], unit="D")
    frame["spend_gbp"] = frame["units"] * 1.25
    order = frame.sort_values(["timestamp", "customer_id", "item_id"], kind="stable")
    return order[["customer_id", "item_id", "timestamp", "units", "spend_gbp"]].reset_index(drop=True)
