"""Texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.feature_selection import SelectKBest, chi2
from sklearn.linear_model import LogisticRegression, Perceptron, SGDClassifier
from sklearn.naive_bayes import BernoulliNB, ComplementNB, MultinomialNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler
from sklearn.svm import LinearSVC

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
    tokens = {
        "words of any length": r"\b\w+\b",
        "runs of letters": r"[A-Za-z]+",
        "runs without space": r"\S+",
        "longer words": r"(?u)\b\w{3,}\b",
        "words with apostrophes": r"\b\w[\w'-]+\b",
        "joined words": r"\w+(?:[-']\w+)*",
    }
    for name, pattern in tokens.items():
        make = partial(CountVectorizer, token_pattern=pattern, ngram_range=(1, 2))
        yield Case(f"text/{name}", model(make, texts, lambda: None), "bit-equal")
    analyzers: dict[str, dict[str, Any]] = {
        "characters": {"analyzer": "char", "ngram_range": (1, 3)},
        "characters of words": {"analyzer": "char_wb", "ngram_range": (2, 5)},
        "accents by unicode": {"strip_accents": "unicode"},
        "accents by ascii": {"strip_accents": "ascii", "analyzer": "char"},
        "case kept, pairs": {"lowercase": False, "ngram_range": (1, 2)},
        "english stop words": {"stop_words": "english", "ngram_range": (1, 2)},
        "stop words": {"stop_words": ["hello", "日本", "won"], "ngram_range": (1, 3)},
    }
    for name, options in analyzers.items():
        yield Case(f"text/counts: {name}", model(partial(CountVectorizer, **options), texts, lambda: None), "bit-equal")
        hashed = partial(HashingVectorizer, n_features=256, **options)
        yield Case(f"text/hashes: {name}", model(hashed, texts, lambda: None), "bit-equal")
    weights: dict[str, dict[str, Any]] = {
        "sublinear": {"sublinear_tf": True},
        "unsmoothed": {"smooth_idf": False, "norm": "l1"},
        "float32": {"dtype": np.float32},
        "most frequent": {"max_features": 5, "binary": True},
    }
    for name, options in weights.items():
        yield Case(
            f"text/weights: {name}", model(partial(TfidfVectorizer, **options), texts, lambda: None), "bit-equal"
        )
    sublinear = model(
        lambda: make_pipeline(CountVectorizer(), TfidfTransformer(sublinear_tf=True)), texts, lambda: None
    )
    yield Case("text/counts, then sublinear", sublinear, "bit-equal")
    hashes: dict[str, dict[str, Any]] = {
        "as they are": {},
        "without signs": {"alternate_sign": False},
        "without norm": {"norm": None},
        "l1": {"norm": "l1"},
        "presence": {"binary": True},
        "float32": {"dtype": np.float32},
        "whole numbers": {"dtype": np.int64, "norm": None},
    }
    for name, options in hashes.items():
        hashed = partial(HashingVectorizer, n_features=64, **options)
        yield Case(f"text/hashes {name}", model(hashed, texts, lambda: None), "bit-equal")
    for last in (LogisticRegression, LinearSVC, SGDClassifier, Perceptron):
        wide = model(lambda k=last: make_pipeline(HashingVectorizer(), k()), texts, target)
        yield Case(f"text/2**20 hashes, {last.__name__}", wide, "bit-equal", ("predict", "decision_function"))
    plain = partial(HashingVectorizer, alternate_sign=False, norm=None)
    for kind in (MultinomialNB, ComplementNB, BernoulliNB):
        wide = model(lambda k=kind: make_pipeline(plain(), k()), texts, target)
        yield Case(f"text/2**20 hashes, {kind.__name__}", wide, "within", PROBABILITIES)
    steps: dict[str, Callable[[], Any]] = {
        "weights": TfidfTransformer,
        "largest": MaxAbsScaler,
        "selection": lambda: SelectKBest(chi2, k=20),
    }
    for name, step in steps.items():
        wide = model(lambda s=step: make_pipeline(plain(), s(), LogisticRegression()), texts, target)
        yield Case(f"text/2**20 hashes, {name}", wide, "bit-equal", ("predict", "decision_function"))
