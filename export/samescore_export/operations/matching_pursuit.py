"""Orthogonal matching pursuit (``_gram_omp``) for all rows at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from samescore_export.graph import Graph
from samescore_export.margins import Margin
from samescore_export.operations.bounded import Bounded
from samescore_export.operations.deciding import flat, row_largest
from samescore_export.operations.inverses import applied, bordered, dotted
from samescore_export.operations.looping import repeat
from samescore_export.values import Rounding

_EPS = float(np.finfo(np.float64).eps)


def pursued(inner: Bounded, gram: NDArray[np.float64], most: int) -> tuple[Bounded, Margin]:
    """The code (rows, atoms) with at most ``most`` atoms, from the inner products ``inner`` with the atoms.

    Each step takes the atom of the largest correlation with what is left, and solves for all atoms taken. A row stops where that
    correlation's square is below eps, or the atom depends on those taken. These choices are the margin; the code itself is off by what
    the inverse of its atoms' Gram matrix makes of the rounding of the inner products.
    """
    graph, count = inner.graph, len(gram)
    most = min(most, count)
    products, sizes = graph.constant(gram), graph.constant(np.abs(gram))
    nothing = graph.op("Mul", inner.value, graph.constant(0.0))
    lone = graph.op("ReduceSum", nothing, graph.constant([1], np.int64), keepdims=1)
    square = graph.op(
        "Mul", graph.op("Unsqueeze", nothing, graph.constant([2], np.int64)), graph.constant(np.zeros((1, 1, count)))
    )

    def step(body: Graph, state: Sequence[ir.Value]) -> tuple[ir.Value, Sequence[ir.Value]]:
        code, inverse, left, stopped, near = state
        size = body.op("Abs", left)
        pair, places = body.ops("TopK", size, body.constant([min(2, count)], np.int64), outputs=2, axis=1)
        first = body.op("Gather", pair, body.constant([0], np.int64), axis=1)
        place = body.op("Gather", places, body.constant([0], np.int64), axis=1)
        chosen = body.op(
            "Cast", body.op("Equal", body.constant(np.arange(count)[None]), place), to=int(ir.DataType.DOUBLE)
        )
        column = body.op("MatMul", chosen, products)
        own = dotted(body, column, chosen)
        grown, complement = bordered(body, inverse, column, chosen, own)
        began = body.op("Greater", dotted(body, code, code), body.constant(0.0))
        weak = body.op("Less", body.op("Mul", first, first), body.constant(_EPS))
        dependent = body.op("And", began, body.op("LessOrEqual", complement, body.constant(_EPS)))
        live = body.op("Equal", stopped, body.constant(0.0))
        ends = body.op("Or", weak, dependent)
        goes = body.op("And", live, body.op("Not", ends))
        solid = body.op("Unsqueeze", goes, body.constant([2], np.int64))
        new_inverse = body.op("Where", solid, grown, inverse)
        new_code = body.op("Where", goes, applied(body, new_inverse, inner.value), code)
        # How far each correlation may be off, and by how much each choice was made, in that unit.
        unit = row_largest(
            body,
            body.op("Add", inner.size, body.op("MatMul", _spread(body, new_inverse, inner, new_code, sizes), sizes)),
        )
        unit = body.op("Max", unit, body.constant(1e-300))
        least = body.op("Div", body.op("Abs", body.op("Sub", first, body.constant(_EPS**0.5))), unit)
        if count > 1:
            second = body.op("Gather", pair, body.constant([1], np.int64), axis=1)
            lead = body.op("Div", body.op("Sub", first, second), unit)
            least = body.op("Min", least, body.op("Where", weak, body.constant(1.0), lead))
        gap = body.op(
            "Div",
            body.op("Abs", body.op("Sub", complement, body.constant(_EPS))),
            body.op("Max", own, body.constant(1e-300)),
        )
        least = body.op("Min", least, body.op("Where", began, gap, body.constant(1.0)))
        new_near = body.op("Where", live, body.op("Min", near, least), near)
        new_left = body.op("Where", goes, body.op("Sub", inner.value, body.op("MatMul", new_code, products)), left)
        still = body.op("Cast", body.op("Not", goes), to=int(ir.DataType.DOUBLE))
        after = body.op("Max", stopped, still)
        going = body.op("Less", body.op("ReduceMin", after, keepdims=0), body.constant(0.5))
        return going, (new_code, new_inverse, new_left, after, new_near)

    start = (nothing, square, inner.value, lone, graph.op("Add", lone, graph.constant(1.0)))
    code, inverse, _, _, near = repeat(graph, most, start, step)
    size = graph.op("Max", graph.op("Abs", code), _spread(graph, inverse, inner, code, sizes))
    ulp = inner.ulp + 4.0 * (count + most * most + 8)
    margin = (flat(graph, near), Rounding(ulp, None, "atoms chosen by inexact correlations"))
    return Bounded(graph, code, size, ulp), margin


def _spread(graph: Graph, inverse: ir.Value, inner: Bounded, code: ir.Value, sizes: ir.Value) -> ir.Value:
    """abs(inverse) (size of the inner products + abs(gram) abs(code))."""
    sums = graph.op("Add", inner.size, graph.op("MatMul", graph.op("Abs", code), sizes))
    return applied(graph, graph.op("Abs", inverse), sums)
