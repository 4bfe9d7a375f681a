"""Lowerings for NMF and MiniBatchNMF: the iterations of ``transform``, to scikit-learn's own stopping rules.

These look at the whole batch, and so does the graph: how often a row is updated, and from where, hangs on the rows scored with it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray
from sklearn.decomposition import NMF, MiniBatchNMF

from samescore_export.certificate import constants_certificate
from samescore_export.graph import Graph
from samescore_export.lowering.preprocessing import doubles
from samescore_export.operations.bounded import bounded
from samescore_export.operations.divergence import beta_divergence
from samescore_export.operations.looping import repeat
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Rounding, Table

#: scikit-learn's guard against division by zero.
EPSILON = float(np.finfo(np.float32).eps)

REASON = "an iteration over sums whose order BLAS chooses, pow and log of the platform"

#: Where a stopping rule comes as near as this many ulp of 1 to its threshold, one step more or less may be taken.
_STOPPING = 2.0**20

#: What an iteration gives: W (rows, components), the steps taken, and the least distance of the stopping rule to its threshold.
Found: TypeAlias = tuple[ir.Value, ir.Value, ir.Value]

#: Whether to stop after a step: from the new W, the old W, the last error and the step's number; also the error and the distance.
Stop: TypeAlias = Callable[[Graph, ir.Value, ir.Value, ir.Value, ir.Value], tuple[ir.Value, ir.Value, ir.Value]]


@dataclass(frozen=True, slots=True)
class _Problem:
    """X (rows, features) to be written as W @ H for H (components, features) fixed."""

    x: ir.Value
    h: NDArray[np.float64]
    l1: float
    l2: float


def _problem(estimator: Any, x: Matrix) -> _Problem:
    h = np.ascontiguousarray(np.asarray(estimator.components_, np.float64))
    l1, _, l2, _ = estimator._compute_regularization(np.zeros((1, h.shape[1])))
    return _Problem(x.value, h, float(l1), float(l2))


def lower_nmf(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """NMF: coordinate descent or multiplicative updates of W with ``components_`` fixed."""
    graph = scope.graph
    x = doubles(scope, inputs, estimator)
    problem = _problem(estimator, x)
    most, tol, beta = int(estimator.max_iter), float(estimator.tol), float(estimator._beta_loss)
    if estimator.solver == "cd":
        found = _coordinate_descent(graph, problem, _orders(estimator, scope, len(problem.h)), most, tol)
    else:
        start = _level(graph, problem)
        stop, error = _every_tenth(graph, problem, beta, tol, start)
        found = _multiplied(graph, problem, beta, start, stop, error, most, True)
    lowest = graph.constant(0.0)
    refused = graph.op("LessOrEqual" if beta <= 0 else "Less", x.value, lowest)
    return _result(scope, x, problem, found, refused)


def lower_mini_batch_nmf(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """MiniBatchNMF: multiplicative updates until W moves by no more than ``tol``.

    It does not refuse negative numbers, which may make a divisor nearly 0; no bound is claimed for such a row.
    """
    graph = scope.graph
    x = doubles(scope, inputs, estimator)
    problem = _problem(estimator, x)
    start, stop = _level(graph, problem), _moved_little(float(estimator.tol))
    most, beta = int(estimator._transform_max_iter), float(estimator._beta_loss)
    found = _multiplied(graph, problem, beta, start, stop, graph.constant(0.0), most, False)
    return _result(scope, x, problem, found, None)


def _result(scope: Scope, x: Matrix, problem: _Problem, found: Found, refused: ir.Value | None) -> Lowered:
    """W with its bound. A step rounds the sums x . h and w . hh, in units of the curvature, and hands on what it was given.

    Coordinate descent in a quadratic does not grow an error in the norm of its curvature, nor does a multiplicative update, whose
    Jacobian in logarithms has eigenvalues between 0 and 1; the root of the condition number stands between that norm and the elements.
    """
    graph, h = scope.graph, problem.h
    scope.coupled.add(graph.path)
    w, steps, gap = found
    curvature = h @ h.T + problem.l2 * np.eye(len(h))
    values = np.linalg.eigvalsh(curvature)
    highest = max(float(values[-1]), 1e-300)
    stretch = float(np.sqrt(highest / max(float(values[0]), highest * 2.0**-40)))
    least = np.maximum(np.diagonal(curvature), 1e-300)
    rows = bounded(graph, x)
    axis = graph.constant([1], np.int64)
    sums = graph.op("MatMul", rows.size, graph.constant(np.ascontiguousarray(np.abs(h.T))))
    held = graph.op("MatMul", graph.op("Abs", w), graph.constant(np.ascontiguousarray(np.abs(curvature))))
    local = graph.op("Div", graph.op("Add", sums, held), graph.constant(least))
    grown = graph.op(
        "Mul", graph.op("Mul", graph.op("ReduceMax", local, axis, keepdims=1), steps), graph.constant(stretch)
    )
    scale = graph.op("Add", graph.op("Mul", graph.op("Abs", w), graph.constant(0.0)), grown)
    value = w
    if refused is not None:
        # scikit-learn refuses the batch; here the row that it is refused for gives nothing.
        any_refused = graph.op("ReduceMax", graph.op("Cast", refused, to=int(ir.DataType.DOUBLE)), axis, keepdims=1)
        value = graph.op("Where", graph.op("Greater", any_refused, graph.constant(0.0)), graph.constant(np.nan), w)
    each = graph.op("Expand", gap, graph.op("Shape", w, start=0, end=1))
    if refused is None:
        positive = graph.op("GreaterOrEqual", graph.op("ReduceMin", x.value, axis, keepdims=0), graph.constant(0.0))
        each = graph.op("Where", positive, each, graph.constant(0.0))
    margin = (each, Rounding(_STOPPING, None, "a stopping rule decided by inexact numbers"))
    transposed = np.ascontiguousarray(h.T)
    certificate = constants_certificate(graph.path, {"components_.T": (graph.constant(transposed), transposed)})
    ulp = rows.ulp + 2.0 * (h.shape[1] + len(h) + 8)
    result = Matrix(value, len(h), rounding=Rounding(ulp, scale, REASON), margin=margin)
    return Lowered(result, certificates=(certificate,))


def _orders(estimator: Any, scope: Scope, count: int) -> NDArray[np.int64] | None:
    """(iterations, components): the order of the coordinates in each iteration; None for their own."""
    if not estimator.shuffle:
        return None
    if not isinstance(estimator.random_state, (int, np.integer)):
        raise scope.refuse(
            f"NMF(shuffle=True, random_state={estimator.random_state!r}), which differs from call to call",
            "shuffle=False, or an integer random_state",
        )
    rng = np.random.RandomState(int(estimator.random_state))
    return np.stack([rng.permutation(count) for _ in range(int(estimator.max_iter))])


def _filled(graph: Graph, problem: _Problem, number: ir.Value) -> ir.Value:
    """(rows, components) of one number."""
    rows = graph.op("Shape", problem.x, start=0, end=1)
    return graph.op("Expand", number, graph.op("Concat", rows, graph.constant([len(problem.h)], np.int64), axis=0))


def _coordinate_descent(
    graph: Graph, problem: _Problem, orders: NDArray[np.int64] | None, most: int, tol: float
) -> Found:
    """``_fit_coordinate_descent`` for W alone, from zeros: until the projected gradients are ``tol`` of the first ones."""
    h, count = problem.h, len(problem.h)
    transposed = np.ascontiguousarray(h.T)
    curvature = np.dot(transposed.T, transposed)
    if problem.l2 != 0.0:
        curvature.flat[:: count + 1] += problem.l2
    target = graph.op("MatMul", problem.x, graph.constant(transposed))
    if problem.l1 != 0.0:
        target = graph.op("Sub", target, graph.constant(problem.l1))

    def step(inner: Graph, state: Sequence[ir.Value]) -> tuple[ir.Value, Sequence[ir.Value]]:
        w, first, near, number = state
        zero = inner.constant(0.0)
        total = zero
        order = None
        if orders is not None:
            row = inner.op("Cast", number, to=int(ir.DataType.INT64))
            order = inner.op("Gather", inner.constant(orders), row, axis=0)
        for position in range(count):
            t = inner.constant([position], np.int64)
            if order is not None:
                t = inner.op("Gather", order, t, axis=0)
            slope = inner.op("Gather", inner.constant(curvature), t, axis=1)
            hess = inner.op("Gather", inner.constant(np.diagonal(curvature).copy()), t, axis=0)
            own = inner.op("Gather", w, t, axis=1)
            gradient = inner.op("Sub", inner.op("MatMul", w, slope), inner.op("Gather", target, t, axis=1))
            projected = inner.op("Where", inner.op("Equal", own, zero), inner.op("Min", gradient, zero), gradient)
            total = inner.op("Add", total, inner.op("ReduceSum", inner.op("Abs", projected), keepdims=0))
            new = inner.op("Max", inner.op("Sub", own, inner.op("Div", gradient, hess)), zero)
            flat = inner.op("Equal", hess, zero)
            here = inner.op("Equal", inner.constant(np.arange(count)), t)
            w = inner.op("Where", here, inner.op("Where", flat, own, new), w)
        first = inner.op("Where", inner.op("Equal", number, zero), total, first)
        share = inner.op("Div", total, first)
        stop = inner.op("Or", inner.op("Equal", first, zero), inner.op("LessOrEqual", share, inner.constant(tol)))
        distance = inner.op("Abs", inner.op("Sub", share, inner.constant(tol)))
        known = inner.op("Where", inner.op("IsNaN", distance), near, inner.op("Min", near, distance))
        after = (w, first, known, inner.op("Add", number, inner.constant(1.0)))
        return inner.op("Not", stop), after

    start = _filled(graph, problem, graph.constant(0.0))
    zero = graph.constant(0.0)
    w, _, near, steps = repeat(graph, most, (start, zero, graph.constant(1.0), zero), step)
    return w, steps, near


def _level(graph: Graph, problem: _Problem) -> ir.Value:
    """Where multiplicative updates start: the root of the batch's mean over the number of components."""
    mean = graph.op("ReduceMean", problem.x, keepdims=0)
    return _filled(graph, problem, graph.op("Sqrt", graph.op("Div", mean, graph.constant(float(len(problem.h))))))


