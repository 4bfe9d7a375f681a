"""Linear models."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import (
    LogisticRegression,
    LogisticRegressionCV,
    PassiveAggressiveClassifier,
    Perceptron,
    Ridge,
    RidgeClassifier,
    RidgeClassifierCV,
    SGDClassifier,
)
from sklearn.neural_network import BernoulliRBM
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import LinearSVC

from parity_tests.case import Case
from parity_tests.data import amounts, numbers, target
from parity_tests.zoo.building import PROBABILITIES, model
from samescore_export.lowering.linear_model import LOWERINGS as LINEAR


def _two() -> NDArray[np.float64]:
    return np.column_stack([amounts(), -amounts()])


def _single() -> NDArray[np.float32]:
    return (numbers() - np.array([1e6, 0.0, 0.0, 0.0])).astype(np.float32)


def _quiet(kind: Callable[[], Any]) -> Any:
    """An estimator without the word of its deprecation."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return kind()


def cases() -> Iterator[Case]:
    for kind in LINEAR:
        if (
            hasattr(kind, "classes_")
            or kind.__name__.endswith(("Classifier", "ClassifierCV", "SVC", "Perceptron"))
            or "Logistic" in kind.__name__
        ):
            continue
        several = kind.__name__.startswith("MultiTask")
        build = model(lambda k=kind: make_pipeline(StandardScaler(), _quiet(k)), numbers, _two if several else amounts)
        yield Case(f"linear/{kind.__name__}", build, "within")
    classifiers: dict[str, tuple[Callable[[], Any], tuple[str, ...]]] = {
        "LogisticRegression": (lambda: LogisticRegression(max_iter=500), (*PROBABILITIES, "decision_function")),
        "LogisticRegression liblinear": (lambda: LogisticRegression(solver="liblinear"), PROBABILITIES),
        "LinearSVC": (LinearSVC, ("predict", "decision_function")),
        "RidgeClassifier": (RidgeClassifier, ("predict", "decision_function")),
        "SGDClassifier log loss": (lambda: SGDClassifier(loss="log_loss", random_state=0), PROBABILITIES),
        "SGDClassifier modified huber": (
            lambda: SGDClassifier(loss="modified_huber", random_state=0),
            (*PROBABILITIES, "decision_function"),
        ),
        "PassiveAggressiveClassifier": (lambda: _quiet(PassiveAggressiveClassifier), ("predict", "decision_function")),
        "Perceptron": (Perceptron, ("predict", "decision_function")),
        "SGDClassifier hinge": (lambda: SGDClassifier(random_state=0), ("predict", "decision_function")),
    }
    for name, (make, methods) in classifiers.items():
        for classes in (2, 3):
            if classes == 3 and "liblinear" in name:
                continue
            build = model(lambda m=make: make_pipeline(StandardScaler(), m()), numbers, lambda c=classes: target(c))
            yield Case(f"linear/{name}, {classes} classes", build, "within", methods)
    several = model(
        lambda: make_pipeline(StandardScaler(), Ridge()), numbers, lambda: np.column_stack([amounts(), -amounts()])
    )
    yield Case("linear/two targets", several, "within")
    labels = model(
        lambda: make_pipeline(StandardScaler(), RidgeClassifier()),
        numbers,
        lambda: np.column_stack([amounts() > 6, amounts() > 9]).astype(int),
    )
    yield Case("linear/labels of two columns", labels, "within", ("predict", "decision_function"))
    for name, make, answers in (
        ("Ridge", Ridge, amounts),
        ("LogisticRegression", lambda: LogisticRegression(max_iter=500), lambda: target(3)),
    ):
        yield Case(f"linear/{name} in float32", model(make, _single, answers), "within")
    for kind in (LogisticRegressionCV, RidgeClassifierCV):
        build = model(lambda k=kind: make_pipeline(StandardScaler(), k()), numbers, lambda: target(3))
        yield Case(f"linear/{kind.__name__}", build, "within", ("predict", "decision_function"))
    hidden = model(
        lambda: make_pipeline(MinMaxScaler(), BernoulliRBM(3, n_iter=3, random_state=0)), numbers, lambda: None
    )
    yield Case("linear/BernoulliRBM", hidden, "within", ("transform",))
