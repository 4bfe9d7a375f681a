"""Nearest neighbours: every metric, both searches, weights, ties, several targets."""

import warnings

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.decomposition import PCA
from sklearn.neighbors import (
    KNeighborsClassifier,
    KNeighborsRegressor,
    KNeighborsTransformer,
    NearestNeighbors,
)
from sklearn.pipeline import make_pipeline
from threadpoolctl import threadpool_limits

from samescore_export import ExportError, export_proven

RNG = np.random.default_rng(0)
X = RNG.normal(size=(150, 3)) + 2
Y = np.array(["no", "yes", "maybe"])[(X[:, 0] * 3).astype(int) % 3]
AMOUNT = X[:, 0] * 2 + RNG.normal(size=150)
BOTH = np.column_stack([AMOUNT, -(AMOUNT**2)])
ALL = ["predict", "predict_proba", "kneighbors"]


def proven(model, methods, rows=X, budget=150):
    # Threads of scikit-learn's reductions wait for each other on a busy machine.
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")
        exported = export_proven(model, rows, methods=methods, budget=budget)
    assert not exported.proof.failures
    return exported.proof.outputs


def fitted(model, *data):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(*data)


TREES = [
    {},
    {"algorithm": "ball_tree"},
    {"p": 1},
    {"p": 3},
    {"p": np.inf},
    {"algorithm": "ball_tree", "metric": "seuclidean", "metric_params": {"V": X.var(axis=0)}},
    {"algorithm": "ball_tree", "metric": "mahalanobis", "metric_params": {"VI": np.linalg.inv(np.cov(X.T))}},
    {"algorithm": "ball_tree", "metric": "mahalanobis", "metric_params": {"V": np.cov(X.T)}},
    {"algorithm": "ball_tree", "metric": "canberra"},
    {"algorithm": "ball_tree", "metric": "minkowski", "p": 2, "metric_params": {"w": np.array([1.0, 2.0, 0.5])}},
    {"algorithm": "kd_tree", "leaf_size": 2, "n_neighbors": 9},
]
BRUTE = [
    {"metric": "euclidean"},
    {"metric": "l2"},
    {"metric": "sqeuclidean"},
    {"metric": "cityblock"},
    {"metric": "chebyshev"},
    {"metric": "minkowski", "p": 1.5},
    {"metric": "minkowski", "p": 0.5},
    {"metric": "minkowski", "p": 3, "metric_params": {"w": np.array([1.0, 2.0, 0.5])}},
    {"metric": "cosine"},
    {"metric": "correlation"},
    {"metric": "canberra"},
    {"metric": "braycurtis"},
    {"metric": "seuclidean", "metric_params": {"V": X.var(axis=0)}},
    {"metric": "mahalanobis", "metric_params": {"VI": np.linalg.inv(np.cov(X.T))}},
    {"metric": "nan_euclidean"},
]


@pytest.mark.parametrize("weights", ["uniform", "distance"])
@pytest.mark.parametrize("options", TREES, ids=str)
def test_trees(options, weights):
    outputs = proven(fitted(KNeighborsClassifier(weights=weights, **options), X, Y), ALL)
    if options.get("p") != 3 and "w" not in options.get("metric_params", {}) and "V" not in str(options):
        assert outputs["kneighbors.distances"].sameness == "bit-equal"
    proven(fitted(KNeighborsRegressor(weights=weights, **options), X, AMOUNT), ["predict"])


@pytest.mark.parametrize("options", BRUTE, ids=str)
def test_brute_force(options):
    proven(fitted(KNeighborsClassifier(algorithm="brute", **options), X, Y), ALL)


@pytest.mark.parametrize("options", [BRUTE[0], BRUTE[5], BRUTE[8], BRUTE[9], BRUTE[14]], ids=str)
def test_brute_force_and_weights(options):
    weights = "distance"
    if options["metric"] == "correlation":
        with pytest.raises(ExportError, match="correlation"):
            export_proven(KNeighborsClassifier(weights=weights, algorithm="brute", **options).fit(X, Y), X)
        return
    proven(fitted(KNeighborsClassifier(weights=weights, algorithm="brute", **options), X, Y), ALL)
    proven(fitted(KNeighborsRegressor(weights=weights, algorithm="brute", **options), X, AMOUNT), ["predict"])


