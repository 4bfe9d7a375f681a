"""Lowerings for neighbours within a radius of ``sklearn.neighbors``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray
from sklearn.neighbors import RadiusNeighborsClassifier, RadiusNeighborsRegressor, RadiusNeighborsTransformer

from samescore_export.graph import Graph
from samescore_export.lowering.neighbors import check_weights, reduced, to_fitted
from samescore_export.margins import Margin, nearest_of
from samescore_export.operations.deciding import first_largest, lead, standing
from samescore_export.operations.distances import UNIT, Distances, total, within
from samescore_export.operations.labels import label_type
from samescore_export.operations.nearest import REASON, gap_rounding, largest_error
from samescore_export.operations.neighbor_weights import moved_share
from samescore_export.operations.numeric import is_single
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Rounding, Score, Table


@dataclass(frozen=True, slots=True)
class Around:
    """Points within the radius of each row.

    Attributes:
        inside: (rows, points) bool.
        count: (rows, 1) how many, a float64.
        margin: by how much the nearest point to the border is settled.
        distance, error: (rows, points), as ``Distances.finished`` has them.
    """

    inside: ir.Value
    count: ir.Value
    margin: Margin
    distance: ir.Value
    error: ir.Value | None


def _as_double(graph: Graph, condition: ir.Value) -> ir.Value:
    return graph.op("Cast", condition, to=int(ir.DataType.DOUBLE))


def within_radius(graph: Graph, away: Distances, radius: float) -> Around:
    """``radius_neighbors``. A tree takes whole nodes by bounds that are rounded in another way, so the border has a few ulp."""
    distance, error = away.finished(graph)
    border = graph.constant(radius)
    inside = graph.op("LessOrEqual", distance, border)
    known = graph.op("Where", graph.op("IsNaN", distance), graph.constant(np.inf), distance)
    gap = graph.op("Abs", graph.op("Sub", known, border))
    smallest = graph.op("ReduceMin", gap, graph.constant([1], np.int64), keepdims=1)
    own = graph.constant(max(16 * UNIT * radius, 1e-300))
    off = own if error is None else graph.op("Add", largest_error(graph, error), own)
    margin: Margin = (
        graph.op("Reshape", smallest, graph.constant([-1], np.int64)),
        gap_rounding(graph, smallest, graph.op("Expand", off, graph.op("Shape", smallest))),
    )
    return Around(inside, total(graph, _as_double(graph, inside)), margin, distance, error)


def _weights(graph: Graph, around: Around) -> tuple[ir.Value, ir.Value | None]:
    """(rows, points): 1 / d inside and 0 outside; where a point is at the row itself, 1 for such points alone."""
    zero, one = graph.constant(0.0), graph.constant(1.0)
    at_point = graph.op("And", graph.op("Equal", around.distance, zero), around.inside)
    there = _as_double(graph, at_point)
    any_at = graph.op("ReduceMax", there, graph.constant([1], np.int64), keepdims=1)
    inverse = graph.op("Where", around.inside, graph.op("Div", one, around.distance), zero)
    value = graph.op("Where", graph.op("Greater", any_at, zero), there, inverse)
    if around.error is None:
        return value, None
    # A point outside is as good as infinitely far: it has no weight to move.
    far = graph.op("Where", around.inside, around.distance, graph.constant(1e300))
    return value, moved_share(graph, far, around.error)


def _average_error(graph: Graph, moved: ir.Value | None, points: int) -> ir.Value:
    """How much of a weighted average (rows, 1) may move: the weights' share, and sums of any order."""
    own = graph.constant(np.full((1, 1), 2 * UNIT * (points + 4)))
    return own if moved is None else graph.op("Add", graph.op("Mul", moved, graph.constant(2.0)), own)


