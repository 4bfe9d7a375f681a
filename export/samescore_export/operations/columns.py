"""Some of the columns of a matrix or a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from samescore_export.graph import Graph
from samescore_export.operations.deciding import sized
from samescore_export.values import Entries, Matrix, Rounding, Table, from_entries, matrix_of


def picked(graph: Graph, inputs: Matrix | Table, positions: Sequence[int]) -> Matrix | Table:
    """``X[:, positions]``: the same numbers, names and origins; a table with strings stays a table."""
    if isinstance(inputs, Table):
        table = inputs.take(positions)
        if not inputs.numeric or not positions:
            return table
        whole = all(series.type == "int64" for series in inputs.series)
        return replace(matrix_of(graph, table), integers=whole)
    if list(positions) == list(range(inputs.width)):
        return inputs
    if inputs.stored is not None and inputs.rounding is None:
        return _picked_entries(graph, inputs, inputs.stored, positions)
    index = graph.constant(list(positions), np.int64)
    rounding = inputs.rounding
    if rounding is not None:
        scale = graph.op("Gather", sized(graph, inputs.value, rounding), index, axis=1)
        rounding = Rounding(rounding.ulp, scale, rounding.reason)
    return replace(
        inputs,
        value=graph.op("Gather", inputs.value, index, axis=1),
        width=len(positions),
        origins=tuple(inputs.origin(i) for i in positions) if inputs.origins else (),
        rounding=rounding,
        names=None if inputs.names is None else tuple(inputs.names[i] for i in positions),
    )


def _picked_entries(graph: Graph, inputs: Matrix, entries: Entries, positions: Sequence[int]) -> Matrix:
    """The elements whose column is picked, under its new number; the others are dropped in place."""
    new = np.full(inputs.width + 1, len(positions), np.int64)
    new[list(positions)] = np.arange(len(positions))
    columns = graph.op("Gather", graph.constant(new), entries.columns, axis=0)
    kept = graph.op("Less", columns, graph.constant(len(positions), np.int64))
    zero = graph.constant(0.0, inputs.dtype)
    values = graph.op("Where", kept, entries.values, zero)
    return from_entries(graph, columns, values, len(positions), inputs, entries.counts)
