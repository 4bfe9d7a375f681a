"""Centroids, outliers, densities and learned metrics of ``sklearn.neighbors``."""

import warnings

import numpy as np
import pytest
from sklearn.neighbors import (
    KernelDensity,
    KNeighborsClassifier,
    LocalOutlierFactor,
    NearestCentroid,
    NeighborhoodComponentsAnalysis,
)

from samescore_export import ExportError, export_proven

RNG = np.random.default_rng(0)
X = RNG.normal(size=(150, 3)) + 2
Y = np.array(["no", "yes", "maybe"])[(X[:, 0] * 3).astype(int) % 3]
EVERY = ["predict", "predict_proba", "predict_log_proba", "decision_function"]


def proven(model, methods, rows=X, budget=200):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exported = export_proven(model, rows, methods=methods, budget=budget)
    assert not exported.proof.failures
    return exported.proof.outputs


@pytest.mark.parametrize("target", [Y, Y == "no", (X[:, 0] > 2) * 5], ids=["three", "bool", "int"])
@pytest.mark.parametrize(
    "options", [{}, {"shrink_threshold": 0.3}, {"priors": "empirical"}, {"metric": "manhattan"}], ids=str
)
def test_centroids(options, target):
    methods = ["predict"] if options.get("metric") == "manhattan" else EVERY
    proven(NearestCentroid(**options).fit(X, target), methods)


def test_centroids_by_manhattan_with_priors_and_a_constant_column():
    proven(NearestCentroid(metric="manhattan", priors=[0.2, 0.3, 0.5]).fit(X, Y), ["predict"])
    flat = X.copy()
    flat[:, 1] = 3.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = NearestCentroid(priors="empirical").fit(flat, Y)
    proven(model, EVERY, flat)


@pytest.mark.parametrize(
    "options",
    [{}, {"algorithm": "brute"}, {"n_neighbors": 5, "p": 1}, {"contamination": 0.1}, {"metric": "cosine"}],
    ids=str,
)
def test_outliers(options):
    outputs = proven(
        LocalOutlierFactor(novelty=True, **options).fit(X),
        ["predict", "decision_function", "score_samples", "kneighbors"],
    )
    if options.get("p") == 1:
        found = outputs["score_samples"].comparison
        assert found.bit_equal == found.rows


def test_outliers_of_the_fitted_rows_alone():
    proven(LocalOutlierFactor(n_neighbors=3).fit(X), ["kneighbors"])
    with pytest.raises(ExportError, match="predict"):
        export_proven(LocalOutlierFactor().fit(X), X, methods=["predict"])


@pytest.mark.parametrize("kernel", ["gaussian", "tophat", "epanechnikov", "exponential", "linear", "cosine"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"algorithm": "ball_tree", "metric": "manhattan"},
        {"bandwidth": "scott"},
        {"leaf_size": 5, "bandwidth": 0.3},
        {"breadth_first": False},
        {"rtol": 1e-3},
        {"atol": 1e-4, "leaf_size": 5},
    ],
    ids=str,
)
def test_densities(kernel, options):
    proven(KernelDensity(kernel=kernel, **options).fit(X), ["score_samples"])


def test_weighted_densities():
    weights = RNG.random(150)
    weights[3] = 0.0
    proven(KernelDensity().fit(X, sample_weight=weights), ["score_samples"])


def test_learned_metrics():
    model = NeighborhoodComponentsAnalysis(2, max_iter=5, random_state=0).fit(X, Y)
    proven(model, ["transform"])


def test_float32_rows_are_widened():
    single = X.astype(np.float32)
    labels = (single[:, 0] > 2).astype(int)
    for rows in (X, single):
        outputs = proven(KNeighborsClassifier().fit(rows, labels), ["predict_proba", "kneighbors"], single)
        assert outputs["kneighbors.indices"].sameness == "bit-equal"
        proven(KernelDensity().fit(rows), ["score_samples"], single)
        proven(NearestCentroid().fit(rows, labels), EVERY, single)
    proven(KNeighborsClassifier(algorithm="brute").fit(X, labels), ["predict_proba", "kneighbors"], single)
    for metric in ("euclidean", "sqeuclidean", "l1"):
        proven(
            KNeighborsClassifier(algorithm="brute", metric=metric).fit(single, labels),
            ["predict_proba", "kneighbors"],
            single,
        )


def test_outlier_factors_of_equal_distances_are_within_a_bound():
    whole = np.random.default_rng(1).integers(0, 3, size=(90, 4))
    outputs = proven(LocalOutlierFactor(7, novelty=True).fit(whole), ["score_samples"], whole)
    assert outputs["score_samples"].tolerance.kind == "ulp"
