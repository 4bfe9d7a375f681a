"""Margins: by how much a decision between numbers that are not exact was made, so that rows near its boundary can be named."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import onnx_ir as ir

from samescore_export.graph import Graph

if TYPE_CHECKING:
    from samescore_export.values import Rounding

#: The value whose size decides, (rows,) or (rows, k), and its rounding; None where every decision is between exact numbers.
Margin: TypeAlias = "tuple[ir.Value, Rounding] | None"


def nearest_of(graph: Graph, margins: Sequence[Margin]) -> Margin:
    """One margin for what hangs on several decisions: the closest of them, each in units of its own bound.

    A margin m within its bound has abs(m) <= 2 ulp spacing(scale) <= ulp scale 2**-51, so abs(m) / (ulp scale) is within 2**-51:
    twice one spacing of 1.0.
    """
    from samescore_export.values import Rounding

    inexact = list({id(margin[0]): margin for margin in margins if margin is not None}.values())
    if not inexact:
        return None
    parts = []
    for value, rounding in inexact:
        scale = rounding.scale or graph.constant(np.ones(1))
        unit = graph.op("Mul", graph.op("Flatten", scale, axis=1), graph.constant(rounding.ulp))
        share = graph.op("Div", graph.op("Abs", graph.op("Flatten", value, axis=1)), unit)
        parts.append(graph.op("ReduceMin", share, graph.constant([1], np.int64), keepdims=1))
    closest = parts[0] if len(parts) == 1 else graph.op("Min", *parts)
    return graph.op("Reshape", closest, graph.constant([-1], np.int64)), Rounding(1.0, None, inexact[0][1].reason)
