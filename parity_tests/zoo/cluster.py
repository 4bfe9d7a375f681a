"""Clusters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from sklearn.cluster import (
    AffinityPropagation,
    Birch,
    BisectingKMeans,
    FeatureAgglomeration,
    KMeans,
    MeanShift,
    MiniBatchKMeans,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from parity_tests.case import Case
from parity_tests.data import numbers
from parity_tests.zoo.building import model
from parity_tests.zoo.neighbors import spread

MODELS: Mapping[str, Callable[[], Any]] = {
    "KMeans": lambda: KMeans(4, n_init=1, random_state=0),
    "KMeans elkan": lambda: KMeans(7, n_init=1, random_state=0, algorithm="elkan"),
    "KMeans one": lambda: KMeans(1, n_init=1),
    "MiniBatchKMeans": lambda: MiniBatchKMeans(5, n_init=1, random_state=0),
    "BisectingKMeans": lambda: BisectingKMeans(6, random_state=0),
    "BisectingKMeans largest": lambda: BisectingKMeans(6, random_state=0, bisecting_strategy="largest_cluster"),
    "Birch": lambda: Birch(),
    "Birch unclustered": lambda: Birch(n_clusters=None, threshold=1.0),
    "Birch branching": lambda: Birch(n_clusters=4, branching_factor=10, threshold=0.3),
    "MeanShift": lambda: MeanShift(bandwidth=1.5),
    "MeanShift estimated": lambda: MeanShift(),
    "AffinityPropagation": lambda: AffinityPropagation(random_state=0),
    "AffinityPropagation unconverged": lambda: AffinityPropagation(random_state=0, max_iter=2),
}


def cases() -> Iterator[Case]:
    for name, make in MODELS.items():
        methods = ("predict",) if name.startswith(("Mean", "Aff")) else ("predict", "transform")
        yield Case(f"cluster/{name}", model(make, spread, lambda: None), "within", methods)
    scaled = model(lambda: make_pipeline(StandardScaler(), KMeans(4, n_init=1, random_state=0)), numbers, lambda: None)
    yield Case("cluster/KMeans behind a scaler", scaled, "within", ("predict", "transform"))
    for name in ("KMeans", "BisectingKMeans", "Birch"):
        single = model(MODELS[name], lambda: spread().astype(np.float32), lambda: None)
        yield Case(f"cluster/{name} in float32", single, "within", ("predict", "transform"))
    for pool in (np.mean, np.max, np.min, np.median):
        pooled = model(lambda p=pool: FeatureAgglomeration(3, pooling_func=p), lambda: spread(9), lambda: None)
        yield Case(f"cluster/FeatureAgglomeration {pool.__name__}", pooled, "bit-equal")
    summed = model(lambda: FeatureAgglomeration(2, pooling_func=np.sum), lambda: spread(20), lambda: None)
    yield Case("cluster/FeatureAgglomeration sum", summed, "within")
