"""Nearest neighbours, by number and within a radius, and what is built on them in ``sklearn.neighbors``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.neighbors import (
    KernelDensity,
    KNeighborsClassifier,
    KNeighborsRegressor,
    KNeighborsTransformer,
    LocalOutlierFactor,
    NearestCentroid,
    NearestNeighbors,
    NeighborhoodComponentsAnalysis,
    RadiusNeighborsClassifier,
    RadiusNeighborsRegressor,
    RadiusNeighborsTransformer,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from parity_tests.case import Case, Sameness
from parity_tests.data import amounts, numbers, target
from parity_tests.zoo.building import model

VOTES = ("predict", "predict_proba")


def spread(columns: int = 4) -> NDArray[np.float64]:
    """The numbers with the far column near zero: the square of a distance, expanded, keeps its digits."""
    rows = numbers(columns)
    rows[:, 0] -= 1e6
    return rows


def whole() -> NDArray[np.float64]:
    """Rows of few distinct whole numbers: distances tie everywhere."""
    return np.round(spread(3) * 2)


def counts() -> NDArray[np.float64]:
    """Rows of 0, 1 and 2."""
    return np.random.default_rng(5).integers(0, 3, size=(240, 6)).astype(np.float64)


def places() -> NDArray[np.float64]:
    """Latitudes and longitudes in radians."""
    rng = np.random.default_rng(6)
    return np.column_stack([rng.uniform(-1.5, 1.5, 240), rng.uniform(-3.1, 3.1, 240)])


def gaps() -> NDArray[np.float64]:
    """Absolute distances between the rows themselves."""
    rows = spread(3)
    return np.asarray(np.abs(rows[:, None] - rows[None]).sum(axis=2))


def pairs() -> NDArray[Any]:
    """Two labels a row."""
    return np.column_stack([target(3), target(2)])


def both_amounts() -> NDArray[np.float64]:
    """Two amounts a row."""
    return np.column_stack([amounts(), -np.sqrt(amounts())])


def _covariance() -> NDArray[np.float64]:
    return np.asarray(np.linalg.inv(np.cov(spread().T)))


#: What -> options of any neighbour search over ``spread``.
SEARCHES: Mapping[str, Callable[[], dict[str, Any]]] = {
    "kd tree": dict,
    "ball tree": lambda: {"algorithm": "ball_tree", "leaf_size": 5},
    "brute": lambda: {"algorithm": "brute"},
    "manhattan": lambda: {"p": 1},
    "chebyshev": lambda: {"metric": "chebyshev"},
    "minkowski 3": lambda: {"p": 3},
    "minkowski 1.5, brute": lambda: {"p": 1.5, "algorithm": "brute"},
    "minkowski 0.5, brute": lambda: {"p": 0.5, "algorithm": "brute"},
    "minkowski weighted": lambda: {"metric_params": {"w": np.array([1.0, 0.5, 2.0, 3.0])}},
    "l2, brute": lambda: {"metric": "l2", "algorithm": "brute"},
    "squared": lambda: {"metric": "sqeuclidean"},
    "cityblock, brute": lambda: {"metric": "cityblock", "algorithm": "brute"},
    "cosine": lambda: {"metric": "cosine"},
    "canberra": lambda: {"metric": "canberra"},
    "braycurtis, brute": lambda: {"metric": "braycurtis", "algorithm": "brute"},
    "standardised": lambda: {"metric": "seuclidean", "metric_params": {"V": spread().var(axis=0)}},
    "mahalanobis": lambda: {"metric": "mahalanobis", "metric_params": {"VI": _covariance()}},
    "mahalanobis, brute": lambda: {
        "metric": "mahalanobis",
        "algorithm": "brute",
        "metric_params": {"VI": _covariance()},
    },
    "nan_euclidean": lambda: {"metric": "nan_euclidean"},
}
#: Those whose distances are not the same bits.
INEXACT = {name for name in SEARCHES if "brute" in name or "minkowski" in name}
INEXACT |= {"squared", "cosine", "nan_euclidean"}


def _classifiers() -> Iterator[Case]:
    for name, options in SEARCHES.items():
        for weights in ("uniform", "distance"):
            build = model(
                lambda o=options, w=weights: KNeighborsClassifier(weights=w, **o()), spread, lambda: target(3)
            )
            yield Case(f"neighbors/KNeighborsClassifier {name}, {weights}", build, "within", VOTES)
    for kind in ("string", "int", "bool", "float"):
        labels = model(lambda: KNeighborsClassifier(3), numbers, lambda k=kind: target(2, k))
        yield Case(f"neighbors/KNeighborsClassifier {kind} labels", labels, "within", VOTES)
    several = model(lambda: KNeighborsClassifier(4, weights="distance"), spread, pairs)
    yield Case("neighbors/KNeighborsClassifier several targets", several, "within", VOTES)
    wide = model(lambda: KNeighborsClassifier(), lambda: spread(30), lambda: target(3))
    yield Case("neighbors/KNeighborsClassifier many columns", wide, "within", VOTES)
    for options in ({}, {"algorithm": "ball_tree", "leaf_size": 5}, {"p": 1}):
        ties = model(lambda o=options: KNeighborsClassifier(4, **o), whole, lambda: target(3))
        yield Case(f"neighbors/KNeighborsClassifier ties {options}", ties, "bit-equal", VOTES)
    open_ties = model(lambda: KNeighborsClassifier(4, algorithm="brute"), whole, lambda: target(3))
    yield Case("neighbors/KNeighborsClassifier ties by brute force", open_ties, "within", VOTES)
    given = model(lambda: KNeighborsClassifier(metric="precomputed"), gaps, lambda: target(3))
    yield Case("neighbors/KNeighborsClassifier precomputed", given, "within", VOTES)
    for metric in ("hamming", "jaccard", "dice", "rogerstanimoto", "russellrao", "sokalsneath"):
        matches = model(lambda m=metric: KNeighborsClassifier(metric=m), counts, lambda: target(3))
        yield Case(f"neighbors/KNeighborsClassifier {metric}", matches, "within", VOTES)
    behind = model(
        lambda: make_pipeline(StandardScaler(), PCA(2), KNeighborsClassifier(weights="distance")),
        numbers,
        lambda: target(3),
    )
    yield Case("neighbors/KNeighborsClassifier behind PCA", behind, "within", VOTES)
    single = model(lambda: KNeighborsClassifier(), lambda: spread().astype(np.float32), lambda: target(3))
    yield Case("neighbors/KNeighborsClassifier in float32", single, "bit-equal", VOTES)
    scaled = model(lambda: make_pipeline(StandardScaler(), KNeighborsClassifier()), numbers, lambda: target(3))
    yield Case("neighbors/KNeighborsClassifier behind a scaler", scaled, "within", VOTES)


def _regressors() -> Iterator[Case]:
    for name in ("kd tree", "brute", "manhattan", "minkowski 3", "cosine", "canberra"):
        for weights in ("uniform", "distance"):
            make = SEARCHES[name]
            build = model(lambda o=make, w=weights: KNeighborsRegressor(weights=w, **o()), spread, amounts)
            same: Sameness = "within" if name in INEXACT else "bit-equal"
            yield Case(f"neighbors/KNeighborsRegressor {name}, {weights}", build, same)
    for k in (1, 12):
        several = model(lambda k=k: KNeighborsRegressor(k), spread, both_amounts)
        yield Case(f"neighbors/KNeighborsRegressor several targets, {k}", several, "within")


def _searches() -> Iterator[Case]:
    for name, options in SEARCHES.items():
        same: Sameness = "within" if name in INEXACT else "bit-equal"
        build = model(lambda o=options: NearestNeighbors(n_neighbors=4, **o()), spread, lambda: None)
        yield Case(f"neighbors/NearestNeighbors {name}", build, same, ("kneighbors",))
    for algorithm in ("ball_tree", "brute"):
        earth = model(lambda a=algorithm: NearestNeighbors(metric="haversine", algorithm=a), places, lambda: None)
        yield Case(f"neighbors/NearestNeighbors haversine {algorithm}", earth, "within", ("kneighbors",))
    for mode in ("distance", "connectivity"):
        for algorithm in ("kd_tree", "brute"):
            near = model(lambda m=mode, a=algorithm: KNeighborsTransformer(mode=m, algorithm=a), spread, lambda: None)
            yield Case(f"neighbors/KNeighborsTransformer {mode} {algorithm}", near, "within")
            around = model(
                lambda m=mode, a=algorithm: RadiusNeighborsTransformer(mode=m, algorithm=a), spread, lambda: None
            )
            yield Case(f"neighbors/RadiusNeighborsTransformer {mode} {algorithm}", around, "within")


def _radius() -> Iterator[Case]:
    for name in ("kd tree", "ball tree", "brute", "manhattan", "minkowski 3", "cosine"):
        for weights in ("uniform", "distance"):
            make, radius = SEARCHES[name], 0.1 if name == "cosine" else 1.0
            votes = model(
                lambda o=make, w=weights, r=radius: RadiusNeighborsClassifier(
                    r, weights=w, outlier_label="most_frequent", **o()
                ),
                spread,
                lambda: target(3),
            )
            yield Case(f"neighbors/RadiusNeighborsClassifier {name}, {weights}", votes, "within", VOTES)
            mean = model(
                lambda o=make, w=weights, r=radius: RadiusNeighborsRegressor(r, weights=w, **o()), spread, amounts
            )
            yield Case(f"neighbors/RadiusNeighborsRegressor {name}, {weights}", mean, "within")
    other = model(lambda: RadiusNeighborsClassifier(0.5, outlier_label=99), spread, lambda: target(3, "int"))
    yield Case("neighbors/RadiusNeighborsClassifier a label of outliers", other, "within", VOTES)
    several = model(lambda: RadiusNeighborsClassifier(0.7, outlier_label="most_frequent"), spread, pairs)
    yield Case("neighbors/RadiusNeighborsClassifier several targets", several, "within", VOTES)
    wide = model(lambda: RadiusNeighborsClassifier(20.0), spread, lambda: target(3))
    yield Case("neighbors/RadiusNeighborsClassifier no label of outliers", wide, "within", VOTES)


def _others() -> Iterator[Case]:
    every = ("predict", "predict_proba", "predict_log_proba", "decision_function")
    centroids: Mapping[str, tuple[dict[str, Any], tuple[str, ...]]] = {
        "plain": ({}, every),
        "shrunken": ({"shrink_threshold": 0.2}, every),
        "manhattan": ({"metric": "manhattan"}, ("predict",)),
        "empirical priors": ({"priors": "empirical"}, every),
        "given priors": ({"priors": [0.5, 0.3, 0.2]}, every),
        "manhattan, empirical": ({"metric": "manhattan", "priors": "empirical"}, ("predict",)),
    }
    for name, (options, methods) in centroids.items():
        build = model(lambda o=options: NearestCentroid(**o), spread, lambda: target(3))
        yield Case(f"neighbors/NearestCentroid {name}", build, "within", methods)
    two = model(lambda: NearestCentroid(priors="empirical"), spread, lambda: target(2))
    yield Case("neighbors/NearestCentroid two classes", two, "within", every)
    for name in ("kd tree", "brute", "manhattan", "cosine"):
        make = SEARCHES[name]
        lof = model(lambda o=make: LocalOutlierFactor(novelty=True, **o()), spread, lambda: None)
        scores = ("predict", "decision_function", "score_samples", "kneighbors")
        yield Case(f"neighbors/LocalOutlierFactor {name}", lof, "within", scores)
    cut = model(lambda: LocalOutlierFactor(5, novelty=True, contamination=0.1), spread, lambda: None)
    yield Case("neighbors/LocalOutlierFactor contamination", cut, "within", ("predict", "decision_function"))
    for kernel in ("gaussian", "tophat", "epanechnikov", "exponential", "linear", "cosine"):
        for options in (
            {},
            {"bandwidth": "scott", "metric": "manhattan"},
            {"bandwidth": 0.5, "algorithm": "ball_tree"},
        ):
            density = model(lambda k=kernel, o=options: KernelDensity(kernel=k, **o), spread, lambda: None)
            yield Case(f"neighbors/KernelDensity {kernel} {options}", density, "within", ("score_samples",))
    for options in ({"rtol": 1e-3}, {"atol": 1e-5}, {"breadth_first": False}, {"bandwidth": "silverman"}):
        density = model(lambda o=options: KernelDensity(**o), spread, lambda: None)
        yield Case(f"neighbors/KernelDensity {options}", density, "within", ("score_samples",))
    learned = model(lambda: NeighborhoodComponentsAnalysis(2, max_iter=5, random_state=0), spread, lambda: target(3))
    yield Case("neighbors/NeighborhoodComponentsAnalysis", learned, "within")


def cases() -> Iterator[Case]:
    yield from _classifiers()
    yield from _regressors()
    yield from _searches()
    yield from _radius()
    yield from _others()
