"""Lowering for ``sklearn.neighbors.KernelDensity``: a sum of kernels, as a logarithm."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir
from sklearn.neighbors import KernelDensity
from sklearn.neighbors._kd_tree import kernel_norm

from samescore_export.graph import Graph
from samescore_export.margins import Margin, nearest_of
from samescore_export.operations.angles import cosine
from samescore_export.operations.distances import UNIT, distances, total, within
from samescore_export.operations.link import exponential
from samescore_export.operations.numeric import doubles
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Rounding, Score, Table

REASON = "the tree adds logarithms of densities, and takes away bounds of whole nodes as it opens them"
#: Beyond these tolerances of the tree's a bound says nothing of the answer.
_MOST_ABSOLUTE, _MOST_RELATIVE = 1e-3, 0.1

_KERNELS = ("gaussian", "tophat", "epanechnikov", "exponential", "linear", "cosine")


def _log_kernel(graph: Graph, kernel: str, distance: ir.Value, h: float) -> ir.Value:
    """``compute_log_kernel``: minus infinity from ``h`` on, but for gaussian and exponential."""
    width, one = graph.constant(h), graph.constant(1.0)
    if kernel == "gaussian":
        square = graph.op("Mul", graph.constant(-0.5), graph.op("Mul", distance, distance))
        return graph.op("Div", square, graph.constant(h * h))
    if kernel == "exponential":
        return graph.op("Div", graph.op("Neg", distance), width)
    inside = graph.op("Less", distance, width)
    near = graph.op("Where", inside, distance, graph.constant(0.0))
    if kernel == "tophat":
        height = graph.op("Mul", near, graph.constant(0.0))
    elif kernel == "epanechnikov":
        share = graph.op("Div", graph.op("Mul", near, near), graph.constant(h * h))
        height = graph.op("Log", graph.op("Sub", one, share))
    elif kernel == "linear":
        height = graph.op("Log", graph.op("Sub", one, graph.op("Div", near, width)))
    else:
        angle = graph.op("Div", graph.op("Mul", graph.constant(0.5 * np.pi), near), width)
        height = graph.op("Log", cosine(graph, angle))
    return graph.op("Where", inside, height, graph.constant(-np.inf))


def _border(graph: Graph, kernel: str, distance: ir.Value, error: ir.Value | None, h: float, none: ir.Value) -> Margin:
    """The margin of kernels that end: by how much a point is inside or outside.

    Where the density is 0 the margin is too: scikit-learn gives minus infinity, or the logarithm of what rounding left of bounds.
    """
    if kernel in ("gaussian", "exponential"):
        return None
    gap = graph.op("Abs", graph.op("Sub", distance, graph.constant(h)))
    smallest = graph.op("ReduceMin", gap, graph.constant([1], np.int64), keepdims=1)
    smallest = graph.op("Where", none, graph.constant(0.0), smallest)
    own = graph.constant(16 * UNIT * h)
    off = own
    if error is not None:
        off = graph.op("Add", graph.op("ReduceMax", error, graph.constant([1], np.int64), keepdims=1), own)
    off = graph.op("Expand", off, graph.op("Shape", smallest))
    return graph.op("Reshape", smallest, graph.constant([-1], np.int64)), within(graph, off, 2.0, REASON)


def lower_kernel_density(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """``score_samples``: log(sum(weight * kernel)) + the kernel's norm - log(number or weight of points)."""
    graph = scope.graph
    scope.check_options(estimator, {"kernel": _KERNELS})
    if estimator.atol > _MOST_ABSOLUTE or estimator.rtol > _MOST_RELATIVE:
        found = (
            f"KernelDensity(atol={estimator.atol!r}, rtol={estimator.rtol!r}), which stops wherever it is near enough"
        )
        raise scope.refuse(found, f"atol up to {_MOST_ABSOLUTE} and rtol up to {_MOST_RELATIVE}")
    x = doubles(scope, inputs, estimator)
    points = np.ascontiguousarray(estimator.tree_.data, np.float64)
    weight = estimator.tree_.sample_weight
    h = float(estimator.bandwidth_)
    params = estimator.metric_params or {}
    distance, error = distances(scope, x, points, estimator.metric, params, "tree").finished(graph)
    logs = _log_kernel(graph, estimator.kernel, distance, h)
    count = float(len(points))
    if weight is not None:
        with np.errstate(divide="ignore"):
            logs = graph.op("Add", logs, graph.constant(np.log(np.asarray(weight, np.float64))[None]))
        count = float(estimator.tree_.sum_weight)
    top = graph.op("ReduceMax", logs, graph.constant([1], np.int64), keepdims=1)
    none = graph.op("IsInf", top)
    base = graph.op("Where", none, graph.constant(0.0), top)
    shifted = exponential(graph, graph.op("Sub", logs, base))
    density = graph.op("Add", graph.op("Log", total(graph, shifted)), base)
    norm = float(kernel_norm(h, x.width, estimator.kernel, return_log=True))
    value = graph.op("Sub", graph.op("Add", density, graph.constant(norm)), graph.constant(np.log(count)))
    least = _least_distance(scope, x, estimator)
    share = _share(graph, estimator, density, _highest(scope, x, estimator, least, h, count), norm, count)
    if error is not None:
        share = graph.op("Add", share, _moved(graph, estimator.kernel, logs, distance, error, shifted, h))
    # scikit-learn's norm of the cosine kernel is no number in some dimensions.
    share = graph.op("Where", graph.op("Or", none, graph.op("IsNaN", share)), graph.constant(0.0), share)
    flat = graph.constant([-1], np.int64)
    # log(1 - r) is at most 1.4 r for r up to a half. Beyond that nothing is known of the logarithm.
    moved = graph.op("Mul", graph.op("Min", share, graph.constant(0.5)), graph.constant(1.4))
    size = graph.op("Add", graph.op("Abs", density), graph.constant(abs(norm) + abs(np.log(count))))
    size = graph.op("Where", graph.op("Or", none, graph.op("IsNaN", size)), graph.constant(0.0), size)
    off = graph.op("Reshape", graph.op("Add", moved, graph.op("Mul", size, graph.constant(8 * UNIT))), flat)
    rounding: Rounding = within(graph, off, 4.0 * len(points), REASON)
    known = (graph.constant(np.ones(1)), within(graph, graph.op("Reshape", share, flat), 2.0, REASON))
    # Beyond the box or ball around all points every bound is exactly 0.
    reached = graph.op("Less", least, graph.constant(h * (1 + 1e-9)))
    border = _border(graph, estimator.kernel, distance, error, h, graph.op("And", none, reached))
    margin = nearest_of(graph, [border, known])
    score = Score(graph.op("Reshape", value, flat), "float64", rounding=rounding, margin=margin)
    return Lowered(None, {"score_samples": score})