@pytest.mark.parametrize("algorithm", ["kd_tree"])
@pytest.mark.parametrize("k", [1, 7, 8, 15, 140])
@pytest.mark.parametrize("target", [AMOUNT, BOTH, (AMOUNT * 3).astype(int)], ids=["one", "two", "ints"])
def test_sums_of_many_neighbours(k, target, algorithm):
    for weights in ("uniform", "distance"):
        model = KNeighborsRegressor(n_neighbors=k, algorithm=algorithm, weights=weights).fit(X, target)
        outputs = proven(model, ["predict"], budget=200)
        if algorithm == "kd_tree":
            assert outputs["predict"].comparison.largest_ulp == 0


@pytest.mark.parametrize(
    "labels", [Y, Y == "no", (X[:, 0] > 2) * 5, (X[:, 0] > 2) * 1.0], ids=["str", "bool", "int", "float"]
)
def test_labels(labels):
    proven(KNeighborsClassifier().fit(X, labels), ALL)


def test_several_targets():
    target = np.column_stack([Y, np.where(X[:, 1] > 2, "up", "down")])
    for options in ({}, {"weights": "distance"}, {"algorithm": "brute"}):
        proven(KNeighborsClassifier(**options).fit(X, target), ALL)


@pytest.mark.parametrize("k", [1, 2, 5, 15])
@pytest.mark.parametrize(
    "options",
    [{}, {"p": 1, "leaf_size": 3}, {"p": np.inf}, {"algorithm": "ball_tree", "leaf_size": 4}, {"metric": "canberra"}],
    ids=str,
)
def test_ties_in_a_tree_are_the_same(options, k):
    grid = RNG.integers(0, 4, size=(200, 2)).astype(float)
    label = np.arange(200) % 3
    rows = np.concatenate([grid, RNG.integers(0, 9, size=(200, 2)) / 2.0])
    for model in (KNeighborsClassifier(k, **options), KNeighborsRegressor(k, **options)):
        model.fit(grid, label)
        for name, output in proven(model, ["predict", "kneighbors"], rows, 600).items():
            assert output.sameness == "bit-equal", name


def test_nothing_beside_nothing():
    counts = np.zeros((60, 3)) + np.eye(3)[np.arange(60) % 3] * (np.arange(60) % 4 > 0)[:, None]
    proven(fitted(KNeighborsClassifier(metric="sokalsneath"), counts, Y[:60]), ["predict", "kneighbors"], counts)


@pytest.mark.parametrize("metric", ["braycurtis"])
def test_trees_of_what_is_no_metric(metric):
    rows = np.abs(X).round()
    with pytest.raises(ExportError, match="triangles"):
        export_proven(fitted(KNeighborsClassifier(metric=metric, leaf_size=5), rows, Y), rows)
    # A tree of one leaf loses nothing.
    proven(fitted(KNeighborsClassifier(metric=metric, leaf_size=len(rows)), rows, Y), ["predict"], rows, 200)


def test_ties_by_brute_force():
    grid = np.array([[i, j] for i in range(6) for j in range(6)], float).repeat(2, axis=0)
    label = np.arange(len(grid)) % 3
    rows = np.concatenate([grid, grid + 0.5, grid * 1.1])
    for weights in ("uniform", "distance"):
        model = KNeighborsClassifier(n_neighbors=2, algorithm="brute", weights=weights).fit(grid, label)
        proven(model, ALL, rows)
    proven(KNeighborsClassifier(25).fit(grid, label), ALL, rows)


def test_counts_as_rows():
    counts = np.random.default_rng(5).integers(0, 3, size=(120, 4)).astype(float)
    counts[:, 0] += ~counts.any(axis=1)
    for metric in ("hamming", "jaccard", "dice", "rogerstanimoto", "russellrao", "sokalsneath"):
        for algorithm in ("ball_tree", "brute"):
            model = fitted(KNeighborsClassifier(metric=metric, algorithm=algorithm), counts, Y[:120])
            proven(model, ALL, counts, 200)
    proven(fitted(KNeighborsClassifier(metric="yule"), counts > 1, Y[:120]), ["predict"], counts > 1)


