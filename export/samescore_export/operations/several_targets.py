"""Trees of several targets: each leaf has a row of values, looked up by the leaf's number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from samescore_export.graph import Graph
from samescore_export.operations.labels import class_scores, label_score, label_type
from samescore_export.operations.tree_ensemble import Trees, fitted_tree
from samescore_export.operations.walking import FLOAT32, Grown, Walk, walked
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Score, Table


def tabled(scope: Scope, inputs: Matrix | Table, trees: Sequence[Any], tables: Sequence[NDArray[np.float64]]) -> Grown:
    """(rows, k): the rows of the trees' tables (nodes, k) at their leaves, added tree by tree.

    A node has one target a leaf, so k targets would cost a walk each. CumSum and Sum add in order on any number of threads, ReduceSum does
    not.
    """
    parts, offset = [], 0
    for position, tree in enumerate(trees):
        parts.append(fitted_tree(tree, np.arange(offset, offset + tree.node_count, dtype=np.float64), position))
        offset += tree.node_count
    table = scope.graph.constant(np.concatenate(tables))

    def looked_up(graph: Graph, numbers: ir.Value) -> ir.Value:
        return graph.op("Gather", table, graph.op("Cast", numbers, to=int(ir.DataType.INT64)), axis=0)

    def few(graph: Graph, walk: Walk, trees: Trees) -> ir.Value:
        running = graph.op("CumSum", looked_up(graph, walk(graph, trees, len(parts))), graph.constant(1, np.int64))
        return graph.op("Gather", running, graph.constant(len(parts) - 1, np.int64), axis=1)

    def many(graph: Graph, walk: Walk) -> ir.Value:
        found = [looked_up(graph, walk(graph, replace(part, target=part.target * 0), 1)) for part in parts]
        total = found[0] if len(found) == 1 else graph.op("Sum", *found)
        return graph.op("Squeeze", total, graph.constant([1], np.int64))

    claim = "a leaf's number is looked up in a table, and the trees are added in order"
    return walked(scope, inputs, parts, FLOAT32, claim, few, many)


def _mean(scope: Scope, inputs: Matrix | Table, members: Sequence[Any], tables: list[NDArray[np.float64]]) -> Grown:
    grown = tabled(scope, inputs, [member.tree_ for member in members], tables)
    if len(members) == 1:
        return grown
    graph = scope.graph
    return replace(grown, value=graph.op("Div", grown.value, graph.constant(float(len(members)))))


def lower_regression_targets(estimator: Any, members: Sequence[Any], inputs: Matrix | Table, scope: Scope) -> Lowered:
    """A tree or a forest of regression trees of several targets: the mean of the leaves' rows."""
    count = int(estimator.n_outputs_)
    grown = _mean(scope, inputs, members, [member.tree_.value[:, :, 0] for member in members])
    return grown.lowered({"predict": Score(grown.value, "float64", (count,))})


def lower_class_targets(estimator: Any, members: Sequence[Any], inputs: Matrix | Table, scope: Scope) -> Lowered:
    """A tree or a forest of classification trees of several targets: class fractions and labels of each target."""
    graph = scope.graph
    widths = [int(width) for width in estimator.n_classes_]
    tables = [
        np.concatenate([member.tree_.value[:, k, :width] for k, width in enumerate(widths)], axis=1)
        for member in members
    ]
    grown = _mean(scope, inputs, members, tables)
    parts = graph.ops("Split", grown.value, graph.constant(widths, np.int64), outputs=len(widths), axis=1)
    scores: dict[str, Score] = {}
    labels = []
    # scikit-learn's array of labels has the dtype of the first target's classes.
    kind = np.asarray(estimator.classes_[0]).dtype
    for k, proba in enumerate(parts):
        classes = np.asarray(estimator.classes_[k]).astype(kind)
        label = label_score(graph, graph.op("ArgMax", proba, axis=1, keepdims=1), classes)
        labels.append(label)
        for name, score in class_scores(graph, proba, np.asarray(estimator.classes_[k])).items():
            scores[f"{name}.{k}"] = score
    value = graph.op("Concat", *(label.value for label in labels), axis=1)
    known = tuple(dict.fromkeys(item for label in labels for item in label.labels or ()))
    predicted = Score(value, label_type(np.asarray(estimator.classes_[0])), (len(widths),), known)
    return grown.lowered({"predict": predicted, **scores})
