"""The lowering of ``FunctionTransformer``: NumPy and SciPy functions known by name, and scikit-learn's own input check."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import onnx_ir as ir
import scipy.special
from numpy.typing import NDArray
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.validation import check_array

from samescore_export.operations.deciding import sized
from samescore_export.operations.elementary import FUNCTIONS, Elementary
from samescore_export.operations.numeric import as_doubles, floats, narrowed
from samescore_export.operations.parametrized import PAIRS, WITH_KEYWORDS, of_number, with_options
from samescore_export.operations.rearranging import rearranged
from samescore_export.operations.row_statistics import STATISTICS, is_statistic, statistic
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Forward, Matrix, Rounding, Score, Table, matrix_of

_SINGLE = 2.0**29

#: Functions that SciPy's sparse matrices have: those that leave 0 where it is.
_OF_SPARSE = frozenset(
    [
        "sqrt",
        "sin",
        "tan",
        "arcsin",
        "arctan",
        "sinh",
        "tanh",
        "arcsinh",
        "arctanh",
        "expm1",
        "log1p",
        "sign",
        "floor",
        "ceil",
        "trunc",
        "rint",
        "deg2rad",
        "rad2deg",
    ]
)


def _known(function: Any) -> str | None:
    """The name of a function of NumPy or SciPy's that has a graph; None for any other, also one of the same name."""
    name = getattr(function, "__name__", "")
    if name in FUNCTIONS and function in (getattr(np, name, None), getattr(scipy.special, name, None)):
        return str(name)
    return None


def elementary(scope: Scope, function: Any, kw_args: Mapping[str, Any] | None, single: bool) -> Elementary:
    """The function as a graph, refused by name where it has none."""
    plain, options, before = with_options(function, kw_args)
    found: Elementary | None = None
    if before:
        found = of_number(plain, before[0], single) if len(before) == 1 and not options else None
    elif plain in WITH_KEYWORDS:
        found = WITH_KEYWORDS[plain](options, single)
    elif not options:
        name = _known(plain)
        found = None if name is None else FUNCTIONS[name]
    if found is None:
        name = getattr(plain, "__name__", repr(plain))
        given = [*map(repr, before), *(f"{key}={value!r}" for key, value in options.items())]
        raise scope.refuse(
            f"FunctionTransformer({', '.join([name, *given])})",
            f"func=None; clip, round, nan_to_num, reshape, {', '.join(sorted(FUNCTIONS))} of NumPy or SciPy; "
            f"{', '.join(sorted(STATISTICS))} of a row (axis=1, keepdims=True); functools.partial of {', '.join(PAIRS)} with a number; "
            "or a lowering of your own (--registry)",
        )
    return found


def applied(scope: Scope, function: Elementary, name: str, x: Matrix, forward: Forward | None = None) -> Matrix:
    """The function of every element, with the bound that follows."""
    graph = scope.graph
    single = x.dtype == "float32"
    wide = as_doubles(graph, x)
    write = function.single if single and function.single is not None else function.write
    value = write(graph, wide.value)
    if single:
        value = narrowed(graph, value)
    size = graph.op("Max", graph.op("Abs", value), graph.constant(function.floor))
    if function.scale is not None:
        size = graph.op("Max", size, function.scale(graph, wide.value))
    rounding = None
    ulp = function.ulp * (_SINGLE if single else 1.0)
    if wide.rounding is not None:
        if function.slope is None:
            raise scope.refuse(
                f"{name} behind a step that is not bit-equal ({wide.rounding.reason})", "bit-equal steps before it"
            )
        moved = graph.op("Mul", function.slope(graph, wide.value), sized(graph, wide.value, wide.rounding))
        # At an infinity a slope of 0 times an infinite size says nothing: the function is as good as constant.
        moved = graph.op("Where", graph.op("IsNaN", moved), graph.constant(0.0), graph.op("Abs", moved))
        size = graph.op("Max", size, moved)
        ulp += 2 * wide.rounding.ulp + (2 * _SINGLE if single else 2.0)
        rounding = Rounding(ulp, size, wide.rounding.reason)
    elif ulp:
        rounding = Rounding(ulp, size, f"{name} of the platform's libm")
    forwards = [forward] * x.width if forward is not None and function.rising and not single else None
    result = replace(wide.mapped(value, forwards, rounding), integers=False)
    if not single:
        return result
    if rounding is not None:
        rounding = Rounding(rounding.ulp / _SINGLE + 1, rounding.scale, rounding.reason)
    return replace(result, value=graph.op("Cast", value, to=int(ir.DataType.FLOAT)), dtype="float32", rounding=rounding)


