"""The lowering of ``PolynomialFeatures``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import onnx_ir as ir
from sklearn.preprocessing import PolynomialFeatures

from samescore_export.operations.deciding import sized
from samescore_export.operations.numeric import as_doubles, floats, narrowed
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Rounding, Table


def _factors(powers: Sequence[int]) -> list[int]:
    """The columns of one product in the order of ``combinations``: ascending, a column as often as its power."""
    return [column for column, power in enumerate(powers) for _ in range(power)]


def lower_polynomial(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """Products of columns, in scikit-learn's order of multiplication.

    A dense product of degree d is one of degree d - 1 without its first column, times that column: from the last column to the first. A
    sparse one is multiplied from the first to the last, column by column beyond degree 3.
    """
    graph = scope.graph
    x = floats(scope, inputs, estimator)
    single = x.dtype == "float32"
    wide = as_doubles(graph, x)
    powers = np.asarray(estimator.powers_)
    degrees = powers.sum(axis=1)
    most = int(degrees.max(initial=0))
    one = x.width
    padded = np.full((len(powers), max(most, 1)), one)
    for row, counts in zip(padded, powers.tolist(), strict=True):
        found = _factors(counts)
        found = found if x.sparse else found[::-1]
        row[: len(found)] = found
    # A column of ones behind the others fills the shorter products up.
    pads = graph.constant([0, 0, 0, 1], np.int64)
    columns = graph.op("Pad", wide.value, pads, graph.constant(1.0))

    def product(source: ir.Value, narrow: bool) -> ir.Value:
        value = graph.op("Gather", source, graph.constant(padded[:, 0], np.int64), axis=1)
        for step in range(1, padded.shape[1]):
            factor = graph.op("Gather", source, graph.constant(padded[:, step], np.int64), axis=1)
            value = graph.op("Mul", value, factor)
            value = narrowed(graph, value) if narrow else value
        return value

    value = product(columns, single)
    rounding = None
    if wide.rounding is not None:
        sizes = graph.op("Pad", sized(graph, wide.value, wide.rounding), pads, graph.constant(1.0))
        unit = 2.0**29 if single else 1.0
        # Each factor's error moves the product by as much more as the others are large.
        rounding = Rounding(
            (2.0 * wide.rounding.ulp / unit + 4.0) * max(most, 1), product(sizes, False), wide.rounding.reason
        )
    if single:
        value = graph.op("Cast", value, to=int(ir.DataType.FLOAT))
    origins = tuple(x.origin(int(np.argmax(counts))) if counts.sum() == 1 else None for counts in powers)
    result = Matrix(value, len(powers), x.dtype, origins if x.origins else (), rounding, sparse=x.sparse)
    return Lowered(replace(result, margin=x.margin))


LOWERINGS = {PolynomialFeatures: lower_polynomial}
