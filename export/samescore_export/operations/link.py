"""Link functions: from raw scores to probabilities and means, in double.

onnxruntime's Sigmoid in double is 0.0 below -37 and off by 1e-3 in the tails, its Exp differs from libm's in 14 % of values, and
its Softmax builds on it (measured with 1.32). Pow calls libm's pow; with a base whose logarithm is a power of two it gives an
exponential that is within 1 ulp of libm's exp over the whole range.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from samescore_export.graph import Graph
from samescore_export.operations.numeric import narrowed
from samescore_export.values import Rounding

#: exp(-256), the double nearest to it: relative error 2.4e-18, the smallest among exp(k) for k = +-64 ... +-512.
_EXP_MINUS_256 = 6.616261056709485e-112

#: The part of its argument that :func:`sigmoid` computes from: a power of two, so that coefficients can hold it exactly.
SIGMOID_PART = 1 / 256


def exponential(graph: Graph, x: ir.Value) -> ir.Value:
    """exp(x), within 1 ulp of libm."""
    return graph.op("Pow", graph.constant(_EXP_MINUS_256), graph.op("Mul", x, graph.constant(-1 / 256)))


def sigmoid(graph: Graph, x: ir.Value, part: float = 1.0) -> ir.Value:
    """1 / (1 + exp(-x)) as ``scipy.special.expit`` computes it, from ``part`` times x."""
    if part != SIGMOID_PART:
        x = graph.op("Mul", x, graph.constant(SIGMOID_PART / part))
    power = graph.op("Pow", graph.constant(_EXP_MINUS_256), x)
    one = graph.constant(1.0)
    return graph.op("Div", one, graph.op("Add", one, power))


def single_sigmoid(graph: Graph, x: ir.Value) -> ir.Value:
    """``scipy.special.expit`` of float32 numbers, as float64: its exp overflows, and 1 minus it is 0, where float32 does."""
    power = narrowed(graph, exponential(graph, graph.op("Neg", x)))
    one = graph.constant(1.0)
    return narrowed(graph, graph.op("Div", one, graph.op("Add", one, power)))


def both_classes(graph: Graph, positive: ir.Value) -> ir.Value:
    """(rows, 2) from the probability (rows, 1) of the second class; the first is 1 minus it.

    As one product: with a single term to each sum it rounds 1 - p once, as a subtraction does, and p not at all.
    """
    return graph.op("Gemm", positive, graph.constant(np.array([[-1.0, 1.0]])), graph.constant(np.array([[1.0, 0.0]])))


def softmax(graph: Graph, x: ir.Value) -> ir.Value:
    """Row-wise softmax as ``sklearn.utils.extmath.softmax``: shifted by the row's largest value."""
    axis = graph.constant([1], np.int64)
    power = exponential(graph, graph.op("Sub", x, graph.op("ReduceMax", x, axis, keepdims=1)))
    return graph.op("Div", power, graph.op("ReduceSum", power, axis, keepdims=1))


def through_link(
    graph: Graph, rounding: Rounding | None, classes: int, reason: str = "exp of the platform's libm"
) -> Rounding:
    """The rounding of probabilities made from raw scores by sigmoid or softmax.

    Both are 1-Lipschitz in the largest raw error, so an absolute error of the scores is at most one of the probabilities;
    the links themselves add the rounding of exp, of a sum of ``classes`` terms and of a division, relative to 1.
    """
    own = 4.0 + classes
    if rounding is None:
        return Rounding(own, None, reason)
    scale = None
    if rounding.scale is not None:
        axis = graph.constant([1], np.int64)
        largest = graph.op("ReduceMax", rounding.scale, axis, keepdims=1)
        scale = graph.op("Max", largest, graph.constant(1.0))
    return Rounding(own + rounding.ulp, scale, rounding.reason)


#: An error of a raw score up to which a probability moves by its derivative and little more: exp(1/16) is below 1.1.
_SMALL = 2.0**-4


def of_probabilities(
    graph: Graph, raw: Rounding | None, proba: ir.Value, classes: int, pair: ir.Value | None, single: bool = False
) -> Rounding:
    """The rounding of probabilities (rows, k) by softmax, or by sigmoid of ``pair`` (rows, 1) and 1 minus it, each at its own size.

    A raw error d moves p of softmax by p (d - sum of the others' p d), and p of sigmoid by p (1 - p) d. exp, sum and quotient are relative to
    p itself, and so a small probability is as exact as a large one; but 1 - p is as exact as 1. Where the raw error is not small,
    it is that of :func:`through_link`. ``single`` says that scikit-learn's are float32; the bound counts spacings of float64 all the same.
    """
    axis = graph.constant([1], np.int64)
    own = (4.0 + classes) * (2.0**29 if single else 1.0)
    # Numbers below the smallest normal one are no longer exact relative to themselves; float32's sigmoid falls from 2.9e-39 to 0.
    tiny = graph.constant(1e-31 if single else 1e-300)
    floor = graph.op("Max", proba, tiny)
    if pair is not None:
        # The first column is 1 minus the second; where that is 1 beyond doubt, it is 0.
        sure = graph.constant(20.0 if single else 40.0)
        if raw is not None:
            known = graph.op("Cast", raw.scale or graph.constant(np.ones((1, 1))), to=int(ir.DataType.DOUBLE))
            sure = graph.op("Add", sure, graph.op("Mul", known, graph.constant(raw.ulp * 2.0**-52)))
        beside = graph.op("Where", graph.op("Greater", pair, sure), graph.constant(0.0), graph.constant(1.0))
        shares = graph.op("Mul", beside, graph.constant(np.array([[1.0, 0.0]])))
        floor = graph.op("Max", floor, shares)
    if raw is None:
        return Rounding(own, floor, "exp of the platform's libm")
    scale = graph.op("Cast", raw.scale or graph.constant(np.ones((1, 1))), to=int(ir.DataType.DOUBLE))
    size = graph.op("Max", scale, graph.constant(1.0))
    if pair is not None:
        other = graph.op("Sub", graph.constant(1.0), proba)
        moved = graph.op("Mul", graph.op("Mul", proba, other), size)
    else:
        shared = graph.op("ReduceSum", graph.op("Mul", proba, size), axis, keepdims=1)
        moved = graph.op("Mul", proba, graph.op("Add", size, shared))
    moved = graph.op("Mul", moved, graph.constant(1.1))
    largest = graph.op("ReduceMax", size, axis, keepdims=1)
    ulp = own + raw.ulp
    tight = graph.op("Add", moved, graph.op("Mul", floor, graph.constant(own / ulp)))
    small = graph.op("Less", graph.op("Mul", largest, graph.constant(raw.ulp * 2.0**-52)), graph.constant(_SMALL))
    return Rounding(ulp, graph.op("Where", small, tight, largest), raw.reason)
