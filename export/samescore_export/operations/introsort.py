"""Where scikit-learn's sort of neighbours leaves equal distances: the quicksort steps of its introsort, played on each row.

``simultaneous_sort`` sorts up to 15 numbers by insertion, which keeps equals in place. More are first cut in two around the median of three, and
so on, until no part has more than 15. Of up to 32 numbers only one part at a time can have more, and as each cut takes two numbers off at least, none
comes to the depth (8 cuts, 10 from 32 numbers on) where scikit-learn takes to another sort.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx_ir as ir

from samescore_export.graph import Graph
from samescore_export.operations.looping import repeat

#: The most numbers that are sorted by insertion alone, and the most whose cuts are played.
INSERTED, CUT = 15, 32


def _swapped(graph: Graph, arrays: Sequence[ir.Value], first: ir.Value, second: ir.Value) -> list[ir.Value]:
    """(rows, k + 1) with the numbers at two places (rows, m) exchanged; the last place takes what is not to be."""
    place = graph.op("Concat", first, second, axis=1)
    from_ = graph.op("Concat", second, first, axis=1)
    return [
        graph.op("ScatterElements", array, place, graph.op("GatherElements", array, from_, axis=1), axis=1)
        for array in arrays
    ]


def cut(graph: Graph, values: ir.Value, names: ir.Value, k: int) -> tuple[ir.Value, ir.Value]:
    """(rows, k) values and what they belong to, so exchanged that a stable sort puts them where scikit-learn's does.

    ``introsort_2way``: of what is inside a part, the t-th number from the left that is not below the pivot changes places with the t-th from
    the right that is not above it, as long as the one is left of the other.
    """
    if k <= INSERTED:
        return values, names
    if k > CUT:
        raise ValueError(f"{k} numbers; at most {CUT}")
    whole = int(ir.DataType.INT64)
    pads = graph.constant([0, 0, 0, 1], np.int64)
    start = [graph.op("Pad", array, pads, graph.constant(0.0)) for array in (values, names)]
    rows = graph.op("Concat", graph.op("Shape", values, end=1), graph.constant([1], np.int64), axis=0)
    low = graph.op("Expand", graph.constant(np.zeros((1, 1))), rows)
    count = graph.op("Expand", graph.constant(np.full((1, 1), float(k))), rows)
    positions = graph.constant(np.arange(k + 1, dtype=np.float64)[None])

    def step(inner: Graph, state: Sequence[ir.Value]) -> tuple[ir.Value, Sequence[ir.Value]]:
        array, held, lo, size = state
        one, nowhere = inner.constant(1.0), inner.constant(k, np.int64)
        active = inner.op("Greater", size, inner.constant(float(INSERTED)))
        last = inner.op("Sub", inner.op("Add", lo, size), one)
        middle = inner.op("Add", lo, inner.op("Floor", inner.op("Div", size, inner.constant(2.0))))
        ends = [inner.op("Cast", place, to=whole) for place in (lo, middle, last)]

        def exchange(pair: tuple[ir.Value, ir.Value], both: Sequence[ir.Value], when: ir.Value) -> list[ir.Value]:
            """Where the first is above the second they change places."""
            above = inner.op("Greater", *(inner.op("GatherElements", both[0], place, axis=1) for place in pair))
            doing = inner.op("And", above, when)
            moved = [inner.op("Where", doing, place, nowhere) for place in pair]
            return [*_swapped(inner, both, moved[0], moved[1]), doing]

        safe = [inner.op("Where", active, place, nowhere) for place in ends]
        array, held, _ = exchange((safe[0], safe[2]), (array, held), active)
        array, held, turned = exchange((safe[2], safe[1]), (array, held), active)
        array, held, _ = exchange((safe[0], safe[2]), (array, held), turned)
        pivot = inner.op("GatherElements", array, safe[2], axis=1)
        inside = inner.op("And", inner.op("Greater", positions, lo), inner.op("Less", positions, last))
        inside = inner.op("And", inside, active)
        far, before = inner.constant(float(k)), inner.constant(-1.0)
        all_ = inner.constant([k + 1], np.int64)
        left, _ = inner.ops(
            "TopK",
            inner.op("Where", inner.op("And", inside, inner.op("GreaterOrEqual", array, pivot)), positions, far),
            all_, outputs=2, axis=1, largest=0, sorted=1,
        )  # fmt: skip
        right, _ = inner.ops(
            "TopK",
            inner.op("Where", inner.op("And", inside, inner.op("LessOrEqual", array, pivot)), positions, before),
            all_, outputs=2, axis=1, largest=1, sorted=1,
        )  # fmt: skip
        pairs = inner.op("Less", left, right)
        places = [inner.op("Where", pairs, inner.op("Cast", side, to=whole), nowhere) for side in (left, right)]
        array, held = _swapped(inner, (array, held), places[0], places[1])
        done = inner.op("Cast", pairs, to=whole)
        swaps = inner.op("ReduceSum", done, inner.constant([1], np.int64), keepdims=1)
        next_left = inner.op("GatherElements", left, swaps, axis=1)
        last_right = inner.op("GatherElements", inner.op("Concat", last, right, axis=1), swaps, axis=1)
        border = inner.op("Min", next_left, last_right)
        at = inner.op("Where", active, inner.op("Cast", border, to=whole), nowhere)
        array, held = _swapped(inner, (array, held), at, safe[2])
        lower = inner.op("Sub", border, lo)
        upper = inner.op("Sub", last, border)
        in_lower = inner.op("Greater", lower, inner.constant(float(INSERTED)))
        next_lo = inner.op("Where", in_lower, lo, inner.op("Add", border, one))
        next_size = inner.op("Where", in_lower, lower, upper)
        lo = inner.op("Where", active, next_lo, lo)
        size = inner.op("Where", active, next_size, size)
        going = inner.op("Greater", inner.op("ReduceMax", size, keepdims=0), inner.constant(float(INSERTED)))
        return going, (array, held, lo, size)

    array, held, _, _ = repeat(graph, k - INSERTED, (*start, low, count), step)
    bounds = (graph.constant([0], np.int64), graph.constant([k], np.int64), graph.constant([1], np.int64))
    return graph.op("Slice", array, *bounds), graph.op("Slice", held, *bounds)
