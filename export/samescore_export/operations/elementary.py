"""Elementary functions in double, each with a bound of its error and of how much it moves with its argument."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import onnx_ir as ir

from samescore_export.graph import Graph
from samescore_export.operations.angles import cosine_anywhere
from samescore_export.operations.error_function import error_function
from samescore_export.operations.inverse_functions import arccos, arccosh, arcsin, arcsinh, arctan, arctanh
from samescore_export.operations.link import exponential, sigmoid
from samescore_export.operations.logarithms import expm1, log1p

Write: TypeAlias = Callable[[Graph, ir.Value], ir.Value]


def _unary(op: str) -> Write:
    return lambda graph, x: graph.op(op, x)


def _times(factor: float) -> Write:
    return lambda graph, x: graph.op("Mul", x, graph.constant(factor))


def _sinh(graph: Graph, x: ir.Value) -> ir.Value:
    half = graph.constant(0.5)
    grown = expm1(graph, graph.op("Abs", x))
    share = graph.op("Div", grown, graph.op("Add", grown, graph.constant(1.0)))
    share = graph.op("Where", graph.op("IsInf", grown), graph.constant(1.0), share)
    return graph.op("Mul", graph.op("Sign", x), graph.op("Mul", half, graph.op("Add", grown, share)))


def _cosh(graph: Graph, x: ir.Value) -> ir.Value:
    grown = exponential(graph, graph.op("Abs", x))
    half = graph.op("Mul", graph.constant(0.5), grown)
    return graph.op("Add", half, graph.op("Div", graph.constant(0.5), grown))


def _cbrt(graph: Graph, x: ir.Value) -> ir.Value:
    """A power of a third, and a step of Newton's for the rounding of the third."""
    size = graph.op("Abs", x)
    root = graph.op("Pow", size, graph.constant(1.0 / 3.0))
    usual = graph.op("And", graph.op("Greater", size, graph.constant(0.0)), graph.op("Not", graph.op("IsInf", x)))
    safe = graph.op("Where", usual, root, graph.constant(1.0))
    square = graph.op("Mul", safe, safe)
    over = graph.op("Sub", safe, graph.op("Div", size, square))
    better = graph.op("Sub", safe, graph.op("Div", over, graph.constant(3.0)))
    return graph.op("Mul", graph.op("Sign", x), graph.op("Where", usual, better, root))


def _trunc(graph: Graph, x: ir.Value) -> ir.Value:
    return graph.op("Mul", graph.op("Sign", x), graph.op("Floor", graph.op("Abs", x)))


def _logit(graph: Graph, x: ir.Value) -> ir.Value:
    return graph.op("Log", graph.op("Div", x, graph.op("Sub", graph.constant(1.0), x)))


def _tan(graph: Graph, x: ir.Value) -> ir.Value:
    return graph.op("Div", graph.op("Sin", x), cosine_anywhere(graph, x))


def _reciprocal(graph: Graph, x: ir.Value) -> ir.Value:
    return graph.op("Div", graph.constant(1.0), x)


def _square(graph: Graph, x: ir.Value) -> ir.Value:
    return graph.op("Mul", x, x)


def _inverse_square(graph: Graph, x: ir.Value) -> ir.Value:
    return _reciprocal(graph, _square(graph, x))


def _one(graph: Graph, x: ir.Value) -> ir.Value:
    return graph.constant(1.0)


def _constant(number: float) -> Write:
    return lambda graph, x: graph.constant(number)


def _half_over_root(graph: Graph, x: ir.Value) -> ir.Value:
    return graph.op("Div", graph.constant(0.5), graph.op("Sqrt", x))


def _of_log(factor: float) -> Write:
    return lambda graph, x: graph.op("Mul", graph.op("Log", x), graph.constant(factor))


def _over(factor: float) -> Write:
    return lambda graph, x: graph.op("Div", graph.constant(factor), x)


def _over_one_more(graph: Graph, x: ir.Value) -> ir.Value:
    return graph.op("Div", graph.constant(1.0), graph.op("Add", graph.constant(1.0), x))


def _exp2(graph: Graph, x: ir.Value) -> ir.Value:
    return graph.op("Pow", graph.constant(2.0), x)


def _logit_slope(graph: Graph, x: ir.Value) -> ir.Value:
    other = graph.op("Sub", graph.constant(1.0), x)
    return graph.op("Div", graph.constant(1.0), graph.op("Mul", x, other))


def _third_of_square(graph: Graph, x: ir.Value) -> ir.Value:
    root = _cbrt(graph, x)
    return graph.op("Div", graph.constant(1.0 / 3.0), graph.op("Mul", root, root))


def _tanh_slope(graph: Graph, x: ir.Value) -> ir.Value:
    value = graph.op("Tanh", x)
    return graph.op("Sub", graph.constant(1.0), graph.op("Mul", value, value))


def _sigmoid_slope(graph: Graph, x: ir.Value) -> ir.Value:
    value = sigmoid(graph, x)
    return graph.op("Mul", value, graph.op("Sub", graph.constant(1.0), value))


