"""Naive Bayes and calibration."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.isotonic import IsotonicRegression
from sklearn.naive_bayes import BernoulliNB, CategoricalNB, ComplementNB, GaussianNB, MultinomialNB
from sklearn.pipeline import make_pipeline

from parity_tests.case import Case
from parity_tests.data import amounts, numbers, target, texts
from parity_tests.zoo.building import PROBABILITIES, model


def cases() -> Iterator[Case]:
    bayes: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
        "gaussian": (GaussianNB, numbers),
        "multinomial": (MultinomialNB, lambda: np.abs(numbers())),
        "complement": (ComplementNB, lambda: np.abs(numbers())),
        "bernoulli": (BernoulliNB, numbers),
    }
    for name, (make, X) in bayes.items():
        for classes in (2, 3):
            yield Case(
                f"bayes/{name}, {classes} classes", model(make, X, lambda c=classes: target(c)), "within", PROBABILITIES
            )
    counted = model(lambda: CategoricalNB(min_categories=12), lambda: np.abs(np.round(numbers()[:, 1:])), target)
    yield Case("bayes/categories", counted, "within", PROBABILITIES)
    never = model(lambda: GaussianNB(priors=[0.0, 0.25, 0.75]), numbers, lambda: target(3))
    yield Case("bayes/gaussian, a class never expected", never, "within", ("predict", "predict_proba"))
    words = model(lambda: make_pipeline(CountVectorizer(), MultinomialNB()), texts, target)
    yield Case("bayes/counts of words", words, "within", PROBABILITIES)
    for method in ("sigmoid", "isotonic"):
        for classes in (2, 3):
            build = model(
                lambda m=method: CalibratedClassifierCV(RandomForestClassifier(4, random_state=0), method=m, cv=3),
                numbers,
                lambda c=classes: target(c),
            )
            yield Case(f"calibrated/{method}, {classes} classes", build, "within")
    isotonic = model(lambda: IsotonicRegression(out_of_bounds="clip"), lambda: numbers()[:, [2]], amounts)
    yield Case("calibrated/isotonic regression", isotonic, "within", ("predict",))
