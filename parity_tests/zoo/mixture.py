"""Mixtures, discriminant analysis, the elliptic envelope, partial least squares."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.covariance import EllipticEnvelope, LedoitWolf
from sklearn.cross_decomposition import CCA, PLSSVD, PLSCanonical, PLSRegression
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture

from parity_tests.case import Case
from parity_tests.data import ROWS, target
from parity_tests.zoo.building import PROBABILITIES, model, nothing

MIXTURE = ("predict", "predict_proba", "score_samples")
OUTLIERS = ("predict", "decision_function", "score_samples")
CLASSES = (*PROBABILITIES, "decision_function")


def rows() -> NDArray[np.float64]:
    """(ROWS, 4): four heaps, one column far from zero."""
    rng = np.random.default_rng(31)
    found = rng.normal(size=(ROWS, 4)) + 3 * rng.normal(size=(4, 4))[np.arange(ROWS) % 4]
    found[:, 0] += 1e3
    return found


def whole() -> NDArray[np.int64]:
    """(ROWS, 4): whole numbers, whose distances scikit-learn cuts off at the point."""
    return np.round(3 * rows()).astype(np.int64)


def _targets() -> NDArray[np.float64]:
    rng = np.random.default_rng(32)
    return np.asarray(rows()[:, :2] @ rng.normal(size=(2, 2)) + rng.normal(size=(ROWS, 2)))


def _discriminants() -> Iterator[tuple[type, dict[str, Any]]]:
    yield LinearDiscriminantAnalysis, {"solver": "svd"}
    yield LinearDiscriminantAnalysis, {"solver": "svd", "n_components": 1}
    yield LinearDiscriminantAnalysis, {"solver": "lsqr", "shrinkage": "auto"}
    yield LinearDiscriminantAnalysis, {"solver": "eigen", "shrinkage": 0.2}
    yield LinearDiscriminantAnalysis, {"solver": "eigen", "covariance_estimator": LedoitWolf()}
    yield QuadraticDiscriminantAnalysis, {}
    yield QuadraticDiscriminantAnalysis, {"reg_param": 0.3}
    yield QuadraticDiscriminantAnalysis, {"solver": "eigen", "shrinkage": "auto"}


def cases() -> Iterator[Case]:
    for covariance in ("full", "tied", "diag", "spherical"):
        mixture = model(lambda c=covariance: GaussianMixture(4, covariance_type=c, random_state=0), rows, nothing)
        yield Case(f"mixture/GaussianMixture {covariance}", mixture, "within", MIXTURE)
        mixture = model(lambda c=covariance: GaussianMixture(4, covariance_type=c, random_state=0), whole, nothing)
        yield Case(f"mixture/GaussianMixture {covariance} over whole numbers", mixture, "within", MIXTURE)
        for prior in ("dirichlet_process", "dirichlet_distribution"):
            mixture = model(
                lambda c=covariance, p=prior: BayesianGaussianMixture(
                    n_components=4, covariance_type=c, weight_concentration_prior_type=p, random_state=0
                ),
                rows,
                nothing,
            )
            yield Case(f"mixture/BayesianGaussianMixture {covariance} {prior}", mixture, "within", MIXTURE)
    for kind, options in _discriminants():
        for classes, labels in ((2, "string"), (3, "int"), (2, "bool")):
            build = model(lambda k=kind, o=options: k(**o), rows, lambda c=classes, text=labels: target(c, text))
            words = " ".join(f"{name}={value}" for name, value in options.items())
            moves = kind is LinearDiscriminantAnalysis and options["solver"] != "lsqr"
            methods = (*CLASSES, "transform") if moves else CLASSES
            yield Case(f"discriminant_analysis/{kind.__name__} {words}, {classes} {labels}", build, "within", methods)
    priors = model(lambda: QuadraticDiscriminantAnalysis(priors=[0.9, 0.1]), rows, target)
    yield Case("discriminant_analysis/QuadraticDiscriminantAnalysis priors", priors, "within", CLASSES)
    for options in ({}, {"assume_centered": True, "store_precision": False, "contamination": 0.3}):
        envelope = model(lambda o=options: EllipticEnvelope(random_state=0, **o), rows, nothing)
        yield Case(f"covariance/EllipticEnvelope {len(options)} options", envelope, "within", OUTLIERS)
    for kind in (CCA, PLSCanonical, PLSRegression):
        for scale in (True, False):
            build = model(lambda k=kind, s=scale: k(n_components=2, scale=s), rows, _targets)
            yield Case(f"cross_decomposition/{kind.__name__} scale={scale}", build, "within", ("predict", "transform"))
    single = model(lambda: PLSRegression(2), rows, lambda: _targets()[:, 0])
    yield Case("cross_decomposition/PLSRegression of one target", single, "within", ("predict", "transform"))
    yield Case("cross_decomposition/PLSSVD", model(lambda: PLSSVD(2), rows, _targets), "within")
