"""Lowerings for ``sklearn.feature_extraction``: dicts, a column a key (decision 0008)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx_ir as ir
from sklearn.feature_extraction import DictVectorizer, FeatureHasher
from sklearn.feature_extraction.image import PatchExtractor

from samescore_export.certificate import Certificate, Verdict
from samescore_export.graph import Graph
from samescore_export.lowering.categories import strings_to_codes
from samescore_export.lowering.ragged import length
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
        place = _places(graph, series, {text: features[name] for text, name in known.items()}, width)
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
        f"DictVectorizer: all {width} features come from a key of the sample",
        "keys that no dict of the sample has",
        lambda finished: Verdict(width),
    )
    return Lowered(result, certificates=(certificate,), hints=tuple(hints), max_lengths=lists)


def _places(graph: Graph, series: Series, known: dict[str, int], width: int) -> ir.Value:
    """int64 (rows, 1) or, of lists, (rows, length): the feature of each string, ``width`` where there is none."""
    tensor = columns_of(graph, [series])
    codes = strings_to_codes(graph, tensor, list(known), len(known))
    place = graph.op("Gather", graph.constant([*known.values(), width], np.int64), codes, axis=0)
    if series.missing is None:
        return place
    missing = series.missing if series.type == "list" else columns_of(graph, [series], missing=True)
    return graph.op("Where", missing, graph.constant(width, np.int64), place)


def refuse_feature_hasher(estimator: FeatureHasher, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """FeatureHasher hashes keys that no sample has shown: no contract can name them."""
    raise scope.refuse(
        f"FeatureHasher(input_type={estimator.input_type!r}), which hashes whatever key a row has",
        "DictVectorizer for dicts, HashingVectorizer for texts (docs/decisions/0008)",
    )


def refuse_patches(estimator: PatchExtractor, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """PatchExtractor gives several rows for one."""
    raise scope.refuse(
        "PatchExtractor, which takes images of two and three dimensions and gives many rows for each",
        "columns in, and one row out for each row",
    )


LOWERINGS = {
    DictVectorizer: lower_dict_vectorizer,
    FeatureHasher: refuse_feature_hasher,
    PatchExtractor: refuse_patches,
}
