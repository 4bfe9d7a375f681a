"""Models fitted on float32 rows: scikit-learn computes in float32, and so the answers are float32 within its spacings."""

import numpy as np
import pytest
from sklearn.cluster import BisectingKMeans, KMeans
from sklearn.compose import TransformedTargetRegressor
from sklearn.cross_decomposition import CCA, PLSSVD, PLSRegression
from sklearn.decomposition import (
    PCA,
    DictionaryLearning,
    FactorAnalysis,
    FastICA,
    IncrementalPCA,
    KernelPCA,
    SparsePCA,
    TruncatedSVD,
)
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.ensemble import BaggingClassifier, GradientBoostingClassifier, RandomForestClassifier
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer, KNNImputer
from sklearn.kernel_approximation import Nystroem, PolynomialCountSketch, RBFSampler
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LinearRegression, LogisticRegression, RANSACRegressor
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor, RadiusNeighborsRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import MinMaxScaler, PowerTransformer, StandardScaler
from sklearn.random_projection import GaussianRandomProjection, SparseRandomProjection

from samescore_export import export_proven
from samescore_runtime.arrays import decode_array

RNG = np.random.default_rng(0)
X = (RNG.normal(size=(160, 6)) @ RNG.normal(size=(6, 6)) + 3).astype(np.float32)
LABELS = np.where(X[:, 0] + X[:, 1] > 6, "ja", "nein")
Y = X[:, 0] * 2 + RNG.normal(size=160)
LOGS = ["predict", "predict_proba", "predict_log_proba"]
HOLES = np.where(RNG.random(X.shape) < 0.1, np.nan, X).astype(np.float32)


def proven(model, rows=X, methods=None):
    exported = export_proven(model, rows, methods=methods, budget=200)
    assert not exported.proof.failures
    return {name: got.dtype.name for name, got in exported.proof.got.items()}


@pytest.mark.parametrize(
    "model",
    [
        PCA(3),
        PCA(2, whiten=True),
        IncrementalPCA(3),
        TruncatedSVD(2, random_state=0),
        FastICA(3, random_state=0, max_iter=1000, tol=0.1),
        FactorAnalysis(2),
        KernelPCA(3, kernel="rbf"),
        SparsePCA(2, random_state=0, max_iter=20),
        DictionaryLearning(4, max_iter=5, random_state=0),
        PLSSVD(1),
        Nystroem(n_components=20, random_state=0),
        RBFSampler(n_components=20, random_state=0),
        PolynomialCountSketch(n_components=16, random_state=0),
        GaussianRandomProjection(3, random_state=0),
        SparseRandomProjection(3, random_state=0),
        KMeans(4, random_state=0, n_init=1),
        BisectingKMeans(3, random_state=0),
        LinearDiscriminantAnalysis(),
        FeatureUnion([("pca", PCA(2)), ("scaled", StandardScaler())], transformer_weights={"pca": 2.5}),
    ],
    ids=lambda model: type(model).__name__,
)
@pytest.mark.filterwarnings("ignore")
def test_transforms(model):
    model.fit(X, Y if isinstance(model, PLSSVD) else LABELS)
    expected = np.asarray(model.transform(X[:3])).dtype.name
    assert proven(model, methods=["transform"]) == {"transform": expected}


@pytest.mark.parametrize("model", [KNNImputer(), IterativeImputer(max_iter=2, random_state=0)])
@pytest.mark.filterwarnings("ignore")
def test_imputers(model):
    assert proven(model.fit(HOLES), HOLES) == {"transform": "float32"}