def _over_root(square: Callable[[Graph, ir.Value, ir.Value], ir.Value]) -> Write:
    """1 / sqrt of what is made of 1 and x squared: the slopes of the inverse functions."""

    def write(graph: Graph, x: ir.Value) -> ir.Value:
        root = graph.op("Sqrt", square(graph, graph.constant(1.0), _square(graph, x)))
        return graph.op("Div", graph.constant(1.0), root)

    return write


def _less(graph: Graph, a: ir.Value, b: ir.Value) -> ir.Value:
    return graph.op("Sub", a, b)


def _more(graph: Graph, a: ir.Value, b: ir.Value) -> ir.Value:
    return graph.op("Add", a, b)


def _arctan_slope(graph: Graph, x: ir.Value) -> ir.Value:
    return _over_one_more(graph, _square(graph, x))


def _arctanh_slope(graph: Graph, x: ir.Value) -> ir.Value:
    return graph.op("Div", graph.constant(1.0), graph.op("Sub", graph.constant(1.0), _square(graph, x)))


def _arccosh_slope(graph: Graph, x: ir.Value) -> ir.Value:
    return graph.op(
        "Div", graph.constant(1.0), graph.op("Sqrt", graph.op("Sub", _square(graph, x), graph.constant(1.0)))
    )


def _sinc(graph: Graph, x: ir.Value) -> ir.Value:
    zero = graph.op("Equal", x, graph.constant(0.0))
    angle = graph.op("Mul", graph.constant(np.pi), graph.op("Where", zero, graph.constant(1.0e-20), x))
    return graph.op("Div", graph.op("Sin", angle), angle)


def _exp10(graph: Graph, x: ir.Value) -> ir.Value:
    return graph.op("Pow", graph.constant(10.0), x)


def _exp10_slope(graph: Graph, x: ir.Value) -> ir.Value:
    return graph.op("Mul", _exp10(graph, x), graph.constant(_LN10))


def _log_expit(graph: Graph, x: ir.Value) -> ir.Value:
    """min(x, 0) - log1p(exp(-abs(x)))."""
    zero = graph.constant(0.0)
    below = graph.op("Where", graph.op("Less", x, zero), x, zero)
    rest = log1p(graph, exponential(graph, graph.op("Neg", graph.op("Abs", x))))
    return graph.op("Where", graph.op("IsNaN", x), x, graph.op("Sub", below, rest))


def _softplus(graph: Graph, x: ir.Value) -> ir.Value:
    return graph.op("Neg", _log_expit(graph, graph.op("Neg", x)))


def _entr(graph: Graph, x: ir.Value) -> ir.Value:
    """-x log x; 0 at 0, and minus infinity below it."""
    zero = graph.constant(0.0)
    value = graph.op("Neg", graph.op("Mul", x, graph.op("Log", x)))
    value = graph.op("Where", graph.op("Equal", x, zero), zero, value)
    return graph.op("Where", graph.op("Less", x, zero), graph.constant(-np.inf), value)


def _entr_slope(graph: Graph, x: ir.Value) -> ir.Value:
    return graph.op("Abs", graph.op("Add", graph.op("Log", x), graph.constant(1.0)))


def _ndtr(graph: Graph, x: ir.Value) -> ir.Value:
    half = graph.constant(0.5)
    found = error_function(graph, graph.op("Mul", x, graph.constant(float(np.sqrt(0.5)))))
    return graph.op("Add", half, graph.op("Mul", half, found))


def _one_and_square(graph: Graph, x: ir.Value) -> ir.Value:
    value = _tan(graph, x)
    return graph.op("Add", graph.constant(1.0), graph.op("Mul", value, value))


@dataclass(frozen=True, slots=True)
class Elementary:
    """A function of one number.

    Attributes:
        write: its graph.
        ulp: spacings of max(abs(f(x)), ``floor``) that it may be off from numpy's; 0 for the same bits.
        slope: abs(f'(x)) as a graph; None where it jumps, which forbids an inexact argument.
        whole: whether whole numbers stay int64 in numpy.
        rising: whether it never decreases, over all x for which it is defined.
        floor: the least scale, 1.0 for functions whose error is absolute.
        scale: what the error is relative to, where that is not the value itself.
        single: the graph over float32, where numpy's constant is another one.
        truth: whether numpy gives bools; the graph then gives 0.0 and 1.0.
    """

    write: Write
    ulp: float = 0.0
    slope: Write | None = None
    whole: bool = False
    rising: bool = False
    floor: float = 0.0
    scale: Write | None = None
    single: Write | None = None
    truth: bool = False


def _truth(write: Write) -> Elementary:
    return Elementary(lambda graph, x: graph.op("Cast", write(graph, x), to=int(ir.DataType.DOUBLE)), truth=True)


def _is_finite(graph: Graph, x: ir.Value) -> ir.Value:
    return graph.op("Not", graph.op("Or", graph.op("IsNaN", x), graph.op("IsInf", x)))


def _is_zero(graph: Graph, x: ir.Value) -> ir.Value:
    return graph.op("Equal", x, graph.constant(0.0))