def _least_distance(scope: Scope, x: Matrix, estimator: Any) -> ir.Value:
    """(rows, 1): how far a row is at least from any point, by the box or ball around all of them."""
    graph = scope.graph
    _, _, nodes, bounds = estimator.tree_.get_arrays()
    params = estimator.metric_params or {}
    zero = graph.constant(0.0)
    if type(estimator.tree_).__name__.startswith("KDTree"):
        low, high = np.asarray(bounds)[:, 0]
        below = graph.op("Max", graph.op("Sub", graph.constant(low), x.value), zero)
        gap = graph.op("Add", below, graph.op("Max", graph.op("Sub", x.value, graph.constant(high)), zero))
        origin = np.zeros((1, x.width))
        return distances(scope, Matrix(gap, x.width), origin, estimator.metric, params, "tree").finished(graph)[0]
    center = np.ascontiguousarray(np.asarray(bounds)[0, :1])
    away, _ = distances(scope, Matrix(x.value, x.width), center, estimator.metric, params, "tree").finished(graph)
    return graph.op("Max", graph.op("Sub", away, graph.constant(float(nodes["radius"][0]))), zero)


def _highest(scope: Scope, x: Matrix, estimator: Any, least: ir.Value, h: float, count: float) -> ir.Value:
    """(rows, 1): the logarithm of the largest bound of a search, all points of a node as near as the node.

    Boxes lie in each other. A ball may reach out of the one that it is a part of, so every ball counts.
    """
    graph = scope.graph
    if type(estimator.tree_).__name__.startswith("KDTree"):
        return graph.op("Add", _log_kernel(graph, estimator.kernel, least, h), graph.constant(np.log(count)))
    _, order, nodes, bounds = estimator.tree_.get_arrays()
    inside = np.asarray(nodes["idx_end"]) > np.asarray(nodes["idx_start"])
    centers = np.ascontiguousarray(np.asarray(bounds)[0][inside])
    params = estimator.metric_params or {}
    away, _ = distances(scope, Matrix(x.value, x.width), centers, estimator.metric, params, "tree").finished(graph)
    radius = np.asarray(nodes["radius"])[inside][None]
    near = graph.op("Max", graph.op("Sub", away, graph.constant(radius)), graph.constant(0.0))
    weight = estimator.tree_.sample_weight
    each = np.ones(len(estimator.tree_.data)) if weight is None else np.asarray(weight, np.float64)
    sums = np.concatenate([[0.0], np.cumsum(each[np.asarray(order)])])
    within_node = (sums[nodes["idx_end"]] - sums[nodes["idx_start"]])[inside]
    logs = graph.op("Add", _log_kernel(graph, estimator.kernel, near, h), graph.constant(np.log(within_node)[None]))
    top = graph.op("ReduceMax", logs, graph.constant([1], np.int64), keepdims=1)
    base = graph.op("Where", graph.op("IsInf", top), graph.constant(0.0), top)
    return graph.op("Add", graph.op("Log", total(graph, exponential(graph, graph.op("Sub", logs, base)))), base)


