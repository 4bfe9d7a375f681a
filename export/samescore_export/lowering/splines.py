"""The lowering of ``SplineTransformer``."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray
from sklearn.preprocessing import SplineTransformer

from samescore_export.graph import Graph
from samescore_export.margins import Margin, nearest_of
from samescore_export.operations.deciding import column, flat, sized, standing
from samescore_export.operations.distances import within
from samescore_export.operations.numeric import as_doubles, floats
from samescore_export.operations.tree_ensemble import bisection, tree_ensemble
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Rounding, Table

REASON = "the basis is made by de Boor's recursion, column by column"


def _basis(graph: Graph, x: ir.Value, knots: NDArray[np.float64], degree: int) -> tuple[ir.Value, ir.Value]:
    """The values (rows, spans + degree) of all basis splines at x (rows,), and their sizes.

    ``scipy``'s ``_deBoor_D`` with the same quotients: h[j] = h[j] + w (right - x), w (x - left), w = h / (right - left). Only degree + 1
    of the splines differ from 0; they are written to their places.
    """
    spans = len(knots) - 2 * degree - 1
    count = spans + degree
    starts = knots[degree : degree + spans]
    if spans == 1:
        none = graph.op("And", graph.op("IsNaN", x), graph.constant(False, np.bool_))
        span = graph.op("Cast", none, to=int(ir.DataType.INT64))
    else:
        trees = bisection(np.nextafter(starts[1:], -np.inf))
        found = tree_ensemble(graph, standing(graph, x), trees, trees.threshold, 1)
        span = graph.op("Cast", flat(graph, found), to=int(ir.DataType.INT64))

    def knot(shift: int) -> ir.Value:
        """knots[l + shift] for the span's l = span + degree."""
        table = np.array([knots[min(max(i + degree + shift, 0), len(knots) - 1)] for i in range(spans)])
        return graph.op("Gather", graph.constant(table), span, axis=0)

    one = graph.op(
        "Add",
        graph.op("Mul", graph.op("Cast", span, to=int(ir.DataType.DOUBLE)), graph.constant(0.0)),
        graph.constant(1.0),
    )
    values, sizes = [one], [one]
    for j in range(1, degree + 1):
        before, before_sizes = values, sizes
        zero = graph.op("Mul", one, graph.constant(0.0))
        values, sizes = [zero], [zero]
        for n in range(1, j + 1):
            right, left = knot(n), knot(n - j)
            gap = graph.op("Sub", right, left)
            same = graph.op("Equal", gap, graph.constant(0.0))
            safe = graph.op("Where", same, graph.constant(1.0), gap)
            share = graph.op("Div", before[n - 1], safe)
            size = graph.op("Div", before_sizes[n - 1], safe)
            to_right, to_left = graph.op("Sub", right, x), graph.op("Sub", x, left)
            grown = [graph.op("Mul", share, to_right), graph.op("Mul", share, to_left)]
            grown_sizes = [
                graph.op("Mul", size, graph.op("Abs", to_right)),
                graph.op("Mul", size, graph.op("Abs", to_left)),
            ]
            zero_now = graph.constant(0.0)
            previous, previous_size = values[n - 1], sizes[n - 1]
            values[n - 1] = graph.op("Where", same, previous, graph.op("Add", previous, grown[0]))
            sizes[n - 1] = graph.op("Where", same, previous_size, graph.op("Add", previous_size, grown_sizes[0]))
            values.append(graph.op("Where", same, zero_now, grown[1]))
            sizes.append(graph.op("Where", same, zero_now, grown_sizes[1]))
    places = graph.op("Add", standing(graph, span), graph.constant(np.arange(degree + 1)[None, :]))
    rows = graph.op("Shape", x, start=0, end=1)
    shape = graph.op("Concat", rows, graph.constant([count], np.int64), axis=0)
    zeros = graph.op("Expand", graph.constant(0.0), shape)

    def placed(parts: list[ir.Value]) -> ir.Value:
        together = graph.op("Concat", *(standing(graph, part) for part in parts), axis=1)
        return graph.op("ScatterElements", zeros, places, together, axis=1)

    return placed(values), placed(sizes)


def _folded(graph: Graph, value: ir.Value, degree: int, count: int) -> ir.Value:
    """Periodic: the last ``degree`` splines are the first ones again."""
    if degree == 0:
        return value
    axis = graph.constant([1], np.int64)
    kept = graph.op("Slice", value, graph.constant([0], np.int64), graph.constant([count - degree], np.int64), axis)
    again = graph.op(
        "Slice", value, graph.constant([count - degree], np.int64), graph.constant([count], np.int64), axis
    )
    padded = graph.op("Pad", again, graph.constant([0, 0, 0, count - 2 * degree], np.int64), graph.constant(0.0))
    return graph.op("Add", kept, padded)