def _gamma(beta: float) -> float:
    return 1.0 / (2.0 - beta) if beta < 1 else 1.0 / (beta - 1.0) if beta > 2 else 1.0


def _updated(
    graph: Graph, problem: _Problem, beta: float, w: ir.Value, sums: ir.Value, kept: bool
) -> tuple[ir.Value, ir.Value]:
    """``_multiplicative_update_w``; gives W and the row sums of H.

    scikit-learn adds the l1 penalty to these sums in place, so that where they are kept (NMF) it grows with every step.
    """
    h = problem.h
    transposed = graph.constant(np.ascontiguousarray(h.T))
    least = graph.constant(EPSILON)

    def raised(value: ir.Value) -> ir.Value:
        return graph.op("Where", graph.op("Less", value, least), least, value)

    after = sums
    if beta == 2:
        numerator = graph.op("MatMul", problem.x, transposed)
        denominator = graph.op("MatMul", w, graph.constant(np.dot(h, h.T)))
    else:
        product = graph.op("MatMul", w, graph.constant(h))
        safe = raised(product) if beta < 2 else product
        if beta == 1:
            shares = graph.op("Div", problem.x, safe)
        elif beta == 0:
            inverse = graph.op("Div", graph.constant(1.0), safe)
            shares = graph.op("Mul", graph.op("Mul", inverse, inverse), problem.x)
        else:
            shares = graph.op("Mul", graph.op("Pow", safe, graph.constant(beta - 2)), problem.x)
        numerator = graph.op("MatMul", shares, transposed)
        if beta == 1:
            denominator = sums
        else:
            whole = raised(product) if beta < 1 else product
            denominator = graph.op("MatMul", graph.op("Pow", whole, graph.constant(beta - 1)), transposed)
    if problem.l1 > 0:
        denominator = graph.op("Add", denominator, graph.constant(problem.l1))
        after = denominator if beta == 1 and kept else sums
    if problem.l2 > 0:
        denominator = graph.op("Add", denominator, graph.op("Mul", graph.constant(problem.l2), w))
    denominator = graph.op("Where", graph.op("Equal", denominator, graph.constant(0.0)), least, denominator)
    factor = graph.op("Div", numerator, denominator)
    if _gamma(beta) != 1:
        factor = graph.op("Pow", factor, graph.constant(_gamma(beta)))
    return graph.op("Mul", w, factor), after


