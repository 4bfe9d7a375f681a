"""The nearest of a few centres by the Euclidean distance: labels of clusters and of classes, and the distances to them."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from samescore_export.lowering.deciding import flat
from samescore_export.lowering.distances import Distances, squared_euclidean, within
from samescore_export.lowering.nearest import gap_rounding, largest_error
from samescore_export.margins import Margin
from samescore_export.scope import Scope
from samescore_export.values import Matrix

REASON = "scikit-learn expands the square of a distance through BLAS"


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


def distance_matrix(scope: Scope, away: Distances, centers: int, margin: Margin = None) -> Matrix:
    """The distances (rows, centres) as the columns of a transform."""
    graph = scope.graph
    value, error = away.finished(graph)
    rounding = None
    if error is not None:
        rounding = within(graph, graph.op("Expand", error, graph.op("Shape", value)), 4.0, REASON)
    return Matrix(value, centers, rounding=rounding, margin=margin)
