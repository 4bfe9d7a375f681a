"""Functions of NumPy whose graph depends on their keywords, or on a number that ``functools.partial`` gives them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
import onnx_ir as ir

from samescore_export.graph import Graph
from samescore_export.operations.elementary import Elementary
from samescore_export.operations.numeric import narrowed


def with_options(function: Any, kw_args: Mapping[str, Any] | None) -> tuple[Any, dict[str, Any], tuple[Any, ...]]:
    """The function under ``functools.partial``s, all keywords, and the arguments that come before the rows."""
    options, before = dict(kw_args or {}), ()
    while isinstance(function, functools.partial):
        options, before = {**function.keywords, **options}, (*function.args, *before)
        function = function.func
    return function, options, before


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


#: A keyword's function -> what it becomes, given the keywords and whether the rows are float32; None where a keyword is not known.
WITH_KEYWORDS: Mapping[Any, Callable[[Mapping[str, Any], bool], Elementary | None]] = {
    np.clip: _clip,
    np.round: _round,
    np.around: _round,
    np.nan_to_num: _nan_to_num,
}

#: The graph of a function of a constant and the rows.
Pair: TypeAlias = Callable[[Graph, ir.Value, ir.Value], ir.Value]


def _op(name: str) -> Pair:
    return lambda graph, a, x: graph.op(name, a, x)


def _not(name: str) -> Pair:
    return lambda graph, a, x: graph.op("Not", graph.op(name, a, x))


def _extreme(comparison: str) -> Pair:
    """The number, or the row's where that is beyond it or NaN."""

    def write(graph: Graph, a: ir.Value, x: ir.Value) -> ir.Value:
        return graph.op("Where", graph.op(comparison, x, a), a, x)

    return write


def _extreme_number(comparison: str) -> Pair:
    """As fmax and fmin: NaN loses."""

    def write(graph: Graph, a: ir.Value, x: ir.Value) -> ir.Value:
        return graph.op("Where", graph.op("Or", graph.op("IsNaN", x), graph.op(comparison, x, a)), a, x)

    return write


def _one(graph: Graph, a: ir.Value, x: ir.Value) -> ir.Value:
    return graph.constant(1.0)


def _factor(graph: Graph, a: ir.Value, x: ir.Value) -> ir.Value:
    return graph.op("Abs", a)


def _of_quotient(graph: Graph, a: ir.Value, x: ir.Value) -> ir.Value:
    return graph.op("Div", a, graph.op("Mul", x, x))


def _of_power(graph: Graph, a: ir.Value, x: ir.Value) -> ir.Value:
    return graph.op("Mul", graph.op("Pow", a, x), graph.op("Log", a))


#: Function of a number and the rows -> its graph, its slope by the row, and its error in ulp. None for no slope: a comparison.
_PAIRS: Mapping[Any, tuple[Pair, Pair | None, float]] = {
    np.add: (_op("Add"), _one, 0.0),
    np.subtract: (_op("Sub"), _one, 0.0),
    np.multiply: (_op("Mul"), _factor, 0.0),
    np.divide: (_op("Div"), _of_quotient, 0.0),
    np.power: (_op("Pow"), _of_power, 3.0),
    np.maximum: (_extreme("Less"), _one, 0.0),
    np.minimum: (_extreme("Greater"), _one, 0.0),
    np.fmax: (_extreme_number("Less"), _one, 0.0),
    np.fmin: (_extreme_number("Greater"), _one, 0.0),
    np.less: (_op("Less"), None, 0.0),
    np.less_equal: (_op("LessOrEqual"), None, 0.0),
    np.greater: (_op("Greater"), None, 0.0),
    np.greater_equal: (_op("GreaterOrEqual"), None, 0.0),
    np.equal: (_op("Equal"), None, 0.0),
    np.not_equal: (_not("Equal"), None, 0.0),
}

PAIRS = tuple(sorted(function.__name__ for function in _PAIRS))


def of_number(function: Any, number: Any, single: bool) -> Elementary | None:
    """``functools.partial(function, number)``: a NumPy function of a number and the rows, in that order."""
    # A NumPy scalar has a dtype of its own, by which float32 rows would become float64.
    known = type(number) in (int, float) or (isinstance(number, (np.float64, np.int64)) and not single)
    if function not in _PAIRS or not known or not np.isfinite(number) or abs(number) > 2**53:
        return None
    pair, moves, ulp = _PAIRS[function]
    if function is np.power and number <= 0:
        return None
    value = float(np.float32(number)) if single else float(number)

    def write(graph: Graph, x: ir.Value) -> ir.Value:
        found = pair(graph, graph.constant(value), x)
        return found if moves is not None else graph.op("Cast", found, to=int(ir.DataType.DOUBLE))

    def slope(graph: Graph, x: ir.Value) -> ir.Value:
        assert moves is not None
        return moves(graph, graph.constant(value), x)

    whole = isinstance(number, (int, np.integer)) and function not in (np.divide, np.power)
    return Elementary(write, ulp, None if moves is None else slope, whole, truth=moves is None)
