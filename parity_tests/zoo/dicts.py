"""Dicts, a column a key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction import DictVectorizer, FeatureHasher
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from parity_tests.case import Case
from parity_tests.data import ROWS, target
from parity_tests.zoo.building import model


def dicts(lists: bool = True) -> list[dict[str, Any]]:
    """ROWS dicts, each with some of the keys."""
    rng = np.random.default_rng(11)
    rows: list[dict[str, Any]] = []
    for _ in range(ROWS):
        row: dict[str, Any] = {}
        if rng.random() < 0.8:
            row["price"] = float(rng.normal())
        if rng.random() < 0.7:
            row["shop"] = str(rng.choice(["east", "wést", "😀", ""]))
        if lists and rng.random() < 0.5:
            row["tags"] = [str(tag) for tag in rng.choice(["a", "b", "c"], rng.integers(0, 4))]
        if rng.random() < 0.5:
            row["stock"] = int(rng.integers(0, 9))
        if rng.random() < 0.5:
            row["open"] = bool(rng.random() < 0.5)
        rows.append(row)
    return rows


def cases() -> Iterator[Case]:
    plain = partial(dicts, lists=False)
    vectorizers: dict[str, dict[str, Any]] = {
        "sparse": {},
        "dense": {"sparse": False},
        "separator": {"separator": ": "},
        "unsorted": {"sort": False},
        "float32": {"dtype": np.float32},
    }
    for name, options in vectorizers.items():
        build = model(partial(DictVectorizer, **options), dicts, lambda: None)
        yield Case(f"dicts/DictVectorizer {name}", build, "bit-equal")
    hashers: dict[str, dict[str, Any]] = {
        "plain": {"n_features": 16},
        "without signs": {"n_features": 5, "alternate_sign": False},
        "float32": {"n_features": 16, "dtype": np.float32},
    }
    for name, options in hashers.items():
        yield Case(
            f"dicts/FeatureHasher {name}", model(partial(FeatureHasher, **options), plain, lambda: None), "bit-equal"
        )
    steps: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
        "DictVectorizer, linear": (lambda: make_pipeline(DictVectorizer(), LogisticRegression()), dicts),
        "DictVectorizer, weights": (
            lambda: make_pipeline(DictVectorizer(), TfidfTransformer(), LogisticRegression()),
            dicts,
        ),
        "DictVectorizer, forest": (
            lambda: make_pipeline(DictVectorizer(), RandomForestClassifier(5, random_state=0)),
            dicts,
        ),
        "FeatureHasher of 2**20": (lambda: make_pipeline(FeatureHasher(), LogisticRegression()), plain),
    }
    for name, (make, rows) in steps.items():
        yield Case(f"dicts/{name}", model(make, rows, target), "within", ("predict", "predict_proba"))
