"""Clusters: nearest centres and ties between them, bisecting trees, pooled features."""

import warnings

import numpy as np
import pytest
from sklearn.cluster import (
    AffinityPropagation,
    AgglomerativeClustering,
    Birch,
    BisectingKMeans,
    FeatureAgglomeration,
    KMeans,
    MeanShift,
    MiniBatchKMeans,
)
from sklearn.datasets import make_blobs
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from samescore_export import ExportError, export_proven

X, _ = make_blobs(160, 3, centers=5, cluster_std=2.0, random_state=0)


def proven(model, methods, rows=X, budget=300):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exported = export_proven(model.fit(X) if rows is X else model, rows, methods=methods, budget=budget)
    assert not exported.proof.failures
    return exported.proof.outputs


@pytest.mark.parametrize(
    "model",
    [
        KMeans(4, n_init=1, random_state=0),
        KMeans(1, n_init=1),
        KMeans(7, n_init=1, algorithm="elkan", random_state=1),
        MiniBatchKMeans(5, n_init=1, random_state=0),
        BisectingKMeans(6, random_state=0),
        BisectingKMeans(6, random_state=0, bisecting_strategy="largest_cluster"),
        BisectingKMeans(1),
        Birch(),
        Birch(n_clusters=None, threshold=2.0),
        Birch(n_clusters=AgglomerativeClustering(3), branching_factor=10),
    ],
    ids=str,
)
def test_labels_and_distances(model):
    outputs = proven(model, ["predict", "transform"])
    assert outputs["predict"].flips == 0


@pytest.mark.parametrize(
    "model", [MeanShift(bandwidth=3.0), AffinityPropagation(random_state=0), AffinityPropagation(max_iter=2)], ids=str
)
def test_labels(model):
    proven(model, ["predict"])


def test_far_from_zero_and_in_the_middle():
    far = X + 1e6
    proven(KMeans(4, n_init=1, random_state=0).fit(far), ["predict", "transform"], far)
    pair = np.array([[0.0, 0.0], [0.0, 2.0], [4.0, 0.0], [4.0, 2.0]])
    model = KMeans(2, init=np.array([[0.0, 1.0], [4.0, 1.0]]), n_init=1).fit(pair)
    rows = np.concatenate([pair, np.column_stack([np.full(20, 2.0), np.linspace(-3, 3, 20)])])
    proven(model, ["predict", "transform"], rows)


def test_behind_steps():
    rows = X.copy()
    for step in (StandardScaler(), PCA(2)):
        proven(make_pipeline(step, KMeans(3, n_init=1, random_state=0)).fit(rows), ["predict", "transform"], rows)


@pytest.mark.parametrize("pool", [np.mean, np.max, np.min, np.sum, np.amax, np.median])
@pytest.mark.parametrize("clusters", [2, 5])
def test_pooled_features(pool, clusters):
    wide = np.random.default_rng(0).normal(size=(60, 25))
    model = FeatureAgglomeration(clusters, pooling_func=pool).fit(wide)
    outputs = proven(model, ["transform"], wide)
    if pool is not np.sum:
        assert outputs["transform"].sameness == "bit-equal"


def test_a_pool_of_ones_own_is_refused():
    model = FeatureAgglomeration(2, pooling_func=lambda x, axis: x.mean(axis=axis)).fit(X)
    with pytest.raises(ExportError, match="pooling_func"):
        export_proven(model, X)


@pytest.mark.parametrize(
    "model",
    [
        KMeans(4, n_init=1, random_state=0),
        MiniBatchKMeans(5, n_init=1, random_state=0),
        BisectingKMeans(6, random_state=0),
        Birch(n_clusters=None, threshold=2.0),
        MeanShift(bandwidth=3.0),
        AffinityPropagation(random_state=0),
    ],
    ids=str,
)
def test_float32(model):
    single = X.astype(np.float32)
    methods = ["predict", "transform"] if hasattr(model, "transform") else ["predict"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(single)
    outputs = proven(model, methods, single)
    assert all(output.within_bound == 0 for output in outputs.values())


def test_float32_rows_of_a_model_of_doubles():
    single = X.astype(np.float32)
    proven(Birch().fit(X), ["predict", "transform"], single)
    with pytest.raises(ExportError, match="float32"):
        export_proven(KMeans(3, n_init=1).fit(X), single)
