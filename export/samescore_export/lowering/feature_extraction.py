"""Lowerings for ``sklearn.feature_extraction``: dicts, a column a key (decision 0008)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import onnx_ir as ir
from sklearn.feature_extraction import DictVectorizer, FeatureHasher
from sklearn.utils import murmurhash3_32

from samescore_export.certificate import Certificate, FinishedGraph, Verdict, attributes_check, constants_check
from samescore_export.graph import Graph
from samescore_export.operations.categories import string_table, strings_to_codes
from samescore_export.operations.hashing import murmur3, places, summed, utf8_lengths, utf8_words
from samescore_export.operations.ragged import length
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Hint, Matrix, Series, Table, as_double, columns_of, from_entries

#: Strings in a list that the contract takes at most; scikit-learn has no limit.
LONGEST_LIST = 256


def _sorted(graph: Graph, columns: ir.Value, values: ir.Value) -> tuple[ir.Value, ir.Value]:
    """Elements in the order of their columns; equal ones stay apart, as ``sort_indices`` leaves them."""
    ordered, order = graph.ops("TopK", columns, length(graph, columns), outputs=2, axis=1, largest=0)
    return ordered, graph.op("GatherElements", values, order, axis=1)


def lower_dict_vectorizer(estimator: DictVectorizer, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """DictVectorizer: a number is its key's feature, a string (or each of a list) is 1 for ``key=string``; others are ignored."""
    graph = scope.graph
    kind = np.dtype(estimator.dtype)
    if kind not in (np.float64, np.float32):
        raise scope.refuse(f"DictVectorizer(dtype={estimator.dtype!r})", "float64 or float32")
    if not isinstance(inputs, Table):
        raise scope.refuse("DictVectorizer over a matrix", "a list of dicts")
    features: dict[str, int] = {str(name): int(column) for name, column in estimator.vocabulary_.items()}
    width = len(estimator.feature_names_)
    nowhere = graph.constant(width, np.int64)
    covered: set[str] = set()
    columns: list[ir.Value] = []
    values: list[ir.Value] = []
    hints: list[Hint] = []
    checks: list[Callable[[FinishedGraph], Verdict]] = []
    lists: dict[str, int] = {}
    for series in inputs.series:
        if series.type in ("float64", "float32", "int64", "bool"):
            if series.name not in features:
                continue
            covered.add(series.name)
            number = as_double(graph, columns_of(graph, [series]), series.type)
            there = graph.op("Not", graph.op("IsNaN", number))
            columns.append(graph.op("Where", there, graph.constant(features[series.name], np.int64), nowhere))
            values.append(graph.op("Where", there, number, graph.constant(0.0)))
            continue
        prefix = f"{series.name}{estimator.separator}"
        known = {name[len(prefix) :]: name for name in features if name.startswith(prefix)}
        if not known:
            continue
        covered.update(known.values())
        place, check = _places(graph, series, {text: features[name] for text, name in known.items()}, width)
        checks.append(check)
        columns.append(place)
        inside = graph.op("Less", place, nowhere)
        values.append(graph.op("Cast", inside, to=int(ir.DataType.DOUBLE)))
        if series.type == "list":
            lists[series.column or series.name] = LONGEST_LIST
        elif series.origin is not None:
            hints.append(Hint("category", series.origin, np.array(sorted(known), object)))
    lost = sorted(set(features) - covered)
    if lost:
        raise scope.refuse(
            f"the features {', '.join(lost[:5])}{', …' if len(lost) > 5 else ''} of no key of the sample",
            "a sample of dicts in which every key that the model was fitted on occurs",
        )
    place, value = _sorted(graph, graph.op("Concat", *columns, axis=1), graph.op("Concat", *values, axis=1))
    if kind == np.float32:
        value = graph.op("Cast", value, to=int(ir.DataType.FLOAT))
    like = Matrix(value, width, "float32" if kind == np.float32 else "float64", sparse=True)
    result = replace(from_entries(graph, place, value, width, like), sparse=bool(estimator.sparse))
    if not estimator.sparse:
        result = replace(result, entries=None)
    certificate = Certificate(
        graph.path,
        "categories",
        f"DictVectorizer: all {width} features come from a key of the sample, and each string has its fitted feature",
        "keys that no dict of the sample has",
        lambda finished: Verdict(width, tuple(failure for check in checks for failure in check(finished).failures)),
    )
    return Lowered(result, certificates=(certificate,), hints=tuple(hints), max_lengths=lists)


