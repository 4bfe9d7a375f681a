"""Walking trees: one node for all of them where rows are few, a node a tree where they are many.

A single TreeEnsemble node takes row after row through all trees, and each row finds the trees gone from the cache. A node a tree takes
all rows through one tree while it is there, as scikit-learn does; but each node costs 0.3 us, which a single row feels.
``make bench`` measures both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from samescore_export.certificate import Certificate
from samescore_export.graph import Graph
from samescore_export.margins import Margin
from samescore_export.operations.thresholds import near_thresholds
from samescore_export.operations.tree_certificate import splits_certificate
from samescore_export.operations.tree_ensemble import Trees, constant_trees, joined, tree_ensemble
from samescore_export.ordered import through_float32
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Forward, Hint, Matrix, Score, Table, matrix_of, same

#: Fewer rows than this take the single node.
MANY_ROWS = 256

#: Trees with no more nodes than this in all are one node whatever the rows: they stay in the cache.
SMALL = 4096

#: Trees of fewer nodes than this on average are one node too: what a node of its own costs a row is then what the cache would save.
SHALLOW = 100


def as_float32(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """What scikit-learn's trees do to their input: round to float32 (``sklearn.tree._tree.DTYPE``)."""
    with np.errstate(over="ignore"):
        return x.astype(np.float32).astype(np.float64)


@dataclass(frozen=True, slots=True)
class SplitRule:
    """How a model compares: ``rounded(x) <= threshold``; and the split to write so that ``x <= split`` decides alike."""

    rounded: Forward
    written: Callable[[NDArray[np.float64]], NDArray[np.float64]]


#: The cast is folded into the splits: a Cast to float32 before the node would need a second one back to double, as the node's
#: input and leaves share a type.
FLOAT32 = SplitRule(as_float32, through_float32)
FLOAT64 = SplitRule(same, same)

#: Appends a node of trees to a graph: (rows, targets).
Walk: TypeAlias = Callable[[Graph, Trees, int], ir.Value]


@dataclass(frozen=True, slots=True)
class Grown:
    """What trees gave, and their evidence.

    ``margins`` hold how close an inexact input comes to a split; they are empty where the input is exact.
    """

    value: ir.Value
    certificates: tuple[Certificate, ...]
    hints: tuple[Hint, ...]
    margins: tuple[Margin, ...]

    def lowered(self, scores: Mapping[str, Score], transform: Matrix | None = None) -> Lowered:
        """What an estimator became whose scores are made from this."""
        return Lowered(transform, scores, self.certificates, self.hints, margins=self.margins)


def walked(
    scope: Scope,
    inputs: Matrix | Table,
    parts: Sequence[Trees],
    rule: SplitRule,
    claim: str,
    few: Callable[[Graph, Walk, Trees], ir.Value],
    many: Callable[[Graph, Walk], ir.Value],
) -> Grown:
    """The trees of ``parts`` over the inputs.

    ``few`` writes them as one node (it is given all trees together), ``many`` a node each; both must give the same numbers.
    Behind an inexact step a row within its bound of a split may go either way, in scikit-learn too: that distance is the margin.
    """
    graph = scope.graph
    x = matrix_of(graph, inputs)
    value = x.value if x.dtype == "float64" else graph.op("Cast", x.value, to=int(ir.DataType.DOUBLE))
    trees = joined(parts)
    nodes: list[tuple[ir.Value, Trees]] = []

    def walk(inner: Graph, some: Trees, targets: int) -> ir.Value:
        node = tree_ensemble(inner, value, some, rule.written(some.threshold), targets)
        nodes.append((node, some))
        return node

    if len(trees.feature) <= max(SMALL, SHALLOW * len(parts)):
        result = few(graph, walk, trees)
    else:
        rows = graph.op("Shape", value, end=1)
        (result,) = graph.choose(
            graph.op("Less", rows, graph.constant([MANY_ROWS], np.int64)),
            lambda inner: [few(inner, walk, trees)],
            lambda inner: [many(inner, walk)],
        )
    splits = rule.written(trees.threshold)
    certificate = splits_certificate(graph.path, nodes, rule.rounded, claim)
    return Grown(result, (certificate,), _split_hints(x, trees, splits), (_split_margin(scope, x, trees, splits),))


def summed(
    scope: Scope,
    inputs: Matrix | Table,
    parts: Sequence[Trees],
    targets: int,
    rule: SplitRule,
    claim: str,
    start: Sequence[float] = (),
) -> Grown:
    """(rows, targets): ``start`` and then the trees' leaves added in their order, which the Sum of many inputs keeps as well.

    A tree must add to one target alone, unless the sums are exact in any order.
    """
    whole = [constant_trees(start), *parts] if len(start) else list(parts)

    def few(graph: Graph, walk: Walk, trees: Trees) -> ir.Value:
        return walk(graph, trees, targets)

    def many(graph: Graph, walk: Walk) -> ir.Value:
        if not len(start):
            return _sum(graph, [walk(graph, part, targets) for part in parts])
        columns = []
        for target, constant in enumerate(start):
            own = [replace(part, target=np.zeros_like(part.target)) for part in parts if part.target[0] == target]
            first = graph.constant(np.full((1, 1), constant))
            columns.append(_sum(graph, [first, *(walk(graph, part, 1) for part in own)]))
        return columns[0] if len(columns) == 1 else graph.op("Concat", *columns, axis=1)

    return walked(scope, inputs, whole, rule, claim, few, many)


def _sum(graph: Graph, values: Sequence[ir.Value]) -> ir.Value:
    return values[0] if len(values) == 1 else graph.op("Sum", *values)


def _split_margin(scope: Scope, x: Matrix, trees: Trees, splits: NDArray[np.float64]) -> Margin:
    if x.rounding is None:
        return None
    if trees.categories:
        raise scope.refuse(
            f"splits on categories behind a step that is not bit-equal ({x.rounding.reason})",
            "categories as they come in, or from an ordinal encoder",
        )
    inner = trees.left >= 0
    used = {int(f): splits[inner & (trees.feature == f)] for f in np.unique(trees.feature[inner])}
    return near_thresholds(scope.graph, x, used)


def _split_hints(x: Matrix, trees: Trees, splits: NDArray[np.float64]) -> tuple[Hint, ...]:
    """Each feature's distinct splits, as values of the column it comes from where that is known; of a set of codes the edges of each."""
    inner = trees.left >= 0
    members = np.fromiter(trees.categories, np.int64, len(trees.categories))
    inner[members] = False
    hints = []
    for feature in np.unique(trees.feature[inner]):
        origin = x.origin(int(feature))
        if origin is not None:
            hints.append(Hint("split", origin, np.unique(splits[inner & (trees.feature == feature)])))
    for feature in np.unique(trees.feature[members]):
        origin = x.origin(int(feature))
        if origin is not None:
            sets = [trees.categories[int(node)] for node in members[trees.feature[members] == feature]]
            codes = np.unique(np.concatenate(sets)).astype(np.float64)
            edges = np.unique(np.concatenate([codes[codes >= 0], codes[codes >= 0] + 1]))
            hints.append(Hint("split", origin, np.nextafter(edges, -np.inf)))
    return tuple(hints)
