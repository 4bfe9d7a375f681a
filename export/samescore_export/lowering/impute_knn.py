"""Lowerings for ``KNNImputer`` and ``MissingIndicator`` of ``sklearn.impute``."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray
from sklearn.impute import KNNImputer, MissingIndicator

from samescore_export.graph import Graph
from samescore_export.margins import Margin, nearest_of
from samescore_export.operations.categories import is_missing
from samescore_export.operations.distances import UNIT, Distances, nan_euclidean, rooted, total, within
from samescore_export.operations.nearest import nearest
from samescore_export.operations.neighbor_weights import inverse_distances
from samescore_export.operations.numeric import doubles, doubles_only, singly
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Score, Series, Table, columns_of

REASON = "scikit-learn expands the square of a distance through BLAS, and adds the donors in no order"


def with_nan(graph: Graph, x: Matrix, marker: Any) -> tuple[ir.Value, ir.Value]:
    """The numbers with NaN where they are missing, and the mask (rows, width) of those."""
    if is_missing(marker):
        return x.value, graph.op("IsNaN", x.value)
    mask = graph.op("Equal", x.value, graph.constant(float(marker)))
    return graph.op("Where", mask, graph.constant(np.nan), x.value), mask


def indicated(graph: Graph, estimator: Any, mask: ir.Value) -> list[ir.Value]:
    """The columns of ``add_indicator``, as numbers."""
    if not estimator.add_indicator:
        return []
    features = np.asarray(estimator.indicator_.features_, np.int64)
    flags = graph.op("Gather", mask, graph.constant(features), axis=1)
    return [graph.op("Cast", flags, to=int(ir.DataType.DOUBLE))]


def _at(graph: Graph, value: ir.Value, place: int) -> ir.Value:
    return graph.op("Gather", value, graph.constant([place], np.int64), axis=1)


class _Imputed:
    """One column filled in: ``value`` and ``error`` (rows, 1), and the margin of which donors."""

    def __init__(self, value: ir.Value, error: ir.Value, margin: Margin) -> None:
        self.value, self.error, self.margin = value, error, margin


def _column(
    graph: Graph,
    away: Distances,
    donors: NDArray[np.int64],
    values: NDArray[np.float64],
    estimator: Any,
    missing: ir.Value,
) -> _Imputed:
    """``_calc_impute`` of one column from the donors that have it, and their mean where no distance is known."""
    places = graph.constant(donors)
    compared = graph.op("Gather", away.compared, places, axis=1)
    assert away.error is not None
    error = graph.op("Gather", away.error, places, axis=1)
    unknown = graph.op("IsNaN", compared)
    compared = graph.op("Where", unknown, graph.constant(np.inf), compared)
    error = graph.op("Where", unknown, graph.constant(0.0), error)
    k = min(int(estimator.n_neighbors), len(donors))
    near = nearest(graph, Distances(compared, error, rooted), k, len(donors))
    lost = graph.op("IsInf", near.distance)
    zero, one = graph.constant(0.0), graph.constant(1.0)
    moved: ir.Value | None = None
    if estimator.weights == "distance":
        known = inverse_distances(graph, near)
        weights, moved = graph.op("Where", lost, zero, known.value), known.moved
    else:
        weights = graph.op("Where", lost, zero, one)
    taken = graph.op("Gather", graph.constant(values), near.indices)
    whole = total(graph, weights)
    average = graph.op("Div", total(graph, graph.op("Mul", taken, weights)), whole)
    none = graph.op("Equal", whole, zero)
    mean = float(np.ma.array(values, mask=np.zeros(len(values), bool)).mean())
    value = graph.op("Where", none, graph.constant(mean), average)
    largest = graph.op("ReduceMax", graph.op("Abs", taken), graph.constant([1], np.int64), keepdims=1)
    share = graph.constant(UNIT * (4 * k + 8))
    if moved is not None:
        share = graph.op("Add", graph.op("Mul", moved, graph.constant(2.0)), share)
    off = graph.op("Where", none, graph.constant(abs(mean) * 2 * UNIT), graph.op("Mul", largest, share))
    margin: Margin = None
    if near.choice is not None:
        gap, rounding = near.choice
        standing = graph.op("Unsqueeze", gap, graph.constant([1], np.int64))
        open_ = graph.op("And", missing, graph.op("Not", graph.op("IsNaN", standing)))
        asked = graph.op("Where", open_, standing, graph.constant(np.inf))
        margin = graph.op("Reshape", asked, graph.constant([-1], np.int64)), rounding
    return _Imputed(value, off, margin)


def lower_knn_imputer(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """KNNImputer: each missing number from the nearest fitted rows that have it; columns without any number dropped or 0."""
    graph = scope.graph
    scope.check_options(estimator, {"weights": ["uniform", "distance"], "metric": ["nan_euclidean"]})
    x = doubles_only(scope, inputs, estimator)
    value, mask = with_nan(graph, x, estimator.missing_values)
    absent = np.asarray(estimator._mask_fit_X, bool)
    fitted = np.where(absent, np.nan, np.asarray(estimator._fit_X, np.float64))
    away = nan_euclidean(graph, Matrix(value, x.width, rounding=x.rounding), fitted)
    columns, errors, margins = [], [], []
    kept_error = None
    if x.rounding is not None:
        size = graph.op("Max", graph.op("Abs", x.value), x.rounding.scale or graph.constant(1.0))
        kept_error = graph.op("Mul", size, graph.constant(x.rounding.ulp * 2 * UNIT))
    for place in range(x.width):
        if not estimator._valid_mask[place]:
            if estimator.keep_empty_features:
                zeros = graph.op(
                    "Mul", graph.op("Cast", _at(graph, mask, place), to=int(ir.DataType.DOUBLE)), graph.constant(0.0)
                )
                columns.append(zeros)
                errors.append(zeros)
            continue
        missing = _at(graph, mask, place)
        donors = np.flatnonzero(~absent[:, place]).astype(np.int64)
        imputed = _column(graph, away, donors, fitted[donors, place], estimator, missing)
        columns.append(graph.op("Where", missing, imputed.value, _at(graph, x.value, place)))
        kept = graph.constant(0.0) if kept_error is None else _at(graph, kept_error, place)
        errors.append(graph.op("Where", missing, imputed.error, kept))
        margins.append(imputed.margin)
    flags = indicated(graph, estimator, mask)
    error = graph.op("Concat", *errors, *(graph.op("Mul", flag, graph.constant(0.0)) for flag in flags), axis=1)
    whole = graph.op("Concat", *columns, *flags, axis=1)
    width = len(columns) + (len(estimator.indicator_.features_) if flags else 0)
    rounding = within(graph, error, 4.0 * estimator.n_neighbors, REASON)
    return Lowered(Matrix(whole, width, rounding=rounding, margin=nearest_of(graph, margins)))


def lower_missing_indicator(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """MissingIndicator: whether each column (that had missing values in fitting) is missing.

    As a transform it is bool; as a step of a pipeline its columns are the numbers 0 and 1.
    """
    graph = scope.graph
    marker = estimator.missing_values
    if isinstance(inputs, Table) and not inputs.numeric:
        mask = graph.op("Concat", *(_missing_cell(scope, series, marker) for series in inputs.series), axis=1)
    else:
        _, mask = with_nan(graph, doubles(scope, inputs, estimator), marker)
    features = np.asarray(estimator.features_, np.int64)
    if estimator.features == "missing-only" and len(features) < estimator._n_features:
        mask = graph.op("Gather", mask, graph.constant(features), axis=1)
    width = len(features) if estimator.features == "missing-only" else int(estimator._n_features)
    numbers = graph.op("Cast", mask, to=int(ir.DataType.DOUBLE))
    return Lowered(Matrix(numbers, width), {"transform": Score(mask, "bool", (width,))})


def _missing_cell(scope: Scope, series: Series, marker: Any) -> ir.Value:
    """(rows, 1): whether a cell of a table is the marker."""
    graph = scope.graph
    value = columns_of(graph, [series])
    if is_missing(marker):
        if series.missing is not None:
            return columns_of(graph, [series], missing=True)
        if series.type in ("float64", "float32"):
            return graph.op("IsNaN", value)
        return graph.op(
            "Cast", graph.op("Mul", _zeros(graph, value), graph.constant(0, np.int64)), to=int(ir.DataType.BOOL)
        )
    if (series.type == "string") != isinstance(marker, str):
        raise scope.refuse(f"MissingIndicator(missing_values={marker!r}) over {series.type}", "a marker of that type")
    return graph.op("Equal", value, graph.constant(np.array([marker], object) if isinstance(marker, str) else [marker]))


def _zeros(graph: Graph, value: ir.Value) -> ir.Value:
    return graph.op("ConstantOfShape", graph.op("Shape", value), value=np.zeros(1, np.int64))


LOWERINGS = {KNNImputer: singly(lower_knn_imputer), MissingIndicator: lower_missing_indicator}