def _reshaped(scope: Scope, x: Matrix, options: Mapping[str, Any]) -> Matrix:
    """``numpy.reshape`` to other axes behind the rows, or to several rows for one."""
    shape = options.get("shape", options.get("newshape"))
    first, *sizes = shape if isinstance(shape, (tuple, list)) and shape else (None,)
    size = int(np.prod(sizes))
    fits = bool(sizes) and size > 0 and x.width % size == 0
    if (
        x.sparse
        or not fits
        or first != -1
        or set(options) - {"shape", "newshape", "order"}
        or options.get("order", "C") != "C"
    ):
        given = ", ".join(f"{key}={value!r}" for key, value in options.items())
        raise scope.refuse(
            f"FunctionTransformer(reshape, {given}) of {x.width} numbers a row",
            f"dense rows to a shape (-1, sizes) of which the sizes multiply to {x.width} or a divisor of it",
        )
    return rearranged(scope, x, None, x.width // size, sizes)


def lower_function_transformer(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """FunctionTransformer: the identity, a function of numbers known by name, or scikit-learn's own input check."""
    function = estimator.func
    if function is None:
        if estimator.validate:
            return Lowered(floats(scope, inputs, estimator))
        return Lowered(inputs)
    if isinstance(function, functools.partial) and function.func is check_array:
        return Lowered(matrix_of(scope.graph, inputs))
    plain, options, before = with_options(function, estimator.kw_args)
    name = getattr(plain, "__name__", repr(plain))
    if plain is np.reshape and not before:
        return Lowered(_reshaped(scope, floats(scope, inputs, estimator), options))
    if not before and is_statistic(plain, options):
        x = floats(scope, inputs, estimator)
        if x.sparse or x.axes is not None:
            raise scope.refuse(f"FunctionTransformer({name}) over sparse rows or images", "dense rows of numbers")
        return Lowered(statistic(scope, name, x))
    single = isinstance(inputs, Matrix) and inputs.dtype == "float32"
    single |= isinstance(inputs, Table) and bool(inputs.series) and all(s.type == "float32" for s in inputs.series)
    known = elementary(scope, function, estimator.kw_args, single)
    kinds = {series.type for series in inputs.series} if isinstance(inputs, Table) else set()
    if "bool" in kinds:
        raise scope.refuse(f"FunctionTransformer({name}) over bool columns", "numbers")
    x = floats(scope, inputs, estimator)
    if getattr(inputs, "sparse", False) and (before or name not in _OF_SPARSE):
        raise scope.refuse(f"FunctionTransformer({name}) over sparse rows", "dense rows")

    def forward(column: NDArray[np.float64]) -> NDArray[np.float64]:
        with np.errstate(all="ignore"):
            return np.asarray(plain(*before, column, **options), np.float64)

    if x.integers and name in ("reciprocal", "power"):
        raise scope.refuse(f"FunctionTransformer({name}) over whole numbers", "floats: whole numbers are divided whole")
    result = applied(scope, known, name, x, forward)
    if known.truth:
        if x.rounding is not None:
            raise scope.refuse(
                f"{name} behind a step that is not bit-equal ({x.rounding.reason})", "bit-equal steps before it"
            )
        # As a transform it is bool; as a step of a pipeline its columns are the numbers 0 and 1.
        value = as_doubles(scope.graph, result)
        truth = Score(
            scope.graph.op("Cast", value.value, to=int(ir.DataType.BOOL)), "bool", x.axes or (x.width,), each=x.each
        )
        return Lowered(replace(value, integers=False, sparse=False), {} if x.axes else {"transform": truth})
    return Lowered(replace(result, integers=x.integers and known.whole, sparse=x.sparse))


LOWERINGS = {FunctionTransformer: lower_function_transformer}
