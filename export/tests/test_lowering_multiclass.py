"""Several estimators as one: one-vs-rest, one-vs-one, output codes, several targets, chains, dummies."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier, OutputCodeClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier, MultiOutputRegressor, RegressorChain
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from samescore_export import ExportError, export_proven

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 3))
Y = 2 * X[:, 0] + X[:, 1]
THREE = np.array(["a", "b", "c"])[np.digitize(Y, [-1, 1])]
LABELS = np.column_stack([Y > 0, X[:, 2] > 0.3, Y > 1]).astype(int)
BASES = [LogisticRegression(), SVC(), DecisionTreeClassifier(max_depth=3)]
METHODS = ("predict", "predict_proba", "decision_function")


def proven(model, rows=X, methods=None, budget=200):
    names = methods or [name for name in METHODS if hasattr(model, name)]
    exported = export_proven(model, rows, methods=names, budget=budget)
    assert not exported.proof.failures
    return exported.proof.outputs


@pytest.mark.parametrize("base", BASES, ids=lambda base: type(base).__name__)
@pytest.mark.parametrize("target", [THREE, Y > 0], ids=["three", "two"])
@pytest.mark.parametrize("kind", [OneVsRestClassifier, OneVsOneClassifier, OutputCodeClassifier])
def test_binary_estimators_together(base, target, kind):
    options = {"random_state": 0} if kind is OutputCodeClassifier else {}
    proven(kind(base, **options).fit(X, target))


@pytest.mark.parametrize("base", [*BASES, Ridge()], ids=lambda base: type(base).__name__)
def test_labels_of_several_columns(base):
    proven(OneVsRestClassifier(base).fit(X, LABELS))


def test_a_label_that_never_changes():
    labels = LABELS.copy()
    labels[:, 1] = 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = OneVsRestClassifier(LogisticRegression()).fit(X, labels)
    proven(model)


def test_pairs_over_a_precomputed_kernel():
    proven(OneVsOneClassifier(SVC(kernel="precomputed")).fit(X @ X.T, THREE), X @ X.T)


@pytest.mark.parametrize("base", BASES, ids=lambda base: type(base).__name__)
def test_several_targets(base):
    outputs = proven(MultiOutputClassifier(base).fit(X, np.column_stack([THREE, np.where(Y > 0, "y", "n")])))
    assert isinstance(base, SVC) or {"predict_proba.0", "predict_proba.1"} <= set(outputs)
    proven(ClassifierChain(base, order=[2, 0, 1]).fit(X, LABELS), X, ["predict"])


@pytest.mark.parametrize("method", ["predict", "predict_proba", "predict_log_proba", "decision_function"])
def test_what_a_chain_hands_on(method):
    model = ClassifierChain(LogisticRegression(), chain_method=method).fit(X, LABELS)
    proven(model, X, ["predict", "predict_proba", "predict_log_proba", "decision_function"])


@pytest.mark.parametrize("base", [Ridge(), DecisionTreeRegressor(max_depth=3)], ids=lambda base: type(base).__name__)
def test_several_numbers(base):
    targets = np.column_stack([Y, Y**2])
    proven(MultiOutputRegressor(base).fit(X, targets))
    proven(RegressorChain(base, order=[1, 0]).fit(X, targets))


@pytest.mark.parametrize(
    "options",
    [{"strategy": "prior"}, {"strategy": "most_frequent"}, {"strategy": "constant", "constant": "b"}],
    ids=str,
)
def test_dummy_classifiers(options):
    proven(DummyClassifier(**options).fit(X, THREE), X, ["predict", "predict_proba", "predict_log_proba"])
    frame = pd.DataFrame({"text": THREE, "number": Y})
    proven(DummyClassifier(**options).fit(frame, THREE), frame)


def test_dummies_of_several_targets():
    proven(DummyClassifier().fit(X, LABELS), X, ["predict", "predict_proba"])
    proven(DummyRegressor(strategy="quantile", quantile=0.3).fit(X, np.column_stack([Y, Y**2])))
    proven(DummyRegressor(strategy="constant", constant=3).fit(X, Y))


@pytest.mark.parametrize("strategy", ["stratified", "uniform"])
def test_answers_at_random_are_refused(strategy):
    with pytest.raises(ExportError, match="at random"):
        export_proven(DummyClassifier(strategy=strategy).fit(X, THREE), X)
