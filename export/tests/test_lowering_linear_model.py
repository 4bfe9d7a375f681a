"""Linear models: links, several targets, float32 fits, probabilities of every loss."""

import warnings

import numpy as np
import pytest
from sklearn.linear_model import (
    ARDRegression,
    BayesianRidge,
    GammaRegressor,
    LinearRegression,
    LogisticRegression,
    MultiTaskElasticNet,
    MultiTaskLasso,
    PassiveAggressiveClassifier,
    PassiveAggressiveRegressor,
    PoissonRegressor,
    RANSACRegressor,
    Ridge,
    RidgeClassifier,
    RidgeClassifierCV,
    SGDClassifier,
    SGDOneClassSVM,
    TweedieRegressor,
)
from sklearn.tree import DecisionTreeRegressor

from samescore_export import export_proven

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 3))
Y = 2 * X[:, 0] + X[:, 1]
POSITIVE = np.exp(Y / 3)
TWO, THREE = np.where(Y > 0, "yes", "no"), np.digitize(Y, [-1, 1])
METHODS = ("predict", "decision_function", "predict_proba", "predict_log_proba")


def proven(model, rows=X, methods=None, budget=200):
    exported = export_proven(model, rows, methods=methods, budget=budget)
    assert not exported.proof.failures
    assert all(item.flips == 0 for item in exported.proof.outputs.values())
    return exported


def fitted(model, rows, target):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(rows, target)


@pytest.mark.parametrize(
    "kind",
    [ARDRegression, BayesianRidge, PassiveAggressiveRegressor, RANSACRegressor, LinearRegression],
    ids=lambda kind: kind.__name__,
)
def test_regressors(kind):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = kind()
    proven(fitted(model, X, Y))


def test_ransac_over_a_tree():
    model = RANSACRegressor(DecisionTreeRegressor(max_depth=3), min_samples=20, random_state=0)
    assert proven(fitted(model, X, Y)).proof.outputs["predict"].sameness == "proven"


@pytest.mark.parametrize("kind", [LinearRegression, Ridge, MultiTaskElasticNet, MultiTaskLasso])
def test_several_targets(kind):
    proven(kind().fit(X, np.column_stack([Y, Y**2])))
    proven(LinearRegression().fit(X, Y[:, None]))


@pytest.mark.parametrize(
    "model",
    [PoissonRegressor(), GammaRegressor(), TweedieRegressor(power=1.5), TweedieRegressor(power=0)],
    ids=str,
)
def test_links(model):
    proven(fitted(model, X, POSITIVE))
    rows = X.astype(np.float32)
    proven(fitted(model, rows, POSITIVE.astype(np.float32)), rows)


@pytest.mark.parametrize("target", [TWO, THREE, Y > 0], ids=["strings", "three", "bools"])
@pytest.mark.parametrize("loss", ["log_loss", "modified_huber", "hinge", "squared_error"])
def test_losses(target, loss):
    model = fitted(SGDClassifier(loss=loss, random_state=0), X, target)
    proven(model, X, [name for name in METHODS if hasattr(model, name)])


@pytest.mark.parametrize("target", [TWO, THREE], ids=["two", "three"])
def test_float32(target):
    rows = X.astype(np.float32)
    for model in (LogisticRegression(), SGDClassifier(loss="modified_huber", random_state=0), RidgeClassifier()):
        fitted(model, rows, target)
        names = [name for name in METHODS if hasattr(model, name)]
        exported = proven(model, rows, names)
        assert {score.type for name, score in exported.proof.compiled.scores.items() if name != "predict"} <= {
            "float32",
            "float64",
        }
        proven(model, X, names)
        proven(fitted(model, X, target), rows, names)
    proven(Ridge().fit(rows, Y.astype(np.float32)), rows)


def test_labels_of_several_columns():
    labels = np.column_stack([Y > 0, X[:, 2] > 0.3]).astype(int)
    for kind in (RidgeClassifier, RidgeClassifierCV):
        proven(kind().fit(X, labels), X, ["predict", "decision_function"])


def test_one_class_and_passive_aggressive():
    proven(SGDOneClassSVM(nu=0.3).fit(X), X, ["predict", "decision_function", "score_samples"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = PassiveAggressiveClassifier()
    proven(fitted(model, X, THREE), X, ["predict", "decision_function"])


def test_one_class_alone():
    proven(RidgeClassifier().fit(X, np.zeros(120)), X)


@pytest.mark.parametrize("loss", ["log_loss", "modified_huber"])
@pytest.mark.parametrize("classes", [2, 3])
def test_logarithms_of_sure_probabilities_are_held_to_them(loss, classes):
    rows = np.random.default_rng(0).normal(size=(150, 5)) * 5
    target = np.digitize(rows[:, 0], np.linspace(-2, 2, classes + 1)[1:-1])
    model = SGDClassifier(loss=loss, random_state=0).fit(rows, target)
    proof = export_proven(model, rows, methods=["predict_proba", "predict_log_proba"], budget=400).proof
    assert not proof.failures
    # Probabilities that are 0 beyond doubt are settled, whatever their logarithm is.
    assert np.isinf(proof.expected["predict_log_proba"]).any()
    assert proof.fit.mean() > 0.9
