"""Lowerings for ``sklearn.isotonic``."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.isotonic import IsotonicRegression

from samescore_export.lowering.preprocessing import doubles
from samescore_export.operations.deciding import flat
from samescore_export.operations.interpolation import interpolated
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Score, Table


def lower_isotonic(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """``IsotonicRegression._transform``: straight lines between the thresholds; beyond them NaN, or the end's value."""
    graph = scope.graph
    # The graph cannot raise, and a contract's limit is one magnitude for both ends.
    scope.check_options(estimator, {"out_of_bounds": ("nan", "clip")})
    points, values = estimator.X_thresholds_, estimator.y_thresholds_
    if points.dtype != np.float64:
        raise scope.refuse(f"IsotonicRegression fitted on {points.dtype}", "float64")
    x = doubles(scope, inputs, estimator)
    if x.rounding is not None:
        raise scope.refuse(
            f"IsotonicRegression behind a step that is not bit-equal ({x.rounding.reason})", "bit-equal steps before it"
        )
    column = flat(graph, x.value)
    low, high = graph.constant(float(points[0])), graph.constant(float(points[-1]))
    value = interpolated(graph, graph.op("Clip", column, low, high), points, values)
    # A single threshold is a constant everywhere, whatever out_of_bounds says.
    if estimator.out_of_bounds == "nan" and len(values) > 1:
        outside = graph.op("Or", graph.op("Less", column, low), graph.op("Greater", column, high))
        value = graph.op("Where", outside, graph.constant(np.nan), value)
    score = Score(value, "float64")
    # Both methods give one value a row.
    return Lowered(None, {"predict": score, "transform": score})


LOWERINGS = {IsotonicRegression: lower_isotonic}
