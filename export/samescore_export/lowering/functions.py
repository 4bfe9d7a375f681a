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

from samescore_export.graph import Graph
from samescore_export.operations.deciding import sized
from samescore_export.operations.elementary import FUNCTIONS, Elementary
from samescore_export.operations.numeric import as_doubles, floats, narrowed
from samescore_export.operations.rearranging import rearranged
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Forward, Matrix, Rounding, Table, matrix_of

_SINGLE = 2.0**29


def _known(function: Any) -> str | None:
    """The name of a function of NumPy or SciPy's that has a graph; None for any other, also one of the same name."""
    name = getattr(function, "__name__", "")
    if name in FUNCTIONS and function in (getattr(np, name, None), getattr(scipy.special, name, None)):
        return str(name)
    return None


def with_options(function: Any, kw_args: Mapping[str, Any] | None) -> tuple[Any, dict[str, Any]]:
    """The function under ``functools.partial``s of keywords, and all keywords."""
    options = dict(kw_args or {})
    while isinstance(function, functools.partial) and not function.args:
        options = {**function.keywords, **options}
        function = function.func
    return function, options


def _clip(options: Mapping[str, Any], single: bool) -> Elementary | None:
    known = {"a_min", "a_max", "min", "max"}
    if not set(options) <= known:
        return None
    low = options.get("a_min", options.get("min"))
    high = options.get("a_max", options.get("max"))
    if not all(end is None or isinstance(end, (int, float, np.number)) for end in (low, high)):
        return None
    ends = [None if end is None else float(np.float32(end)) if single else float(end) for end in (low, high)]

    def write(graph: Graph, x: ir.Value) -> ir.Value:
        value = x
        for op, end in zip(("Less", "Greater"), ends, strict=True):
            if end is not None:
                # A comparison keeps NaN, which Max and Min of onnxruntime need not.
                number = graph.constant(end)
                value = graph.op("Where", graph.op(op, value, number), number, value)
        return value

    whole = all(end is None or isinstance(end, (int, np.integer)) for end in (low, high))
    return Elementary(write, slope=lambda graph, x: graph.constant(1.0), whole=whole, rising=True)


def _round(options: Mapping[str, Any], single: bool) -> Elementary | None:
    decimals = options.get("decimals", 0)
    if not set(options) <= {"decimals"} or not isinstance(decimals, (int, np.integer)):
        return None
    power = float(10.0 ** abs(int(decimals)))

    def write(graph: Graph, x: ir.Value) -> ir.Value:
        if decimals == 0:
            return graph.op("Round", x)
        there, back = ("Mul", "Div") if decimals > 0 else ("Div", "Mul")
        moved = graph.op(there, x, graph.constant(power))
        whole = graph.op("Round", narrowed(graph, moved) if single else moved)
        return graph.op(back, whole, graph.constant(power))

    return Elementary(write, whole=bool(decimals >= 0), rising=True)


def _nan_to_num(options: Mapping[str, Any], single: bool) -> Elementary | None:
    if not set(options) <= {"copy", "nan", "posinf", "neginf"}:
        return None
    info = np.finfo(np.float32 if single else np.float64)
    ends = {"nan": 0.0, "posinf": float(info.max), "neginf": float(info.min)}
    ends |= {name: float(options[name]) for name in ends if options.get(name) is not None}

    def write(graph: Graph, x: ir.Value) -> ir.Value:
        value = graph.op("Where", graph.op("IsNaN", x), graph.constant(ends["nan"]), x)
        for name, flags in (("posinf", (1, 0)), ("neginf", (0, 1))):
            found = graph.op("IsInf", x, detect_positive=flags[0], detect_negative=flags[1])
            value = graph.op("Where", found, graph.constant(ends[name]), value)
        return value

    return Elementary(write, slope=lambda graph, x: graph.constant(1.0), whole=True)


def elementary(scope: Scope, function: Any, kw_args: Mapping[str, Any] | None, single: bool) -> Elementary:
    """The function as a graph, refused by name where it has none."""
    plain, options = with_options(function, kw_args)
    found: Elementary | None = None
    if plain is np.clip:
        found = _clip(options, single)
    elif plain in (np.round, np.around):
        found = _round(options, single)
    elif plain is np.nan_to_num:
        found = _nan_to_num(options, single)
    elif not options:
        name = _known(plain)
        found = None if name is None else FUNCTIONS[name]
    if found is None:
        name = getattr(plain, "__name__", repr(plain))
        given = ", ".join(f"{key}={value!r}" for key, value in options.items())
        raise scope.refuse(
            f"FunctionTransformer({name}{', ' if given else ''}{given})",
            f"func=None, clip, round, nan_to_num, {', '.join(sorted(FUNCTIONS))} of NumPy or SciPy, or a lowering of your "
            "own (--registry)",
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
    sizes = tuple(shape)[1:] if isinstance(shape, (tuple, list)) else ()
    size = int(np.prod(sizes))
    fits = bool(sizes) and size > 0 and x.width % size == 0
    if x.sparse or not fits or tuple(shape)[0] != -1 or set(options) - {"shape", "newshape", "order"} or options.get("order", "C") != "C":
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
    plain, options = with_options(function, estimator.kw_args)
    name = getattr(plain, "__name__", repr(plain))
    if plain is np.reshape:
        return Lowered(_reshaped(scope, floats(scope, inputs, estimator), options))
    single = isinstance(inputs, Matrix) and inputs.dtype == "float32"
    single |= isinstance(inputs, Table) and bool(inputs.series) and all(s.type == "float32" for s in inputs.series)
    known = elementary(scope, function, estimator.kw_args, single)
    kinds = {series.type for series in inputs.series} if isinstance(inputs, Table) else set()
    if "bool" in kinds:
        raise scope.refuse(f"FunctionTransformer({name}) over bool columns", "numbers")
    x = floats(scope, inputs, estimator)
    if getattr(inputs, "sparse", False) and name not in (
        "sqrt",
        "sin",
        "tan",
        "sinh",
        "tanh",
        "expm1",
        "log1p",
        "sign",
        "floor",
        "ceil",
        "trunc",
        "rint",
        "deg2rad",
        "rad2deg",
    ):
        raise scope.refuse(f"FunctionTransformer({name}) over sparse rows", "dense rows")

    def forward(column: NDArray[np.float64]) -> NDArray[np.float64]:
        with np.errstate(all="ignore"):
            return np.asarray(plain(column, **options), np.float64)

    result = applied(scope, known, name, x, forward)
    return Lowered(replace(result, integers=x.integers and known.whole, sparse=x.sparse))


LOWERINGS = {FunctionTransformer: lower_function_transformer}
