"""Lowerings for ``sklearn.feature_extraction.text``: words and word n-grams, exactly as Python's re and str see them.

A word is found as a run of character numbers between two that are no word characters (0), so one TfIdfVectorizer node counts
the whole vocabulary; no regular expression runs in the graph.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer, TfidfVectorizer

from samescore_export.certificate import Certificate, FinishedGraph, Verdict, constants_certificate
from samescore_export.graph import Graph
from samescore_export.lowering.characters import (
    alphabet,
    character_numbers,
    look_up,
    lower_case,
    word_characters,
)
from samescore_export.lowering.preprocessing import doubles
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Hint, Matrix, Table

#: The token pattern of scikit-learn's default: words of two and more word characters.
WORDS = r"(?u)\b\w\w+\b"


def _text_series(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Any:
    series = inputs.series if isinstance(inputs, Table) else ()
    if len(series) != 1 or series[0].type not in ("text", "string"):
        raise scope.refuse(
            f"{type(estimator).__name__} over {len(series) or inputs.width} columns", "one text column of strings"
        )
    return series[0]


def _patterns(estimator: Any, scope: Scope) -> dict[str, int]:
    """Vocabulary entries that the tokenizer can produce -> their column."""
    vocabulary: dict[str, int] = {term: int(column) for term, column in estimator.vocabulary_.items()}
    words = word_characters()

    def producible(term: str) -> bool:
        tokens = term.split(" ")
        return (
            estimator.ngram_range[0] <= len(tokens) <= estimator.ngram_range[1]
            and all(len(token) > 1 and all(words[ord(c)] for c in token) for token in tokens)
            and not (estimator.lowercase and term != term.lower() and any(c.lower() != c for c in term))
        )

    return {term: column for term, column in vocabulary.items() if producible(term)}


def _tokens_only(graph: Graph, numbers: ir.Value) -> ir.Value:
    """Words of one character made 0, and every run of 0 shortened to one: what n-grams of words are made of.

    (rows, length) int32 in; out one 0 before each word, and zeros at the end.
    """
    zero = graph.constant(0, np.int32)
    width = graph.op("Shape", numbers, start=1, end=2)
    two, one = graph.constant([2], np.int64), graph.constant([1], np.int64)
    axis = graph.constant([1], np.int64)

    def neighbours(word: ir.Value) -> tuple[ir.Value, ir.Value]:
        padded = graph.op("Pad", word, graph.constant([0, 1, 0, 1], np.int64))
        left = graph.op("Slice", padded, graph.constant([0], np.int64), width, axis)
        right = graph.op("Slice", padded, two, graph.op("Add", width, two), axis)
        return left, right

    word = graph.op("Cast", graph.op("Greater", numbers, zero), to=int(ir.DataType.INT32))
    left, right = neighbours(word)
    company = graph.op("Greater", graph.op("Add", left, right), zero)
    kept = graph.op("Where", company, numbers, zero)
    word = graph.op("Cast", graph.op("Greater", kept, zero), to=int(ir.DataType.INT64))
    left, _ = neighbours(word)
    keep = graph.op("Greater", graph.op("Add", word, left), graph.constant(0, np.int64))
    counted = graph.op("Cast", keep, to=int(ir.DataType.INT64))
    place = graph.op("CumSum", counted, graph.constant(1, np.int64))
    # What is not kept goes to a column of its own at the end, which is cut off.
    dump = graph.op("Add", width, one)
    place = graph.op("Where", keep, place, dump)
    rows = graph.op("Shape", numbers, start=0, end=1)
    shape = graph.op("Concat", rows, graph.op("Add", width, graph.constant([2], np.int64)), axis=0)
    blank = graph.op("Expand", zero, shape)
    filled = graph.op("ScatterElements", blank, place, kept, axis=1)
    return graph.op("Slice", filled, graph.constant([0], np.int64), dump, axis)


def _counts(
    estimator: Any, inputs: Matrix | Table, scope: Scope
) -> tuple[ir.Value, tuple[Certificate, ...], tuple[Hint, ...]]:
    """(rows, vocabulary) float64 counts of each term."""
    scope.check_options(
        estimator,
        {
            "analyzer": ("word",),
            "tokenizer": (None,),
            "preprocessor": (None,),
            "strip_accents": (None,),
            "token_pattern": (WORDS,),
        },
    )
    graph = scope.graph
    series = _text_series(estimator, inputs, scope)
    longest = estimator.ngram_range[1]
    if longest > 1 and estimator.stop_words is not None:
        raise scope.refuse(f"stop_words with ngram_range={estimator.ngram_range}", "stop_words=None, or single words")
    patterns = _patterns(estimator, scope)
    known = alphabet(term.replace(" ", "") for term in patterns)
    table = character_numbers(known, estimator.lowercase, lambda: word_characters().astype(np.int64))
    text = scope.code_points(series)
    if estimator.lowercase:
        text = lower_case(graph, text, sigma="σ" in known or "ς" in known)
    numbers = look_up(graph, text, table, 0)
    if longest > 1:
        numbers = _tokens_only(graph, numbers)
    sequence = graph.op("Pad", numbers, graph.constant([0, 1, 0, 1], np.int64))
    width = len(estimator.vocabulary_)
    grams = [
        ((0, *(number for token in term.split(" ") for number in (*(known[c] for c in token), 0))), column)
        for term, column in sorted(patterns.items(), key=lambda item: item[1])
    ]
    node, certificate = _count_grams(graph, sequence, grams, width)
    counts = graph.op("Cast", node, to=int(ir.DataType.DOUBLE))
    if estimator.binary:
        counts = graph.op("Min", counts, graph.constant(1.0))
    hints = (Hint("text", series.origin, np.array(sorted(patterns), object)),) if series.origin is not None else ()
    return counts, (certificate,), hints


def _count_grams(
    graph: Graph, sequence: ir.Value, grams: list[tuple[tuple[int, ...], int]], width: int
) -> tuple[ir.Value, Certificate]:
    """How often each gram occurs in the sequence: float32 (rows, width), exact up to 2**24."""
    if not any(column == width - 1 for _, column in grams):
        # The node's width is its largest column: a gram of a number that never occurs makes it full.
        grams = [*grams, ((-1, -1), width - 1)]
    longest = max(len(gram) for gram, _ in grams)
    pool: list[int] = []
    starts: list[int] = []
    columns: list[int] = []
    for length in range(1, longest + 1):
        starts.append(len(pool))
        for gram, column in grams:
            if len(gram) == length:
                pool.extend(gram)
                columns.append(column)
    node = graph.op(
        "TfIdfVectorizer",
        sequence,
        min_gram_length=min(len(gram) for gram, _ in grams),
        max_gram_length=longest,
        max_skip_count=0,
        mode="TF",
        ngram_counts=starts,
        ngram_indexes=columns,
        pool_int64s=pool,
    )
    name, at = str(node.name), graph.path
    expected = {"pool_int64s": np.array(pool), "ngram_indexes": np.array(columns), "ngram_counts": np.array(starts)}

    def verify(finished: FinishedGraph) -> Verdict:
        wrong = [what for what, array in expected.items() if not _equal(finished.attribute(name, what), array)]
        return Verdict(len(grams), tuple(f"{at}: {what} differs; the fitted vocabulary" for what in wrong))

    claim = f"all {len(grams)} terms of the vocabulary are counted in their own column"
    return node, Certificate(at, "vocabulary", claim, "texts that contain a term more than 2**24 times", verify)


def _equal(found: NDArray[Any] | None, expected: NDArray[Any]) -> bool:
    return found is not None and np.array_equal(found, expected)


def _weighted(estimator: Any, counts: ir.Value, scope: Scope) -> tuple[ir.Value, tuple[Certificate, ...]]:
    """Term weights from counts by a fitted TfidfTransformer: sublinear tf, idf, norm, each in scikit-learn's order."""
    graph = scope.graph
    value = counts
    if estimator.sublinear_tf:
        raise scope.refuse(f"{type(estimator).__name__}(sublinear_tf=True)", "sublinear_tf=False")
    certificates: tuple[Certificate, ...] = ()
    if estimator.use_idf:
        idf: NDArray[np.float64] = np.asarray(estimator.idf_, np.float64)
        constant = graph.constant(idf)
        value = graph.op("Mul", value, constant)
        certificates = (constants_certificate(graph.path, {"idf_": (constant, idf)}),)
    if estimator.norm is None:
        return value, certificates
    squared = estimator.norm == "l2"
    sizes = graph.op("Mul", value, value) if squared else graph.op("Abs", value)
    # scikit-learn adds a row's elements one by one (inplace_csr_row_normalize); so does CumSum, ReduceSum does not.
    running = graph.op("CumSum", sizes, graph.constant(1, np.int64))
    last = graph.op("Gather", running, graph.constant([len(_columns(estimator)) - 1], np.int64), axis=1)
    norm = graph.op("Sqrt", last) if squared else last
    safe = graph.op("Where", graph.op("Equal", norm, graph.constant(0.0)), graph.constant(1.0), norm)
    return graph.op("Div", value, safe), certificates


