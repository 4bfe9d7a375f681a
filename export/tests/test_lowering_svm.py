"""libsvm: every kernel, votes and their ties, probabilities."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix
from sklearn.datasets import make_blobs
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR, NuSVC, NuSVR, OneClassSVM

from samescore_export import ExportError, Registry, export_proven
from samescore_export.lowering import TABLES, svm

REGISTRY = Registry([*TABLES, svm.LOWERINGS])
X, FOUR = make_blobs(120, 3, centers=4, cluster_std=4.0, random_state=0)
BINARY = np.where(FOUR > 1, "yes", "no")
KERNELS = [
    {"kernel": "linear"},
    {"kernel": "rbf"},
    {"kernel": "poly", "degree": 3, "coef0": 0.5, "gamma": 0.05},
    {"kernel": "sigmoid", "gamma": 0.01, "coef0": -0.2},
]


def proven(model, methods, rows=X, budget=350):
    exported = export_proven(model, rows, methods=methods, registry=REGISTRY, budget=budget)
    assert not exported.proof.failures
    return exported.proof.outputs


@pytest.mark.parametrize("options", KERNELS, ids=lambda options: options["kernel"])
@pytest.mark.parametrize("target", [BINARY, FOUR, FOUR > 1], ids=["strings", "four", "bools"])
@pytest.mark.parametrize("kind", [SVC, NuSVC])
def test_classifiers(options, target, kind):
    limit = {"nu": 0.2} if kind is NuSVC else {}
    outputs = proven(kind(**options, **limit).fit(X, target), ["predict", "decision_function"])
    assert outputs["predict"].flips == 0


@pytest.mark.parametrize("options", [{"decision_function_shape": "ovo"}, {"break_ties": True}], ids=str)
def test_decisions_of_many_classes(options):
    proven(SVC(gamma=0.05, **options).fit(X, FOUR), ["predict", "decision_function"])


def test_ties_of_votes():
    points = np.array([[0.0, 1.0], [0.87, -0.5], [-0.87, -0.5]]).repeat(5, axis=0)
    rows = points + np.random.default_rng(0).normal(scale=1e-3, size=points.shape)
    model = SVC(kernel="linear").fit(rows, np.arange(3).repeat(5))
    grid = np.stack(np.meshgrid(np.linspace(-1, 1, 21), np.linspace(-1, 1, 21)), -1).reshape(-1, 2)
    proven(model, ["predict", "decision_function"], np.concatenate([rows, grid, np.zeros((1, 2))]), 2000)


@pytest.mark.parametrize("target", [BINARY, FOUR], ids=["two", "four"])
def test_probabilities(target):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = SVC(probability=True, random_state=0, gamma=0.05).fit(X, target)
    proven(model, ["predict", "predict_proba", "predict_log_proba", "decision_function"])


@pytest.mark.parametrize("options", KERNELS, ids=lambda options: options["kernel"])
def test_regressors_and_outliers(options):
    score = X[:, 0] * 2 + X[:, 1]
    proven(SVR(**options).fit(X, score), ["predict"])
    proven(NuSVR(**options).fit(X, score), ["predict"])
    proven(OneClassSVM(**options, nu=0.2).fit(X), ["predict", "decision_function", "score_samples"])


def test_many_columns_and_frames():
    wide = np.random.default_rng(0).normal(size=(60, 70)) + 3
    proven(SVC().fit(wide, BINARY[:60]), ["predict", "decision_function"], wide)
    frame = pd.DataFrame(X, columns=list("abc"))
    proven(make_pipeline(StandardScaler(), SVC()).fit(frame, BINARY), None, frame)


def test_precomputed_and_sparse():
    gram = X @ X.T
    proven(SVC(kernel="precomputed").fit(gram, BINARY), ["predict", "decision_function"], gram, 150)
    sparse = SVC(gamma=0.05).fit(csr_matrix(X), FOUR)
    proven(sparse, ["predict", "decision_function"])


def test_a_kernel_of_ones_own_is_refused():
    model = SVC(kernel=lambda a, b: a @ b.T).fit(X, BINARY)
    with pytest.raises(ExportError, match="kernel="):
        export_proven(model, X, registry=REGISTRY)
