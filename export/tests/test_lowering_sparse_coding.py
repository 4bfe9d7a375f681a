"""Dictionary learning: every way to code a row over a dictionary, with more atoms than columns and with fewer."""

import warnings

import numpy as np
import pytest
from sklearn.decomposition import DictionaryLearning, MiniBatchDictionaryLearning, SparseCoder
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from samescore_export import export_proven

RNG = np.random.default_rng(0)


def atoms(count, columns):
    found = RNG.normal(size=(count, columns))
    return found / np.linalg.norm(found, axis=1)[:, None]


DICTIONARIES = {"few": atoms(6, 12), "many": atoms(9, 5)}
WAYS = [
    *(("threshold", options) for options in ({}, {"transform_alpha": 0.3, "positive_code": True})),
    *(("omp", options) for options in ({}, {"transform_n_nonzero_coefs": 3}, {"transform_n_nonzero_coefs": 5})),
    *(("lars", options) for options in ({}, {"transform_n_nonzero_coefs": 3}, {"transform_n_nonzero_coefs": 5})),
    *(
        (algorithm, options)
        for algorithm in ("lasso_cd", "lasso_lars")
        for options in (
            {},
            {"transform_alpha": 0.1},
            {"transform_alpha": 0.5, "positive_code": True},
            {"transform_alpha": 0.2, "transform_max_iter": 4},
        )
    ),
]


def rows_for(dictionary):
    rows = 2 * RNG.normal(size=(60, dictionary.shape[1]))
    rows[5] = 0
    rows[6] = 3 * dictionary[1]
    rows[7] = dictionary[0] + dictionary[2]
    rows[8] = -1e-9 * dictionary[3]
    rows[9] *= 1e4
    return rows


def proven(model, rows, budget=180):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exported = export_proven(model, rows, budget=budget)
    assert not exported.proof.failures
    usual = exported.proof.probes.kinds == "sample"
    # Rows that hang on a comparison within rounding are few, or the proof says little.
    assert exported.proof.fit[usual].mean() > 0.85


@pytest.mark.parametrize("shape", DICTIONARIES)
@pytest.mark.parametrize("way", WAYS, ids=str)
def test_every_algorithm(way, shape):
    algorithm, options = way
    dictionary = DICTIONARIES[shape]
    if shape == "many" and options.get("transform_n_nonzero_coefs") == 5:
        options = {"transform_n_nonzero_coefs": 4}
    proven(SparseCoder(dictionary, transform_algorithm=algorithm, **options), rows_for(dictionary))


@pytest.mark.parametrize("algorithm", ["threshold", "omp", "lasso_cd", "lasso_lars", "lars"])
def test_split_signs(algorithm):
    dictionary = DICTIONARIES["few"]
    proven(SparseCoder(dictionary, transform_algorithm=algorithm, split_sign=True), rows_for(dictionary))


def test_no_penalty():
    dictionary = DICTIONARIES["few"]
    for algorithm in ("lasso_cd", "lasso_lars"):
        proven(SparseCoder(dictionary, transform_algorithm=algorithm, transform_alpha=0.0), rows_for(dictionary))


def test_atoms_that_are_zero_or_twice_the_same():
    dictionary = np.concatenate([DICTIONARIES["few"], np.zeros((1, 12)), DICTIONARIES["few"][:1]])
    for algorithm in ("lasso_cd", "omp"):
        model = SparseCoder(dictionary, transform_algorithm=algorithm, transform_alpha=0.5)
        exported = export_proven(model, rows_for(dictionary), budget=180)
        assert not exported.proof.failures


@pytest.mark.parametrize("algorithm", ["omp", "lasso_lars", "lasso_cd"])
def test_learned_dictionaries(algorithm):
    rows = RNG.normal(size=(60, 5)) @ RNG.normal(size=(5, 7))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        first = DictionaryLearning(4, random_state=0, max_iter=10, transform_algorithm=algorithm).fit(rows)
        second = make_pipeline(
            StandardScaler(),
            MiniBatchDictionaryLearning(4, random_state=0, max_iter=10, transform_algorithm=algorithm, alpha=0.2),
        ).fit(rows)
    proven(first, rows)
    proven(second, rows)