def _column(scope: Scope, estimator: Any, x: ir.Value, position: int) -> tuple[ir.Value, ir.Value]:
    """The splines of one column (rows,): (rows, splines), and the sizes their rounding is relative to.

    With ``extrapolation="linear"`` and a degree below 2 scikit-learn adds one to its degree as it goes from column to column, and takes
    the ends from the knots of that number: so do we.
    """
    graph = scope.graph
    spline = estimator.bsplines_[position]
    knots, degree = np.asarray(spline.t, np.float64), int(spline.k)
    count = len(knots) - degree - 1
    mode = estimator.extrapolation
    reach = min(2, degree + position) if mode == "linear" and degree <= 1 else degree
    low, high = float(knots[reach]), float(knots[-reach - 1])
    if low == high and mode == "constant" and not np.any(spline(low)):
        # A column of one value has splines without any width: they are 0 everywhere.
        holes = graph.op("Cast", standing(graph, graph.op("IsNaN", x)), to=int(ir.DataType.DOUBLE))
        nothing = graph.op("Mul", holes, graph.constant(np.zeros((1, count - (not estimator.include_bias)))))
        return nothing, nothing
    if not low < high:
        raise scope.refuse(
            "SplineTransformer over a column whose knots leave no room",
            "more knots than the degree, of two or more values",
        )
    missing = graph.op("IsNaN", x)
    inside = graph.op("Where", missing, graph.constant(low), x)
    if mode == "periodic":
        if count - degree < degree:
            raise scope.refuse(
                "SplineTransformer(extrapolation='periodic') with fewer knots than its degree", "more knots"
            )
        width = graph.constant(high - low)
        moved = graph.op("Sub", inside, graph.constant(low))
        rest = graph.op("Mod", moved, width, fmod=1)
        # Python's remainder has the divisor's sign, fmod's the dividend's.
        negative = graph.op("Less", rest, graph.constant(0.0))
        rest = graph.op("Where", negative, graph.op("Add", rest, width), rest)
        inside = graph.op(
            "Where", graph.op("IsInf", x), graph.constant(low), graph.op("Add", graph.constant(low), rest)
        )
    elif mode in ("constant", "linear"):
        inside = graph.op("Clip", inside, graph.constant(low), graph.constant(high))
    value, size = _basis(graph, inside, knots, degree)
    if mode == "periodic":
        value, size = _folded(graph, value, degree, count), _folded(graph, size, degree, count)
        count -= degree
    if mode in ("constant", "linear"):
        for end, op, limit in (("low", "Less", low), ("high", "Greater", high)):
            outside = standing(graph, graph.op(op, x, graph.constant(limit)))
            at, slope = np.asarray(spline(limit), np.float64), np.zeros(count)
            changed = reach
            if mode == "linear":
                slope = np.asarray(spline(limit, nu=1), np.float64)
                changed = reach + 1 if reach <= 1 else reach
            mask = np.zeros(count, bool)
            if changed:
                mask[slice(0, changed) if end == "low" else slice(count - changed, count)] = True
            at, slope = np.where(mask, at, 0.0), np.where(mask, slope, 0.0)
            line = line_size = graph.constant(at[None, :])
            if mode == "linear":
                gap = standing(graph, graph.op("Sub", x, graph.constant(limit)))
                rise = graph.op("Mul", gap, graph.constant(slope[None, :]))
                # Splines that scikit-learn leaves at 0, also at an infinity.
                rise = graph.op("Where", graph.constant(mask[None, :]), rise, graph.constant(0.0))
                line = graph.op("Add", line, rise)
                line_size = graph.op("Add", graph.op("Abs", line_size), graph.op("Abs", rise))
            value = graph.op("Where", outside, line, value)
            size = graph.op("Where", outside, graph.op("Abs", line_size), size)
    if mode == "periodic" or (mode == "continue" and degree > 0):
        # An infinity has no place in the period, and gives 0 times infinity in the sum of all splines.
        nowhere = standing(graph, graph.op("IsInf", x))
        value = graph.op("Where", nowhere, graph.constant(np.nan), value)
    zero = graph.constant(0.0)
    gone = standing(graph, missing)
    value, size = graph.op("Where", gone, zero, value), graph.op("Where", gone, zero, size)
    if not estimator.include_bias:
        index = graph.constant(list(range(count - 1)), np.int64)
        value, size = (graph.op("Gather", item, index, axis=1) for item in (value, size))
    return value, size


