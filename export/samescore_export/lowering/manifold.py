"""Lowerings for ``sklearn.manifold``: new rows placed among the fitted ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import onnx_ir as ir
from sklearn.manifold import Isomap, LocallyLinearEmbedding

from samescore_export.graph import Graph
from samescore_export.lowering.neighbors import fitted_points, found, to_fitted
from samescore_export.lowering.radius_neighbors import within_radius
from samescore_export.margins import Margin
from samescore_export.operations.deciding import in_single
from samescore_export.operations.distances import UNIT, input_error, total, within
from samescore_export.operations.looping import repeat
from samescore_export.operations.numeric import SINGLE, answered_in, doubles, is_single, narrowed
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Score, Table

REASON = "BLAS and LAPACK add in an order of their own"


def _through_neighbors(
    scope: Scope, estimator: Any, inputs: Matrix | Table
) -> tuple[ir.Value, ir.Value | None, Margin]:
    """The shortest way (rows, points) over one of a row's neighbours, its error (rows, 1), and the margin of which neighbours."""
    graph = scope.graph
    search = estimator.nbrs_
    table = graph.constant(np.ascontiguousarray(estimator.dist_matrix_, np.float64))
    points = int(search.n_samples_fit_)
    away = to_fitted(scope, search, inputs)
    if estimator.n_neighbors is not None:
        k = int(search.n_neighbors)
        near = found(scope, search, inputs, k, away)
        shortest: ir.Value | None = None
        for place in range(k):
            index = graph.constant([place], np.int64)
            one = graph.op("Gather", near.indices, graph.constant(place, np.int64), axis=1)
            way = graph.op(
                "Add", graph.op("Gather", table, one, axis=0), graph.op("Gather", near.distance, index, axis=1)
            )
            shortest = way if shortest is None else graph.op("Min", shortest, way)
        assert shortest is not None
        error = None
        if near.error is not None:
            error = graph.op("ReduceMax", near.error, graph.constant([1], np.int64), keepdims=1)
        return shortest, error, near.choice
    around = within_radius(graph, away, float(search.radius))
    reach = graph.op("Where", around.inside, around.distance, graph.constant(np.inf))

    def step(inner: Graph, state: Sequence[ir.Value]) -> tuple[ir.Value, Sequence[ir.Value]]:
        place, sofar = state
        index = inner.op("Reshape", inner.op("Cast", place, to=int(ir.DataType.INT64)), inner.constant([1], np.int64))
        way = inner.op("Add", inner.op("Gather", table, index, axis=0), inner.op("Gather", reach, index, axis=1))
        return inner.constant(True, np.bool_), (
            inner.op("Add", place, inner.constant(1.0)),
            inner.op("Min", sofar, way),
        )

    none = graph.op("Add", graph.op("Abs", reach), graph.constant(np.inf))
    shortest = repeat(graph, points, (graph.constant(0.0), none), step)[1]
    error = None
    if around.error is not None:
        error = graph.op("ReduceMax", around.error, graph.constant([1], np.int64), keepdims=1)
    return shortest, error, around.margin


