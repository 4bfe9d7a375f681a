"""The Loop node: steps repeated while a condition holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
import onnx_ir as ir

from samescore_export.graph import Graph

#: One step: the inner graph and the state give whether to go on, and the new state.
Step: TypeAlias = Callable[[Graph, Sequence[ir.Value]], tuple[ir.Value, Sequence[ir.Value]]]


def repeat(graph: Graph, most: int, start: Sequence[ir.Value], step: Step) -> tuple[ir.Value, ...]:
    """At most ``most`` steps from the state ``start`` of float64 tensors; gives the last state."""
    inner = Graph(graph)
    name = inner._name("loop")
    count = ir.Value(name=f"{name}.count", type=ir.TensorType(ir.DataType.INT64), shape=ir.Shape([]))
    before = ir.Value(name=f"{name}.before", type=ir.TensorType(ir.DataType.BOOL), shape=ir.Shape([]))
    state = [ir.Value(name=f"{name}.state_{i}", type=ir.TensorType(ir.DataType.DOUBLE)) for i in range(len(start))]
    going, after = step(inner, state)
    outputs = [inner.op("Identity", value) for value in (going, *after)]
    body = ir.Graph([count, before, *state], outputs, nodes=inner._nodes, name=name)
    return graph.ops(
        "Loop", graph.constant(most, np.int64), graph.constant(True, np.bool_), *start, outputs=len(start), body=body
    )


def counting(
    graph: Graph,
    times: ir.Value,
    start: ir.Value,
    type_: ir.DataType,
    step: Callable[[Graph, ir.Value, ir.Value], ir.Value],
) -> ir.Value:
    """``times`` steps (an int64 scalar) from the state ``start`` of element type ``type_``; each gets its number and the state."""
    inner = Graph(graph)
    name = inner._name("loop")
    count = ir.Value(name=f"{name}.count", type=ir.TensorType(ir.DataType.INT64), shape=ir.Shape([]))
    before = ir.Value(name=f"{name}.before", type=ir.TensorType(ir.DataType.BOOL), shape=ir.Shape([]))
    state = ir.Value(name=f"{name}.state", type=ir.TensorType(type_))
    after = inner.op("Identity", step(inner, count, state))
    outputs = [inner.op("Identity", before), after]
    body = ir.Graph([count, before, state], outputs, nodes=inner._nodes, name=name)
    return graph.ops("Loop", times, graph.constant(True, np.bool_), start, outputs=1, body=body)[0]
