"""Weights of neighbours by their inverse distance, and how far a weighted average may move with inexact distances."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from samescore_export.graph import Graph
from samescore_export.operations.distances import total
from samescore_export.operations.nearest import Nearest


@dataclass(frozen=True, slots=True)
class Weights:
    """``value`` (rows, k); ``moved`` (rows, 1) bounds the share of the weight that inexact distances may move, None for none."""

    value: ir.Value
    moved: ir.Value | None


def _as_double(graph: Graph, condition: ir.Value) -> ir.Value:
    return graph.op("Cast", condition, to=int(ir.DataType.DOUBLE))


def inverse_distances(graph: Graph, near: Nearest) -> Weights:
    """``_get_weights(distance, "distance")``: 1 / d; in a row with a distance of 0, 1 for those at 0 and 0 for the others."""
    inverse = graph.op("Div", graph.constant(1.0), near.distance)
    at_point = _as_double(graph, graph.op("IsInf", inverse))
    any_at = graph.op("ReduceMax", at_point, graph.constant([1], np.int64), keepdims=1)
    value = graph.op("Where", graph.op("Greater", any_at, graph.constant(0.0)), at_point, inverse)
    if near.error is None:
        return Weights(value, None)
    return Weights(value, moved_share(graph, near.distance, near.error))


def moved_share(graph: Graph, distance: ir.Value, error: ir.Value) -> ir.Value:
    """(rows, 1): how much of the whole weight may go elsewhere if each distance is off by its error, at most 1.

    Beyond its error each weight is off by a share e / (d - e). One neighbour that may be at 0 has all the weight or all but what
    the others have against its least; of two such neighbours either may have it all.
    """
    zero, one = graph.constant(0.0), graph.constant(1.0)
    error = graph.op("Where", graph.op("IsInf", distance), zero, error)
    least = graph.op("Sub", distance, error)
    touching = graph.op("LessOrEqual", least, zero)
    safe = graph.op("Where", touching, one, least)
    largest = graph.op("Where", touching, zero, graph.op("Div", one, safe))
    shares = graph.op("Mul", largest, graph.op("Where", touching, zero, graph.op("Div", error, safe)))
    far = graph.op("Div", graph.op("Mul", total(graph, shares), graph.constant(4.0)), total(graph, largest))
    smallest = graph.op("Div", one, graph.op("Max", graph.op("Add", distance, error), graph.constant(1e-300)))
    held = total(graph, graph.op("Where", touching, smallest, zero))
    rest = total(graph, largest)
    alone = graph.op("Div", rest, graph.op("Add", rest, held))
    count = total(graph, _as_double(graph, touching))
    near_one = graph.op("Where", graph.op("Greater", count, graph.constant(1.5)), one, alone)
    moved = graph.op("Where", graph.op("Greater", count, graph.constant(0.5)), near_one, far)
    return graph.op("Min", moved, one)
