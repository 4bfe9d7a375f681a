"""The recommender: similarities, and scores to the last bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from samescore_runtime.errors import InputError
from samescore_train import purchases
from samescore_train.recommender import TRUSTED, ItemToItemRecommender
from samescore_train.recommender_simulator import simulate_interactions
from samescore_train.saving import save_model, save_sample
from samescore_train.snapshot import simulated_snapshot
from samescore_train.trained import Trained

BASKETS = [["a", "b"], ["a", "b", "c"], ["a", "c"], ["d"], ["b", "b", "a"]]


@pytest.fixture(scope="module")
def small() -> ItemToItemRecommender:
    return ItemToItemRecommender(k=3, n_neighbors=2, max_items=4).fit(BASKETS)


@pytest.fixture(scope="module")
def trained() -> Trained:
    return purchases.fit(purchases.load(simulate=True), max_items=8)


def by_the_book(model: ItemToItemRecommender, history: list[str]) -> tuple[list[str], list[float]]:
    items = model.items_.tolist()
    scores = [0.0] * len(items)
    for item in history:
        if item in items:
            row = items.index(item)
            for neighbour, similarity in zip(
                model.neighbours_[row].tolist(), model.similarities_[row].tolist(), strict=True
            ):
                scores[neighbour] += similarity
    for item in history:
        if item in items:
            scores[items.index(item)] = float("-inf")
    best = sorted(range(len(items)), key=lambda index: (-scores[index], index))[: model.k]
    return [items[index] for index in best], [scores[index] for index in best]


def test_items_are_numbered_by_popularity_and_neighbours_by_cosine(small: ItemToItemRecommender) -> None:
    assert small.items_.tolist() == ["a", "b", "c", "d"]
    assert small.neighbours_.tolist() == [[1, 2], [0, 2], [0, 1], [3, 3]]
    expected = [
        [3 / np.sqrt(12), 2 / np.sqrt(8)],
        [3 / np.sqrt(12), 1 / np.sqrt(6)],
        [2 / np.sqrt(8), 1 / np.sqrt(6)],
        [0, 0],
    ]
    assert small.similarities_.tolist() == np.array(expected).tolist()
    assert small.neighbours_.dtype == np.int64
    assert small.similarities_.dtype == np.float64


def test_scores_are_those_of_the_definition_to_the_last_bit(trained: Trained) -> None:
    random = np.random.default_rng(0)
    names = [*trained.model.items_.tolist(), "unknown", ""]
    rows = [list(map(str, random.choice(names, int(random.integers(0, 9))))) for _ in range(300)]
    items, scores = trained.model.recommend(pd.DataFrame({"items": rows}))
    assert (items.dtype, items.shape, scores.dtype) == (object, (300, 10), np.float64)
    for row, found, values in zip(rows, items.tolist(), scores.tolist(), strict=True):
        assert (found, values) == by_the_book(trained.model, row)


def test_rows_do_not_depend_on_each_other(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    together = trained.model.recommend(trained.sample)
    monkeypatch.setattr("samescore_train.recommender.CHUNK", 7)
    apart = trained.model.recommend(trained.sample)
    assert together[0].tolist() == apart[0].tolist()
    assert together[1].tobytes() == apart[1].tobytes()


def test_strangers_and_new_customers_get_the_popular_items(small: ItemToItemRecommender) -> None:
    items, scores = small.recommend([[], ["never seen"]])
    assert items.tolist() == [["a", "b", "c"]] * 2
    assert scores.tolist() == [[0.0, 0.0, 0.0]] * 2


def test_nothing_left_scores_minus_infinity_and_no_rows_are_no_rows(small: ItemToItemRecommender) -> None:
    items, scores = small.recommend([["a", "b", "c", "d"]])
    assert items.tolist() == [["a", "b", "c"]]
    assert np.isneginf(scores).all()
    items, scores = small.recommend(pd.DataFrame({"items": pd.Series([], dtype=object)}))
    assert items.shape == scores.shape == (0, 3)


def test_the_three_forms_of_purchases_give_the_same_model(small: ItemToItemRecommender) -> None:
    flat = pd.DataFrame(
        [(str(who), item) for who, basket in enumerate(BASKETS) for item in basket], columns=["customer_id", "item_id"]
    )
    for form in (flat, pd.DataFrame({"items": BASKETS}), [tuple(basket) for basket in BASKETS]):
        model = clone(small).fit(form)
        assert model.items_.tolist() == small.items_.tolist()
        assert model.neighbours_.tolist() == small.neighbours_.tolist()
        assert model.similarities_.tobytes() == small.similarities_.tobytes()


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (pd.DataFrame({"item": [[]]}), "X: the columns item; the one column items"),
        (pd.DataFrame({"items": [["a"]], "x": [1]}), "X: the columns items, x; the one column items"),
        ([["a"], "a"], r"X\[1\]: str; a list of item ids"),
        ([["a"], None], r"X\[1\]: NoneType; a list of item ids"),
        ([["a", 1]], r"X\[0\]: an element of the type int; strings"),
        ([["a"] * 5], r"X\[0\]: a list of 5 items; at most 4"),
        ("a", "X: a string; a sequence of lists"),
    ],
)
def test_bad_histories_are_refused(small: ItemToItemRecommender, X: object, message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        small.recommend(X)


@pytest.mark.parametrize(
    ("options", "X", "message"),
    [
        ({"k": 0}, BASKETS, "k: 0; a whole number of at least 1"),
        ({"max_items": 2.5}, BASKETS, "max_items: 2.5"),
        ({"k": 9}, BASKETS, "X: 4 items; at least k=9"),
        ({}, [], "X: no purchases"),
        ({}, [["a", ""]], "X: the item id '' of purchase 1"),
        ({}, pd.DataFrame({"a": [1]}), "X: no columns customer_id, item_id"),
        ({}, pd.DataFrame({"customer_id": [None], "item_id": ["a"]}), "X.customer_id: 1 missing"),
    ],
)
def test_bad_purchases_are_refused(options: dict[str, object], X: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ItemToItemRecommender(**options).fit(X)  # type: ignore[arg-type]


def test_an_unfitted_model_says_so() -> None:
    with pytest.raises(NotFittedError):
        ItemToItemRecommender().recommend([["a"]])


def test_a_saved_recommender_comes_back_whole_and_trusting_its_type_is_enough(trained: Trained, tmp_path: Path) -> None:
    from skops.io import get_untrusted_types, load

    file = tmp_path / "r.skops"
    save_model(trained.model, file)
    assert tuple(get_untrusted_types(file=file)) == TRUSTED
    loaded = load(file, trusted=list(TRUSTED))
    assert loaded.samescore_provenance_ == trained.provenance
    assert loaded.recommend(trained.sample)[1].tobytes() == trained.model.recommend(trained.sample)[1].tobytes()
    assert loaded.recommend(trained.sample)[0].tolist() == trained.model.recommend(trained.sample)[0].tolist()


def test_the_sample_comes_back_from_parquet_and_is_refused_as_csv(trained: Trained, tmp_path: Path) -> None:
    save_sample(trained.sample, tmp_path / "s.parquet")
    back = pd.read_parquet(tmp_path / "s.parquet")
    assert trained.model.recommend(back)[0].tolist() == trained.model.recommend(trained.sample)[0].tolist()
    with pytest.raises(InputError, match=r"the columns items of lists; a \.parquet file"):
        save_sample(trained.sample, tmp_path / "s.csv")


def test_histories_keep_the_last_different_items_in_order() -> None:
    table = pd.DataFrame({"customer_id": ["x"] * 5, "item_id": ["a", "b", "a", "c", "d"]})
    assert purchases.histories(table, 3)["x"] == ["a", "c", "d"]


def test_the_scenario_beats_popularity_on_the_simulator_and_holds_out_only_new_items(trained: Trained) -> None:
    assert trained.scores.beaten_by() == []
    bought = zip(trained.holdout["items"], trained.holdout["bought"], strict=True)
    assert not any(set(history) & set(new) for history, new in bought)
    again = purchases.fit(purchases.load(simulate=True), max_items=8)
    assert again.provenance == trained.provenance
    assert again.model.similarities_.tobytes() == trained.model.similarities_.tobytes()


def test_purchases_that_say_nothing_are_refused() -> None:
    frame = simulate_interactions(customers=20)
    with pytest.raises(InputError, match="purchases 20 without item_id"):
        purchases.tidy(frame.assign(item_id=[None] * 20 + ["a"] * (len(frame) - 20)), "p.csv")
    with pytest.raises(InputError, match="0 customers with new items"):
        purchases.fit(simulated_snapshot(frame.assign(item_id="a"), "p.csv"))
