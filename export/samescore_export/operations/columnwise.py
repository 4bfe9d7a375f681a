"""Sums over columns, one column after the other, between each row and each point: in the order of a plain loop."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from samescore_export.graph import Graph
from samescore_export.operations.looping import repeat
from samescore_export.operations.numeric import narrowed
from samescore_export.values import Matrix

#: Columns up to which every column gets nodes of its own; beyond, a Loop node goes over them.
_UNROLLED = 64


@dataclass(frozen=True, slots=True)
class Column:
    """One column: ``x`` (rows, 1), ``points`` (1, points), and what else belongs to the column, one number each.

    ``single`` says that scikit-learn takes differences in float32.
    """

    x: ir.Value
    points: ir.Value
    extras: tuple[ir.Value, ...] = ()
    single: bool = False

    def gap(self, graph: Graph) -> ir.Value:
        """(rows, points): x - points."""
        gap = graph.op("Sub", self.x, self.points)
        return narrowed(graph, gap) if self.single else gap


def per_column(
    graph: Graph,
    x: Matrix,
    points: NDArray[np.float64],
    extras: Sequence[NDArray[np.float64]] = (),
    single: bool = False,
) -> Iterator[Column]:
    """Every column of the rows (rows, width) with that of the points (points, width)."""
    for i in range(x.width):
        yield Column(
            graph.op("Gather", x.value, graph.constant([i], np.int64), axis=1),
            graph.constant(points[None, :, i]),
            tuple(graph.constant(extra[i]) for extra in extras),
            single,
        )


def added(
    graph: Graph,
    x: Matrix,
    points: NDArray[np.float64],
    term: Callable[[Graph, Column], ir.Value],
    join: str = "Add",
    extras: Sequence[NDArray[np.float64]] = (),
    single: bool = False,
) -> ir.Value:
    """(rows, points): the terms of all columns joined from the first to the last."""
    if x.width <= _UNROLLED:
        value: ir.Value | None = None
        for column in per_column(graph, x, points, extras, single):
            part = term(graph, column)
            value = part if value is None else graph.op(join, value, part)
        assert value is not None
        return value
    by_column = graph.constant(np.ascontiguousarray(points.T))
    numbers = [graph.constant(extra) for extra in extras]

    def at(inner: Graph, place: ir.Value) -> Column:
        one = inner.op("Reshape", inner.op("Cast", place, to=int(ir.DataType.INT64)), inner.constant([1], np.int64))
        return Column(
            inner.op("Gather", x.value, one, axis=1),
            inner.op("Gather", by_column, one, axis=0),
            tuple(inner.op("Gather", extra, one, axis=0) for extra in numbers),
            single,
        )

    def step(inner: Graph, state: Sequence[ir.Value]) -> tuple[ir.Value, Sequence[ir.Value]]:
        place, sofar = state
        more = inner.op(join, sofar, term(inner, at(inner, place)))
        return inner.constant(True, np.bool_), (inner.op("Add", place, inner.constant(1.0)), more)

    start = (graph.constant(1.0), term(graph, at(graph, graph.constant(0.0))))
    return repeat(graph, x.width - 1, start, step)[1]
