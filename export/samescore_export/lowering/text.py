"""Lowerings for ``sklearn.feature_extraction.text``: counts, weights and hashes of n-grams, exactly as Python's re and str see them.

A term of the vocabulary is found as a run of character numbers, so one TfIdfVectorizer node counts the whole vocabulary; no regular
expression runs in the graph.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfTransformer, TfidfVectorizer

from samescore_export.certificate import Certificate, FinishedGraph, Verdict, constants_certificate
from samescore_export.graph import Graph
from samescore_export.lowering.preprocessing import doubles
from samescore_export.operations.affine import MOST_ELEMENTS
from samescore_export.operations.analyzing import Analysis, analysis, one_space, spans, words_in_spaces
from samescore_export.operations.characters import CODE_POINTS, alphabet, character_numbers
from samescore_export.operations.hashing import murmur3, places, summed, utf8_words
from samescore_export.operations.tokens import spelled_out, token_characters
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Hint, Matrix, Rounding, Series, Table, from_entries, matrix_of

#: Counts whose logarithm is looked up among numpy's own; beyond it is onnxruntime's.
_COUNTED = 2**12

#: Words for probes of models that have no vocabulary.
_ANY_WORDS = (
    "hello",
    "Wörld",
    "ΣΊΣΥΦΟΣ",
    "日本語",
    "naïve",
    "don't",
    "e-mail",
    "x1",
    "a",
    "😀",
    "12",
    "_",
    "İ",
    "the",
    "and",
)

_DTYPES = (np.int64, np.int32, np.float32, np.float64)


def _text_series(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Series:
    series = inputs.series if isinstance(inputs, Table) else ()
    if len(series) != 1 or series[0].type not in ("text", "string"):
        raise scope.refuse(
            f"{type(estimator).__name__} over {len(series) or inputs.width} columns", "one text column of strings"
        )
    return series[0]


def _tensor(graph: Graph, series: Series, scope: Scope) -> ir.Value:
    """The text with one place more, so that there is always one."""
    text = scope.code_points(series)
    return graph.op("Pad", text, graph.constant([0, 0, 0, 1], np.int64), graph.constant(-1, np.int32))


def _sequence(graph: Graph, how: Analysis, text: ir.Value, known: dict[str, int]) -> ir.Value:
    """Character numbers in which every n-gram of the vocabulary stands as a run: 0 around words, 1 for characters of no term."""
    characters = how.characters(graph, text, sigma="σ" in known or "ς" in known)

    def others(filled: NDArray[np.bool_]) -> NDArray[np.int64]:
        return filled.astype(np.int64)

    if not how.words:
        table = character_numbers(known, False, lambda: others(np.ones(CODE_POINTS, bool)))
        numbers = characters.numbers(graph, table, -1)
        if how.estimator.analyzer == "char":
            return one_space(graph, characters, numbers, known.get(" ", 1))
        return words_in_spaces(graph, characters, numbers, known.get(" ", 1))
    assert how.rule is not None
    rule = how.rule
    # Words that are too short stand between others in n-grams alone; a single word that is too short is in no vocabulary.
    if rule.plain and how.lengths[1] == 1:
        table = character_numbers(
            {c: n for c, n in known.items() if rule.body[ord(c)]}, False, lambda: others(rule.body)
        )
        return characters.numbers(graph, table, 0)
    table = character_numbers(known, False, lambda: others(np.ones(CODE_POINTS, bool)))
    stop_words = how.stop_words if how.lengths[1] > 1 else ()
    kept = token_characters(graph, characters, rule, stop_words)
    return spelled_out(graph, characters.numbers(graph, table, 0), kept, 0)


def _gram(how: Analysis, term: str, known: dict[str, int]) -> tuple[int, ...]:
    """A term as the run of numbers that stands for it in :func:`_sequence`."""
    if how.words:
        tokens = term.split(" ") if how.lengths[1] > 1 else [term]
        return (0, *(number for token in tokens for number in (*(known[c] for c in token), 0)))
    numbers = tuple(known[c] for c in term)
    return (0, *numbers, 0) if how.estimator.analyzer == "char_wb" and len(term) < how.lengths[0] else numbers


def _counts(
    estimator: Any, inputs: Matrix | Table, scope: Scope
) -> tuple[ir.Value, tuple[Certificate, ...], tuple[Hint, ...]]:
    """(rows, vocabulary) float32 counts of each term."""
    graph = scope.graph
    if np.dtype(estimator.dtype) not in _DTYPES:
        raise scope.refuse(f"{type(estimator).__name__}(dtype={estimator.dtype!r})", "int64, int32, float32, float64")
    how = analysis(estimator, scope)
    series = _text_series(estimator, inputs, scope)
    terms = {term: int(column) for term, column in estimator.vocabulary_.items() if how.producible(term)}
    letters = terms if not how.words or how.lengths[1] == 1 else (term.replace(" ", "") for term in terms)
    known = alphabet(letters)
    sequence = _sequence(graph, how, _tensor(graph, series, scope), known)
    sequence = graph.op("Pad", sequence, graph.constant([0, 1, 0, 1], np.int64))
    grams = [(_gram(how, term, known), column) for term, column in sorted(terms.items(), key=lambda item: item[1])]
    counts, certificate = _count_grams(graph, sequence, grams, len(estimator.vocabulary_))
    if estimator.binary:
        counts = graph.op("Min", counts, graph.constant(1.0, np.float32))
    hints = (Hint("text", series.origin, np.array(sorted(terms), object)),) if series.origin is not None else ()
    return counts, (certificate,), hints


def _count_grams(
    graph: Graph, sequence: ir.Value, grams: list[tuple[tuple[int, ...], int]], width: int
) -> tuple[ir.Value, Certificate]:
    """How often each gram occurs in the sequence: float32 (rows, width), exact up to 2**24."""
    if not any(column == width - 1 for _, column in grams):
        # The node's width is its largest column: a gram of a number that never occurs makes it full.
        grams = [*grams, ((-2, -2), width - 1)]
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


def _normalized(graph: Graph, value: ir.Value, norm: str | None, single: bool) -> tuple[ir.Value, ir.Value | None]:
    """``normalize`` of a sparse matrix (inplace_csr_row_normalize_l1 and _l2): squares in the matrix's own precision, added one by one in
    double as CumSum does and ReduceSum does not, and the quotient in double. Gives the norms (rows, 1) too."""
    if norm is None:
        return value, None
    double = int(ir.DataType.DOUBLE)
    sizes = graph.op("Mul", value, value) if norm == "l2" else graph.op("Abs", value)
    if single:
        sizes, value = graph.op("Cast", sizes, to=double), graph.op("Cast", value, to=double)
    running = graph.op("CumSum", sizes, graph.constant(1, np.int64))
    last = graph.op("Gather", running, graph.constant([-1], np.int64), axis=1)
    total = graph.op("Sqrt", last) if norm == "l2" else last
    safe = graph.op("Where", graph.op("Equal", total, graph.constant(0.0)), graph.constant(1.0), total)
    value = graph.op("Div", value, safe)
    return graph.op("Cast", value, to=int(ir.DataType.FLOAT)) if single else value, safe


def _logarithm(graph: Graph, value: ir.Value, dtype: str, counts: bool) -> ir.Value:
    """1 + log(x) where x is not 0; of counts by numpy's own logarithms."""
    one, zero = graph.constant(1.0, dtype), graph.constant(0.0, dtype)
    some = graph.op("Not", graph.op("Equal", value, zero))
    safe = graph.op("Where", some, value, one)
    log = graph.op("Log", safe)
    if counts:
        with np.errstate(divide="ignore"):
            table = np.log(np.arange(_COUNTED + 1, dtype=dtype))
        whole = graph.op("Cast", safe, to=int(ir.DataType.INT64))
        few = graph.op("LessOrEqual", whole, graph.constant(_COUNTED, np.int64))
        few = graph.op("And", few, graph.op("Greater", whole, graph.constant(0, np.int64)))
        place = graph.op("Where", few, whole, graph.constant(1, np.int64))
        log = graph.op("Where", few, graph.op("Gather", graph.constant(table), place, axis=0), log)
    return graph.op("Where", some, graph.op("Add", log, one), zero)


