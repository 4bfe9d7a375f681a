"""NMF, MiniBatchNMF and latent Dirichlet allocation: iterations to their own stopping rules."""

import warnings

import numpy as np
import pytest
from sklearn.decomposition import NMF, LatentDirichletAllocation, MiniBatchNMF
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import make_pipeline

from samescore_export import ExportError, export, export_proven
from samescore_runtime import load

RNG = np.random.default_rng(0)
FULL = np.abs(RNG.normal(size=(70, 3))) @ np.abs(RNG.normal(size=(3, 6))) + 0.1
HOLES = np.where(RNG.random(FULL.shape) < 0.2, 0.0, FULL)
COUNTS = RNG.poisson(RNG.gamma(0.3, 3, size=(90, 9))).astype(float)
COUNTS[3] = 0


def fitted(model, rows):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(rows)


def proven(model, rows, budget=200):
    exported = export_proven(fitted(model, rows), rows, budget=budget)
    assert not exported.proof.failures
    assert exported.proof.fit[exported.proof.probes.kinds == "sample"].mean() > 0.9
    return exported.proof.outputs["transform"]


@pytest.mark.parametrize(
    "options", [{}, {"alpha_W": 0.01, "l1_ratio": 0.5}, {"shuffle": True}, {"tol": 1e-8}, {"max_iter": 5}], ids=str
)
def test_coordinate_descent(options):
    proven(NMF(3, random_state=0, init="nndsvda", **options), HOLES)


@pytest.mark.parametrize("beta", [2, 1, 0, 1.5, 0.5, 3, -1])
def test_multiplicative_updates(beta):
    rows = FULL if beta <= 0 else HOLES
    proven(NMF(3, solver="mu", beta_loss=beta, random_state=0, init="random"), rows)
    proven(MiniBatchNMF(3, beta_loss=beta, random_state=0, init="random"), rows)


@pytest.mark.parametrize("options", [{"alpha_W": 0.01, "l1_ratio": 0.5}, {"alpha_W": 0.01, "l1_ratio": 1.0}], ids=str)
def test_penalties(options):
    for beta in ("frobenius", "kullback-leibler"):
        proven(NMF(3, solver="mu", beta_loss=beta, random_state=0, init="random", **options), HOLES)
        proven(MiniBatchNMF(3, beta_loss=beta, random_state=0, **options), HOLES)


def test_a_number_of_steps():
    proven(MiniBatchNMF(3, random_state=0, transform_max_iter=7, tol=0.0), HOLES)
    proven(NMF(3, solver="mu", random_state=0, init="random", tol=0.0, max_iter=30), HOLES)


def test_a_batch_is_scored_as_a_batch(tmp_path):
    """How far a row gets hangs on the rows beside it, in scikit-learn and here."""
    model = fitted(NMF(3, random_state=0, tol=1e-2), HOLES)
    path = tmp_path / "nmf.onnx"
    export(model, HOLES, path)
    loaded = load(path)
    for rows in (HOLES, HOLES[:1], HOLES[10:17]):
        np.testing.assert_allclose(loaded.score(rows)["transform"], model.transform(rows), rtol=1e-12, atol=1e-14)
    alone = np.concatenate([model.transform(HOLES[[i]]) for i in range(20)])
    assert np.abs(alone - model.transform(HOLES)[:20]).max() > 1e-6


def test_an_order_that_changes_from_call_to_call_is_refused():
    model = fitted(NMF(3, shuffle=True, random_state=None), HOLES)
    with pytest.raises(ExportError, match="shuffle"):
        export_proven(model, HOLES)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"learning_method": "online"},
        {"doc_topic_prior": 0.01},
        {"doc_topic_prior": 0.0},
        {"mean_change_tol": 1e-8},
        {"max_doc_update_iter": 3},
        {"topic_word_prior": 0.5, "doc_topic_prior": 1.0},
    ],
    ids=str,
)
def test_topics(options):
    proven(LatentDirichletAllocation(4, random_state=0, max_iter=5, **options), COUNTS)


def test_topics_of_texts():
    texts = ["a cat sat on a mat", "the dog ate the cat", "stock prices rise", "market prices fall", ""] * 8
    model = make_pipeline(CountVectorizer(), LatentDirichletAllocation(3, random_state=0))
    proven(model, texts)
