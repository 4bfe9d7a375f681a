"""The recommender scenario: from purchases to an ``ItemToItemRecommender``, and how often it is right."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from samescore_runtime.errors import InputError
from samescore_train.layouts import Layout, read_layout
from samescore_train.loading import load_data
from samescore_train.online_retail import ONLINE_RETAIL, interactions
from samescore_train.recommender import ITEMS, ItemToItemRecommender
from samescore_train.recommender_simulator import simulate_interactions
from samescore_train.scores import Scores
from samescore_train.snapshot import Snapshot
from samescore_train.trained import Progress, Trained, finish, silent, spread_rows

FILE = "retail_interactions.csv.gz"
PURCHASES = Layout(
    "purchases",
    {
        "customer_id": ("customer_id", "string"),
        "item_id": ("item_id", "string"),
        "timestamp": ("timestamp", "time"),
    },
)
#: The last part of the period, on whose purchases the model is scored.
HOLDOUT = 0.2


def load(
    data: str | Path | None = None, seed: int = 0, simulate: bool = False, progress: Progress = silent
) -> Snapshot:
    """The purchases named, or the public file, or a simulation."""
    return load_data(FILE, lambda: simulate_interactions(seed), data=data, simulate=simulate, progress=progress)


def tidy(frame: pd.DataFrame, where: str) -> pd.DataFrame:
    """Purchases as customer_id, item_id (str) and timestamp, in time order; from either published form.

    Raises:
        InputError: missing columns, bad cells, or purchases without a customer or item.
    """
    layout, table = read_layout(frame, where, [PURCHASES, ONLINE_RETAIL])
    if layout is ONLINE_RETAIL:
        table = interactions(table)
    table = table[["customer_id", "item_id", "timestamp"]]
    gaps = [f"{int(table[name].isna().sum())} without {name}" for name in table.columns if table[name].isna().any()]
    if gaps:
        raise InputError(where, f"purchases {', '.join(gaps)}", "a customer, an item and a time for each")
    return table.sort_values("timestamp", kind="stable").reset_index(drop=True)


def histories(purchases: pd.DataFrame, max_items: int) -> pd.Series:
    """Each customer's last ``max_items`` different items, oldest first: a Series of lists indexed by customer."""
    last = purchases.drop_duplicates(["customer_id", "item_id"], keep="last")
    return last.groupby("customer_id")["item_id"].agg(lambda items: items.tolist()[-max_items:])


def fit(
    snapshot: Snapshot,
    seed: int = 0,
    *,
    k: int = 10,
    n_neighbors: int = 20,
    max_items: int = 50,
    sample_rows: int = 2000,
    progress: Progress = silent,
) -> Trained:
    """Train on the first four fifths of the period; score on what its customers bought later and had not bought before.

    The baseline recommends the most popular items that the customer has not bought yet; it knows the whole history, while the
    model sees the last ``max_items`` items.

    Args:
        snapshot: rows as published (``load``).
        seed: kept in the provenance; nothing here is random.
        k, n_neighbors, max_items: of the recommender.
        sample_rows: at most so many training histories in ``Trained.sample``.

    Raises:
        InputError: the rows are not as published, or nobody bought anything new after the split.
    """
    table = tidy(snapshot.frame, snapshot.source)
    first, last = table["timestamp"].min(), table["timestamp"].max()
    cut = (first + (last - first) * (1.0 - HOLDOUT)).normalize()
    train, later = table[table["timestamp"] < cut], table[table["timestamp"] >= cut]
    before = train.groupby("customer_id")["item_id"].agg(set)
    after = later[later["customer_id"].isin(before.index)].groupby("customer_id")["item_id"].agg(set)
    new = {customer: items - before[customer] for customer, items in after.items() if items - before[customer]}
    if not new or train["item_id"].nunique() < k:
        found = f"{len(new)} customers with new items after {cut:%Y-%m-%d}, {train['item_id'].nunique()} items before"
        raise InputError(snapshot.source, found, f"at least one customer, and {k} items")
    progress(f"fit the neighbours of {train['item_id'].nunique():,} items from {len(train):,} purchases")
    model = ItemToItemRecommender(k=k, n_neighbors=n_neighbors, max_items=max_items).fit(train)
    known = histories(train, max_items)
    progress(f"recommend to {len(new):,} customers")
    holdout = pd.DataFrame({"customer_id": list(new), ITEMS: known.loc[list(new)].tolist()})
    holdout["bought"] = [sorted(items) for items in new.values()]
    recommended = model.recommend(holdout[[ITEMS]])[0].tolist()
    popular = [_popular(model, before[customer]) for customer in new]
    scores = Scores(
        split=f"time split at {cut:%Y-%m-%d}, customers who bought something new",
        train_rows=len(train),
        test_rows=len(new),
        model=_hits(recommended, list(new.values()), k),
        baselines={"popular": _hits(popular, list(new.values()), k)},
    )
    sample = spread_rows(pd.DataFrame({ITEMS: known.tolist()}), sample_rows)
    return finish("recommender", model, sample, holdout, scores, snapshot, seed)


def _popular(model: ItemToItemRecommender, owned: set[str]) -> list[str]:
    """The ``k`` most popular items that are not owned."""
    found: list[str] = []
    for item in model.items_.tolist():
        if item not in owned:
            found.append(item)
            if len(found) == model.k:
                break
    return found


def _hits(recommended: list[list[str]], bought: list[set[str]], k: int) -> dict[str, float]:
    found = np.array([len(items & set(row)) for row, items in zip(recommended, bought, strict=True)])
    return {
        f"hit@{k}": float(np.mean(found > 0)),
        f"recall@{k}": float(np.mean(found / np.array([len(items) for items in bought]))),
    }