def _share(graph: Graph, estimator: Any, density: ir.Value, highest: ir.Value, norm: float, count: float) -> ir.Value:
    """(rows, 1): how far scikit-learn's sum of kernels is from the sum itself, as a share of that.

    Every step of the tree rounds the logarithm of a partial sum. What is left of the bounds of nodes, once all are opened, is a
    rounding error of the largest bound, which is every point at the least possible distance: beside a small density it is not small.
    A search that may stop early leaves what ``atol`` and ``rtol`` say.
    """
    _, order, nodes, _ = estimator.tree_.get_arrays()
    steps = 4.0 * (len(order) + 3 * len(nodes)) * UNIT
    finite = graph.op("Where", graph.op("IsInf", highest), graph.constant(0.0), highest)
    size = graph.op("Add", graph.op("Abs", density), graph.op("Abs", finite))
    size = graph.op("Add", size, graph.constant(abs(np.log(count)) + 4.0))
    # The bounds are never below the sum.
    left = graph.op("Max", graph.op("Sub", highest, density), graph.constant(0.0))
    residue = exponential(graph, graph.op("Min", left, graph.constant(600.0)))
    whole = graph.op("Mul", graph.op("Mul", size, graph.op("Add", residue, graph.constant(1.0))), graph.constant(steps))
    if estimator.atol:
        part = graph.op("Min", graph.op("Neg", graph.op("Add", density, graph.constant(norm))), graph.constant(600.0))
        whole = graph.op(
            "Add", whole, graph.op("Mul", exponential(graph, part), graph.constant(float(estimator.atol) * count))
        )
    return graph.op("Add", whole, graph.constant(float(estimator.rtol)))


def _moved(
    graph: Graph, kernel: str, logs: ir.Value, distance: ir.Value, error: ir.Value, shifted: ir.Value, h: float
) -> ir.Value:
    """(rows, 1): what inexact distances do: the slope of the logarithm of each kernel, weighted by the kernel."""
    if kernel == "gaussian":
        slope = graph.op("Div", graph.op("Add", distance, error), graph.constant(h * h))
    elif kernel == "exponential":
        slope = graph.constant(1 / h)
    else:
        # The slopes of the kernels themselves are at most pi / h; over the kernel that is the logarithm's.
        here = exponential(graph, logs)
        slope = graph.op("Div", graph.constant(np.pi / h), graph.op("Max", here, graph.constant(1e-300)))
    parts = graph.op("Mul", graph.op("Mul", slope, error), shifted)
    parts = graph.op("Where", graph.op("Greater", shifted, graph.constant(0.0)), parts, graph.constant(0.0))
    return graph.op("Div", graph.op("Mul", total(graph, parts), graph.constant(2.0)), total(graph, shifted))


LOWERINGS = {KernelDensity: lower_kernel_density}