def _is_infinite(positive: int, negative: int) -> Write:
    return lambda graph, x: graph.op("IsInf", x, detect_positive=positive, detect_negative=negative)


def _scaled(over: np.floating[Any], under: np.floating[Any]) -> Elementary:
    """x times a quotient, which numpy makes in float32 for float32."""
    factor = float(np.float64(over) / np.float64(under))
    single = float(np.float32(over) / np.float32(under))
    return Elementary(_times(factor), slope=_constant(factor), rising=True, single=_times(single))


_SIGNED = Elementary(_unary("Sign"), whole=True, rising=True)
_MAGNITUDE = Elementary(_unary("Abs"), slope=_one, whole=True)
_LN2, _LN10 = float(np.log(2.0)), float(np.log(10.0))

#: By the name of the NumPy or SciPy function.
FUNCTIONS: dict[str, Elementary] = {
    "positive": Elementary(_unary("Identity"), slope=_one, whole=True, rising=True),
    "negative": Elementary(_unary("Neg"), slope=_one, whole=True),
    "absolute": _MAGNITUDE,
    "fabs": Elementary(_unary("Abs"), slope=_one),
    "sign": _SIGNED,
    "square": Elementary(_square, slope=_times(2.0), whole=True),
    "sqrt": Elementary(_unary("Sqrt"), slope=_half_over_root, rising=True),
    "cbrt": Elementary(_cbrt, 4.0, _third_of_square, rising=True),
    "reciprocal": Elementary(_reciprocal, slope=_inverse_square),
    "exp": Elementary(exponential, 3.0, exponential, rising=True),
    "exp2": Elementary(_exp2, 3.0, exponential, rising=True),
    "expm1": Elementary(expm1, 8.0, exponential, rising=True),
    "log": Elementary(_unary("Log"), 3.0, _reciprocal, rising=True),
    "log2": Elementary(_of_log(1.0 / _LN2), 5.0, _over(1.0 / _LN2), rising=True),
    "log10": Elementary(_of_log(1.0 / _LN10), 5.0, _over(1.0 / _LN10), rising=True),
    "log1p": Elementary(log1p, 6.0, _over_one_more, rising=True),
    "sin": Elementary(_unary("Sin"), 4.0, _one, floor=1.0),
    "cos": Elementary(cosine_anywhere, 8.0, _one, floor=1.0),
    "tan": Elementary(_tan, 16.0, _one_and_square, scale=_one_and_square),
    "sinh": Elementary(_sinh, 16.0, _cosh, rising=True),
    "cosh": Elementary(_cosh, 6.0, _cosh),
    "arcsin": Elementary(arcsin, 6.0, _over_root(_less), rising=True),
    "arccos": Elementary(arccos, 6.0, _over_root(_less)),
    "arctan": Elementary(arctan, 6.0, _arctan_slope, rising=True),
    "arcsinh": Elementary(arcsinh, 10.0, _over_root(_more), rising=True),
    "arccosh": Elementary(arccosh, 10.0, _arccosh_slope, rising=True),
    "arctanh": Elementary(arctanh, 10.0, _arctanh_slope, rising=True),
    "sinc": Elementary(_sinc, 8.0, _constant(np.pi), floor=1.0),
    "exp10": Elementary(_exp10, 3.0, _exp10_slope, rising=True),
    "log_expit": Elementary(_log_expit, 8.0, _one, rising=True),
    "softplus": Elementary(_softplus, 8.0, _one, rising=True),
    "entr": Elementary(_entr, 6.0, _entr_slope),
    "erf": Elementary(error_function, 8.0, _constant(2.0), rising=True, floor=1.0),
    "ndtr": Elementary(_ndtr, 8.0, _one, rising=True, floor=1.0),
    "tanh": Elementary(_unary("Tanh"), 12.0, _tanh_slope, rising=True),
    "expit": Elementary(sigmoid, 6.0, _sigmoid_slope, rising=True),
    "logit": Elementary(_logit, 6.0, _logit_slope, rising=True, floor=1.0),
    "floor": Elementary(_unary("Floor"), whole=True, rising=True),
    "ceil": Elementary(_unary("Ceil"), whole=True, rising=True),
    "trunc": Elementary(_trunc, whole=True, rising=True),
    "fix": Elementary(_trunc, whole=True, rising=True),
    "rint": Elementary(_unary("Round"), rising=True),
    "isnan": _truth(_unary("IsNaN")),
    "isinf": _truth(_unary("IsInf")),
    "isposinf": _truth(_is_infinite(1, 0)),
    "isneginf": _truth(_is_infinite(0, 1)),
    "isfinite": _truth(_is_finite),
    "logical_not": _truth(_is_zero),
    "deg2rad": _scaled(np.float64(np.pi), np.float64(180.0)),
    "radians": _scaled(np.float64(np.pi), np.float64(180.0)),
    "rad2deg": _scaled(np.float64(180.0), np.float64(np.pi)),
    "degrees": _scaled(np.float64(180.0), np.float64(np.pi)),
}