def _multiplied(
    graph: Graph,
    problem: _Problem,
    beta: float,
    start: ir.Value,
    stop: Stop,
    error: ir.Value,
    most: int,
    whole: bool,
) -> Found:
    """Multiplicative updates until ``stop``; ``whole`` says that it is NMF, which keeps sums and cuts tiny numbers off."""

    def step(inner: Graph, state: Sequence[ir.Value]) -> tuple[ir.Value, Sequence[ir.Value]]:
        w, sums, last, near, number = state
        new, sums = _updated(inner, problem, beta, w, sums, whole)
        if whole and beta < 1:
            tiny = inner.op("Less", new, inner.constant(float(np.finfo(np.float64).eps)))
            new = inner.op("Where", tiny, inner.constant(0.0), new)
        number = inner.op("Add", number, inner.constant(1.0))
        stopped, last, distance = stop(inner, new, w, last, number)
        known = inner.op("Where", inner.op("IsNaN", distance), near, inner.op("Min", near, distance))
        return inner.op("Not", stopped), (new, sums, last, known, number)

    state = (start, graph.constant(np.sum(problem.h, axis=1)[None]), error, graph.constant(1.0), graph.constant(0.0))
    w, _, _, near, steps = repeat(graph, most, state, step)
    return w, steps, near


