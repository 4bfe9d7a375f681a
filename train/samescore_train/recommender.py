"""Item-to-item recommendations: customers who bought this also bought."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

#: Our types in a written model, to be trusted by name on loading.
TRUSTED = ("samescore_train.recommender.ItemToItemRecommender",)
#: The one column of histories.
ITEMS = "items"
#: Rows scored at once: 1,024 rows of 4,000 items are 32 MB.
CHUNK = 1024
#: Items compared with all others at once in fitting.
BLOCK = 256


class ItemToItemRecommender(BaseEstimator):  # type: ignore[misc]
    """Recommends the items most often bought by the same customers as those in a history.

    Scores are defined to the last bit, so that any runtime can give the same: start with 0.0 for every item; for each item of the
    history in order, add its similarities to its neighbours' scores (an unknown item adds nothing, a repeated one counts each
    time); set the history's own items to -inf; take the ``k`` highest, the lower index first among equals. Items are numbered by
    popularity, so an empty history gets the most popular ones.

    Args:
        k: recommendations per row, at most the number of items.
        n_neighbors: neighbours kept per item.
        max_items: the longest history accepted at scoring.

    Attributes:
        items_: (n_items,) str; by number of customers, most first, then by name.
        neighbours_: (n_items, m) int64, m = min(n_neighbors, n_items - 1), at least 1; most similar first. A row with fewer neighbours is
            filled up with the item's own index.
        similarities_: (n_items, m) float64, the cosine of two items' customers, in (0, 1]; 0.0 where filled up.
        customers_: how many customers the fit saw.
    """

    def __init__(self, k: int = 10, n_neighbors: int = 20, max_items: int = 50) -> None:
        self.k = k
        self.n_neighbors = n_neighbors
        self.max_items = max_items

    def fit(self, X: Any, y: Any = None) -> ItemToItemRecommender:
        """Learn similarities from purchases.

        Args:
            X: a data frame with the columns ``customer_id`` and ``item_id`` (further ones are ignored; buying twice counts
                once), or a sequence of lists of item ids, one per customer, or a frame with these in the column ``items``.
            y: ignored.

        Raises:
            ValueError: parameters out of range, item ids that are not non-empty strings, or fewer than ``k`` items.
        """
        for name in ("k", "n_neighbors", "max_items"):
            value = getattr(self, name)
            if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < 1:
                raise ValueError(f"{name}: {value!r}; a whole number of at least 1")
        customers, items = _purchases(X)
        if not len(items):
            raise ValueError("X: no purchases; at least one")
        rows, names = pd.factorize(customers)[0], np.asarray(items, dtype=str)
        pairs = pd.DataFrame({"row": rows, "item": names}).drop_duplicates()
        popularity = pairs.groupby("item").size().rename("customers").reset_index()
        popularity["item"] = popularity["item"].astype(str)
        order = popularity.sort_values(["customers", "item"], ascending=[False, True], kind="stable")
        if len(order) < self.k:
            raise ValueError(f"X: {len(order)} items; at least k={self.k}")
        self.items_ = np.array(order["item"].tolist(), dtype=str)
        place = {item: index for index, item in enumerate(self.items_.tolist())}
        columns = np.array([place[item] for item in pairs["item"]], dtype=np.int64)
        self.customers_ = int(rows.max()) + 1
        self.neighbours_, self.similarities_ = _neighbours(
            pairs["row"].to_numpy(), columns, self.customers_, order["customers"].to_numpy(), int(self.n_neighbors)
        )
        self.n_features_in_ = 1
        self.feature_names_in_ = np.array([ITEMS], dtype=object)
        return self

    def recommend(self, X: Any) -> tuple[NDArray[Any], NDArray[np.float64]]:
        """The best items for each history.

        Args:
            X: a data frame with the one column ``items``, or a sequence: per row a list of at most ``max_items`` item ids
                (str), oldest first. A list of one item gives what was also bought; an empty one the most popular items.

        Returns:
            items (rows, k) object array of str, scores (rows, k) float64, best first. A score of -inf says that nothing but the
            history's own items was left.

        Raises:
            ValueError: other columns, or a history that is too long; it says in which row.
            TypeError: a row that is no list, or an element that is no string; likewise.
        """
        check_is_fitted(self)
        histories = _histories(X, self.max_items)
        place = {item: index for index, item in enumerate(self.items_.tolist())}
        best = np.zeros((len(histories), self.k), dtype=np.int64)
        scores = np.zeros((len(histories), self.k), dtype=np.float64)
        for start in range(0, len(histories), CHUNK):
            rows = slice(start, start + CHUNK)
            codes = [[place[item] for item in history if item in place] for history in histories[rows]]
            best[rows], scores[rows] = self._best(codes)
        return self.items_.astype(object)[best], scores

    def _best(self, histories: list[list[int]]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        scores = np.zeros((len(histories), len(self.items_)), dtype=np.float64)
        # Position by position, so that each row's sums are taken in the order of its history.
        for position in range(max(map(len, histories), default=0)):
            rows = np.array([row for row, history in enumerate(histories) if len(history) > position])
            codes = np.array([histories[row][position] for row in rows])
            scores[rows[:, None], self.neighbours_[codes]] += self.similarities_[codes]
        for row, history in enumerate(histories):
            scores[row, history] = -np.inf
        best = np.argsort(-scores, axis=1, kind="stable")[:, : self.k]
        return best, np.take_along_axis(scores, best, axis=1)


def _neighbours(
    rows: NDArray[np.int64], columns: NDArray[np.int64], customers: int, counts: NDArray[np.int64], wanted: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    from scipy.sparse import csr_array

    n_items = len(counts)
    width = max(1, min(wanted, n_items - 1))
    bought = csr_array((np.ones(len(rows)), (rows, columns)), shape=(customers, n_items))
    neighbours = np.empty((n_items, width), dtype=np.int64)
    similarities = np.empty((n_items, width), dtype=np.float64)
    for start in range(0, n_items, BLOCK):
        block = np.arange(start, min(start + BLOCK, n_items))
        together = (bought[:, block].T @ bought).toarray()
        cosine = together / np.sqrt(counts[block, None].astype(np.float64) * counts)
        cosine[np.arange(len(block)), block] = 0.0
        best = np.argsort(-cosine, axis=1, kind="stable")[:, :width]
        values = np.take_along_axis(cosine, best, axis=1)
        neighbours[block] = np.where(values > 0.0, best, block[:, None])
        similarities[block] = values
    return neighbours, similarities


def _purchases(X: Any) -> tuple[NDArray[Any], list[str]]:
    """Customer and item of each purchase."""
    if isinstance(X, pd.DataFrame) and ITEMS not in X.columns:
        absent = [name for name in ("customer_id", "item_id") if name not in X.columns]
        if absent:
            raise ValueError(f"X: no columns {', '.join(absent)}; customer_id and item_id, or {ITEMS}")
        if X["customer_id"].isna().any():
            raise ValueError(f"X.customer_id: {int(X['customer_id'].isna().sum())} missing; a customer in every row")
        customers, items = X["customer_id"].to_numpy(), X["item_id"].tolist()
    else:
        histories = _histories(X, None)
        customers = np.repeat(np.arange(len(histories)), [len(history) for history in histories])
        items = [item for history in histories for item in history]
    for row, item in enumerate(items):
        if not isinstance(item, str) or not item:
            raise ValueError(f"X: the item id {item!r} of purchase {row}; a string that is not empty")
    return customers, items


def _histories(X: Any, longest: int | None) -> list[Sequence[str]]:
    if isinstance(X, pd.DataFrame):
        if list(X.columns) != [ITEMS]:
            raise ValueError(f"X: the columns {', '.join(map(str, X.columns))}; the one column {ITEMS}")
        X = X[ITEMS]
    if isinstance(X, str):
        raise TypeError("X: a string; a sequence of lists of item ids")
    histories: list[Sequence[str]] = list(X)
    for row, history in enumerate(histories):
        if not isinstance(history, (list, tuple, np.ndarray)):
            raise TypeError(f"X[{row}]: {type(history).__name__}; a list of item ids")
        if longest is not None and len(history) > longest:
            raise ValueError(f"X[{row}]: a list of {len(history)} items; at most {longest}")
        for item in history:
            if not isinstance(item, str):
                raise TypeError(f"X[{row}]: an element of the type {type(item).__name__}; strings")
    return histories
