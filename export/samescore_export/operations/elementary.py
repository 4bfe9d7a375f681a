"""Elementary functions in double, each with a bound of its error and of how much it moves with its argument."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import onnx_ir as ir

from samescore_export.graph import Graph
from samescore_export.operations.angles import cosine_anywhere
from samescore_export.operations.link import exponential, sigmoid

Write: TypeAlias = Callable[[Graph, ir.Value], ir.Value]


def _unary(op: str) -> Write:
    return lambda graph, x: graph.op(op, x)


def _times(factor: float) -> Write:
    return lambda graph, x: graph.op("Mul", x, graph.constant(factor))


def log1p(graph: Graph, x: ir.Value) -> ir.Value:
    """log(1 + x): the rounding of 1 + x is undone by the quotient, as log(u) / (u - 1) varies slowly."""
    one = graph.constant(1.0)
    u = graph.op("Add", x, one)
    moved = graph.op("Sub", u, one)
    still = graph.op("Equal", moved, graph.constant(0.0))
    safe = graph.op("Where", still, one, moved)
    value = graph.op("Mul", graph.op("Log", u), graph.op("Div", x, safe))
    value = graph.op("Where", still, x, value)
    # Far out 1 + x is x, and for infinity the quotient would be NaN.
    return graph.op("Where", graph.op("Greater", x, graph.constant(1e18)), graph.op("Log", u), value)


def expm1(graph: Graph, x: ir.Value) -> ir.Value:
    """exp(x) - 1: (u - 1) x / log(u) for u near exp(x), where the quotient undoes the rounding of u."""
    one = graph.constant(1.0)
    u = exponential(graph, x)
    less = graph.op("Sub", u, one)
    still = graph.op("Equal", less, graph.constant(0.0))
    log = graph.op("Log", graph.op("Where", still, graph.constant(2.0), u))
    value = graph.op("Where", still, x, graph.op("Mul", less, graph.op("Div", x, log)))
    far = graph.op("Greater", graph.op("Abs", x), graph.constant(40.0))
    return graph.op("Where", far, less, value)


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
    """

    write: Write
    ulp: float = 0.0
    slope: Write | None = None
    whole: bool = False
    rising: bool = False
    floor: float = 0.0
    scale: Write | None = None
    single: Write | None = None


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
    "tanh": Elementary(_unary("Tanh"), 12.0, _tanh_slope, rising=True),
    "expit": Elementary(sigmoid, 6.0, _sigmoid_slope, rising=True),
    "logit": Elementary(_logit, 6.0, _logit_slope, rising=True, floor=1.0),
    "floor": Elementary(_unary("Floor"), whole=True, rising=True),
    "ceil": Elementary(_unary("Ceil"), whole=True, rising=True),
    "trunc": Elementary(_trunc, whole=True, rising=True),
    "rint": Elementary(_unary("Round"), rising=True),
    "deg2rad": _scaled(np.float64(np.pi), np.float64(180.0)),
    "radians": _scaled(np.float64(np.pi), np.float64(180.0)),
    "rad2deg": _scaled(np.float64(180.0), np.float64(np.pi)),
    "degrees": _scaled(np.float64(180.0), np.float64(np.pi)),
}
