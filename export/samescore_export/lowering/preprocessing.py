"""Lowerings for ``sklearn.preprocessing``: the tables of its modules, and functions."""

from __future__ import annotations

import functools
from typing import Any

from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.validation import check_array

from samescore_export.lowering import encoders, scalers
from samescore_export.lowering.numeric import doubles
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Table, matrix_of


def lower_function_transformer(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """FunctionTransformer without a function, or with scikit-learn's own input check (as HistGradientBoosting uses it)."""
    function = estimator.func
    if function is None:
        return Lowered(inputs)
    if isinstance(function, functools.partial) and function.func is check_array:
        return Lowered(matrix_of(scope.graph, inputs))
    name = getattr(function, "__name__", repr(function))
    raise scope.refuse(f"FunctionTransformer({name})", "func=None, or a lowering of your own (--registry)")


LOWERINGS = {
    **scalers.LOWERINGS,
    **encoders.LOWERINGS,
    FunctionTransformer: lower_function_transformer,
}

__all__ = ["LOWERINGS", "doubles"]