def lower_regressor(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """RadiusNeighborsRegressor: the (weighted) mean of the targets inside; NaN where there is none."""
    graph = scope.graph
    weighted = check_weights(estimator, scope)
    around = within_radius(graph, to_fitted(scope, estimator, inputs), float(estimator.radius))
    targets = np.asarray(estimator._y)
    if targets.dtype == np.float32:
        raise scope.refuse("RadiusNeighborsRegressor with targets in float32", "targets in float64")
    if targets.dtype.kind in "iub":
        raise scope.refuse(
            "RadiusNeighborsRegressor fitted on whole numbers, which gives them the number that NaN becomes",
            "a float y",
        )
    y = np.ascontiguousarray(targets.reshape(len(targets), -1), np.float64)
    weights, moved = _weights(graph, around) if weighted else (_as_double(graph, around.inside), None)
    whole = total(graph, weights)
    value = graph.op("Div", graph.op("MatMul", weights, graph.constant(y)), whole)
    size = graph.op("Div", graph.op("MatMul", weights, graph.constant(np.abs(y))), whole)
    if moved is not None:
        size = graph.op("Max", size, graph.constant(np.abs(y).max(axis=0, keepdims=True)))
    error = graph.op("Mul", size, _average_error(graph, moved, len(y)))
    shape: tuple[int | None, ...] = (y.shape[1],)
    if targets.ndim == 1:
        flat = graph.constant([-1], np.int64)
        value, error, shape = graph.op("Reshape", value, flat), graph.op("Reshape", error, flat), ()
    error = graph.op("Where", graph.op("IsNaN", error), graph.constant(0.0), error)
    rounding = within(graph, error, 2.0 * (len(y) + 4), REASON)
    return Lowered(None, {"predict": Score(value, "float64", shape, rounding=rounding, margin=around.margin)})


def _outlier(estimator: Any, output: int, classes: NDArray[Any], single: bool) -> tuple[Any, NDArray[np.float64]]:
    """The label of rows without neighbours, and their probabilities (1, classes)."""
    if estimator.outlier_label_ is None:
        return None, np.full((1, len(classes)), np.nan)
    label = estimator.outlier_label_[output]
    if _by_position(estimator, single):
        given = estimator.outlier_label
        same = [not isinstance(given, str) and place == given for place in range(len(classes))]
        return label, np.array([same], np.float64)
    return label, (np.asarray(classes) == label).astype(np.float64)[None]


def _by_position(estimator: Any, single: bool) -> bool:
    """Whether scikit-learn goes through RadiusNeighborsClassMode, which takes the label of outliers for a class's position."""
    brute = estimator._fit_method == "brute" and estimator.weights == "uniform" and not estimator.outputs_2d_
    return brute and reduced(estimator, single) and estimator.effective_metric_ not in ("euclidean", "sqeuclidean")


def lower_classifier(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """RadiusNeighborsClassifier: votes of the points inside; rows without any are outliers, and an error without their label.

    An error of the graph comes from a look-up beyond the end of a table.
    """
    graph = scope.graph
    weighted = check_weights(estimator, scope)
    around = within_radius(graph, to_fitted(scope, estimator, inputs), float(estimator.radius))
    none = graph.op("Equal", around.count, graph.constant(0.0))
    several = bool(estimator.outputs_2d_)
    all_classes = estimator.classes_ if several else [estimator.classes_]
    codes = np.asarray(estimator._y).reshape(int(estimator.n_samples_fit_), -1)
    scores, columns, margins = {}, [], []
    kind = label_type(np.asarray(all_classes[0]))
    for output, classes in enumerate(all_classes):
        ones = (codes[:, [output]] == np.arange(len(classes))[None]).astype(np.float64)
        weights, moved = _weights(graph, around) if weighted else (_as_double(graph, around.inside), None)
        votes = graph.op("MatMul", weights, graph.constant(ones))
        label, shares = _outlier(estimator, output, np.asarray(classes), is_single(inputs))
        whole = graph.op("Where", none, graph.constant(1.0), total(graph, votes))
        proba = graph.op("Where", none, graph.constant(shares), graph.op("Div", votes, whole))
        rounding: Rounding | None = None
        margin = around.margin
        if weighted:
            error = graph.op("Expand", _average_error(graph, moved, len(ones)), graph.op("Shape", proba))
            rounding = within(graph, error, 2.0 * (len(ones) + 4), REASON)
            if len(classes) > 1:
                margin = nearest_of(graph, [around.margin, lead(graph, proba, rounding)])
        listed = tuple(np.asarray(classes).tolist())
        name = f"predict_proba.{output}" if several else "predict_proba"
        index = first_largest(graph, proba)
        table = [*np.asarray(classes).astype(str if kind == "string" else kind).tolist()]
        if label is None:
            # Rows without neighbours look beyond the table: the graph fails, as scikit-learn does.
            missing = graph.op("Reshape", none, graph.constant([-1], np.int64))
            guard = graph.op("Where", missing, graph.constant(len(classes), np.int64), graph.constant(0, np.int64))
            checked = graph.op("Gather", graph.constant(np.zeros(len(classes))), guard, axis=0)
            proba = graph.op("Add", proba, standing(graph, checked))
            index = graph.op("Add", index, guard)
        elif not shares.any():
            if label not in table:
                table.append(label)
            outside = graph.op("Reshape", none, graph.constant([-1], np.int64))
            index = graph.op("Where", outside, graph.constant(table.index(label), np.int64), index)
        scores[name] = Score(proba, "float64", (len(classes),), listed, rounding, around.margin)
        values = np.array(table, dtype=object if kind == "string" else kind)
        columns.append((graph.op("Gather", graph.constant(values), index, axis=0), tuple(table)))
        margins.append(margin)
    if several:
        joined = graph.op("Concat", *(standing(graph, value) for value, _ in columns), axis=1)
        predicted = Score(joined, kind, (len(columns),), None, margin=nearest_of(graph, margins))
    else:
        predicted = Score(columns[0][0], kind, (), columns[0][1], margin=margins[0])
    return Lowered(None, {"predict": predicted, **scores})


def lower_transformer(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """RadiusNeighborsTransformer: (rows, points) of ones or distances inside the radius, zeros elsewhere."""
    graph = scope.graph
    if estimator.radius is None:
        raise scope.refuse("RadiusNeighborsTransformer(radius=None)", "a number")
    around = within_radius(graph, to_fitted(scope, estimator, inputs), float(estimator.radius))
    points = int(estimator.n_samples_fit_)
    if estimator.mode == "connectivity":
        value = _as_double(graph, around.inside)
        return Lowered(Matrix(value, points, sparse=True, margin=around.margin))
    value = graph.op("Where", around.inside, around.distance, graph.constant(0.0))
    rounding = None
    if around.error is not None:
        error = graph.op("Expand", around.error, graph.op("Shape", value))
        inside = graph.op("Where", around.inside, error, graph.constant(0.0))
        rounding = within(graph, inside, 4.0, REASON)
    return Lowered(Matrix(value, points, rounding=rounding, sparse=True, margin=around.margin))


LOWERINGS = {
    RadiusNeighborsClassifier: lower_classifier,
    RadiusNeighborsRegressor: lower_regressor,
    RadiusNeighborsTransformer: lower_transformer,
}
