"""Keeping double factors double: scalar constants beside a matrix product are spread out before the graph is written.

onnxruntime 1.29 (the JVM's) fuses a multiplication or division by a scalar constant into the matrix product beside it, as an attribute
of float32: 0.3 becomes 0.30000001192. 1.24 and 1.32 do not. A factor that is spread to the shape of what it multiplies is no constant
to the fusion. Scalars that float32 holds exactly are left alone.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

_SCALES = ("Mul", "Div")


def spread_scalars(graph: ir.Graph) -> None:
    """Rewrite in place, subgraphs included, every scalar factor that such a fusion would round."""
    for node in list(ir.traversal.RecursiveGraphIterator(graph)):
        position = _rounded_scalar(node)
        if position is None or not _beside_product(node):
            continue
        other, scalar = node.inputs[1 - position], node.inputs[position]
        base = f"{node.name}.spread"
        shape = ir.node("Shape", [other], name=f"{base}_shape")
        spread = ir.node("Expand", [scalar, shape.outputs[0]], name=base)
        for added in (shape, spread):
            added.outputs[0].name = added.name
        assert node.graph is not None
        node.graph.insert_before(node, [shape, spread])
        node.replace_input_with(position, spread.outputs[0])


def _rounded_scalar(node: ir.Node) -> int | None:
    """The position of a scalar constant that float32 does not hold; a quotient's must be its divisor."""
    if node.op_type not in _SCALES or node.domain:
        return None
    for position in (1,) if node.op_type == "Div" else (0, 1):
        value, other = node.inputs[position], node.inputs[1 - position]
        if value is None or other is None or value.const_value is None or other.const_value is not None:
            continue
        number = value.const_value.numpy()
        if number.dtype == np.float64 and number.size == 1:
            with np.errstate(over="ignore"):
                if float(np.float32(number.item())) != number.item():
                    return position
    return None


def _beside_product(node: ir.Node) -> bool:
    """Whether a matrix product comes before or after the node, with nothing but other scales and transpositions between."""
    seen: set[int] = set()
    pending = [node]
    while pending:
        item = pending.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        neighbours = [value.producer() for value in item.inputs if value is not None]
        neighbours += [use.node for value in item.outputs for use in value.uses()]
        for found in neighbours:
            if found is None:
                continue
            if found.op_type in ("MatMul", "Gemm"):
                return True
            if found.op_type in (*_SCALES, "Transpose"):
                pending.append(found)
    return False
