"""Least angle regression and the lasso along its path (``_lars_path_solver``) for all rows at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from samescore_export.graph import Graph
from samescore_export.margins import Margin
from samescore_export.operations.bounded import Bounded
from samescore_export.operations.deciding import flat, row_largest
from samescore_export.operations.inverses import applied, bordered, dotted, without
from samescore_export.operations.looping import repeat
from samescore_export.values import Rounding

_SAME = float(np.finfo(np.float32).eps)
_TINY = float(np.finfo(np.float32).tiny)
_HUGE = float(np.finfo(np.float64).max)


def _smallest_positive(graph: Graph, values: ir.Value, counts: ir.Value) -> ir.Value:
    """(rows, 1): ``min_pos`` of the values that count."""
    good = graph.op("And", counts, graph.op("Greater", values, graph.constant(0.0)))
    usable = graph.op("Where", good, values, graph.constant(_HUGE))
    return graph.op("ReduceMin", usable, graph.constant([1], np.int64), keepdims=1)


def _whole(graph: Graph, value: ir.Value) -> ir.Value:
    """The nearest whole number, even where two are as near: what ``numpy.rint`` gives.

    Adding 2**52 rounds so. onnxruntime 1.29, which the JVM has, loses digits in Round (seen at 1e15).
    """
    size, step = graph.op("Abs", value), graph.constant(2.0**52)
    near = graph.op("Sub", graph.op("Add", size, step), step)
    kept = graph.op("Where", graph.op("Less", size, step), near, size)
    return graph.op("Mul", kept, graph.op("Sign", value))


def least_angle(
    inner: Bounded, gram: NDArray[np.float64], samples: int, alpha: float, most: int, lasso: bool, positive: bool
) -> tuple[Bounded, Margin]:
    """The code (rows, atoms) after at most ``most`` steps, or where the correlation a sample falls to ``alpha``.

    The path is continuous, so where it ends at ``alpha`` a tie on the way does not matter, but that a knot within 1e-7 of the end is taken
    for it; where it ends after so many steps, a tie does.
    """
    graph, count = inner.graph, len(gram)
    products, sizes = graph.constant(gram), graph.constant(np.abs(gram))
    zeros = graph.op("Mul", inner.value, graph.constant(0.0))
    lone = graph.op("ReduceSum", zeros, graph.constant([1], np.int64), keepdims=1)
    square = graph.op(
        "Mul", graph.op("Unsqueeze", zeros, graph.constant([2], np.int64)), graph.constant(np.zeros((1, 1, count)))
    )

    def step(body: Graph, state: Sequence[ir.Value]) -> tuple[ir.Value, Sequence[ir.Value]]:
        coef, before, cov, active, signs, inverse, last, dropped, steps, done, near, error = state
        zero, one = body.constant(0.0), body.constant(1.0)
        axis = body.constant([1], np.int64)

        def number(condition: ir.Value) -> ir.Value:
            return body.op("Cast", condition, to=int(ir.DataType.DOUBLE))

        free = body.op("Equal", active, zero)
        full = body.op("Greater", body.op("ReduceMin", active, axis, keepdims=1), zero)
        strength = cov if positive else body.op("Abs", cov)
        ranked = body.op("Where", free, strength, body.constant(-_HUGE))
        place = body.op("ArgMax", ranked, axis=1, keepdims=1)
        best = body.op("Where", full, zero, row_largest(body, ranked))
        level = body.op("Div", best, body.constant(float(samples)))
        # Early stopping, by interpolation between the last two knots where this one is beyond the end.
        beyond = body.op("Sub", level, body.constant(alpha))
        reached = body.op("LessOrEqual", level, body.constant(alpha + _SAME))
        past = body.op(
            "And", body.op("Greater", body.op("Abs", beyond), body.constant(_SAME)), body.op("Greater", steps, zero)
        )
        share = body.op("Div", body.op("Sub", last, body.constant(alpha)), body.op("Sub", last, level))
        between = body.op("Add", before, body.op("Mul", share, body.op("Sub", coef, before)))
        ended = body.op("Where", past, between, coef)
        short = body.op("Or", body.op("GreaterOrEqual", steps, body.constant(float(most))), full)
        # A new atom, unless one was dropped in the last step.
        adds = body.op("Equal", dropped, zero)
        chosen = number(body.op("Equal", body.constant(np.arange(count)[None]), place))
        column = body.op("MatMul", chosen, products)
        own = dotted(body, column, chosen)
        grown, complement = bordered(body, inverse, column, chosen, own)
        pivot = body.op("Sqrt", body.op("Abs", complement))
        degenerate = body.op("And", adds, body.op("Less", pivot, body.constant(1e-7)))
        takes = body.op("Unsqueeze", adds, body.constant([2], np.int64))
        used = body.op("Where", takes, grown, inverse)
        now = body.op("Add", active, body.op("Where", adds, chosen, zero))
        sign = one if positive else body.op("Sign", dotted(body, cov, chosen))
        turned = body.op("Add", signs, body.op("Mul", body.op("Where", adds, chosen, zero), sign))
        bails = body.op("And", body.op("Greater", steps, zero), body.op("Less", last, level))
        if not lasso:
            bails = body.op("And", bails, body.constant(False, np.bool_))
        # The direction in which all active correlations fall alike, and how far until something happens.
        raw = applied(body, used, turned)
        unit = body.op("Div", one, body.op("Sqrt", dotted(body, raw, turned)))
        direction = body.op("Mul", raw, unit)
        spread = body.op("MatMul", direction, products)
        spread = body.op("Div", _whole(body, body.op("Mul", spread, body.constant(1e15))), body.constant(1e15))
        held = body.op("Greater", now, zero)
        loose = body.op("Not", held)
        falls = body.op("Add", body.op("Sub", unit, spread), body.constant(_TINY))
        options = [body.op("Div", body.op("Sub", best, cov), falls)]
        if not positive:
            rises = body.op("Add", body.op("Add", unit, spread), body.constant(_TINY))
            options.append(body.op("Div", body.op("Add", best, cov), rises))
        way = body.op("Div", best, unit)
        firsts = [_smallest_positive(body, option, loose) for option in options]
        length = body.op("Min", *firsts, way)
        zeroing = body.op("Neg", body.op("Div", coef, body.op("Add", direction, body.constant(_TINY))))
        crossing = _smallest_positive(body, zeroing, held)
        crosses = body.op("Less", crossing, length)
        gone = body.op("And", body.op("And", held, body.op("Equal", zeroing, crossing)), crosses)
        flipped = body.op("Where", gone, body.op("Neg", turned), turned)
        nearer = body.op("Abs", body.op("Sub", crossing, length))
        if lasso:
            length = body.op("Where", crosses, crossing, length)
        moved = body.op("Where", held, body.op("Add", coef, body.op("Mul", length, direction)), zero)
        fallen = body.op("Where", held, cov, body.op("Sub", cov, body.op("Mul", length, spread)))
        kept, left, inverted = now, fallen, used
        if lasso:
            out = body.op("Where", gone, one, zero)
            inverted = body.op(
                "Where", body.op("Unsqueeze", crosses, body.constant([2], np.int64)), without(body, used, out), used
            )
            kept = body.op("Sub", now, out)
            fresh = body.op("Sub", inner.value, body.op("MatMul", moved, products))
            left = body.op("Where", gone, fresh, fallen)
            flipped = body.op("Where", gone, zero, flipped)
        # How far the knot may be off: the rounding of correlations over the slope between them.
        scale = row_largest(body, body.op("Add", inner.size, body.op("MatMul", body.op("Abs", moved), sizes)))
        slopes = [falls] if positive else [falls, rises]
        joined, steep, counts = options[0], slopes[0], loose
        if not positive:
            joined, steep = body.op("Concat", *options, axis=1), body.op("Concat", *slopes, axis=1)
            counts = body.op("Concat", loose, loose, axis=1)
        good = body.op("And", counts, body.op("Greater", joined, zero))
        usable = body.op("Where", good, joined, body.constant(_HUGE))
        pair, _ = body.ops(
            "TopK", body.op("Neg", usable), body.constant([min(2, count * len(options))], np.int64), outputs=2, axis=1
        )
        second = body.op("Neg", body.op("ReduceMin", pair, axis, keepdims=1))
        ties = body.op("Sub", row_largest(body, pair), body.op("ReduceMin", pair, axis, keepdims=1))
        flattest = body.op("Max", body.op("Abs", steep), body.constant(1e-300))
        # The direction comes from the inverse, and its correlations are rounded to 15 decimals.
        held_raw = body.op("MatMul", body.op("Abs", raw), sizes)
        bent = body.op("Mul", applied(body, body.op("Abs", used), held_raw), unit)
        turning = body.op("Add", row_largest(body, body.op("MatMul", bent, sizes)), body.op("Add", unit, one))
        reach = body.op("Add", scale, body.op("Mul", way, turning))
        each = body.op("Div", reach, flattest)
        # Where the correlations vanish before, no candidate decides.
        before_end = body.op("LessOrEqual", usable, body.op("Mul", way, body.constant(1.001)))
        leading = body.op("And", body.op("LessOrEqual", usable, second), body.op("And", good, before_end))
        deciding = body.op("Where", leading, each, zero)
        doubt = body.op("Max", row_largest(body, deciding), body.op("Div", reach, unit))
        doubt = body.op("Min", doubt, body.constant(1e300))
        sideways = body.op("Mul", length, bent)
        grows = body.op("Add", error, body.op("Add", body.op("Mul", body.op("Abs", direction), doubt), sideways))

        live = body.op("Equal", done, zero)
        stops = body.op("Or", reached, short)
        # A degenerate atom's correlation is set to 0 and the next best is tried.
        blank = body.op("Mul", cov, body.op("Sub", one, chosen))
        ends = body.op("Or", stops, bails)
        goes = body.op("And", live, body.op("Not", body.op("Or", ends, degenerate)))
        retries = body.op("And", live, body.op("And", degenerate, body.op("Not", stops)))
        finishes = body.op("And", live, body.op("Or", stops, body.op("And", bails, body.op("Not", degenerate))))
        solid = body.op("Unsqueeze", goes, body.constant([2], np.int64))
        closeness = body.op("Abs", body.op("Sub", body.op("Abs", beyond), body.constant(_SAME)))
        beside = body.op(
            "Div",
            closeness,
            body.op("Max", body.op("Div", scale, body.constant(float(samples))), body.constant(1e-300)),
        )
        if not lasso:
            tied = body.op("Div", body.op("Min", ties, nearer), body.op("Max", doubt, body.constant(1e-300)))
            # Which atom comes next does not matter after the last step.
            final = body.op("GreaterOrEqual", steps, body.constant(float(most - 1)))
            beside = body.op("Min", beside, body.op("Where", body.op("Or", stops, final), one, tied))
        results = (
            body.op("Where", goes, moved, body.op("Where", body.op("And", finishes, reached), ended, coef)),
            body.op("Where", goes, coef, before),
            body.op("Where", goes, left, body.op("Where", retries, blank, cov)),
            body.op("Where", goes, kept, active),
            body.op("Where", goes, flipped, signs),
            body.op("Where", solid, inverted, inverse),
            body.op("Where", goes, level, last),
            body.op("Where", goes, number(crosses), dropped),
            body.op("Where", goes, body.op("Add", steps, one), steps),
            body.op("Max", done, number(finishes)),
            body.op("Where", live, body.op("Min", near, beside), near),
            body.op("Where", goes, grows, error),
        )
        return body.op("Less", body.op("ReduceMin", results[9], keepdims=0), body.constant(0.5)), results

    start = (
        zeros,
        zeros,
        inner.value,
        zeros,
        zeros,
        square,
        lone,
        lone,
        lone,
        lone,
        graph.op("Add", lone, graph.constant(1.0)),
        zeros,
    )
    found = repeat(graph, 2 * most + count + 2, start, step)
    coef, inverse, near, error = found[0], found[5], found[10], found[11]
    sums = graph.op("Add", inner.size, graph.op("MatMul", graph.op("Abs", coef), sizes))
    whole = graph.op("Add", applied(graph, graph.op("Abs", inverse), sums), error)
    ulp = inner.ulp + 4.0 * (count + 16)
    margin = (flat(graph, near), Rounding(ulp, None, "the end of a path from inexact correlations"))
    return Bounded(graph, coef, graph.op("Max", graph.op("Abs", coef), whole), ulp), margin
