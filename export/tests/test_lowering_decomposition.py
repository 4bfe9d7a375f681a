"""The linear and the kernel transforms of decomposition, partial least squares, random projections."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.cross_decomposition import CCA, PLSSVD, PLSCanonical, PLSRegression
from sklearn.decomposition import (
    PCA,
    FactorAnalysis,
    FastICA,
    IncrementalPCA,
    KernelPCA,
    MiniBatchSparsePCA,
    SparsePCA,
    TruncatedSVD,
)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.random_projection import GaussianRandomProjection, SparseRandomProjection
from sklearn.tree import DecisionTreeClassifier

from samescore_export import ExportError, export_proven

RNG = np.random.default_rng(0)
X = RNG.normal(size=(100, 6)) @ RNG.normal(size=(6, 6)) + 5
Y = np.c_[X[:, 0], 2 * X[:, 1]] + RNG.normal(size=(100, 2))
WIDE = RNG.normal(size=(60, 40))


def proven(model, rows=X, methods=None, budget=250):
    exported = export_proven(model, rows, methods=methods, budget=budget)
    assert not exported.proof.failures
    return exported.proof.outputs


@pytest.mark.parametrize("whiten", [False, True])
def test_principal_components(whiten):
    for model in (PCA(whiten=whiten), PCA(3, whiten=whiten, svd_solver="full"), IncrementalPCA(3, whiten=whiten)):
        proven(model.fit(X))
    proven(PCA(0.9, whiten=whiten).fit(1e6 + X), 1e6 + X)


def test_whitening_a_direction_without_variance():
    flat = np.c_[X, X[:, 0]]
    proven(PCA(whiten=True).fit(flat), flat)


@pytest.mark.filterwarnings("ignore:FastICA did not converge")
def test_linear_transforms():
    proven(TruncatedSVD(3, random_state=0).fit(X))
    proven(TruncatedSVD(2, random_state=0).fit(csr_matrix(X)))
    for rotation in (None, "varimax", "quartimax"):
        proven(FactorAnalysis(3, rotation=rotation).fit(X))
    for whiten in ("unit-variance", "arbitrary-variance", False):
        proven(FastICA(whiten=whiten, random_state=0, max_iter=1000, tol=0.5).fit(X))


@pytest.mark.parametrize("components", [1, 3, 9])
def test_sparse_components(components):
    proven(SparsePCA(components, random_state=0, max_iter=50).fit(X))
    proven(MiniBatchSparsePCA(components, random_state=0, ridge_alpha=0.5, max_iter=50).fit(X))


@pytest.mark.parametrize("kernel", ["linear", "poly", "rbf", "sigmoid", "cosine"])
def test_kernel_components(kernel):
    proven(KernelPCA(3, kernel=kernel, gamma=0.01, coef0=0.5, degree=2).fit(X))


def test_kernel_components_without_variance_and_precomputed():
    proven(KernelPCA(10, kernel="linear").fit(X))
    proven(KernelPCA(kernel="linear", remove_zero_eig=True).fit(X))
    gram = X @ X.T
    proven(KernelPCA(3, kernel="precomputed").fit(gram), gram, budget=150)


@pytest.mark.parametrize("scale", [True, False])
@pytest.mark.parametrize("kind", [CCA, PLSCanonical, PLSRegression])
def test_partial_least_squares(kind, scale):
    proven(kind(n_components=2, scale=scale).fit(X, Y), methods=["predict", "transform"])


def test_partial_least_squares_of_one_target():
    outputs = proven(PLSRegression(2).fit(X, Y[:, 0]), methods=["predict", "transform"])
    assert outputs["predict"].comparison.rows
    proven(PLSSVD(2).fit(X, Y))
    proven(PLSSVD(1, scale=False).fit(X, Y))


def test_random_projections():
    proven(GaussianRandomProjection(8, random_state=0).fit(WIDE), WIDE)
    for options in ({}, {"density": 0.9}, {"dense_output": True, "density": 0.05}):
        found = proven(SparseRandomProjection(8, random_state=0, **options).fit(WIDE), WIDE)
        assert found["transform"].sameness == "bit-equal"


def test_a_projection_with_many_numbers_a_component():
    wide = RNG.normal(size=(40, 90))
    for density in (1.0, 0.95):
        proven(SparseRandomProjection(4, density=density, random_state=0).fit(wide), wide)


def test_trees_behind_components():
    labels = np.where(X[:, 0] > 5, "a", "b")
    model = make_pipeline(StandardScaler(), PCA(3), DecisionTreeClassifier(random_state=0)).fit(X, labels)
    assert proven(model)["predict"].flips == 0


def test_a_kernel_of_ones_own_is_refused():
    model = KernelPCA(2, kernel=lambda a, b: float(a @ b)).fit(X)
    with pytest.raises(ExportError, match="kernel="):
        export_proven(model, X)


@pytest.mark.parametrize(
    "model", [PCA(2), PCA(3, whiten=True), PCA(), FactorAnalysis(2), FactorAnalysis(2, rotation="varimax")]
)
def test_log_likelihood(model):
    assert list(proven(model.fit(X), methods=["score_samples"])) == ["score_samples"]


def test_no_log_likelihood_of_a_singular_covariance():
    flat = np.c_[X, X[:, 0]]
    with pytest.raises(ExportError, match="score_samples"):
        export_proven(PCA().fit(flat), flat, methods=["score_samples"], budget=50)


def test_components_of_a_sparse_matrix_are_added_in_its_order():
    texts = ["free call now", "call me later", "win a free prize", "see you at home", "home now", "prize draw"] * 6
    labels = np.arange(len(texts)) % 6 % 2
    model = make_pipeline(TfidfVectorizer(), TruncatedSVD(3, random_state=0), DecisionTreeClassifier(random_state=0))
    exported = export_proven(model.fit(texts, labels), texts, budget=200)
    assert not exported.proof.failures
    assert exported.proof.outputs["predict_proba"].sameness == "proven"
