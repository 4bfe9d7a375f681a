"""Texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from parity_tests.case import Case
from parity_tests.data import target, texts
from parity_tests.zoo.building import PROBABILITIES, model


def cases() -> Iterator[Case]:
    vectorizers: dict[str, Callable[[], Any]] = {
        "counts": CountVectorizer,
        "counts of pairs": lambda: CountVectorizer(ngram_range=(2, 2)),
        "presence": lambda: CountVectorizer(binary=True),
        "case kept": lambda: CountVectorizer(lowercase=False),
        "own vocabulary": lambda: CountVectorizer(vocabulary=["hello", "free", "absent"]),
        "tf-idf": TfidfVectorizer,
        "tf-idf l1": lambda: TfidfVectorizer(norm="l1"),
        "tf without idf and norm": lambda: TfidfVectorizer(use_idf=False, norm=None),
        "counts, then weights": lambda: make_pipeline(CountVectorizer(ngram_range=(1, 2)), TfidfTransformer()),
    }
    for name, make in vectorizers.items():
        yield Case(f"text/{name}", model(make, texts, lambda: None), "bit-equal")
    spam = model(lambda: make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression()), texts, target)
    yield Case("text/classified", spam, "bit-equal", ("predict", "decision_function"))
    yield Case("text/probabilities", spam, "within", PROBABILITIES)
    three = model(lambda: make_pipeline(TfidfVectorizer(), LogisticRegression()), texts, lambda: target(3))
    yield Case("text/three classes", three, "within", PROBABILITIES)
