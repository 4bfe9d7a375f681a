"""Several estimators' answers as one: sums in scikit-learn's order, votes, and how far the sum of inexact answers may be off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from samescore_export.graph import Graph
from samescore_export.operations.categories import strings_to_codes
from samescore_export.operations.deciding import in_double, sized, standing
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Rounding, Score


def score_of(scope: Scope, child: Lowered, method: str, estimator: Any) -> Score:
    """A child's method, refused by name where its lowering has none."""
    if method not in child.scores:
        raise scope.refuse(f"{type(estimator).__name__} without {method}", "an estimator whose lowering has it")
    return in_double(scope.graph, child.scores[method])


def class_index(graph: Graph, score: Score, classes: NDArray[Any]) -> ir.Value:
    """int64 position of each label (rows,) in ``classes``."""
    known = np.asarray(classes)
    if score.type == "string":
        return strings_to_codes(graph, score.value, [str(label) for label in known], -1)
    if score.type == "int64" and np.array_equal(known, np.arange(len(known))):
        return score.value
    same = graph.op("Equal", standing(graph, score.value), graph.constant(known.astype(score.type)))
    return graph.op("ArgMax", graph.op("Cast", same, to=int(ir.DataType.INT64)), axis=1, keepdims=0)


def one_of(graph: Graph, index: ir.Value, hit: NDArray[Any], miss: NDArray[Any], classes: int) -> ir.Value:
    """(rows, voters, classes) from indices (rows, voters): ``hit`` of the voter at its class, ``miss`` elsewhere."""
    deep = graph.op("Unsqueeze", index, graph.constant([2], np.int64))
    chosen = graph.op("Equal", deep, graph.constant(np.arange(classes)))
    shape = (1, -1, 1)
    return graph.op("Where", chosen, graph.constant(np.reshape(hit, shape)), graph.constant(np.reshape(miss, shape)))


def summed_in_order(graph: Graph, value: ir.Value, count: int) -> ir.Value:
    """(rows, k) from (rows, count, k): one by one along axis 1, on any number of threads."""
    running = graph.op("CumSum", value, graph.constant(1, np.int64))
    return graph.op("Gather", running, graph.constant(count - 1, np.int64), axis=1)


def chained(graph: Graph, values: Sequence[ir.Value]) -> ir.Value:
    """The sum from left to right."""
    total = values[0]
    for value in values[1:]:
        total = graph.op("Add", total, value)
    return total


def sum_rounding(graph: Graph, scores: Sequence[Score], factors: Sequence[float], own: float) -> Rounding | None:
    """The rounding of ``sum(factor * score)``: the errors add, weighted; ``own`` ulp for the sum itself where it is inexact."""
    inexact = [(s, s.rounding, abs(f)) for s, f in zip(scores, factors, strict=True) if s.rounding is not None]
    if not inexact:
        return None
    sizes = []
    for score, factor in zip(scores, factors, strict=True):
        rounding = score.rounding or Rounding(0, graph.constant(np.zeros(1)), "")
        sizes.append(graph.op("Mul", sized_score(graph, score, rounding), graph.constant(abs(factor))))
    ulp = max(rounding.ulp for _, rounding, _ in inexact) + own
    return Rounding(ulp, chained(graph, sizes), inexact[0][1].reason)


def sized_score(graph: Graph, score: Score, rounding: Rounding) -> ir.Value:
    """The scale of a score in its own shape; that of a single value a row may come as (rows, 1)."""
    if score.shape != () or rounding.scale is None:
        return sized(graph, score.value, rounding)
    standing_size = sized(
        graph, standing(graph, score.value), Rounding(0, graph.op("Flatten", rounding.scale, axis=1), "")
    )
    return graph.op("Reshape", standing_size, graph.constant([-1], np.int64))