def _every_tenth(graph: Graph, problem: _Problem, beta: float, tol: float, start: ir.Value) -> tuple[Stop, ir.Value]:
    """NMF's rule: every tenth step, whether the divergence fell by less than ``tol`` of the first one; gives that too."""
    first = beta_divergence(graph, problem.x, start, problem.h, beta)

    def stop(
        inner: Graph, w: ir.Value, before: ir.Value, last: ir.Value, number: ir.Value
    ) -> tuple[ir.Value, ir.Value, ir.Value]:
        if tol <= 0:
            return inner.constant(False, np.bool_), last, inner.constant(1.0)
        tenth = inner.op("Equal", inner.op("Mod", number, inner.constant(10.0), fmod=1), inner.constant(0.0))
        error = inner.choose(
            tenth, lambda branch: [beta_divergence(branch, problem.x, w, problem.h, beta)], lambda branch: [last]
        )[0]
        fall = inner.op("Div", inner.op("Sub", last, error), first)
        little = inner.op("And", tenth, inner.op("Less", fall, inner.constant(tol)))
        distance = inner.op("Abs", inner.op("Sub", fall, inner.constant(tol)))
        return little, error, inner.op("Where", tenth, distance, inner.constant(1.0))

    return stop, first


def _moved_little(tol: float) -> Stop:
    """MiniBatchNMF's rule: whether W moved by no more than ``tol`` of its norm."""

    def stop(
        inner: Graph, w: ir.Value, before: ir.Value, last: ir.Value, number: ir.Value
    ) -> tuple[ir.Value, ir.Value, ir.Value]:
        if tol <= 0:
            return inner.constant(False, np.bool_), last, inner.constant(1.0)

        def norm(value: ir.Value) -> ir.Value:
            return inner.op("Sqrt", inner.op("ReduceSum", inner.op("Mul", value, value), keepdims=0))

        share = inner.op("Div", norm(inner.op("Sub", w, before)), norm(w))
        distance = inner.op("Abs", inner.op("Sub", share, inner.constant(tol)))
        return inner.op("LessOrEqual", share, inner.constant(tol)), last, distance

    return stop


LOWERINGS = {NMF: lower_nmf, MiniBatchNMF: lower_mini_batch_nmf}
