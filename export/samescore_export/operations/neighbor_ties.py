"""Which of several points at the same distance scikit-learn keeps: its heap, played in the order in which its search meets the points.

A search keeps the k smallest distances in a max-heap. A later point at the distance of the largest is refused, and a nearer one drives
out the largest, which of several equals is a matter of where they stand. Then a sort goes on from the order of the heap, played for up to 32
neighbours. Brute force meets the points in their order; a tree goes down to the nearer child first.

Only rows with a tie are played, each jumping from one point that is let in to the next: about k log(points) steps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx_ir as ir

from samescore_export.graph import Graph
from samescore_export.operations.columnwise import Column, added
from samescore_export.operations.distances import distances, rooted
from samescore_export.operations.introsort import CUT, cut
from samescore_export.operations.looping import repeat
from samescore_export.scope import Scope
from samescore_export.values import Matrix

#: Gives, for rows (rows, width) of the input, keys (rows, points) that grow in the order in which the search meets the points.
Meeting = Callable[[Graph, ir.Value], ir.Value]


@dataclass(frozen=True, slots=True)
class Search:
    """How scikit-learn searches: the input (rows, width), and the order in which the points are met.

    ``repeatable`` says that it does so on any machine; brute force gives each thread its own points.
    """

    rows: ir.Value
    meeting: Meeting
    repeatable: bool


def in_their_order(points: int) -> Meeting:
    """Brute force."""

    def keys(graph: Graph, rows: ir.Value) -> ir.Value:
        shape = graph.op("Concat", graph.op("Shape", rows, end=1), graph.constant([points], np.int64), axis=0)
        return graph.op("Expand", graph.constant(np.arange(points, dtype=np.float64)[None]), shape)

    return keys


def down_the_tree(scope: Scope, tree: Any, metric: Any, params: Any, width: int) -> Meeting:
    """A KDTree or BallTree: depth first, at each node the child whose bound is smaller, the left one of equals."""
    _, order, nodes, bounds = tree.get_arrays()
    order = np.asarray(order)
    points, count = len(order), len(nodes)
    inner = count // 2
    place = np.empty(points)
    place[order] = np.arange(points)
    if inner == 0:

        def single(graph: Graph, rows: ir.Value) -> ir.Value:
            shape = graph.op("Concat", graph.op("Shape", rows, end=1), graph.constant([points], np.int64), axis=0)
            return graph.op("Expand", graph.constant(place[None]), shape)

        return single
    # The key of a leaf is a binary number: at each level 1 if it is below the child that comes second.
    weights, fixed = np.zeros((inner, count - inner)), np.zeros(count - inner)
    for leaf in range(inner, count):
        node, value = leaf, 1.0
        while node > 0:
            parent = (node - 1) // 2
            left = node == 2 * parent + 1
            # ``first`` is 1 where the left child comes first.
            weights[parent, leaf - inner] = -value if left else value
            fixed[leaf - inner] += value if left else 0.0
            node, value = parent, value * 2
    leaf_of = np.empty(points, np.int64)
    for leaf in range(inner, count):
        leaf_of[order[nodes[leaf]["idx_start"] : nodes[leaf]["idx_end"]]] = leaf - inner
    children = np.arange(1, count).reshape(inner, 2)
    by_box = type(tree).__name__.startswith("KDTree")

    def keys(graph: Graph, rows: ir.Value) -> ir.Value:
        x = Matrix(rows, width)
        if by_box:
            lowest = _box_bounds(graph, x, np.asarray(bounds), metric, params)
        else:
            lowest = _ball_bounds(scope, graph, x, np.asarray(bounds)[0], np.asarray(nodes["radius"]), metric, params)
        first = graph.op("Gather", lowest, graph.constant(children[:, 0]), axis=1)
        second = graph.op("Gather", lowest, graph.constant(children[:, 1]), axis=1)
        left = graph.op("Cast", graph.op("LessOrEqual", first, second), to=int(ir.DataType.DOUBLE))
        key = graph.op("Add", graph.op("MatMul", left, graph.constant(weights)), graph.constant(fixed[None]))
        spread = graph.op("Gather", key, graph.constant(leaf_of), axis=1)
        return graph.op("Add", graph.op("Mul", spread, graph.constant(float(points))), graph.constant(place[None]))

    return keys


def _box_bounds(graph: Graph, x: Matrix, bounds: Any, metric: str, params: Any) -> ir.Value:
    """``min_rdist`` of a KDTree: (rows, nodes)."""
    p = {"euclidean": 2.0, "l2": 2.0, "manhattan": 1.0, "cityblock": 1.0, "l1": 1.0}.get(metric, np.inf)
    if metric in ("minkowski", "p"):
        p = float(params["p"])
    upper = np.asarray(bounds[1], np.float64)
    extras = [graph.constant(np.ascontiguousarray(upper[None, :, j])) for j in range(x.width)]
    power = graph.constant(np.full((1, len(upper)), p)) if np.isfinite(p) else None
    turn = iter(extras)

    def beyond(inner: Graph, column: Column) -> ir.Value:
        zero = inner.constant(0.0)
        below = inner.op("Max", inner.op("Sub", column.points, column.x), zero)
        above = inner.op("Max", inner.op("Sub", column.x, next(turn)), zero)
        gap = inner.op("Add", below, above)
        if p == 2.0:
            return inner.op("Mul", gap, gap)
        return gap if power is None or p == 1.0 else inner.op("Pow", gap, power)

    return added(graph, x, np.asarray(bounds[0], np.float64), beyond, "Max" if power is None else "Add")


def _ball_bounds(scope: Scope, graph: Graph, x: Matrix, centers: Any, radii: Any, metric: str, params: Any) -> ir.Value:
    """``min_rdist`` of a BallTree: (rows, nodes)."""
    within = Scope(graph, scope.registry, scope.fallback, scope.problems, scope.texts)
    away = distances(within, x, np.asarray(centers, np.float64), metric, params, "tree")
    distance, _ = away.finished(graph)
    zero = graph.constant(0.0)
    # C's fmax passes over what is no number.
    known = graph.op("Where", graph.op("IsNaN", distance), zero, distance)
    least = graph.op("Max", graph.op("Sub", known, graph.constant(np.asarray(radii)[None])), zero)
    return graph.op("Mul", least, least) if away.finish is rooted else least


def _played(graph: Graph, sequence: ir.Value, names: ir.Value, k: int, points: int) -> tuple[ir.Value, ir.Value]:
    """(rows, k) compared values and points in the heap's order, from values and points (rows, points) in the order of meeting.

    Places k to 2k of the heap's table stand for children that do not exist; the last place takes what is not to be written.
    """
    scratch = 2 * k + 1
    start = np.full((1, scratch + 1), -np.inf)
    start[0, :k] = np.inf
    rows = graph.op("Shape", sequence, end=1)
    shape = graph.op("Concat", rows, graph.constant([scratch + 1], np.int64), axis=0)
    values = graph.op("Expand", graph.constant(start), shape)
    kept = graph.op("Expand", graph.constant(np.zeros((1, scratch + 1))), shape)
    one = graph.op("Concat", rows, graph.constant([1], np.int64), axis=0)
    before = graph.op("Expand", graph.constant(np.full((1, 1), -1.0)), one)
    positions = graph.constant(np.arange(points, dtype=np.float64)[None])
    double = int(ir.DataType.DOUBLE)

    def step(inner: Graph, state: Sequence[ir.Value]) -> tuple[ir.Value, Sequence[ir.Value]]:
        heap, held, last = state
        axis, nowhere, top = (
            inner.constant([1], np.int64),
            inner.constant(scratch, np.int64),
            inner.constant(0, np.int64),
        )
        root = inner.op("Gather", heap, inner.constant([0], np.int64), axis=1)
        # NaN is never refused, and neither is what comes after it: nothing is at least NaN.
        refused = inner.op("GreaterOrEqual", sequence, root)
        let_in = inner.op("And", inner.op("Greater", positions, last), inner.op("Not", refused))
        marks = inner.op("Cast", let_in, to=double)
        at = inner.op("ArgMax", marks, axis=1, keepdims=1)
        active = inner.op("Greater", inner.op("ReduceMax", marks, axis, keepdims=1), inner.constant(0.0))
        value = inner.op("GatherElements", sequence, at, axis=1)
        name = inner.op("GatherElements", names, at, axis=1)
        place = inner.op("Where", active, top, nowhere)
        moving = active
        for _ in range(int(np.log2(k))):
            here = inner.op("Where", moving, place, top)
            left = inner.op("Add", inner.op("Add", here, here), inner.constant(1, np.int64))
            right = inner.op("Add", left, inner.constant(1, np.int64))
            on_left = inner.op("GatherElements", heap, left, axis=1)
            on_right = inner.op("GatherElements", heap, right, axis=1)
            leftwards = inner.op("GreaterOrEqual", on_left, on_right)
            child = inner.op("Where", leftwards, left, right)
            larger = inner.op("Where", leftwards, on_left, on_right)
            moving = inner.op("And", moving, inner.op("Less", value, larger))
            target = inner.op("Where", moving, place, nowhere)
            heap = inner.op("ScatterElements", heap, target, larger, axis=1)
            held = inner.op("ScatterElements", held, target, inner.op("GatherElements", held, child, axis=1), axis=1)
            place = inner.op("Where", moving, child, place)
        heap = inner.op("ScatterElements", heap, place, value, axis=1)
        held = inner.op("ScatterElements", held, place, name, axis=1)
        reached = inner.op("Where", active, inner.op("Cast", at, to=double), last)
        going = inner.op("ReduceMax", inner.op("Cast", active, to=double), keepdims=0)
        return inner.op("Greater", going, inner.constant(0.0)), (heap, held, reached)

    heap, held, _ = repeat(graph, points + 1, (values, kept, before), step)
    bounds = (graph.constant([0], np.int64), graph.constant([k], np.int64), graph.constant([1], np.int64))
    return graph.op("Slice", heap, *bounds), graph.op("Slice", held, *bounds)


def resolved(
    graph: Graph,
    search: Search,
    compared: ir.Value,
    found: tuple[ir.Value, ir.Value],
    tied: ir.Value,
    k: int,
    points: int,
) -> tuple[ir.Value, ir.Value]:
    """The nearest (values, points) (rows, k) with the rows where ``tied`` (rows,) holds played through the heap."""

    def play(inner: Graph) -> tuple[ir.Value, ir.Value]:
        which = inner.op("Reshape", inner.op("NonZero", tied), inner.constant([-1], np.int64))
        theirs = inner.op("Gather", compared, which, axis=0)
        keys = search.meeting(inner, inner.op("Gather", search.rows, which, axis=0))
        _, order = inner.ops("TopK", keys, inner.constant([points], np.int64), outputs=2, axis=1, largest=0, sorted=1)
        sequence = inner.op("GatherElements", theirs, order, axis=1)
        names = inner.op("Cast", order, to=int(ir.DataType.DOUBLE))
        values, held = _played(inner, sequence, names, k, points)
        if k <= CUT:
            values, held = cut(inner, values, held, k)
        # A NaN that came last stands first, and stays there.
        first = inner.constant(float(np.finfo(np.float64).min))
        values = inner.op("Where", inner.op("IsNaN", values), first, values)
        values, position = inner.ops(
            "TopK", values, inner.constant([k], np.int64), outputs=2, axis=1, largest=0, sorted=1
        )
        held = inner.op("Cast", inner.op("GatherElements", held, position, axis=1), to=int(ir.DataType.INT64))
        place = inner.op("Unsqueeze", which, inner.constant([1], np.int64))
        return (
            inner.op("ScatterND", found[0], place, values),
            inner.op("ScatterND", found[1], place, held),
        )

    some = graph.op("Cast", tied, to=int(ir.DataType.DOUBLE))
    any_ = graph.op("Greater", graph.op("ReduceSum", some, keepdims=0), graph.constant(0.0))
    values, indices = graph.choose(any_, play, lambda inner: found)
    return values, indices
