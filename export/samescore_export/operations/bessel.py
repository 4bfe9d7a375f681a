"""The Matern kernel of any order, by an integral for the modified Bessel function of the second kind."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import onnx_ir as ir

from samescore_export.graph import Graph
from samescore_export.operations.bounded import Bounded
from samescore_export.operations.link import exponential
from samescore_export.operations.looping import repeat
from samescore_export.scope import Scope

#: Orders beyond which scipy's kv overflows for points that coincide.
_HIGHEST = 15.0

#: The trapezoidal rule's step for small t; for large t it is this over sqrt(1 + t / 10), as the integrand narrows. With a step h the
#: rule is off by exp(-pi**2 / h + t) of the integral, or exp(-2 pi**2 / (h**2 t)) where t is large: below exp(-45) throughout.
_STEP, _NARROWS = 0.2, 10.0


def matern_of_order(scope: Scope, distance: Bounded, nu: float) -> Bounded:
    """``2**(1 - nu) / gamma(nu) * t**nu * kv(nu, t)`` for t = sqrt(2 nu) distance, eps standing for a distance of 0.

    kv(nu, t) is the integral of exp(-t cosh(s)) cosh(nu s) over s > 0, here with t**nu inside: each term is
    exp(nu log(t) + log(cosh(nu s)) - t cosh(s)), which neither overflows nor vanishes too early. scipy's kv (Amos) is taken to be
    within 64 units of 2**-53 of itself, times the order.
    """
    if not 0.0 < nu <= _HIGHEST:
        raise scope.refuse(f"Matern(nu={nu!r})", f"nu up to {_HIGHEST:g}, or inf")
    graph = scope.graph
    nothing = graph.op("Equal", distance.value, graph.constant(0.0))
    filled = graph.op("Where", nothing, graph.constant(float(np.finfo(float).eps)), distance.value)
    t = graph.op("Mul", filled, graph.constant(math.sqrt(2 * nu)))
    power = graph.op("Mul", graph.op("Log", t), graph.constant(nu))
    # The largest s that counts: t cosh(s) reaches 745 + the rest for the smallest t, eps.
    most = math.ceil(math.log(2 * (800 + 40 * nu) / np.finfo(float).eps) / _STEP) + 1
    narrow = graph.op("Sqrt", graph.op("Add", graph.op("Div", t, graph.constant(_NARROWS)), graph.constant(1.0)))
    width = graph.op("Div", graph.constant(_STEP), narrow)
    start = graph.op("Mul", t, graph.constant(0.0))

    def step(inner: Graph, state: Sequence[ir.Value]) -> tuple[ir.Value, Sequence[ir.Value]]:
        total, count = state
        s = inner.op("Mul", width, count)
        up = exponential(inner, s)
        bent = inner.op("Mul", inner.constant(0.5), inner.op("Add", up, inner.op("Div", inner.constant(1.0), up)))
        # log(cosh(nu s)) is nu s + log(1 + exp(-2 nu s)) - log(2); the last two are taken out of the exponent.
        grown = inner.op("Add", power, inner.op("Mul", s, inner.constant(nu)))
        rest = inner.op("Add", inner.constant(1.0), inner.op("Pow", up, inner.constant(-2 * nu)))
        term = inner.op("Mul", exponential(inner, inner.op("Sub", grown, inner.op("Mul", t, bent))), rest)
        half = inner.op(
            "Where", inner.op("Equal", count, inner.constant(0.0)), inner.constant(0.25), inner.constant(0.5)
        )
        after = inner.op("Add", total, inner.op("Mul", term, half))
        return inner.constant(True, np.bool_), (after, inner.op("Add", count, inner.constant(1.0)))

    total, _ = repeat(graph, most, (start, graph.constant(0.0)), step)
    scaled = graph.op("Mul", total, width)
    value = graph.op("Mul", scaled, graph.constant(2 ** (1.0 - nu) / math.gamma(nu)))
    # The logarithm of t**nu kv(nu, t) has the slope kv(nu - 1, t) / kv(nu, t), which is at most 1 for nu of 1/2 and more, and at
    # most 1 + 2 nu / t below. The argument of exp is a sum of terms of up to 100 nu + t, each rounded.
    moved = graph.op("Div", distance.size, filled)
    relative = graph.op("Mul", graph.op("Add", t, graph.constant(2 * nu if nu < 0.5 else 0.0)), moved)
    grows = graph.op("Add", relative, graph.op("Add", t, graph.constant(100.0 * nu + 64.0)))
    size = graph.op("Mul", grows, graph.op("Add", value, graph.constant(1e-300)))
    return Bounded(graph, value, size, distance.ulp + 16.0 + 4.0 * nu)