def _columns(estimator: Any) -> range:
    """The columns of a term matrix."""
    return range(len(estimator.vocabulary_) if hasattr(estimator, "vocabulary_") else estimator.n_features_in_)


def lower_count_vectorizer(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """CountVectorizer: how often each word or word n-gram occurs."""
    scope.check_options(estimator, {"dtype": (np.int64,)})
    counts, certificates, hints = _counts(estimator, inputs, scope)
    result = Matrix(counts, len(estimator.vocabulary_), sparse=True, integers=True)
    return Lowered(result, certificates=certificates, hints=hints)


def lower_tfidf_vectorizer(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """TfidfVectorizer: counts, idf, norm."""
    scope.check_options(estimator, {"dtype": (np.float64,)})
    counts, certificates, hints = _counts(estimator, inputs, scope)
    value, more = _weighted(estimator, counts, scope)
    result = Matrix(value, len(estimator.vocabulary_), sparse=True)
    return Lowered(result, certificates=(*certificates, *more), hints=hints)


def lower_tfidf_transformer(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """TfidfTransformer over a matrix of counts."""
    x = doubles(scope, inputs, estimator)
    value, certificates = _weighted(estimator, x.value, scope)
    return Lowered(Matrix(value, x.width, sparse=True, rounding=x.rounding), certificates=certificates)


LOWERINGS = {
    CountVectorizer: lower_count_vectorizer,
    TfidfVectorizer: lower_tfidf_vectorizer,
    TfidfTransformer: lower_tfidf_transformer,
}
