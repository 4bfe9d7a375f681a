"""Straight lines between points, as ``numpy.interp`` draws them; bit for bit where the input is exact."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from samescore_export.graph import Graph
from samescore_export.operations.deciding import flat, sized, standing
from samescore_export.operations.numeric import narrowed
from samescore_export.operations.tree_ensemble import bisection, tree_ensemble
from samescore_export.values import Rounding


def interpolated(graph: Graph, x: ir.Value, points: NDArray[Any], values: NDArray[Any]) -> ir.Value:
    """(rows,) from x (rows,) within the points: slope * (x - point) + value of the interval's left end, rounded as numpy does."""
    xp, fp = np.asarray(points, np.float64), np.asarray(values, np.float64)
    if len(xp) == 1:
        return graph.op("Add", graph.op("Mul", x, graph.constant(0.0)), graph.constant(fp[0]))
    # The interval of x begins at the last point that is not above it; x < p is x <= the float64 before p.
    trees = bisection(np.nextafter(xp[1:], -np.inf))
    number = tree_ensemble(graph, standing(graph, x), trees, trees.threshold, 1)
    index = graph.op("Cast", flat(graph, number), to=int(ir.DataType.INT64))
    with np.errstate(all="ignore"):
        slopes = np.append(np.diff(fp) / np.diff(xp), 0.0)
    slope, point, value = (graph.op("Gather", graph.constant(table), index, axis=0) for table in (slopes, xp, fp))
    line = graph.op("Add", graph.op("Mul", slope, graph.op("Sub", x, point)), value)
    # At a point its value is taken, as an infinite slope times zero would be NaN.
    return graph.op("Where", graph.op("Equal", x, point), value, line)


def interpolated_single(graph: Graph, x: ir.Value, points: NDArray[Any], values: NDArray[Any]) -> ir.Value:
    """(rows,) from float32 numbers x (rows,) within the points, as float64: ``scipy.interpolate.interp1d`` over float32 points and values.

    It does not go through ``numpy.interp``: at a point the line from its left is taken, and each step is rounded to float32.
    """
    xp, fp = np.asarray(points, np.float32), np.asarray(values, np.float32)
    if len(xp) == 1:
        return graph.op("Add", graph.op("Mul", x, graph.constant(0.0)), graph.constant(float(fp[0])))
    index = graph.op("Cast", graph.op("Mul", x, graph.constant(0.0)), to=int(ir.DataType.INT64))
    if len(xp) > 2:
        trees = bisection(xp[1:-1].astype(np.float64))
        number = tree_ensemble(graph, standing(graph, x), trees, trees.threshold, 1)
        index = graph.op("Cast", flat(graph, number), to=int(ir.DataType.INT64))
    slopes = np.diff(fp) / np.diff(xp)
    slope, point, value = (
        graph.op("Gather", graph.constant(table.astype(np.float64)), index, axis=0) for table in (slopes, xp, fp)
    )
    rise = graph.op("Mul", slope, narrowed(graph, graph.op("Sub", x, point)))
    return narrowed(graph, graph.op("Add", narrowed(graph, rise), value))


def interpolated_rounding(
    graph: Graph, x: ir.Value, rounding: Rounding, points: NDArray[Any], values: NDArray[Any], result: ir.Value
) -> Rounding:
    """The rounding of a never turning line at an inexact x: what it changes between x - e and x + e."""
    low, high = float(points[0]), float(points[-1])
    # ulp * spacing(scale) is at most ulp * scale * 2**-52.
    error = graph.op("Mul", sized(graph, x, rounding), graph.constant(2.0 * rounding.ulp * 2.0**-52))
    ends = [
        interpolated(
            graph, graph.op("Clip", graph.op(op, x, error), graph.constant(low), graph.constant(high)), points, values
        )
        for op in ("Sub", "Add")
    ]
    change = graph.op("Abs", graph.op("Sub", ends[1], ends[0]))
    # In units of 2**-53, so that one ulp of the scale is the whole change.
    scale = graph.op("Add", graph.op("Mul", change, graph.constant(2.0**53)), graph.op("Abs", result))
    return Rounding(8.0, scale, rounding.reason)