@pytest.mark.parametrize(
    "model",
    [
        KNeighborsClassifier(),
        KNeighborsClassifier(metric="manhattan"),
        GaussianNB(),
        GaussianMixture(2, random_state=0),
        LinearDiscriminantAnalysis(),
        MLPClassifier((8,), max_iter=30, random_state=0),
        FixedThresholdClassifier(make_pipeline(StandardScaler(), LogisticRegression()), threshold=0.3),
        BaggingClassifier(make_pipeline(StandardScaler(), LogisticRegression()), 4, random_state=0),
        make_pipeline(StandardScaler(), PCA(4), GradientBoostingClassifier(n_estimators=5, random_state=0)),
        make_pipeline(PCA(4), RandomForestClassifier(5, random_state=0)),
        make_pipeline(PowerTransformer(), GaussianNB()),
        make_pipeline(StandardScaler(), PCA(3), LogisticRegression()).set_output(transform="pandas"),
    ],
    ids=lambda model: type(model).__name__,
)
@pytest.mark.filterwarnings("ignore")
def test_classifiers(model):
    model.fit(X, LABELS)
    methods = [name for name in ("predict", "predict_proba", "decision_function") if hasattr(model, name)]
    dtypes = proven(model, methods=methods)
    for name in methods[1:]:
        assert dtypes[name] == getattr(model, name)(X[:3]).dtype.name


@pytest.mark.parametrize(
    "model",
    [
        KNeighborsRegressor(weights="distance"),
        KNeighborsRegressor(algorithm="ball_tree"),
        RadiusNeighborsRegressor(20.0),
        RANSACRegressor(random_state=0),
        PLSRegression(2),
        CCA(1),
        KernelRidge(kernel="rbf", gamma=0.1),
        MLPRegressor(hidden_layer_sizes=(8,), max_iter=30, random_state=0),
        TransformedTargetRegressor(LinearRegression()),
        TransformedTargetRegressor(LinearRegression(), transformer=MinMaxScaler()),
    ],
    ids=lambda model: type(model).__name__,
)
@pytest.mark.filterwarnings("ignore")
def test_regressors(model):
    model.fit(X, Y)
    assert proven(model, methods=["predict"])["predict"] == model.predict(X[:3]).dtype.name


def test_the_logarithm_of_what_may_be_0_is_counted_and_no_golden():
    # Beside a probability of 1 in float32 the other is a spacing of 1, or 0.
    far = np.linspace(-40, 40, 400, dtype=np.float32)[:, None] * np.ones((1, 6), np.float32)
    far += RNG.normal(size=far.shape).astype(np.float32) / 8
    model = make_pipeline(StandardScaler(), LogisticRegression(C=100.0)).fit(far, far[:, 0] > 0)
    exported = export_proven(model, far, methods=["predict_proba", "predict_log_proba"], budget=1200)
    assert not exported.proof.failures
    logs = exported.proof.expected["predict_log_proba"]
    assert np.isinf(logs).any()
    golden = exported.artifact.golden["outputs"]["predict_log_proba"]
    floors = decode_array(golden["floors"])
    assert floors.shape == decode_array(golden).shape
    assert floors.max() <= golden["tolerance"]["floor"] * (1 + 1e-6)
    # A sure row is held to its own bound, whatever the worst one's is.
    assert floors.min() < golden["tolerance"]["floor"] / 1000


def test_float32_probabilities_are_as_exact_as_they_are_small():
    model = LogisticRegression().fit(X, LABELS)
    proof = export_proven(model, X, methods=["predict_proba"], budget=400).proof
    assert not proof.failures
    held = proof.outputs["predict_proba"]
    sure = proof.expected["predict_proba"][:, 0] > 0.999
    assert held.floors[sure].max() < held.floors.max() / 3


def test_a_linear_model_behind_a_float32_step_counts_float32_once():
    proof = export_proven(make_pipeline(PCA(3), LogisticRegression()).fit(X, LABELS), X, budget=300).proof
    assert not proof.failures
    held = proof.outputs["predict_proba"]
    assert held.tolerance.ulp < 100
    assert proof.fit.mean() > 0.9


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("kind", [LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis])
@pytest.mark.parametrize("rows", [X, X.astype(np.float64)], ids=["single", "double"])
@pytest.mark.parametrize("fitted", [X, X.astype(np.float64)], ids=["on single", "on double"])
def test_discriminants_of_small_probabilities(classes, kind, rows, fitted):
    # Logarithms of probabilities that float32 has as 0, or with few digits.
    target = np.digitize(X[:, 0], np.linspace(2, 5, classes - 1))
    far = np.concatenate([rows, rows * 20]).astype(rows.dtype)
    proof = export_proven(kind().fit(fitted, target), far, budget=600, methods=LOGS).proof
    assert not proof.failures, proof.failures