def _weighted(estimator: Any, x: Matrix, scope: Scope) -> tuple[Matrix, tuple[Certificate, ...]]:
    """Term weights from counts by a fitted TfidfTransformer: sublinear tf, idf, norm, each in scikit-learn's order.

    ``x.integers`` says that all numbers are whole ones.
    """
    graph = scope.graph
    entries = x.stored
    value, rounding = (x.value if entries is None else entries.values), x.rounding
    counts = x.integers or (entries is not None and entries.counts)
    if estimator.sublinear_tf:
        if rounding is not None:
            raise scope.refuse(
                f"{type(estimator).__name__}(sublinear_tf=True) behind a step that is not bit-equal", "bit-equal steps"
            )
        value = _logarithm(graph, value, x.dtype, counts)
        if not counts:
            size = graph.op("Max", graph.op("Abs", value), graph.constant(1.0, x.dtype))
            rounding = Rounding(4, size, "logarithm of the platform's libm")
    certificates: tuple[Certificate, ...] = ()
    if estimator.use_idf:
        idf = np.asarray(estimator.idf_)
        if x.dtype == "float32" and idf.dtype != np.float32:
            raise scope.refuse(f"{type(estimator).__name__} over float32, fitted on float64", "one dtype")
        idf = idf.astype(x.dtype)
        padded = idf if entries is None else np.append(idf, idf.dtype.type(0))
        constant = graph.constant(padded)
        factor = constant if entries is None else graph.op("Gather", constant, entries.columns, axis=0)
        value = graph.op("Mul", value, factor)
        certificates = (constants_certificate(graph.path, {"idf_": (constant, padded)}),)
        rounding = _grown(graph, rounding, float(np.abs(idf).max(initial=1.0)))
    value, norms = _normalized(graph, value, estimator.norm, x.dtype == "float32")
    if rounding is not None and norms is not None:
        # All weights are at most 1, and off by what they and the norm were off by, in units of the norm.
        worst = graph.op("ReduceMax", rounding.scale or graph.constant(np.ones((1, 1))), graph.constant([1], np.int64))
        worst = graph.op("Max", graph.op("Div", worst, norms), graph.constant(1.0))
        many = min(x.width, MOST_ELEMENTS)
        rounding = Rounding((1 + many) * rounding.ulp + 2 * many, worst, rounding.reason)
    if entries is not None:
        if rounding is not None and rounding.scale is not None:
            # One scale for a row: one for each of so many columns would be as wide as the matrix.
            scale = graph.op("ReduceMax", rounding.scale, graph.constant([1], np.int64), keepdims=1)
            rounding = Rounding(rounding.ulp, scale, rounding.reason)
        like = replace(x, integers=False, rounding=rounding)
        return from_entries(graph, entries.columns, value, x.width, like), certificates
    return replace(
        x, value=value, rounding=rounding, sparse=True, integers=False, origins=(), entries=None
    ), certificates


