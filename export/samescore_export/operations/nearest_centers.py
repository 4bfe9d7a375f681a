"""The nearest of a few centres by the Euclidean distance: labels of clusters and of classes, and the distances to them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from samescore_export.graph import Graph
from samescore_export.margins import Margin
from samescore_export.operations.deciding import flat
from samescore_export.operations.distances import Distances, squared_euclidean, within
from samescore_export.operations.nearest import gap_rounding, largest_error
from samescore_export.scope import Scope
from samescore_export.values import Matrix, Rounding

REASON = "scikit-learn expands the square of a distance through BLAS"

#: Spacings of float64 in one of float32.
SINGLE = 2.0**29


def to_centers(scope: Scope, x: Matrix, centers: NDArray[Any]) -> Distances:
    """Squared distances (rows, centres) with the error of the expansion of the square."""
    return squared_euclidean(scope.graph, x, np.ascontiguousarray(centers, np.float64), "pairwise")


def closest(scope: Scope, away: Distances, centers: int) -> tuple[ir.Value, Margin]:
    """The first nearest centre (rows,) and the margin to the second."""
    graph = scope.graph
    index = graph.op("ArgMin", away.compared, axis=1, keepdims=0)
    if centers < 2:
        return index, None
    values, _ = graph.ops("TopK", away.compared, graph.constant([2], np.int64), outputs=2, axis=1, largest=0)
    first, second = graph.ops("Split", values, outputs=2, axis=1, num_outputs=2)
    error = None
    if away.error is not None:
        error = graph.op("Expand", largest_error(graph, away.error), graph.op("Shape", first))
    return index, (flat(graph, graph.op("Sub", second, first)), gap_rounding(graph, second, error))


def in_single(graph: Graph, away: Distances) -> Distances:
    """The same with the error that the expansion has in float32."""
    assert away.error is not None
    return replace(away, error=graph.op("Mul", away.error, graph.constant(SINGLE)))


def distance_matrix(scope: Scope, away: Distances, centers: int, margin: Margin = None, single: bool = False) -> Matrix:
    """The distances (rows, centres) as the columns of a transform.

    ``single`` says that rows and centres are float32: scikit-learn expands the square in float64, rounds it, and takes a root of float32.
    """
    graph = scope.graph
    value, error = away.finished(graph)
    if single:
        assert error is not None
        value = graph.op("Cast", value, to=int(ir.DataType.FLOAT))
        return Matrix(value, centers, "float32", rounding=_single_rounding(graph, value, error), margin=margin)
    rounding = None
    if error is not None:
        rounding = within(graph, graph.op("Expand", error, graph.op("Shape", value)), 4.0, REASON)
    return Matrix(value, centers, rounding=rounding, margin=margin)


def _single_rounding(graph: Graph, value: ir.Value, error: ir.Value) -> Rounding:
    """Four spacings of float32: two roundings on one side, one on the other, and the error itself."""
    size = graph.op("Cast", graph.op("Abs", value), to=int(ir.DataType.DOUBLE))
    scale = graph.op("Add", size, graph.op("Mul", error, graph.constant(2.0**24)))
    return Rounding(4.0, scale, REASON)
