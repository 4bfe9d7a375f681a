"""DictVectorizer and FeatureHasher: dicts as rows, a column a key."""

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction import DictVectorizer, FeatureHasher
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from parity_tests.data import target
from parity_tests.zoo.dicts import dicts
from samescore_export import ExportError, export, export_proven
from samescore_runtime import load
from samescore_runtime.errors import ContractError, InputError

ROWS, PLAIN, LABELS = dicts(), dicts(lists=False), target()


def proven(model, rows):
    exported = export_proven(model, rows, budget=300)
    assert not exported.proof.failures
    return {output.sameness for output in exported.proof.outputs.values()}


@pytest.mark.parametrize("options", [{}, {"sparse": False}, {"separator": ""}, {"sort": False}, {"dtype": np.float32}])
def test_dict_vectorizer(options):
    assert proven(DictVectorizer(**options).fit(ROWS), ROWS) == {"proven"}


@pytest.mark.parametrize("options", [{}, {"alternate_sign": False}, {"dtype": np.float32}])
def test_feature_hasher(options):
    assert proven(FeatureHasher(7, **options).fit(PLAIN), PLAIN) == {"bit-equal"}


@pytest.mark.parametrize("last", [LogisticRegression(), RandomForestClassifier(4, random_state=0)])
def test_in_pipelines(last):
    proven(make_pipeline(DictVectorizer(), last).fit(ROWS, LABELS), ROWS)
    search = GridSearchCV(make_pipeline(DictVectorizer(), last), {"dictvectorizer__sort": [True, False]}, cv=2)
    proven(search.fit(ROWS, LABELS), ROWS)


def test_an_absent_key_a_null_and_an_unknown_one():
    model = DictVectorizer().fit(ROWS)
    loaded = load(export(model, ROWS).content)
    assert all(column.optional and column.nullable for column in loaded.contract.columns)
    asked = [{}, {"shop": None, "price": None}, {"elsewhere": 3}, {"shop": "moon", "tags": ["x", "a", "a"], "price": 0}]
    same = [{}, {}, {"elsewhere": 3}, {"shop": "moon", "tags": ["x", "a", "a"], "price": 0}]
    assert (loaded.score(asked)["transform"] == model.transform(same).toarray()).all()


def test_a_hasher_refuses_a_key_that_no_sample_has_shown():
    loaded = load(export(FeatureHasher(8).fit(PLAIN), PLAIN).content)
    with pytest.raises(ContractError, match=r'rows\[0\].shpo: no column of this name; one of "'):
        loaded.score([{"price": 1.0, "shpo": "east"}])
    assert loaded.contract.closed


def test_repeated_strings_are_added_one_by_one():
    rows = [{"t": ["a"] * n + ["b"], "x": 0.1 * n} for n in range(12)]
    model = make_pipeline(DictVectorizer(), LogisticRegression()).fit(rows, np.arange(12) > 5)
    outputs = export_proven(model, rows, methods=["decision_function"]).proof.outputs
    assert outputs["decision_function"].sameness == "proven"


@pytest.mark.parametrize(
    ("rows", "named"),
    [
        ([{"a": 1}, {"a": "x"}], "a: values of the types int, str"),
        ([{"a": 1}, {"a": None}], "a: None or NaN"),
        ([{1: 1.0}], "the key 1"),
    ],
)
def test_samples_that_are_no_columns(rows, named):
    with pytest.raises(InputError, match=named):
        export(DictVectorizer().fit([{"a": 1.0}]), rows)


@pytest.mark.parametrize(
    ("model", "rows", "named"),
    [
        (DictVectorizer().fit(ROWS), [{"price": 1.0}], "the features .* of no key of the sample"),
        (FeatureHasher(8).fit(ROWS), ROWS, "the key 'tags' of lists"),
    ],
)
def test_refusals(model, rows, named):
    with pytest.raises((ExportError, InputError), match=named):
        export(model, rows)
