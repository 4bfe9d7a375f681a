"""Models fitted on float32 rows, whose answers scikit-learn computes in float32."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.compose import TransformedTargetRegressor
from sklearn.cross_decomposition import PLSRegression
from sklearn.decomposition import PCA, FactorAnalysis, FastICA, IncrementalPCA, KernelPCA, SparsePCA, TruncatedSVD
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import BaggingClassifier, GradientBoostingClassifier
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer, KNNImputer
from sklearn.isotonic import IsotonicRegression
from sklearn.kernel_approximation import Nystroem, PolynomialCountSketch, RBFSampler
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.manifold import Isomap, LocallyLinearEmbedding
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, LocalOutlierFactor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import MinMaxScaler, QuantileTransformer, StandardScaler
from sklearn.random_projection import GaussianRandomProjection, SparseRandomProjection
from sklearn.semi_supervised import LabelPropagation, LabelSpreading

from parity_tests.case import Case
from parity_tests.data import ROWS
from parity_tests.zoo.building import PROBABILITIES, model


def rows() -> NDArray[np.float32]:
    """(ROWS, 6): columns that hang together."""
    rng = np.random.default_rng(41)
    return (rng.normal(size=(ROWS, 6)) @ rng.normal(size=(6, 6)) + 3).astype(np.float32)


def holes() -> NDArray[np.float32]:
    rng = np.random.default_rng(42)
    return np.where(rng.random((ROWS, 6)) < 0.1, np.nan, rows()).astype(np.float32)


def labels() -> NDArray[Any]:
    found = rows()
    return np.where(found[:, 0] + found[:, 1] > 6, "ja", "nein")


def numbers() -> NDArray[np.float64]:
    return rows()[:, 0] * 2.0 + np.random.default_rng(43).normal(size=ROWS)


TRANSFORMS: tuple[Callable[[], Any], ...] = (
    lambda: PCA(3),
    lambda: PCA(2, whiten=True),
    lambda: IncrementalPCA(3),
    lambda: TruncatedSVD(2, random_state=0),
    lambda: FastICA(3, random_state=0, max_iter=1000, tol=0.1),
    lambda: FactorAnalysis(2),
    lambda: KernelPCA(3, kernel="rbf"),
    lambda: SparsePCA(2, random_state=0, max_iter=20),
    lambda: Nystroem(n_components=20, random_state=0),
    lambda: RBFSampler(n_components=20, random_state=0),
    lambda: PolynomialCountSketch(n_components=16, random_state=0),
    lambda: GaussianRandomProjection(3, random_state=0),
    lambda: SparseRandomProjection(3, random_state=0),
    lambda: FeatureUnion([("pca", PCA(2)), ("scaled", StandardScaler())], transformer_weights={"pca": 2.5}),
)

CLASSIFIERS: tuple[Callable[[], Any], ...] = (
    GaussianNB,
    LinearDiscriminantAnalysis,
    lambda: MLPClassifier((8,), max_iter=200, tol=0.1, random_state=0),
    lambda: FixedThresholdClassifier(make_pipeline(StandardScaler(), LogisticRegression()), threshold=0.3),
    lambda: BaggingClassifier(make_pipeline(StandardScaler(), LogisticRegression()), 4, random_state=0),
    lambda: make_pipeline(StandardScaler(), PCA(4), GradientBoostingClassifier(n_estimators=5, random_state=0)),
)

REGRESSORS: tuple[Callable[[], Any], ...] = (
    lambda: PLSRegression(2),
    lambda: KernelRidge(kernel="rbf", gamma=0.1),
    lambda: MLPRegressor(hidden_layer_sizes=(8,), max_iter=500, tol=0.1, random_state=0),
    lambda: TransformedTargetRegressor(LinearRegression()),
    lambda: TransformedTargetRegressor(LinearRegression(), transformer=MinMaxScaler()),
)


def half() -> NDArray[Any]:
    """Every third label unknown."""
    found = np.where(labels() == "ja", 1, 0)
    found[::3] = -1
    return found


def first() -> NDArray[np.float32]:
    return rows()[:, :1]


def _brute(metric: str) -> Callable[[], Any]:
    return lambda: KNeighborsClassifier(5, algorithm="brute", metric=metric, p=3)


#: What -> model, target, methods; over float32 rows.
NEIGHBORS: Mapping[str, tuple[Callable[[], Any], Callable[[], Any], tuple[str, ...]]] = {
    "LocalOutlierFactor": (lambda: LocalOutlierFactor(novelty=True), labels, ("predict", "score_samples")),
    "LocalOutlierFactor, brute": (
        lambda: LocalOutlierFactor(novelty=True, algorithm="brute", contamination=0.1),
        labels,
        ("predict", "decision_function"),
    ),
    "Isomap": (lambda: Isomap(n_neighbors=8), labels, ("transform",)),
    "LocallyLinearEmbedding": (lambda: LocallyLinearEmbedding(n_neighbors=8), labels, ("transform",)),
    "LabelPropagation": (lambda: LabelPropagation(gamma=0.5), half, ("predict", "predict_proba")),
    "LabelSpreading, knn": (lambda: LabelSpreading(kernel="knn"), half, ("predict", "predict_proba")),
    **{
        f"KNeighborsClassifier, brute {metric}": (_brute(metric), labels, ("predict", "kneighbors"))
        for metric in ("euclidean", "manhattan", "minkowski", "canberra", "braycurtis", "correlation")
    },
}


def _neighbors() -> Iterator[Case]:
    for name, (make, y, methods) in NEIGHBORS.items():
        yield Case(f"single/{name}", model(make, rows, y), "within", methods)
    for outside in ("nan", "clip"):
        line = model(lambda outside=outside: IsotonicRegression(out_of_bounds=outside), first, numbers)
        yield Case(f"single/IsotonicRegression, {outside}", line, "bit-equal", ("predict",))
    spread = model(lambda: QuantileTransformer(n_quantiles=50, output_distribution="normal"), rows, labels)
    yield Case("single/QuantileTransformer, normal", spread, "within", ("transform",))


def cases() -> Iterator[Case]:
    yield from _neighbors()
    for position, make in enumerate(TRANSFORMS):
        yield Case(f"single/{position} {type(make()).__name__}", model(make, rows, labels), "within", ("transform",))
    for imputer in (KNNImputer, lambda: IterativeImputer(max_iter=3, tol=0.5, random_state=0)):
        name = type(imputer()).__name__
        yield Case(f"single/{name}", model(imputer, holes, labels), "within", ("transform",))
    for position, make in enumerate(CLASSIFIERS):
        yield Case(
            f"single/classifier {position} {type(make()).__name__}", model(make, rows, labels), "within", PROBABILITIES
        )
    for position, make in enumerate(REGRESSORS):
        yield Case(
            f"single/regressor {position} {type(make()).__name__}", model(make, rows, numbers), "within", ("predict",)
        )
    mixture = model(lambda: GaussianMixture(2, random_state=0), rows, labels)
    yield Case("single/GaussianMixture", mixture, "within", ("predict", "score_samples"))
