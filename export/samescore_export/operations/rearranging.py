"""Rows put together anew from their own elements: patches of images, and other axes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from samescore_export.scope import Scope
from samescore_export.values import Matrix, Rounding


def rearranged(scope: Scope, x: Matrix, places: NDArray[np.int64] | None, each: int, axes: Sequence[int]) -> Matrix:
    """Of each row its elements at ``places`` (all of them in their order where None), as ``each`` rows with the given axes."""
    graph = scope.graph
    if each > 1 and x.margin is not None:
        raise scope.refuse(
            "a step that makes several rows of one behind a decision between inexact numbers", "exact steps before"
        )
    width = int(np.prod(axes))
    index = None if places is None else graph.constant(places, np.int64)

    def moved(value: ir.Value) -> ir.Value:
        picked = value if index is None else graph.op("Gather", value, index, axis=1)
        return picked if each == 1 else graph.op("Reshape", picked, graph.constant([-1, width], np.int64))

    rounding = x.rounding
    if rounding is not None and rounding.scale is not None:
        whole = graph.op("Expand", rounding.scale, graph.op("Shape", x.value))
        rounding = Rounding(rounding.ulp, moved(whole), rounding.reason)
    origins = x.origins if places is None or not x.origins else tuple(x.origins[place] for place in places)
    return Matrix(
        moved(x.value),
        width,
        x.dtype,
        origins if each == 1 else (),
        rounding,
        integers=x.integers,
        margin=x.margin,
        axes=tuple(axes) if len(axes) > 1 else None,
        each=x.each * each,
    )