def test_places_on_earth():
    places = np.column_stack([RNG.uniform(-1.5, 1.5, 120), RNG.uniform(-3, 3, 120)])
    for algorithm in ("ball_tree", "brute"):
        proven(NearestNeighbors(metric="haversine", algorithm=algorithm).fit(places), ["kneighbors"], places)


def test_many_columns():
    wide = RNG.normal(size=(80, 100)) + 1
    for options in (
        {},
        {"metric": "manhattan"},
        {"algorithm": "kd_tree"},
        {"metric": "cosine"},
        {"weights": "distance"},
    ):
        proven(KNeighborsClassifier(**options).fit(wide, Y[:80]), ALL, wide, 200)


def test_precomputed_and_sparse():
    away = np.abs(X[:, None] - X[None]).sum(axis=2)
    proven(KNeighborsClassifier(metric="precomputed").fit(away, Y), ALL, away, 200)
    proven(KNeighborsRegressor().fit(csr_matrix(X), AMOUNT), ["predict", "kneighbors"])


@pytest.mark.parametrize("mode", ["distance", "connectivity"])
@pytest.mark.parametrize("algorithm", ["kd_tree", "brute"])
def test_transformer(mode, algorithm):
    outputs = proven(KNeighborsTransformer(mode=mode, algorithm=algorithm, n_neighbors=4).fit(X), ["transform"])
    assert algorithm == "brute" or outputs["transform"].comparison.largest_ulp == 0


@pytest.mark.parametrize("metric", ["euclidean", "manhattan", "chebyshev", "cosine", "minkowski"])
def test_behind_an_inexact_step(metric):
    for weights in ("uniform", "distance"):
        model = make_pipeline(PCA(2), KNeighborsClassifier(metric=metric, p=3, weights=weights)).fit(X, Y)
        proven(model, ["predict", "predict_proba"])


def test_functions_are_refused():
    for options in ({"metric": lambda a, b: abs(a - b).sum()}, {"weights": lambda d: 1 / (d + 1)}):
        with pytest.raises(ExportError, match=r"metric=|weights="):
            export_proven(KNeighborsClassifier(**options).fit(X, Y), X)


def test_one_row():
    proven(KNeighborsClassifier().fit(X, Y), ALL, X[:1], 50)


@pytest.mark.parametrize("k", [15, 16, 17, 20, 31, 32])
@pytest.mark.parametrize("options", [{"algorithm": "kd_tree", "leaf_size": 3}, {"algorithm": "ball_tree"}], ids=str)
@pytest.mark.parametrize("columns", [1, 3])
def test_many_tied_neighbors_stand_in_the_order_of_the_sort(k, options, columns):
    rows = np.round(np.random.default_rng(k).normal(size=(90, columns)) * 2)
    proof = export_proven(NearestNeighbors(n_neighbors=k, **options).fit(rows), rows, budget=300).proof
    assert not proof.failures
    assert proof.outputs["kneighbors.indices"].sameness == "bit-equal"


def test_beyond_that_their_order_is_open():
    rows = np.round(np.random.default_rng(0).normal(size=(90, 2)) * 2)
    proof = export_proven(NearestNeighbors(n_neighbors=33).fit(rows), rows, budget=300).proof
    assert not proof.failures
    assert proof.outputs["kneighbors.distances"].sameness == "bit-equal"
    assert proof.outputs["kneighbors.indices"].within_bound > 0


@pytest.mark.parametrize("metric", ["dice", "sokalsneath"])
@pytest.mark.parametrize("seed", range(4))
def test_rows_of_nothing_have_no_distance_to_each_other(metric, seed):
    # 0 / 0 is never refused by scikit-learn's heap, and drives out what a number would not.
    rng = np.random.default_rng(seed)
    rows = (rng.random((120, 4)) < 0.6).astype(float)
    for k in (1, 5, 20):
        model = KNeighborsClassifier(k, metric=metric, algorithm="ball_tree", leaf_size=10)
        proof = export_proven(model.fit(rows, rows[:, 0]), rows, methods=["predict", "kneighbors"], budget=250).proof
        assert not proof.failures, proof.failures
