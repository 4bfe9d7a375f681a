"""Text vectorizers: tokens, n-grams, stop words, accents, weights and hashes, on odd texts."""

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from parity_tests.data import target, texts
from samescore_export import ExportError, export, export_proven
from samescore_export.operations.token_pattern import token_rule
from samescore_runtime import load

ODD = [
    "the quick brown fox and the lazy dog's all-in-one re-use",
    "  two  spaces \t tab\n\nnewline ",
    "ab",
    "a",
    "",
    "über-naïve ﬃ ½ Å ｆ ﷺ 한국어",
    "nevertheless   the   herself I",
    "don't won't 'quoted' -x- a--b 'a' b' 'c",
    "x\x00y \x00\x00 z",
    "e\u0301\u0327 o\u0308 \u0301 İİ ΣΑΣ Σ",
]
TEXTS = texts()[:20] + ODD
PATTERNS = [
    r"(?u)\b\w\w+\b",
    r"\b\w+\b",
    r"\w+",
    r"[A-Za-z]+",
    r"\S+",
    r"[^\s]+",
    r"(?u)\b\w{3,}\b",
    r"\b[a-zA-Z]{2,}\b",
    r"\b[^\d\W]\w*\b",
    r"[\w']+",
    r"\b\w[\w'-]+\b",
    r"\b\w[\w'-]*\w\b",
    r"\w+(?:[-']\w+)*",
    r"(?i)\b([a-z]\w+)\b",
    r"\b\w{2,4}\b",
    r"[a-z]\w+",
    r"(?a)\b\w\w+\b",
]


def exact(model, rows=None, budget=80):
    rows = TEXTS if rows is None else rows
    exported = export_proven(model.fit(rows), rows, budget=budget)
    assert not exported.proof.failures
    assert {output.sameness for output in exported.proof.outputs.values()} == {"bit-equal"}
    return exported


@pytest.mark.parametrize("pattern", [r"\w+", r"\b\w[\w'-]*\w\b", r"\w+(?:[-']\w+)*", r"\S+"])
def test_token_patterns_hashed(pattern):
    exact(HashingVectorizer(token_pattern=pattern, n_features=64))


@pytest.mark.parametrize(
    "pattern", [r"\w", r".", r"\w+|\d", r"\w+?", r"(?:\w+)(\d)", r"\b[a-z'-]+\b", r"\w{2}", r"^\w+", r"\w+(?=\s)", "("]
)
def test_patterns_without_a_rule(pattern):
    assert token_rule(pattern) is None


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_rule_finds_what_the_pattern_finds(pattern):
    """On every text of four characters of an awkward alphabet, by way of one hash a token."""
    import itertools
    import re

    rows = ["".join(letters) for letters in itertools.product("aB1'- é", repeat=4)]
    model = CountVectorizer(token_pattern=pattern, lowercase=False, ngram_range=(1, 2)).fit(rows)
    got = load(export(model, rows[:50], budget=40).content).score(rows)["transform"]
    assert (got == model.transform(rows).toarray()).all()
    assert re.findall(pattern, rows[0]) == model.build_tokenizer()(rows[0])


@pytest.mark.parametrize("kind", [CountVectorizer, lambda **options: HashingVectorizer(n_features=64, **options)])
@pytest.mark.parametrize(
    ("analyzer", "lengths"),
    [
        ("word", (2, 3)),
        ("char", (1, 1)),
        ("char", (2, 4)),
        ("char_wb", (1, 3)),
        ("char_wb", (3, 5)),
        ("char_wb", (5, 6)),
    ],
)
def test_analyzers(kind, analyzer, lengths):
    exact(kind(analyzer=analyzer, ngram_range=lengths))


@pytest.mark.parametrize("lowercase", [True, False])
@pytest.mark.parametrize("kind", ["unicode", "ascii"])
def test_accents(kind, lowercase):
    exact(CountVectorizer(strip_accents=kind, lowercase=lowercase))
    exact(HashingVectorizer(strip_accents=kind, lowercase=lowercase, analyzer="char", n_features=100))


@pytest.mark.parametrize(
    "model",
    [
        CountVectorizer(stop_words="english"),
        CountVectorizer(stop_words="english", ngram_range=(1, 2)),
        HashingVectorizer(stop_words="english", n_features=50),
        TfidfVectorizer(
            stop_words=["hello", "日本", "a" * 20 + "b", "a" * 20 + "c", "😀"], ngram_range=(1, 3), token_pattern=r"\S+"
        ),
        CountVectorizer(vocabulary=["hello", "hello free", "a", "win", "free"], stop_words=["hello"]),
    ],
    ids=["english", "english pairs", "english hashed", "long", "given vocabulary"],
)
def test_stop_words(model):
    exact(model, [*TEXTS, "a" * 20 + "b", "a" * 20 + "c x", "a" * 21, "hello " + "a" * 20 + "c free"])


@pytest.mark.parametrize("norm", ["l1", "l2", None])
@pytest.mark.parametrize("sublinear", [True, False])
def test_weights(norm, sublinear):
    exact(TfidfVectorizer(norm=norm, sublinear_tf=sublinear, smooth_idf=sublinear, binary=not sublinear))
    exact(make_pipeline(CountVectorizer(), TfidfTransformer(norm=norm, sublinear_tf=sublinear, use_idf=sublinear)))


@pytest.mark.parametrize("norm", ["l1", "l2", None])
@pytest.mark.parametrize("binary", [True, False])
def test_hashes(norm, binary):
    for alternate in (True, False):
        exact(HashingVectorizer(norm=norm, binary=binary, alternate_sign=alternate, n_features=7))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int32, np.int64])
def test_dtypes(dtype):
    exact(CountVectorizer(dtype=dtype, max_features=5, binary=True))
    whole = np.dtype(dtype).kind == "i"
    exact(HashingVectorizer(dtype=dtype, norm=None if whole else "l2", n_features=30))
    if not whole:
        exact(TfidfVectorizer(dtype=dtype, sublinear_tf=True))


def test_counts_that_are_no_whole_numbers():
    rows = np.random.default_rng(0).exponential(size=(80, 5))
    exported = export_proven(TfidfTransformer(sublinear_tf=True, norm=None).fit(rows), rows, budget=200)
    assert not exported.proof.failures


@pytest.mark.parametrize(
    ("model", "named"),
    [
        (CountVectorizer(analyzer=str.split), "analyzer"),
        (CountVectorizer(tokenizer=str.split), "tokenizer"),
        (CountVectorizer(preprocessor=str.upper), "preprocessor"),
        (CountVectorizer(strip_accents=str.upper), "strip_accents"),
        (CountVectorizer(token_pattern=r"\w+|\d"), "token_pattern"),
        (CountVectorizer(token_pattern="[a-z ]+", ngram_range=(1, 2)), "tokens without spaces"),
        (HashingVectorizer(), "1048576 columns"),
    ],
)
@pytest.mark.filterwarnings("ignore:The parameter 'token_pattern'")
def test_refusals(model, named):
    with pytest.raises(ExportError, match=named):
        export(model.fit(TEXTS), TEXTS)


def test_no_text_and_no_rows():
    model = make_pipeline(HashingVectorizer(), LogisticRegression()).fit(TEXTS, target()[: len(TEXTS)])
    loaded = load(export(model, TEXTS, methods=["predict", "decision_function"]).content)
    assert loaded.score([])["decision_function"].shape == (0,)
    for rows in ([""], ["", " "], ["\n"], ["x" * 3000, ""]):
        assert (loaded.score(rows)["decision_function"] == model.decision_function(rows)).all()
