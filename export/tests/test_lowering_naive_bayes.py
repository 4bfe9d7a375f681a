"""The five naive Bayes classifiers."""

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.naive_bayes import BernoulliNB, CategoricalNB, ComplementNB, GaussianNB, MultinomialNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OrdinalEncoder

from samescore_export import Registry, export_proven
from samescore_export.lowering import TABLES, naive_bayes
from samescore_runtime import load

REGISTRY = Registry([*TABLES, naive_bayes.LOWERINGS])
RNG = np.random.default_rng(0)
X = RNG.normal(size=(150, 12))
SCORE = X[:, 0] + X[:, 2] + RNG.normal(size=150)
BINARY = np.where(SCORE > 0, "yes", "no")
THREE = np.digitize(SCORE, [-0.7, 0.7]) * 5
ALL = ["predict", "predict_proba", "predict_log_proba", "predict_joint_log_proba"]


def proven(model, rows=X, budget=400):
    methods = [name for name in ALL if hasattr(model, name)]
    exported = export_proven(model, rows, methods=methods, registry=REGISTRY, budget=budget)
    assert not exported.proof.failures
    return exported.proof.outputs


@pytest.mark.parametrize("target", [BINARY, THREE, SCORE > 0], ids=["strings", "ints", "bools"])
@pytest.mark.parametrize("columns", [1, 4, 7, 12])
def test_gaussian(target, columns):
    outputs = proven(GaussianNB().fit(X[:, :columns], target), X[:, :columns])
    if columns <= 7:
        joint = outputs["predict_joint_log_proba"].comparison
        assert joint.bit_equal == joint.rows
        assert outputs["predict"].within_bound == 0


def test_gaussian_over_far_columns_and_frames():
    far = pd.DataFrame({"a": 1e6 + X[:, 0], "b": X[:, 1] * 1e-3})
    proven(GaussianNB(priors=[0.2, 0.3, 0.5]).fit(far, THREE), far)


@pytest.mark.parametrize(
    "model", [MultinomialNB(), ComplementNB(), ComplementNB(norm=True), MultinomialNB(fit_prior=False)]
)
@pytest.mark.parametrize("target", [BINARY, THREE], ids=["strings", "ints"])
def test_counts(model, target):
    rows = RNG.poisson(2, size=(150, 9)).astype(float)
    proven(model.fit(rows, target), rows)


@pytest.mark.parametrize("binarize", [0.0, 0.5, None])
def test_bernoulli(binarize):
    rows = (X > 0).astype(float) if binarize is None else np.abs(X)
    proven(BernoulliNB(binarize=binarize).fit(rows, THREE), rows)


def test_words():
    texts = [" ".join(RNG.choice(["one", "two", "three", "four", "five"], 6)) for _ in range(150)]
    for model in (MultinomialNB(), BernoulliNB(), ComplementNB()):
        proven(make_pipeline(CountVectorizer(), model).fit(texts, THREE), texts)


def test_categories():
    frame = pd.DataFrame({"a": RNG.choice(["x", "y", "z"], 150), "b": RNG.choice(["u", "v"], 150)})
    outputs = proven(make_pipeline(OrdinalEncoder(), CategoricalNB()).fit(frame, THREE), frame)
    assert outputs["predict"].comparison.passed
    assert outputs["predict"].within_bound == 0


def test_behind_an_inexact_step():
    scaled = make_pipeline(MinMaxScaler(), PCA(3), GaussianNB()).fit(X, THREE)
    proven(scaled)


@pytest.mark.filterwarnings("ignore:divide by zero")
@pytest.mark.parametrize("columns", [4, 12])
def test_a_class_that_is_never_expected(columns):
    rows, prior = np.abs(X[:, :columns]).round(), [0.0, 0.25, 0.75]
    models = [
        GaussianNB(priors=prior),
        MultinomialNB(class_prior=prior),
        BernoulliNB(class_prior=prior),
        CategoricalNB(class_prior=prior),
        QuadraticDiscriminantAnalysis(priors=prior, reg_param=0.5),
    ]
    for model in models:
        # Minus infinity is exact; the other classes' bounds are their own.
        assert proven(model.fit(rows, THREE), rows)["predict_proba"].tolerance.floor < 1e4
    weighted = GaussianNB().fit(rows, THREE, sample_weight=(THREE != 5).astype(float))
    assert 0 < proven(weighted, rows)["predict_proba"].tolerance.floor < 1e4


def test_categories_that_scikit_learn_refuses():
    codes = np.abs(X[:, :3]).round()
    loaded = load(export_proven(CategoricalNB().fit(codes, THREE), codes, ["predict_proba"]).artifact.content)
    assert np.isnan(loaded.score(np.array([[-1.0, 0.0, 0.0]]))["predict_proba"]).all()
