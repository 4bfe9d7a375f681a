"""The inputs of an estimator that takes numbers."""

from __future__ import annotations

from typing import Any

from samescore_export.scope import Scope
from samescore_export.values import Matrix, Table, matrix_of


def doubles(scope: Scope, inputs: Matrix | Table, estimator: Any) -> Matrix:
    """The inputs as a float64 matrix; strings and float32 (which scikit-learn computes in float32) are refused by name."""
    if isinstance(inputs, Table) and not inputs.numeric:
        names = [series.name for series in inputs.series if series.type in ("string", "text", "list")]
        raise scope.refuse(f"{type(estimator).__name__} over the string columns {names}", "numeric columns")
    x = matrix_of(scope.graph, inputs)
    if x.dtype == "float32":
        raise scope.refuse(f"{type(estimator).__name__} over float32 columns", "float64 columns")
    return x
