"""Trees whose leaves are linear models of the row, as LightGBM grows them with ``linear_tree``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from samescore_export.certificate import constants_certificate
from samescore_export.graph import Graph
from samescore_export.operations.boosted import leaves, running_total
from samescore_export.operations.tree_ensemble import Trees
from samescore_export.operations.walking import Grown, SplitRule
from samescore_export.scope import Scope
from samescore_export.values import Matrix


@dataclass(frozen=True, slots=True)
class LinearLeaves:
    """The leaves of a tree: ``constant`` and for each leaf the features and their coefficients; ``otherwise`` is taken where one is NaN."""

    constant: NDArray[np.float64]
    otherwise: NDArray[np.float64]
    features: Sequence[NDArray[np.int64]]
    coefficients: Sequence[NDArray[np.float64]]


def _padded(rows: Sequence[NDArray[np.generic]], width: int, dtype: type) -> NDArray[np.generic]:
    table: NDArray[np.generic] = np.zeros((len(rows), width), dtype)
    for number, row in enumerate(rows):
        table[number, : len(row)] = row
    return table


def linear_sums(
    scope: Scope,
    x: Matrix,
    raw: ir.Value,
    parts: Sequence[tuple[Trees, LinearLeaves]],
    outputs: int,
    rule: SplitRule,
    claim: str,
) -> Grown:
    """(rows, outputs): the trees' leaves, each a sum in the order of its features over ``raw`` (rows, width), added tree by tree."""
    graph = scope.graph
    numbered, first = [], 0
    for tree, own in parts:
        inner = len(tree.leaf) - len(own.constant)
        leaf = np.concatenate([np.zeros(inner), np.arange(first, first + len(own.constant), dtype=np.float64)])
        numbered.append(replace(tree, leaf=leaf))
        first += len(own.constant)
    grown = leaves(scope, x, numbered, rule)
    which = graph.op("Cast", grown.value, to=int(ir.DataType.INT64))
    features = [row for _, own in parts for row in own.features]
    coefficients = [row for _, own in parts for row in own.coefficients]
    width = max(1, *(len(row) for row in features))

    written: dict[str, tuple[ir.Value, NDArray[Any]]] = {}

    def of_leaf(what: str, table: NDArray[Any]) -> ir.Value:
        written[what] = (graph.constant(table), table)
        return graph.op("Gather", written[what][0], which, axis=0)

    constant = of_leaf("leaf_const", np.concatenate([own.constant for _, own in parts]))
    places = of_leaf("leaf_features", _padded(features, width, np.int64))
    used = of_leaf("num_features", _padded([np.ones(len(row)) for row in features], width, np.bool_))
    factors = of_leaf("leaf_coeff", _padded(coefficients, width, np.float64))
    flat = graph.op("Reshape", places, graph.constant([0, -1], np.int64))
    numbers = graph.op("Reshape", graph.op("GatherElements", raw, flat, axis=1), graph.op("Shape", places))
    numbers = graph.op("Where", used, numbers, graph.constant(0.0))
    terms = graph.op(
        "Concat",
        graph.op("Unsqueeze", constant, graph.constant([2], np.int64)),
        graph.op("Mul", factors, numbers),
        axis=2,
    )
    value = graph.op(
        "Gather", graph.op("CumSum", terms, graph.constant(2, np.int64)), graph.constant(width, np.int64), axis=2
    )
    value = graph.op(
        "Where",
        _any_nan(graph, numbers),
        of_leaf("leaf_value", np.concatenate([own.otherwise for _, own in parts])),
        value,
    )
    start = graph.constant(np.zeros((1, 1)))
    targets = np.array([int(tree.target[0]) for tree, _ in parts])
    sums = [running_total(graph, value, start, np.flatnonzero(targets == output)) for output in range(outputs)]
    value = sums[0] if outputs == 1 else graph.op("Concat", *sums, axis=1)
    return replace(grown, value=value, certificates=(*grown.certificates, constants_certificate(graph.path, written)))


def _any_nan(graph: Graph, numbers: ir.Value) -> ir.Value:
    holes = graph.op("Cast", graph.op("IsNaN", numbers), to=int(ir.DataType.DOUBLE))
    most = graph.op("ReduceMax", holes, graph.constant([2], np.int64), keepdims=0)
    return graph.op("Greater", most, graph.constant(0.0))
