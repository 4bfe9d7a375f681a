"""Multilayer perceptrons and the restricted Boltzmann machine."""

import warnings

import numpy as np
import pytest
from sklearn.neural_network import BernoulliRBM, MLPClassifier, MLPRegressor

from samescore_export import Registry, export_proven
from samescore_export.lowering import TABLES, neural_network

REGISTRY = Registry([*TABLES, neural_network.LOWERINGS])
RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 5))
SCORE = X[:, 0] + X[:, 2]
BINARY = np.where(SCORE > 0, "yes", "no")
THREE = np.digitize(SCORE, [-0.7, 0.7]) * 3
LABELS = np.stack([SCORE > 0, X[:, 1] > 0, X[:, 3] > 1], axis=1).astype(int)
ACTIVATIONS = ["identity", "logistic", "tanh", "relu"]


def proven(model, target, methods):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(X, target)
    exported = export_proven(model, X, methods=methods, registry=REGISTRY, budget=350)
    assert not exported.proof.failures
    return exported.proof.outputs


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("target", [BINARY, THREE, SCORE > 0, LABELS], ids=["strings", "three", "bools", "labels"])
def test_classifiers(activation, target):
    model = MLPClassifier((7, 4), activation=activation, max_iter=30, random_state=0)
    outputs = proven(model, target, ["predict", "predict_proba", "predict_log_proba"])
    assert outputs["predict"].flips == 0


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_regressors(activation):
    model = MLPRegressor(hidden_layer_sizes=(6,), activation=activation, max_iter=30, random_state=0)
    proven(model, SCORE, ["predict"])
    proven(model, np.stack([SCORE, X[:, 1]], axis=1), ["predict"])


def test_poisson_regressor():
    proven(
        MLPRegressor(hidden_layer_sizes=(6,), loss="poisson", max_iter=30, random_state=0), np.exp(SCORE), ["predict"]
    )


def test_boltzmann_machine():
    proven(BernoulliRBM(4, n_iter=3, random_state=0), None, ["transform"])
