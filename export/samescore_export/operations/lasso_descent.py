"""The lasso by coordinate descent (``enet_coordinate_descent_gram``) for all rows at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from samescore_export.graph import Graph
from samescore_export.margins import Margin
from samescore_export.operations.bounded import Bounded
from samescore_export.operations.deciding import flat, row_largest
from samescore_export.operations.inverses import dotted
from samescore_export.operations.looping import repeat
from samescore_export.values import Rounding

#: ``_sparse_encode_precomputed`` asks for this.
_TOL = 1e-8


class _Descent:
    """One sweep and one check of the duality gap, written into the graph it is given."""

    def __init__(self, gram: NDArray[np.float64], q: ir.Value, energy: ir.Value, alpha: float, positive: bool) -> None:
        self.gram, self.q, self.energy, self.alpha, self.positive = gram, q, energy, alpha, positive
        self.diagonal = np.diagonal(gram).copy()

    def sweep(
        self, graph: Graph, w: ir.Value, qw: ir.Value, active: ir.Value
    ) -> tuple[ir.Value, ir.Value, ir.Value, ir.Value]:
        """Every active coordinate once, in order: w, gram @ w, the largest move and the largest weight."""
        zero, count = graph.constant(0.0), len(self.gram)
        moves, weights = [], []
        for j in range(count):
            if self.diagonal[j] == 0.0:
                continue
            at = graph.constant([j], np.int64)
            own, old = graph.constant(float(self.diagonal[j])), graph.op("Gather", w, at, axis=1)
            rest = graph.op("Sub", graph.op("Gather", self.q, at, axis=1), graph.op("Gather", qw, at, axis=1))
            raw = graph.op("Add", rest, graph.op("Mul", old, own))
            size = graph.op("Max", graph.op("Sub", graph.op("Abs", raw), graph.constant(self.alpha)), zero)
            new = graph.op("Div", graph.op("Mul", graph.op("Sign", raw), size), own)
            if self.positive:
                new = graph.op("Where", graph.op("Less", raw, zero), zero, new)
            here = graph.op("Greater", graph.op("Gather", active, at, axis=1), zero)
            new = graph.op("Where", here, new, old)
            moved = graph.op("Sub", new, old)
            qw = graph.op("Add", qw, graph.op("Mul", moved, graph.constant(self.gram[None, j])))
            w = graph.op("Where", graph.constant(np.arange(count)[None] == j), new, w)
            moves.append(graph.op("Abs", moved))
            weights.append(graph.op("Where", here, graph.op("Abs", new), zero))
        if not moves:
            nothing = dotted(graph, w, w)
            return w, qw, nothing, nothing
        return w, qw, graph.op("Max", *moves), graph.op("Max", *weights)

    def gap(self, graph: Graph, w: ir.Value, qw: ir.Value) -> tuple[ir.Value, ir.Value, ir.Value]:
        """The duality gap (formulation A), the correlations with what is left, and the largest of these."""
        left = graph.op("Sub", self.q, qw)
        if self.alpha == 0:
            gap = dotted(graph, left, left)
            return gap, left, gap
        half, alpha = graph.constant(0.5), graph.constant(self.alpha)
        qdot = dotted(graph, w, self.q)
        rest = graph.op("Add", self.energy, dotted(graph, w, qw))
        rest = graph.op("Sub", rest, graph.op("Mul", graph.constant(2.0), qdot))
        ry = graph.op("Sub", self.energy, qdot)
        norm = graph.op("ReduceSum", graph.op("Abs", w), graph.constant([1], np.int64), keepdims=1)
        largest = row_largest(graph, left if self.positive else graph.op("Abs", left))
        primal = graph.op("Add", graph.op("Mul", half, rest), graph.op("Mul", alpha, norm))
        scale = graph.op(
            "Where", graph.op("Greater", largest, alpha), graph.op("Div", alpha, largest), graph.constant(1.0)
        )
        shrunk = graph.op("Mul", graph.op("Mul", graph.constant(-0.5), graph.op("Mul", scale, scale)), rest)
        dual = graph.op("Add", shrunk, graph.op("Mul", scale, ry))
        return graph.op("Sub", primal, dual), left, largest

    def screened(self, graph: Graph, gap: ir.Value, left: ir.Value, largest: ir.Value) -> tuple[ir.Value, ir.Value]:
        """Gap safe screening: 1.0 for coordinates that may be in the solution, and how near the nearest was to the radius."""
        one = graph.constant(1.0)
        if self.alpha == 0:
            kept = graph.op("Add", graph.op("Mul", left, graph.constant(0.0)), one)
            return kept, graph.op("ReduceMax", kept, graph.constant([1], np.int64), keepdims=1)
        alpha = graph.constant(self.alpha)
        radius = graph.op("Div", graph.op("Sqrt", graph.op("Mul", graph.constant(2.0), graph.op("Abs", gap))), alpha)
        theta = graph.op("Div", graph.op("Abs", left), graph.op("Max", alpha, largest))
        if self.positive:
            theta = graph.op("Div", graph.op("Abs", left), graph.op("Max", largest, alpha))
        root = np.sqrt(np.where(self.diagonal > 0, self.diagonal, 1.0))
        distance = graph.op("Div", graph.op("Sub", one, theta), graph.constant(root))
        usable = graph.constant((self.diagonal > 0)[None])
        kept = graph.op("And", graph.op("LessOrEqual", distance, radius), usable)
        # The radius is off by what the gap's rounding, of the size of the row's square, makes of its root.
        slope = graph.op(
            "Div",
            self.energy,
            graph.op("Max", graph.op("Mul", radius, graph.constant(self.alpha**2)), graph.constant(1e-300)),
        )
        unit = graph.op("Add", graph.op("Add", one, slope), graph.constant(float((1 / root).max())))
        near = graph.op("Div", graph.op("Abs", graph.op("Sub", distance, radius)), unit)
        least = graph.op("ReduceMin", near, graph.constant([1], np.int64), keepdims=1)
        return graph.op("Cast", kept, to=int(ir.DataType.DOUBLE)), least


def descended(
    rows: Bounded, inner: Bounded, gram: NDArray[np.float64], alpha: float, positive: bool, most: int
) -> tuple[Bounded, Margin]:
    """The code (rows, atoms), from zeros, until the duality gap is 1e-8 of the row's square.

    The gap is looked at where no coordinate moved by more than 1e-8 of the largest, and screens the coordinates. These comparisons are
    the margin; the descent does not grow errors in the norm of the Gram matrix.
    """
    graph = inner.graph
    energy = graph.op("ReduceSum", graph.op("Mul", rows.value, rows.value), graph.constant([1], np.int64), keepdims=1)
    descent = _Descent(gram, inner.value, energy, alpha, positive)
    floor = graph.op("Max", energy, graph.constant(1e-300))
    target = graph.op("Mul", energy, graph.constant(_TOL))
    zeros = graph.op("Mul", inner.value, graph.constant(0.0))
    gap, left, largest = descent.gap(graph, zeros, zeros)
    enough = graph.op("And", graph.op("LessOrEqual", graph.constant(0.0), gap), graph.op("LessOrEqual", gap, target))
    active, near = descent.screened(graph, gap, left, largest)
    done = graph.op("Cast", enough, to=int(ir.DataType.DOUBLE))
    near = graph.op("Min", near, graph.op("Div", graph.op("Abs", graph.op("Sub", gap, target)), floor))

    def step(body: Graph, state: Sequence[ir.Value]) -> tuple[ir.Value, Sequence[ir.Value]]:
        w, qw, active, done, near, number, taken = state
        new, new_qw, moved, weight = descent.sweep(body, w, qw, active)
        share = body.op("Div", moved, weight)
        still = body.op(
            "Or", body.op("Equal", weight, body.constant(0.0)), body.op("LessOrEqual", share, body.constant(_TOL))
        )
        last = body.op("GreaterOrEqual", number, body.constant(float(most - 1)))
        look = body.op("Or", still, last)
        gap, left, largest = descent.gap(body, new, new_qw)
        kept, beside = descent.screened(body, gap, left, largest)
        enough = body.op("And", look, body.op("LessOrEqual", gap, target))
        live = body.op("Equal", done, body.constant(0.0))
        # What the screening throws out goes to 0, and out of gram @ w.
        screens = body.op("And", look, body.op("Not", enough))
        kept = body.op("Mul", active, body.op("Where", screens, kept, body.constant(1.0)))
        thinned = body.op(
            "Mul",
            new,
            body.op(
                "Where",
                body.op("Greater", body.op("Sub", active, kept), body.constant(0.0)),
                body.constant(0.0),
                body.constant(1.0),
            ),
        )
        lost = body.op("MatMul", body.op("Sub", new, thinned), body.constant(gram))
        distance = body.op("Abs", body.op("Sub", share, body.constant(_TOL)))
        distance = body.op("Where", body.op("IsNaN", distance), body.constant(1.0), distance)
        close = body.op("Div", body.op("Abs", body.op("Sub", gap, target)), floor)
        close = body.op("Where", look, close, body.constant(1.0))
        beside = body.op("Where", screens, beside, body.constant(1.0))
        nearest = body.op("Min", near, distance, close, beside)
        after = body.op("Max", done, body.op("Cast", enough, to=int(ir.DataType.DOUBLE)))
        results = (
            body.op("Where", live, thinned, w),
            body.op("Where", live, body.op("Sub", new_qw, lost), qw),
            body.op("Where", live, kept, active),
            body.op("Where", live, after, done),
            body.op("Where", live, nearest, near),
            body.op("Add", number, body.constant(1.0)),
            body.op("Add", taken, body.op("Sub", body.constant(1.0), done)),
        )
        return body.op("Less", body.op("ReduceMin", results[3], keepdims=0), body.constant(0.5)), results

    start = (zeros, zeros, active, done, near, graph.constant(0.0), graph.op("Add", done, graph.constant(1.0)))
    w, _, _, _, near, _, taken = repeat(graph, most, start, step)
    values = np.linalg.eigvalsh(gram)
    stretch = (
        float(np.sqrt(values[-1] / max(float(values[0]), float(values[-1]) * 2.0**-20))) if values[-1] > 0 else 1.0
    )
    held = graph.op("Add", inner.size, graph.op("MatMul", graph.op("Abs", w), graph.constant(np.abs(gram))))
    local = row_largest(
        graph, graph.op("Div", held, graph.constant(np.where(descent.diagonal > 0, descent.diagonal, 1.0)))
    )
    grown = graph.op("Mul", graph.op("Mul", local, taken), graph.constant(stretch))
    size = graph.op("Max", graph.op("Abs", w), grown)
    ulp = inner.ulp + 2.0 * (len(gram) + 8)
    margin = (flat(graph, near), Rounding(8 * ulp, None, "a duality gap, and what it screens, from inexact numbers"))
    return Bounded(graph, w, size, ulp), margin