def lower_isomap(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """Isomap: the kernel of shortest ways, centred and projected as KernelPCA does."""
    graph = scope.graph
    single = is_single(inputs)
    projection = estimator.kernel_pca_
    narrow = single and projection.X_fit_.dtype == np.float32
    unit = UNIT * SINGLE if narrow else UNIT
    way, moved, margin = _through_neighbors(scope, estimator, inputs)
    # Over float32 rows the kernel is float32, whatever the points are.
    way = narrowed(graph, way) if single else way
    square = graph.op("Mul", way, way)
    square = narrowed(graph, square) if single else square
    kernel = graph.op("Mul", square, graph.constant(-0.5))
    error = graph.op("Mul", square, graph.constant(8 * (UNIT * SINGLE if single else UNIT)))
    if moved is not None:
        error = graph.op("Add", error, graph.op("Mul", graph.op("Add", way, moved), moved))
    centerer = projection._centerer
    rows = np.asarray(centerer.K_fit_rows_, np.float64)
    whole = float(centerer.K_fit_all_)
    points = len(rows)
    mean = graph.op("Div", total(graph, kernel), graph.constant(float(points)))
    centred = graph.op("Sub", graph.op("Sub", kernel, graph.constant(rows)), mean)
    centred = graph.op("Add", centred, graph.constant(whole))
    size = graph.op("Div", total(graph, graph.op("Abs", kernel)), graph.constant(float(points)))
    size = graph.op("Add", graph.op("Add", graph.op("Abs", kernel), size), graph.constant(np.abs(rows) + abs(whole)))
    spread = graph.op("Add", error, graph.op("Div", total(graph, error), graph.constant(float(points))))
    spread = graph.op("Add", spread, graph.op("Mul", size, graph.constant(2 * (points + 4) * unit)))
    # In the dtype that they were fitted in, as scikit-learn divides them.
    scaled = np.zeros_like(projection.eigenvectors_)
    used = np.flatnonzero(projection.eigenvalues_)
    scaled[:, used] = projection.eigenvectors_[:, used] / np.sqrt(projection.eigenvalues_[used])
    alphas = scaled.astype(np.float64)
    value = graph.op("MatMul", centred, graph.constant(np.ascontiguousarray(alphas)))
    whole_error = graph.op(
        "Add", spread, graph.op("Mul", graph.op("Abs", centred), graph.constant(2 * (points + 2) * unit))
    )
    off = graph.op("MatMul", whole_error, graph.constant(np.ascontiguousarray(np.abs(alphas))))
    narrow = single and answered_in(estimator, "transform", int(estimator.n_features_in_)) == np.float32
    if narrow:
        off = graph.op("Add", off, graph.op("Mul", graph.op("Abs", value), graph.constant(2 * UNIT * SINGLE)))
    score = Score(value, "float64", rounding=within(graph, off, 4.0 * (points + 4), REASON))
    score = in_single(graph, score) if narrow else score
    dtype: Literal["float32", "float64"] = "float32" if narrow else "float64"
    return Lowered(Matrix(score.value, alphas.shape[1], dtype, rounding=score.rounding, margin=margin))


def _solved(graph: Graph, gram: ir.Value, k: int) -> ir.Value:
    """(rows, k): the solution of gram (rows, k, k) times w = ones, by elimination; positive definite needs no pivots."""
    ones = graph.op("ConstantOfShape", graph.op("Shape", graph.op("Slice", gram, *_last(graph, 1))), value=np.ones(1))
    start = graph.op("Concat", gram, ones, axis=2)
    unit = graph.constant(np.eye(k)[:, :, None])

    def step(inner: Graph, state: Sequence[ir.Value]) -> tuple[ir.Value, Sequence[ir.Value]]:
        place, whole = state
        index = inner.op("Reshape", inner.op("Cast", place, to=int(ir.DataType.INT64)), inner.constant([1], np.int64))
        row = inner.op("Gather", whole, index, axis=1)
        column = inner.op("Gather", whole, index, axis=2)
        pivot = inner.op("Gather", column, index, axis=1)
        scaled = inner.op("Div", row, pivot)
        own = inner.op("Equal", inner.op("Gather", unit, index, axis=0), inner.constant(1.0))
        reduced = inner.op("Sub", whole, inner.op("Mul", column, scaled))
        return inner.constant(True, np.bool_), (
            inner.op("Add", place, inner.constant(1.0)),
            inner.op("Where", own, scaled, reduced),
        )

    solved = repeat(graph, k, (graph.constant(0.0), start), step)[1]
    return graph.op("Gather", solved, graph.constant(k, np.int64), axis=2)


def _last(graph: Graph, count: int) -> tuple[ir.Value, ir.Value, ir.Value]:
    """Slice's bounds for the first ``count`` of axis 2."""
    return graph.constant([0], np.int64), graph.constant([count], np.int64), graph.constant([2], np.int64)


def lower_locally_linear(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """LocallyLinearEmbedding: a row as a combination of its neighbours, and the same combination of their places.

    The weights solve a regularised system whose condition is at most (1 + reg) / reg.
    """
    graph = scope.graph
    search, k = estimator.nbrs_, int(estimator.n_neighbors)
    near = found(scope, search, inputs, k)
    x = doubles(scope, inputs, estimator)
    picked = graph.op("Gather", graph.constant(fitted_points(search)), near.indices, axis=0)
    gaps = graph.op("Sub", picked, graph.op("Unsqueeze", x.value, graph.constant([1], np.int64)))
    # A transposition before a product is fused into a kernel that older releases of onnxruntime lack in double, and its Einsum stops
    # the process where there are no rows.
    last = graph.constant([2], np.int64)
    columns = [
        graph.op(
            "ReduceSum",
            graph.op("Mul", gaps, graph.op("Gather", gaps, graph.constant([i], np.int64), axis=1)),
            last,
            keepdims=1,
        )
        for i in range(k)
    ]
    gram = graph.op("Concat", *columns, axis=2)
    reg = float(estimator.reg)
    eye = np.eye(k)[None]
    both = graph.constant([1, 2], np.int64)
    trace = graph.op("ReduceSum", graph.op("Mul", gram, graph.constant(eye)), both, keepdims=1)
    ridge = graph.op(
        "Where",
        graph.op("Greater", trace, graph.constant(0.0)),
        graph.op("Mul", trace, graph.constant(reg)),
        graph.constant(reg),
    )
    weights = _solved(graph, graph.op("Add", gram, graph.op("Mul", ridge, graph.constant(eye))), k)
    shares = graph.op("Div", weights, total(graph, weights))
    if is_single(inputs):
        # The weights are solved for in float64, as the points are, and kept in the rows' dtype.
        shares = narrowed(graph, shares)
    places = graph.op("Gather", graph.constant(np.ascontiguousarray(estimator.embedding_)), near.indices, axis=0)
    deep = graph.op("Unsqueeze", shares, graph.constant([2], np.int64))
    value = graph.op("ReduceSum", graph.op("Mul", places, deep), graph.constant([1], np.int64), keepdims=0)
    # Higham, chapter 10: a Cholesky solution is off by about 4 k (3 k + 1) u times the condition, relative to its length; the
    # gram matrix itself is off by (width + 2) u of its trace.
    condition = (1.0 + reg) / reg
    relative = graph.constant(np.full((1, 1), 8.0 * (4 * k * (3 * k + 1) + k * (x.width + 2)) * UNIT * condition))
    moved = input_error(graph, x)
    if moved is not None:
        length = graph.op(
            "Sqrt", graph.op("Max", graph.op("Squeeze", trace, graph.constant([2], np.int64)), graph.constant(1e-300))
        )
        step = graph.op("Div", graph.op("Sqrt", total(graph, graph.op("Mul", moved, moved))), length)
        relative = graph.op("Add", relative, graph.op("Mul", step, graph.constant(4.0 * k * condition)))
    # Dividing by the sum moves each share by the length of all of them times the same again.
    length = graph.op("Sqrt", total(graph, graph.op("Mul", shares, shares)))
    share_error = graph.op(
        "Mul",
        graph.op("Mul", length, relative),
        graph.op("Add", graph.op("Mul", length, graph.constant(np.sqrt(k))), graph.constant(1.0)),
    )
    if is_single(inputs):
        kept = graph.op(
            "Mul",
            graph.op("ReduceMax", graph.op("Abs", shares), graph.constant([1], np.int64)),
            graph.constant(2 * UNIT * SINGLE),
        )
        share_error = graph.op("Add", share_error, kept)
    size = graph.op("ReduceSum", graph.op("Abs", places), graph.constant([1], np.int64), keepdims=0)
    off = graph.op("Mul", size, share_error)
    rounding = within(graph, off, 64.0 * k, REASON)
    return Lowered(Matrix(value, estimator.embedding_.shape[1], rounding=rounding, margin=near.choice))


LOWERINGS = {Isomap: lower_isomap, LocallyLinearEmbedding: lower_locally_linear}
