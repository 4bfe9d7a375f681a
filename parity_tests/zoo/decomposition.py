"""Decomposition: linear, kernel and iterated transforms, dictionaries; random projections."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import (
    NMF,
    PCA,
    DictionaryLearning,
    FactorAnalysis,
    FastICA,
    IncrementalPCA,
    KernelPCA,
    LatentDirichletAllocation,
    MiniBatchDictionaryLearning,
    MiniBatchNMF,
    MiniBatchSparsePCA,
    SparseCoder,
    SparsePCA,
    TruncatedSVD,
)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.random_projection import GaussianRandomProjection, SparseRandomProjection

from parity_tests.case import Case
from parity_tests.data import ROWS, numbers, target, texts
from parity_tests.zoo.building import PROBABILITIES, model, nothing


def mixed() -> NDArray[np.float64]:
    """(ROWS, 6): columns that hang together, away from zero."""
    rng = np.random.default_rng(11)
    return np.asarray(rng.normal(size=(ROWS, 6)) @ rng.normal(size=(6, 6)) + 5)


def shares() -> NDArray[np.float64]:
    """(ROWS, 6): none negative, some zero."""
    rng = np.random.default_rng(12)
    found = np.abs(rng.normal(size=(ROWS, 3))) @ np.abs(rng.normal(size=(3, 6))) + 0.1
    return np.where(rng.random(found.shape) < 0.2, 0.0, found)


def filled() -> NDArray[np.float64]:
    """(ROWS, 6): all positive."""
    return shares() + 0.1


def counts() -> NDArray[np.float64]:
    """(ROWS, 9): counts of words in documents, one of which is empty."""
    rng = np.random.default_rng(13)
    found = rng.poisson(rng.gamma(0.3, 3, size=(ROWS, 9))).astype(float)
    found[3] = 0
    return found


def atoms(count: int, columns: int) -> NDArray[np.float64]:
    """(count, columns): a dictionary of rows of length 1."""
    found = np.random.default_rng(14).normal(size=(count, columns))
    return np.asarray(found / np.linalg.norm(found, axis=1)[:, None])


def signals() -> NDArray[np.float64]:
    """(ROWS, 6): rows to be coded."""
    return np.random.default_rng(15).normal(size=(ROWS, 6)) * 2


def _words(options: dict[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in options.items())


def _linear() -> Iterator[tuple[type, dict[str, Any]]]:
    for whiten in (False, True):
        yield PCA, {"whiten": whiten}
        yield PCA, {"n_components": 3, "whiten": whiten, "svd_solver": "randomized", "random_state": 0}
        yield IncrementalPCA, {"n_components": 3, "whiten": whiten}
    yield PCA, {"n_components": 0.9}
    yield TruncatedSVD, {"n_components": 3, "random_state": 0}
    yield TruncatedSVD, {"n_components": 2, "algorithm": "arpack", "random_state": 0}
    for rotation in (None, "varimax", "quartimax"):
        yield FactorAnalysis, {"n_components": 3, "rotation": rotation}
    for whitening in ("unit-variance", "arbitrary-variance", False):
        yield FastICA, {"whiten": whitening, "random_state": 0}
    for components in (3, 9):
        yield SparsePCA, {"n_components": components, "random_state": 0, "max_iter": 50}
        yield MiniBatchSparsePCA, {"n_components": components, "random_state": 0, "ridge_alpha": 0.5, "max_iter": 50}
    for kernel in ("linear", "poly", "rbf", "sigmoid", "cosine"):
        yield KernelPCA, {"n_components": 3, "kernel": kernel, "gamma": 0.01}
    yield KernelPCA, {"kernel": "linear", "remove_zero_eig": True}
    yield KernelPCA, {"n_components": 2, "kernel": "poly", "degree": 2, "coef0": 0.5, "eigen_solver": "arpack"}


def _factorizations() -> Iterator[tuple[type, dict[str, Any]]]:
    always = {"n_components": 3, "random_state": 0}
    yield NMF, always
    yield NMF, {**always, "alpha_W": 0.01, "l1_ratio": 0.5}
    yield NMF, {**always, "shuffle": True, "tol": 1e-6}
    for beta in ("frobenius", "kullback-leibler", "itakura-saito", 1.5, 0.5, 3):
        yield NMF, {**always, "solver": "mu", "init": "random", "beta_loss": beta}
        yield MiniBatchNMF, {**always, "init": "random", "beta_loss": beta}
    yield NMF, {**always, "solver": "mu", "init": "random", "beta_loss": 1, "alpha_W": 0.01, "l1_ratio": 1.0}
    yield MiniBatchNMF, {**always, "alpha_W": 0.01, "l1_ratio": 0.5}
    yield MiniBatchNMF, {**always, "transform_max_iter": 7, "tol": 0.0}


def _codes() -> Iterator[dict[str, Any]]:
    for algorithm in ("threshold", "lasso_cd", "lasso_lars"):
        for options in (
            {},
            {"transform_alpha": 0.3, "split_sign": True},
            {"transform_alpha": 0.5, "positive_code": True},
        ):
            yield {"transform_algorithm": algorithm, **options}
    for algorithm in ("omp", "lars"):
        for options in ({}, {"transform_n_nonzero_coefs": 3}, {"split_sign": True, "transform_n_nonzero_coefs": 2}):
            yield {"transform_algorithm": algorithm, **options}
    yield {"transform_algorithm": "lasso_cd", "transform_max_iter": 3}


def cases() -> Iterator[Case]:
    for kind, options in _linear():
        build = model(lambda k=kind, o=options: k(**o), mixed, nothing)
        yield Case(f"decomposition/{kind.__name__} {_words(options)}", build, "within")
    precomputed = model(lambda: KernelPCA(3, kernel="precomputed"), lambda: mixed() @ mixed().T, nothing)
    yield Case("decomposition/KernelPCA precomputed", precomputed, "within")
    behind = model(lambda: make_pipeline(StandardScaler(), PCA(3), LogisticRegression()), numbers, lambda: target(3))
    yield Case("decomposition/PCA before LogisticRegression", behind, "within", PROBABILITIES)
    lsa = model(lambda: make_pipeline(TfidfVectorizer(), TruncatedSVD(3, random_state=0)), texts, nothing)
    yield Case("decomposition/TruncatedSVD of texts", lsa, "within")
    for kind, options in _factorizations():
        rows = filled if options.get("beta_loss") == "itakura-saito" else shares
        build = model(lambda k=kind, o=options: k(**o), rows, nothing)
        yield Case(f"decomposition/{kind.__name__} {_words(options)}", build, "within")
    for options in ({}, {"doc_topic_prior": 0.01}, {"learning_method": "online", "mean_change_tol": 1e-6}):
        build = model(lambda o=options: LatentDirichletAllocation(4, random_state=0, max_iter=5, **o), counts, nothing)
        yield Case(f"decomposition/LatentDirichletAllocation {_words(options)}", build, "within")
    for options in _codes():
        for count in (4, 9):
            build = model(lambda o=options, n=count: SparseCoder(atoms(n, 6), **o), signals, nothing)
            yield Case(f"decomposition/SparseCoder {count} atoms, {_words(options)}", build, "within")
    for kind in (DictionaryLearning, MiniBatchDictionaryLearning):
        for algorithm in ("omp", "lasso_cd", "lasso_lars", "lars", "threshold"):
            build = model(
                lambda k=kind, a=algorithm: k(4, random_state=0, max_iter=10, transform_algorithm=a), signals, nothing
            )
            yield Case(f"decomposition/{kind.__name__} {algorithm}", build, "within")
    for name, make in (
        ("PCA", lambda: PCA(3)),
        ("PCA whiten", lambda: PCA(3, whiten=True)),
        ("FactorAnalysis", lambda: FactorAnalysis(2)),
    ):
        yield Case(f"decomposition/{name} likelihood", model(make, mixed, nothing), "within", ("score_samples",))
    wide = model(lambda: GaussianRandomProjection(4, random_state=0), mixed, nothing)
    yield Case("random_projection/Gaussian", wide, "within")
    for density in ("auto", 0.9):
        build = model(lambda d=density: SparseRandomProjection(4, density=d, random_state=0), mixed, nothing)
        yield Case(f"random_projection/Sparse density={density}", build, "bit-equal")
    full = model(lambda: SparseRandomProjection(4, density=1.0, random_state=0), mixed, nothing)
    yield Case("random_projection/Sparse density=1", full, "within")
