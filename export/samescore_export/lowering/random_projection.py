"""Lowerings for ``sklearn.random_projection``."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray
from sklearn.random_projection import GaussianRandomProjection, SparseRandomProjection

from samescore_export.certificate import constants_certificate
from samescore_export.graph import Graph
from samescore_export.lowering.preprocessing import doubles
from samescore_export.operations.affine import affine
from samescore_export.operations.numeric import singly
from samescore_export.operations.pairwise import dense
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Table

#: Numbers in the fullest row of a sparse projection up to which they are added one by one; more make the graph too long.
_UNROLLED = 64


def lower_gaussian(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """X @ components_.T."""
    x = doubles(scope, inputs, estimator)
    value, rounding, certificate = affine(scope, x, estimator.components_, 0.0)
    return Lowered(Matrix(value, len(estimator.components_), rounding=rounding), certificates=(certificate,))


def lower_sparse(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """X @ components_.T for a sparse projection: scipy adds the products of a component one by one.

    Over dense rows it does so in the order in which the component is stored, over sparse ones in column order.
    """
    x = doubles(scope, inputs, estimator)
    weights = dense(estimator.components_)
    width = len(weights)
    sparse = x.sparse and not estimator.dense_output
    # A density of 1 makes a dense projection, which BLAS multiplies.
    order = _order(estimator.components_, x.sparse) if hasattr(estimator.components_, "tocsr") else None
    if order is not None and x.rounding is None and max(map(len, order), default=0) <= _UNROLLED:
        value, constant = _one_by_one(scope.graph, x.value, weights, order)
        certificate = constants_certificate(scope.graph.path, {"components_": constant})
        return Lowered(Matrix(value, width, sparse=sparse), certificates=(certificate,))
    value, rounding, certificate = affine(scope, x, weights, 0.0)
    return Lowered(Matrix(value, width, rounding=rounding, sparse=sparse), certificates=(certificate,))


def _order(components: Any, by_column: bool) -> list[NDArray[np.int64]]:
    """The columns of each component as they are stored, or sorted."""
    stored = components.tocsr()
    order = [stored.indices[start:stop] for start, stop in pairwise(stored.indptr)]
    return [np.sort(columns) for columns in order] if by_column else order


def _one_by_one(
    graph: Graph, x: ir.Value, weights: NDArray[np.float64], order: Sequence[NDArray[np.int64]]
) -> tuple[ir.Value, tuple[ir.Value, NDArray[np.float64]]]:
    """The products of each component added in the order given; a component with fewer is filled up with zeros."""
    most = max(1, *(len(columns) for columns in order))
    places, numbers = np.zeros((most, len(weights)), np.int64), np.zeros((most, len(weights)))
    for row, (component, found) in enumerate(zip(weights, order, strict=True)):
        places[: len(found), row] = found
        numbers[: len(found), row] = component[found]
    picked = graph.constant(numbers)
    total: ir.Value | None = None
    for step in range(most):
        column = graph.op("Gather", x, graph.constant(places[step]), axis=1)
        factor = graph.op("Gather", picked, graph.constant(step, np.int64), axis=0)
        product = graph.op("Mul", column, factor)
        total = product if total is None else graph.op("Add", total, product)
    assert total is not None
    return total, (picked, numbers)


LOWERINGS = {
    GaussianRandomProjection: singly(lower_gaussian, sums=True),
    SparseRandomProjection: singly(lower_sparse, sums=True),
}
