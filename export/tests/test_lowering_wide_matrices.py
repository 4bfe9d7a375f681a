"""Hashes of very many columns in front of models: by their elements, in scikit-learn's order."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.feature_selection import SelectKBest, chi2
from sklearn.linear_model import LogisticRegression, Perceptron, Ridge, SGDClassifier
from sklearn.naive_bayes import BernoulliNB, ComplementNB, MultinomialNB
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import Binarizer, MaxAbsScaler, Normalizer, StandardScaler
from sklearn.svm import LinearSVC

from parity_tests.data import target, texts
from samescore_export import ExportError, export, export_proven

TEXTS, TWO, THREE = texts()[:120], target()[:120], target(3)[:120]
WIDTH = 2**17
COUNTS = {"alternate_sign": False, "norm": None, "n_features": WIDTH}


def proven(model, rows=TEXTS, methods=None):
    exported = export_proven(model, rows, methods=methods, budget=120)
    assert not exported.proof.failures
    return {name: output.sameness for name, output in exported.proof.outputs.items()}


@pytest.mark.parametrize("labels", [TWO, THREE], ids=["two", "three"])
@pytest.mark.parametrize("last", [LogisticRegression(), SGDClassifier(), LinearSVC(), Perceptron()])
def test_linear_models_add_in_the_same_order(last, labels):
    model = make_pipeline(HashingVectorizer(n_features=WIDTH), last).fit(TEXTS, labels)
    found = proven(model, methods=["predict", "decision_function"])
    assert set(found.values()) == {"bit-equal"}


@pytest.mark.parametrize(
    "steps",
    [
        [TfidfTransformer(sublinear_tf=True)],
        [TfidfTransformer(), MaxAbsScaler()],
        [StandardScaler(with_mean=False)],
        [Binarizer()],
        [Normalizer("l1")],
        [SelectKBest(chi2, k=20)],
    ],
    ids=["weights", "largest", "spread", "presence", "norm", "selection"],
)
def test_steps_between(steps):
    model = make_pipeline(HashingVectorizer(**COUNTS), *steps, LogisticRegression()).fit(TEXTS, TWO)
    assert set(proven(model, methods=["predict", "decision_function"]).values()) == {"bit-equal"}


@pytest.mark.parametrize("last", [MultinomialNB(), ComplementNB(), BernoulliNB()])
def test_naive_bayes(last):
    proven(make_pipeline(HashingVectorizer(**COUNTS), last).fit(TEXTS, TWO))


def test_beside_other_columns():
    both = make_union(HashingVectorizer(n_features=WIDTH), TfidfVectorizer(analyzer="char"))
    model = make_pipeline(both, Ridge(solver="sag", random_state=0)).fit(TEXTS, np.arange(120) % 7)
    assert proven(model) == {"predict": "bit-equal"}
    frame = pd.DataFrame({"t": TEXTS, "n": np.arange(120) / 7.0})
    for threshold in (0.0, 1.0):
        columns = [("t", HashingVectorizer(**COUNTS), "t"), ("n", StandardScaler(), ["n"])]
        weights = {"t": 0.5, "n": 2.0}
        prepared = ColumnTransformer(columns, sparse_threshold=threshold, transformer_weights=weights)
        if threshold:
            proven(make_pipeline(prepared, LogisticRegression()).fit(frame, TWO), frame)
        else:
            few = prepared.set_params(t__n_features=32)
            proven(make_pipeline(few, LogisticRegression()).fit(frame, TWO), frame)


def test_a_step_that_needs_all_columns_is_refused():
    model = make_pipeline(HashingVectorizer(n_features=2**18), RandomForestClassifier(3)).fit(TEXTS, TWO)
    with pytest.raises(ExportError, match=r"hashingvectorizer: a matrix of 262144 columns, needed as a whole"):
        export(model, TEXTS)
