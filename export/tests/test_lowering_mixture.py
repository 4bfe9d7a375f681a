"""Mixtures, discriminant analysis and the elliptic envelope."""

import numpy as np
import pandas as pd
import pytest
from sklearn.covariance import EllipticEnvelope, LedoitWolf
from sklearn.datasets import make_blobs
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from samescore_export import export_proven

X, FOUR = make_blobs(160, 4, centers=4, cluster_std=3.5, random_state=0)
BINARY = np.where(FOUR > 1, "yes", "no")
MIXTURE = ["predict", "predict_proba", "score_samples"]
CLASSES = ["predict", "predict_proba", "predict_log_proba", "decision_function"]
OUTLIERS = ["predict", "decision_function", "score_samples"]


def proven(model, methods, rows=X, budget=300):
    exported = export_proven(model, rows, methods=methods, budget=budget)
    assert not exported.proof.failures
    return exported.proof.outputs


@pytest.mark.parametrize("kind", ["full", "tied", "diag", "spherical"])
def test_mixtures(kind):
    proven(GaussianMixture(3, covariance_type=kind, random_state=0).fit(X), MIXTURE)
    for prior in ("dirichlet_process", "dirichlet_distribution"):
        model = BayesianGaussianMixture(
            n_components=3, covariance_type=kind, random_state=0, weight_concentration_prior_type=prior, max_iter=300
        )
        proven(model.fit(X), MIXTURE)


def test_one_component_far_rows_and_frames():
    proven(GaussianMixture(1, random_state=0).fit(X), MIXTURE)
    far = np.concatenate([X, 1e5 * X[:3], 1e-5 * X[:3], X[:1] + 1e3])
    proven(GaussianMixture(3, random_state=0).fit(X), MIXTURE, far)
    frame = pd.DataFrame(X, columns=list("abcd"))
    proven(make_pipeline(StandardScaler(), GaussianMixture(3, random_state=0)).fit(frame), MIXTURE, frame)


@pytest.mark.parametrize("target", [FOUR, BINARY, FOUR > 1], ids=["four", "strings", "bools"])
@pytest.mark.parametrize(
    "options",
    [
        {"solver": "svd"},
        {"solver": "lsqr", "shrinkage": "auto"},
        {"solver": "eigen", "shrinkage": 0.2},
        {"solver": "eigen", "covariance_estimator": LedoitWolf()},
        {"solver": "svd", "n_components": 1},
    ],
    ids=lambda options: "-".join(map(str, options)),
)
def test_linear(options, target):
    model = LinearDiscriminantAnalysis(**options).fit(X, target)
    outputs = proven(model, CLASSES + (["transform"] if options["solver"] != "lsqr" else []))
    assert outputs["predict"].flips == 0


@pytest.mark.parametrize("target", [FOUR, BINARY, FOUR > 1], ids=["four", "strings", "bools"])
@pytest.mark.parametrize("options", [{}, {"reg_param": 0.3}, {"solver": "eigen", "shrinkage": "auto"}], ids=str)
def test_quadratic(options, target):
    assert proven(QuadraticDiscriminantAnalysis(**options).fit(X, target), CLASSES)["predict"].flips == 0


def test_priors_and_rows_between_classes():
    priors = [0.5, 0.5]
    middle = np.concatenate([X, (X[FOUR == 0][:20] + X[FOUR == 3][:20]) / 2, 50 * X[:5]])
    proven(LinearDiscriminantAnalysis(priors=priors).fit(X, BINARY), CLASSES, middle)
    proven(QuadraticDiscriminantAnalysis(priors=priors).fit(X, BINARY), CLASSES, middle)
    proven(QuadraticDiscriminantAnalysis(priors=[0.0, 0.5, 0.25, 0.25]).fit(X, FOUR), CLASSES, middle)


@pytest.mark.parametrize("options", [{}, {"assume_centered": True, "store_precision": False}, {"contamination": 0.3}])
def test_envelope(options):
    proven(EllipticEnvelope(random_state=0, **options).fit(X), OUTLIERS)


@pytest.mark.parametrize("kind", ["full", "tied", "diag", "spherical"])
def test_integers_whose_distances_are_cut_off(kind):
    whole = np.round(X * 3).astype(int)
    proven(GaussianMixture(3, covariance_type=kind, random_state=0).fit(whole), MIXTURE, whole)
