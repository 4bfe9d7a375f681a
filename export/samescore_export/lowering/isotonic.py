"""Lowerings for ``sklearn.isotonic``."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.isotonic import IsotonicRegression

from samescore_export.margins import nearest_of
from samescore_export.operations.deciding import beyond, flat, in_single
from samescore_export.operations.interpolation import interpolated, interpolated_rounding, interpolated_single
from samescore_export.operations.numeric import SINGLE, doubles, narrowed
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Rounding, Score, Table


def lower_isotonic(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """``IsotonicRegression._transform``: straight lines between the thresholds; beyond them NaN, or the end's value."""
    graph = scope.graph
    # The graph cannot raise, and a contract's limit is one magnitude for both ends.
    scope.check_options(estimator, {"out_of_bounds": ("nan", "clip")})
    points, values = estimator.X_thresholds_, estimator.y_thresholds_
    single = points.dtype == np.float32
    x = doubles(scope, inputs, estimator)
    column = flat(graph, x.value)
    error = x.rounding
    if error is not None:
        scale = None if error.scale is None else flat(graph, error.scale)
        error = Rounding(error.ulp, scale, error.reason)
    if single:
        # Rows are brought to the dtype that the model was fitted in.
        column = narrowed(graph, column)
        if error is not None:
            error = Rounding(error.ulp + 2.0 * SINGLE, error.scale, error.reason)
    low, high = graph.constant(float(points[0])), graph.constant(float(points[-1]))
    inside = graph.op("Clip", column, low, high)
    value = (interpolated_single if single else interpolated)(graph, inside, points, values)
    rounding, margin = None, None
    if error is not None:
        rounding = interpolated_rounding(graph, inside, error, points, values, value)
        if single:
            # Three steps, each rounded to float32, in units of what the line itself moves by.
            steps = graph.op("Mul", graph.op("Abs", value), graph.constant(8.0 * SINGLE / rounding.ulp))
            rounding = Rounding(rounding.ulp, graph.op("Add", rounding.scale or value, steps), rounding.reason)
    # A single threshold is a constant everywhere, whatever out_of_bounds says.
    if estimator.out_of_bounds == "nan" and len(values) > 1:
        outside = graph.op("Or", graph.op("Less", column, low), graph.op("Greater", column, high))
        value = graph.op("Where", outside, graph.constant(np.nan), value)
        margin = nearest_of(graph, [beyond(graph, column, float(points[end]), error) for end in (0, -1)])
    score = Score(value, "float64", rounding=rounding, margin=margin)
    score = in_single(graph, score) if single else score
    # Both methods give one value a row.
    return Lowered(None, {"predict": score, "transform": score})


LOWERINGS = {IsotonicRegression: lower_isotonic}