def _places(
    graph: Graph, series: Series, known: dict[str, int], width: int
) -> tuple[ir.Value, Callable[[FinishedGraph], Verdict]]:
    """int64 (rows, 1) or, of lists, (rows, length): the feature of each string, ``width`` where there is none; and its check."""
    tensor = columns_of(graph, [series])
    codes = strings_to_codes(graph, tensor, list(known), len(known))
    features = np.array([*known.values(), width], np.int64)
    written = graph.constant(features)
    keys = attributes_check(graph.path, codes, string_table(list(known), len(known)))
    values = constants_check(graph.path, {f"features of {series.name}": (written, features)})
    place = graph.op("Gather", written, codes, axis=0)
    if series.missing is not None:
        missing = series.missing if series.type == "list" else columns_of(graph, [series], missing=True)
        place = graph.op("Where", missing, graph.constant(width, np.int64), place)
    return place, lambda finished: Verdict(0, (*keys(finished).failures, *values(finished).failures))


def lower_feature_hasher(estimator: FeatureHasher, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """FeatureHasher over dicts: the hash of a number's key, and of ``key=string`` for a string, is its column and its sign."""
    graph = scope.graph
    kind = np.dtype(estimator.dtype)
    if estimator.input_type != "dict" or not isinstance(inputs, Table):
        raise scope.refuse(
            f"FeatureHasher(input_type={estimator.input_type!r})", "input_type='dict', as columns have names"
        )
    if kind not in (np.float64, np.float32):
        raise scope.refuse(f"FeatureHasher(dtype={estimator.dtype!r})", "float64 or float32")
    width = int(estimator.n_features)
    graph.any_key = True
    parts = [_hashed(scope, series, width, bool(estimator.alternate_sign)) for series in inputs.series]
    columns = graph.op("Concat", *(column for column, _ in parts), axis=1)
    values = graph.op("Concat", *(value for _, value in parts), axis=1)
    if kind == np.float32:
        values = graph.op("Cast", values, to=int(ir.DataType.FLOAT))
    columns, values = summed(graph, columns, values, width, str(kind))
    like = Matrix(values, width, "float32" if kind == np.float32 else "float64", sparse=True)
    return Lowered(from_entries(graph, columns, values, width, like))


def _hashed(scope: Scope, series: Series, width: int, alternate: bool) -> tuple[ir.Value, ir.Value]:
    """Column and value of one key, (rows, 1) each; ``width`` and 0.0 where the key is not there, or its number is zero."""
    graph = scope.graph
    nowhere = graph.constant(width, np.int64)
    if series.type in ("float64", "float32", "int64", "bool"):
        number = as_double(graph, columns_of(graph, [series]), series.type)
        code = int(murmurhash3_32(series.name.encode("utf-8"), seed=0))
        place, sign = abs(code) % width, -1.0 if alternate and code < 0 else 1.0
        there = graph.op("Greater", graph.op("Abs", number), graph.constant(0.0))
        value = graph.op("Mul", graph.op("Where", there, number, graph.constant(0.0)), graph.constant(sign))
        return graph.op("Where", there, graph.constant(place, np.int64), nowhere), value
    if series.type not in ("string", "text"):
        raise scope.refuse(f"FeatureHasher over the key {series.name!r} of lists", "numbers and strings")
    text = scope.code_points(series)
    prefix = graph.constant([[ord(c) for c in f"{series.name}="]], np.int32)
    rows = graph.op("Shape", text, start=0, end=1)
    shape = graph.op("Concat", rows, graph.constant([len(series.name) + 1], np.int64), axis=0)
    whole = graph.op("Concat", graph.op("Expand", prefix, shape), text, axis=1)
    sizes = utf8_lengths(graph, whole)
    total = graph.op("ReduceSum", sizes, graph.constant([1], np.int64), keepdims=1)
    start = graph.op("Mul", total, graph.constant(0, np.int64))
    column, sign_of = places(graph, murmur3(graph, utf8_words(graph, whole, sizes), start, total), width, alternate)
    if series.missing is None:
        return column, sign_of
    missing = series.missing
    return (
        graph.op("Where", missing, nowhere, column),
        graph.op("Where", missing, graph.constant(0.0), sign_of),
    )


LOWERINGS = {
    DictVectorizer: lower_dict_vectorizer,
    FeatureHasher: lower_feature_hasher,
}
