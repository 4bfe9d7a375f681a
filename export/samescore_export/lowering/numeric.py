"""The inputs of an estimator that takes numbers, in float64 or in float32."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import onnx_ir as ir

from samescore_export.graph import Graph
from samescore_export.scope import Scope
from samescore_export.values import Matrix, Table, matrix_of, widened


def floats(scope: Scope, inputs: Matrix | Table, estimator: Any) -> Matrix:
    """The inputs as a matrix that is float32 where scikit-learn has float32; strings are refused by name.

    For estimators that validate with ``dtype=FLOAT_DTYPES`` and then compute in the dtype they were given.
    """
    if isinstance(inputs, Table) and not inputs.numeric:
        names = [series.name for series in inputs.series if series.type in ("string", "text", "list")]
        raise scope.refuse(f"{type(estimator).__name__} over the string columns {names}", "numeric columns")
    return matrix_of(scope.graph, inputs)


def doubles(scope: Scope, inputs: Matrix | Table, estimator: Any) -> Matrix:
    """The inputs as a float64 matrix; strings are refused by name.

    float32 is widened, exactly: numpy does so wherever float32 rows meet float64 parameters.
    """
    return as_doubles(scope.graph, floats(scope, inputs, estimator))


def doubles_only(scope: Scope, inputs: Matrix | Table, estimator: Any) -> Matrix:
    """The inputs as a float64 matrix; float32 is refused by name, for estimators that then compute in float32."""
    x = floats(scope, inputs, estimator)
    if x.dtype == "float32":
        raise scope.refuse(f"{type(estimator).__name__} over float32 columns", "float64 columns")
    return x


def as_doubles(graph: Graph, x: Matrix) -> Matrix:
    """The same numbers in float64; a bound in spacings of float32 becomes one in spacings of float64."""
    if x.dtype == "float64":
        return x
    value = graph.op("Cast", x.value, to=int(ir.DataType.DOUBLE))
    return replace(x, value=value, dtype="float64", rounding=widened(graph, x.rounding))


def narrowed(graph: Graph, value: ir.Value) -> ir.Value:
    """float64 numbers rounded to float32, still as float64.

    A sum, difference, product or quotient of two float32 numbers that is made in float64 and rounded so has the bits of one made
    in float32: 53 bits are more than twice 24 and two.
    """
    return graph.op("Cast", graph.op("Cast", value, to=int(ir.DataType.FLOAT)), to=int(ir.DataType.DOUBLE))