def _grown(graph: Graph, rounding: Rounding | None, factor: float) -> Rounding | None:
    if rounding is None:
        return None
    scale = graph.op("Mul", rounding.scale or graph.constant(1.0), graph.constant(factor))
    return Rounding(rounding.ulp + 2, scale, rounding.reason)


def _typed(graph: Graph, counts: ir.Value, dtype: Any) -> Matrix:
    """float32 counts as a matrix of scikit-learn's dtype."""
    kind = np.dtype(dtype)
    single = kind == np.float32
    value = counts if single else graph.op("Cast", counts, to=int(ir.DataType.DOUBLE))
    return Matrix(value, 0, "float32" if single else "float64", sparse=True, integers=kind.kind == "i")


def lower_count_vectorizer(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """CountVectorizer: how often each n-gram of words or characters occurs."""
    counts, certificates, hints = _counts(estimator, inputs, scope)
    result = replace(_typed(scope.graph, counts, estimator.dtype), width=len(estimator.vocabulary_))
    return Lowered(result, certificates=certificates, hints=hints)


def lower_tfidf_vectorizer(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """TfidfVectorizer: counts, idf, norm."""
    counts, certificates, hints = _counts(estimator, inputs, scope)
    kind = np.float32 if np.dtype(estimator.dtype) == np.float32 else np.float64
    x = replace(_typed(scope.graph, counts, kind), width=len(estimator.vocabulary_), integers=True)
    result, more = _weighted(estimator, x, scope)
    return Lowered(result, certificates=(*certificates, *more), hints=hints)


def lower_tfidf_transformer(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """TfidfTransformer over a matrix of counts."""
    x = matrix_of(scope.graph, inputs) if isinstance(inputs, Matrix) else doubles(scope, inputs, estimator)
    if isinstance(inputs, Table):
        x = replace(x, integers=all(series.type == "int64" for series in inputs.series))
    result, certificates = _weighted(estimator, x, scope)
    return Lowered(result, certificates=certificates)


def lower_hashing_vectorizer(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """HashingVectorizer: the MurmurHash of each n-gram's UTF-8 bytes is its column, and its sign."""
    graph = scope.graph
    kind = np.dtype(estimator.dtype)
    if kind not in _DTYPES or (kind.kind == "i" and estimator.norm is not None):
        raise scope.refuse(
            f"HashingVectorizer(dtype={estimator.dtype!r}, norm={estimator.norm!r})",
            "float64 or float32, or whole numbers with norm=None",
        )
    how = analysis(estimator, scope)
    series = _text_series(estimator, inputs, scope)
    text = how.characters(graph, _tensor(graph, series, scope), sigma=True)
    stream, sizes, (starts, lengths, there) = spans(graph, how, text)
    hashes = murmur3(graph, utf8_words(graph, stream, sizes), starts, lengths)
    width = int(estimator.n_features)
    columns, signs = places(graph, hashes, width, estimator.alternate_sign)
    columns = graph.op("Where", there, columns, graph.constant(width, np.int64))
    values = graph.op("Where", there, signs, graph.constant(0.0))
    columns, values = summed(graph, columns, values, width)
    if estimator.binary:
        # Also where +1 and -1 have met: an element that is there counts, whatever it is.
        inside = graph.op("Less", columns, graph.constant(width, np.int64))
        values = graph.op("Cast", inside, to=int(ir.DataType.DOUBLE))
    single = kind == np.float32
    if single:
        values = graph.op("Cast", values, to=int(ir.DataType.FLOAT))
    values, _ = _normalized(graph, values, estimator.norm, single)
    like = Matrix(values, width, "float32" if single else "float64", sparse=True, integers=kind.kind == "i")
    hints = () if series.origin is None else (Hint("text", series.origin, np.array(_ANY_WORDS, object)),)
    return Lowered(from_entries(graph, columns, values, width, like, estimator.norm is None), hints=hints)


LOWERINGS = {
    CountVectorizer: lower_count_vectorizer,
    TfidfVectorizer: lower_tfidf_vectorizer,
    TfidfTransformer: lower_tfidf_transformer,
    HashingVectorizer: lower_hashing_vectorizer,
}