def _slopes(estimator: Any, position: int) -> NDArray[np.float64]:
    """The most that each of a column's splines moves by, within the knots, for a step of 1.

    B' is degree times the difference of two splines of one degree less, neither below 0 nor above 1, each over the knots it spans.
    """
    spline = estimator.bsplines_[position]
    knots, degree = np.asarray(spline.t, np.float64), int(spline.k)
    count = len(knots) - degree - 1
    if degree == 0:
        return np.zeros(count)
    spans = knots[degree:] - knots[:-degree]
    with np.errstate(divide="ignore"):
        steep = np.where(spans > 0, degree / spans, 0.0)
    slopes = np.maximum(steep[:-1], steep[1:])
    if estimator.extrapolation == "periodic":
        slopes = slopes[: count - degree] + np.pad(slopes[count - degree :], (0, count - 2 * degree))
    return slopes if estimator.include_bias else slopes[:-1]


def _moved(
    scope: Scope, estimator: Any, x: ir.Value, error: ir.Value, position: int, reason: str
) -> tuple[ir.Value, Margin]:
    """What an error (rows,) of a column's numbers does to its splines: (rows, splines), and a margin where they jump."""
    graph = scope.graph
    spline = estimator.bsplines_[position]
    knots, degree = np.asarray(spline.t, np.float64), int(spline.k)
    low, high = graph.constant(float(knots[degree])), graph.constant(float(knots[-degree - 1]))
    moved = standing(graph, error)
    if estimator.extrapolation == "continue" and degree > 1:
        # The polynomials go on: each level of the recursion grows by the way beyond the knots, over the nearest two.
        beyond_low = graph.op("Sub", low, x)
        beyond = graph.op("Max", graph.op("Max", beyond_low, graph.op("Sub", x, high)), graph.constant(0.0))
        gaps = np.diff(np.unique(knots))
        share = graph.op("Mul", graph.op("Add", beyond, error), graph.constant(2.0 / float(gaps.min())))
        grown = graph.op("Pow", graph.op("Add", share, graph.constant(1.0)), graph.constant(float(degree - 1)))
        moved = graph.op("Mul", moved, standing(graph, grown))
    off = graph.op("Mul", moved, graph.constant(2.0 * _slopes(estimator, position)[None, :]))
    off = graph.op("Where", graph.op("IsNaN", off), graph.constant(0.0), off)
    if degree > 1 or (degree == 1 and estimator.extrapolation != "linear"):
        return off, None
    # Steps have an edge at each knot, and so may lines that scikit-learn begins at another one.
    gap = graph.op("Abs", graph.op("Sub", standing(graph, x), graph.constant(np.unique(knots)[None, :])))
    if estimator.extrapolation == "periodic":
        width = float(knots[-degree - 1] - knots[degree])
        gap = graph.op(
            "Abs",
            graph.op(
                "Sub",
                gap,
                graph.op("Mul", graph.op("Round", graph.op("Div", gap, graph.constant(width))), graph.constant(width)),
            ),
        )
    nearest = graph.op("ReduceMin", gap, graph.constant([1], np.int64), keepdims=1)
    return off, (flat(graph, nearest), within(graph, graph.op("Max", error, graph.constant(1e-300)), 2.0, reason))


def lower_spline_transformer(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """B-splines of each column, with every way of going on beyond the knots."""
    graph = scope.graph
    x = floats(scope, inputs, estimator)
    wide = as_doubles(graph, x)
    parts = [_column(scope, estimator, column(graph, wide.value, i), i) for i in range(x.width)]
    value, size = (
        items[0] if len(items) == 1 else graph.op("Concat", *items, axis=1) for items in zip(*parts, strict=True)
    )
    single = x.dtype == "float32" and not estimator.sparse_output
    # Each level of the recursion adds a difference, a quotient, a product and a sum, on both sides.
    ulp = 16.0 * (int(estimator.degree) + 1)
    if single:
        value = graph.op("Cast", value, to=int(ir.DataType.FLOAT))
        ulp = 2.0
    rounding, margin = Rounding(ulp, size, REASON), x.margin
    if wide.rounding is not None:
        reason = wide.rounding.reason
        error = graph.op("Mul", sized(graph, wide.value, wide.rounding), graph.constant(wide.rounding.ulp * 2.0**-52))
        moves = [
            _moved(scope, estimator, column(graph, wide.value, i), column(graph, error, i), i, reason)
            for i in range(x.width)
        ]
        moved = moves[0][0] if len(moves) == 1 else graph.op("Concat", *(off for off, _ in moves), axis=1)
        # In units of the rounding that the splines have anyway.
        unit = 2.0**24 if single else 2.0**53
        size = graph.op("Add", size, graph.op("Mul", moved, graph.constant(unit / ulp)))
        rounding = Rounding(ulp, size, reason)
        margin = nearest_of(graph, [margin, *(jump for _, jump in moves)])
    result = Matrix(
        value,
        int(estimator.n_features_out_),
        "float32" if single else "float64",
        rounding=rounding,
        sparse=bool(estimator.sparse_output),
        margin=margin,
    )
    return Lowered(result)


LOWERINGS = {SplineTransformer: lower_spline_transformer}
