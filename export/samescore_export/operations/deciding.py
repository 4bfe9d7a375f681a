"""Labels decided by comparing numbers that are not exact: the index, the margin, and margins of several decisions as one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx_ir as ir

from samescore_export.graph import Graph
from samescore_export.margins import Margin, nearest_of
from samescore_export.values import Matrix, Rounding, Score, widened


def sized(graph: Graph, value: ir.Value, rounding: Rounding) -> ir.Value:
    """The rounding's scale in the value's own shape, and nowhere below the value itself; float64 whatever the two are."""
    wide = graph.op("Cast", value, to=int(ir.DataType.DOUBLE))
    scale = graph.constant(1.0) if rounding.scale is None else rounding.scale
    return graph.op("Max", graph.op("Abs", wide), graph.op("Cast", scale, to=int(ir.DataType.DOUBLE)))


def row_largest(graph: Graph, value: ir.Value) -> ir.Value:
    """(rows, 1): the largest of each row of (rows, k)."""
    return graph.op("ReduceMax", value, graph.constant([1], np.int64), keepdims=1)


def flat(graph: Graph, value: ir.Value) -> ir.Value:
    """(rows,) from (rows, 1)."""
    return graph.op("Reshape", value, graph.constant([-1], np.int64))


def column(graph: Graph, value: ir.Value, position: int) -> ir.Value:
    """(rows,) from (rows, k)."""
    return graph.op("Gather", value, graph.constant(position, np.int64), axis=1)


def standing(graph: Graph, value: ir.Value) -> ir.Value:
    """(rows, 1) from (rows,)."""
    return graph.op("Unsqueeze", value, graph.constant([1], np.int64))


def to_index(graph: Graph, condition: ir.Value) -> ir.Value:
    """0 or 1 from a condition."""
    return graph.op("Cast", condition, to=int(ir.DataType.INT64))


def first_largest(graph: Graph, value: ir.Value) -> ir.Value:
    """``numpy.argmax(value, axis=1)``: the first of equals, and a NaN before any number."""
    filled = graph.op("Where", graph.op("IsNaN", value), graph.constant(np.inf), value)
    return graph.op("ArgMax", filled, axis=1, keepdims=0)


def lead(graph: Graph, value: ir.Value, rounding: Rounding | None) -> Margin:
    """The margin of an argmax over (rows, k >= 2): by how much the largest leads the second."""
    if rounding is None:
        return None
    top, _ = graph.ops("TopK", value, graph.constant([2], np.int64), outputs=2, axis=1)
    first, second = graph.ops("Split", top, outputs=2, axis=1, num_outputs=2)
    scale = row_largest(graph, sized(graph, value, rounding))
    return graph.op("Sub", first, second), Rounding(rounding.ulp, scale, rounding.reason)


def beyond(graph: Graph, value: ir.Value, threshold: float, rounding: Rounding | None) -> Margin:
    """The margin of comparing a value (rows,) or (rows, 1) with a number."""
    if rounding is None:
        return None
    size = graph.op("Max", sized(graph, value, rounding), graph.constant(abs(threshold)))
    return graph.op("Sub", value, graph.constant(threshold)), Rounding(rounding.ulp + 1, size, rounding.reason)


def smallest_of_row(graph: Graph, value: ir.Value, rounding: Rounding) -> tuple[ir.Value, Rounding]:
    """One margin (rows,) for the labels of a row that each hang on the sign of their column of (rows, k)."""
    found = nearest_of(graph, [(value, Rounding(rounding.ulp, sized(graph, value, rounding), rounding.reason))])
    assert found is not None
    return found


def in_double(graph: Graph, score: Score) -> Score:
    """A child's float32 scores (a booster's) as float64, as numpy makes them beside other float64 numbers."""
    if score.type != "float32":
        return score
    rounding = score.rounding
    if rounding is not None:
        # A spacing of float32 is 2**29 of float64.
        rounding = Rounding(rounding.ulp * 2.0**29, rounding.scale, rounding.reason)
    return replace(
        score, value=graph.op("Cast", score.value, to=int(ir.DataType.DOUBLE)), type="float64", rounding=rounding
    )


def in_single(graph: Graph, score: Score) -> Score:
    """What :func:`in_double` widened, as it was: float32 numbers handed on as they are stay float32."""
    rounding = score.rounding
    if rounding is not None:
        rounding = Rounding(rounding.ulp / 2.0**29, rounding.scale, rounding.reason)
    return replace(
        score, value=graph.op("Cast", score.value, to=int(ir.DataType.FLOAT)), type="float32", rounding=rounding
    )


def of_score(graph: Graph, score: Score) -> Matrix:
    """A child's scores as the columns of a matrix for a later step; one column from one value a row."""
    score = in_double(graph, score)
    value = score.value if score.type == "float64" else graph.op("Cast", score.value, to=int(ir.DataType.DOUBLE))
    width = 1 if score.shape == () else score.shape[0]
    assert width is not None
    rounding = widened(graph, score.rounding) if score.type == "float32" else score.rounding
    if score.shape == ():
        value = standing(graph, value)
        if rounding is not None and rounding.scale is not None:
            # The scale of a single value may be (rows,) or (rows, 1).
            rounding = Rounding(rounding.ulp, graph.op("Flatten", rounding.scale, axis=1), rounding.reason)
    return Matrix(value, width, rounding=rounding, integers=score.type == "int64", margin=score.margin)
