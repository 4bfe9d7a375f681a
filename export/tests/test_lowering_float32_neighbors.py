"""Neighbours, and what is made of them, over float32 rows and points; distances that scipy takes where the dtypes differ."""

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.isotonic import IsotonicRegression
from sklearn.manifold import Isomap, LocallyLinearEmbedding
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor, LocalOutlierFactor, RadiusNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, QuantileTransformer
from sklearn.semi_supervised import LabelPropagation, LabelSpreading

from samescore_export import ExportError, export_proven

RNG = np.random.default_rng(0)
X = (RNG.normal(size=(120, 4)) @ RNG.normal(size=(4, 4)) + 1).astype(np.float32)
TIED = np.round(X)
LABELS = (X[:, 0] > 1).astype(int)
HALF = np.where(np.arange(120) % 3, LABELS, -1)
Y = X[:, 0] * 2 + RNG.normal(size=120)
WIDE, WHOLE = X.astype(np.float64), np.round(X * 3).astype(np.int64)
METRICS = [
    "euclidean",
    "manhattan",
    "l2",
    "chebyshev",
    "canberra",
    "braycurtis",
    "minkowski",
    "sqeuclidean",
    "correlation",
]


def proven(model, rows, methods=None):
    exported = export_proven(model, rows, methods=methods, budget=300)
    assert not exported.proof.failures, exported.proof.failures
    return exported.proof


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("rows", [X, TIED], ids=["spread", "tied"])
def test_brute_force_over_float32_points(metric, rows):
    model = KNeighborsClassifier(5, algorithm="brute", metric=metric, p=3).fit(rows, LABELS)
    proof = proven(model, rows, ["predict", "kneighbors"])
    found = proof.outputs["kneighbors.distances"].comparison
    if metric not in ("sqeuclidean", "correlation"):
        assert found.bit_equal == found.rows


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("rows", [TIED, WHOLE], ids=["single", "whole"])
def test_brute_force_where_scipy_measures(metric, rows):
    # Points and rows of two dtypes, or whole numbers, do not go through the reductions.
    fitted = rows.astype(np.float64) if rows.dtype == np.float32 else rows
    proven(KNeighborsClassifier(5, algorithm="brute", metric=metric, p=3).fit(fitted, LABELS), rows, ["kneighbors"])


def test_a_cosine_in_float32_is_refused():
    model = KNeighborsClassifier(algorithm="brute", metric="cosine").fit(X, LABELS)
    with pytest.raises(ExportError, match="metric='cosine' over points in float32"):
        export_proven(model, X)


@pytest.mark.parametrize("algorithm", ["kd_tree", "brute"])
@pytest.mark.parametrize("fitted", [X, WIDE], ids=["single", "double"])
@pytest.mark.parametrize("rows", [X, WIDE], ids=["single rows", "double rows"])
def test_what_is_made_of_neighbors(algorithm, fitted, rows):
    options = {"n_neighbors": 6, "neighbors_algorithm": algorithm}
    factor = LocalOutlierFactor(7, novelty=True, algorithm=algorithm, contamination=0.1).fit(fitted)
    proof = proven(factor, rows, ["predict", "decision_function", "score_samples"])
    both = fitted.dtype == rows.dtype == np.float32
    assert proof.got["score_samples"].dtype == (np.float32 if both else np.float64)
    proven(Isomap(**options).fit(fitted), rows)
    proven(LocallyLinearEmbedding(**options).fit(fitted), rows)
    proven(KNeighborsRegressor(4, algorithm=algorithm).fit(fitted, Y), rows)
    proven(RadiusNeighborsClassifier(2.0, algorithm=algorithm, outlier_label="most_frequent").fit(fitted, LABELS), rows)


def test_isomap_by_radius():
    proven(Isomap(n_neighbors=None, radius=6.0).fit(X), X)


@pytest.mark.parametrize("kind", [LabelPropagation, LabelSpreading])
@pytest.mark.parametrize("options", [{"gamma": 1}, {}, {"kernel": "knn"}], ids=str)
@pytest.mark.parametrize("rows", [X, WIDE], ids=["single", "double"])
def test_labels_spread_over_float32_points(kind, options, rows):
    proven(kind(**options).fit(X, HALF), rows, ["predict", "predict_proba"])


@pytest.mark.parametrize("outside", ["nan", "clip"])
@pytest.mark.parametrize("points", [X[:, :1], TIED[:, :1], X[:1, :1], X[:2, :1]], ids=["spread", "tied", "one", "two"])
def test_isotonic_lines_in_float32_are_the_same_bits(outside, points):
    model = IsotonicRegression(out_of_bounds=outside).fit(points, Y[: len(points)])
    for rows in (X[:, :1], WIDE[:, :1]):
        proof = proven(model, rows, ["predict"])
        assert proof.got["predict"].dtype == np.float32
        assert proof.outputs["predict"].sameness == "bit-equal"


@pytest.mark.parametrize("outside", ["nan", "clip"])
@pytest.mark.parametrize("rows", [X, WIDE], ids=["single", "double"])
def test_an_isotonic_line_behind_an_inexact_step(outside, rows):
    proven(make_pipeline(PCA(1), IsotonicRegression(out_of_bounds=outside)).fit(rows, Y), rows)


@pytest.mark.parametrize("rows", [X, TIED, WIDE], ids=["single", "tied", "double"])
@pytest.mark.parametrize("shape", ["normal", "uniform"])
def test_quantiles_alone_and_behind_an_inexact_step(rows, shape):
    transformer = QuantileTransformer(n_quantiles=50, output_distribution=shape)
    alone = proven(transformer.fit(rows), rows)
    assert alone.got["transform"].dtype == rows.dtype
    proven(make_pipeline(PCA(3), transformer).fit(rows), rows)


@pytest.mark.parametrize("shape", ["normal", "uniform"])
def test_quantiles_of_a_sparse_matrix_leave_its_zeros(shape):
    rows = RNG.integers(0, 5, size=(120, 2))
    transformer = QuantileTransformer(n_quantiles=30, output_distribution=shape)
    proof = proven(make_pipeline(OneHotEncoder(), transformer).fit(rows), rows)
    assert (proof.got["transform"] == 0).any()
