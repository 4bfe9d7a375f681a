"""Labels spread over neighbours, self-training, and embeddings of new rows."""

import warnings

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.manifold import Isomap, LocallyLinearEmbedding
from sklearn.pipeline import make_pipeline
from sklearn.semi_supervised import LabelPropagation, LabelSpreading, SelfTrainingClassifier

from samescore_export import ExportError, export_proven

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 3)) + 2
SOME = np.where(RNG.random(120) < 0.6, -1, (X[:, 0] > 2).astype(int) + (X[:, 1] > 2))


def proven(model, methods, rows=X, budget=200):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exported = export_proven(model, rows, methods=methods, budget=budget)
    assert not exported.proof.failures
    return exported.proof.outputs


@pytest.mark.parametrize("kind", [LabelPropagation, LabelSpreading])
@pytest.mark.parametrize("options", [{"gamma": 3}, {"gamma": 200}, {"kernel": "knn", "n_neighbors": 5}], ids=str)
def test_spread_labels(kind, options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = kind(**options).fit(X, SOME)
    outputs = proven(model, ["predict", "predict_proba"])
    if options.get("kernel") == "knn":
        assert outputs["predict_proba"].sameness == "bit-equal"


def test_self_training():
    model = SelfTrainingClassifier(LogisticRegression()).fit(X, SOME)
    proven(model, ["predict", "predict_proba", "predict_log_proba", "decision_function"])


def test_a_kernel_of_ones_own_is_refused():
    model = LabelSpreading(kernel=lambda a, b: np.exp(-np.abs(a[:, None] - b[None]).sum(axis=2))).fit(X, SOME)
    with pytest.raises(ExportError, match="kernel="):
        export_proven(model, X)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"n_neighbors": 8, "n_components": 3, "metric": "manhattan"},
        {"n_neighbors": None, "radius": 1.5},
        {"neighbors_algorithm": "brute"},
    ],
    ids=str,
)
def test_isomap(options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = Isomap(**options).fit(X)
    proven(model, ["transform"])


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"n_neighbors": 12, "reg": 1e-2},
        {"n_neighbors": 8, "method": "modified"},
        {"n_neighbors": 8, "method": "hessian", "eigen_solver": "dense"},
        {"method": "ltsa", "eigen_solver": "dense"},
        {"neighbors_algorithm": "brute"},
    ],
    ids=str,
)
def test_locally_linear(options):
    proven(LocallyLinearEmbedding(random_state=0, **options).fit(X), ["transform"])


def test_locally_linear_behind_an_inexact_step():
    model = make_pipeline(PCA(2), LocallyLinearEmbedding(random_state=0, eigen_solver="dense")).fit(X)
    proven(model, ["transform"])
