"""Distances between rows and the points of a fitted model, in the arithmetic of each way scikit-learn takes, and how far each may be off.

scikit-learn has three ways. Trees (KDTree, BallTree) and the generic ArgKmin take the difference of two points and add over the
columns one by one: the same sum here has the same bits. ArgKmin for the Euclidean distance and ``pairwise_distances`` expand the square
through BLAS, whose error is one of the squares' own size however near the points are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from samescore_export.graph import Graph
from samescore_export.operations.angles import arcsine
from samescore_export.operations.columnwise import Column, added, per_column
from samescore_export.operations.deciding import sized
from samescore_export.operations.numeric import narrowed
from samescore_export.scope import Scope
from samescore_export.values import Matrix, Rounding

#: ``tree``: KDTree or BallTree; ``argkmin``: the pairwise reductions, ``single`` those over float32; ``pairwise``: ``pairwise_distances`` and
#: scipy's cdist.
Way = Literal["tree", "argkmin", "single", "pairwise"]

#: Half a spacing of 1.0: the largest relative error of one operation.
UNIT = 2.0**-53

#: Columns up to which differences are taken although scikit-learn expands the square; beyond, one product of matrices is faster.
_UNROLLED = 64

#: Finishing a compared value and its error into a distance and its error.
Finish = Callable[[Graph, ir.Value, "ir.Value | None"], "tuple[ir.Value, ir.Value | None]"]


@dataclass(frozen=True, slots=True)
class Distances:
    """(rows, points): ``compared`` is what scikit-learn sorts by; ``finish`` makes distances of it.

    ``error`` is an absolute bound on the difference to scikit-learn's, broadcastable to (rows, points); None for the same bits.
    ``undefined`` says that some may be NaN or infinite, which stand last and have no error.
    """

    compared: ir.Value
    error: ir.Value | None
    finish: Finish
    undefined: bool = False

    def finished(self, graph: Graph) -> tuple[ir.Value, ir.Value | None]:
        """The distances (rows, points) and their error."""
        return self.finish(graph, self.compared, self.error)


def within(graph: Graph, error: ir.Value, ulp: float, reason: str) -> Rounding:
    """An absolute error as a rounding of ``ulp``; a spacing of s is at least s * 2**-53."""
    return Rounding(ulp, graph.op("Mul", error, graph.constant(2.0**53 / ulp)), reason)


def total(graph: Graph, value: ir.Value) -> ir.Value:
    """(rows, 1): the sum of each row."""
    return graph.op("ReduceSum", value, graph.constant([1], np.int64), keepdims=1)


def unchanged(graph: Graph, compared: ir.Value, error: ir.Value | None) -> tuple[ir.Value, ir.Value | None]:
    """The finish of metrics that are compared as they are."""
    return compared, error


def rooted(graph: Graph, compared: ir.Value, error: ir.Value | None) -> tuple[ir.Value, ir.Value | None]:
    """The square root of a sum of squares: sqrt(a + e) is within min(sqrt(e), e / sqrt(a)) of sqrt(a)."""
    root = graph.op("Sqrt", compared)
    if error is None:
        return root, None
    near = graph.op("Div", error, graph.op("Max", root, graph.constant(1e-300)))
    own = graph.op("Mul", root, graph.constant(2 * UNIT))
    return root, graph.op("Add", graph.op("Min", graph.op("Sqrt", error), near), own)


def input_error(graph: Graph, x: Matrix) -> ir.Value | None:
    """(rows, width) or broadcastable: how far each number of the input may be off."""
    if x.rounding is None:
        return None
    return graph.op("Mul", sized(graph, x.value, x.rounding), graph.constant(x.rounding.ulp * 2 * UNIT))


def _length(graph: Graph, error: ir.Value) -> ir.Value:
    return graph.op("Sqrt", total(graph, graph.op("Mul", error, error)))


def _joined(graph: Graph, *errors: ir.Value | None) -> ir.Value | None:
    present = [error for error in errors if error is not None]
    if not present:
        return None
    whole = present[0]
    for error in present[1:]:
        whole = graph.op("Add", whole, error)
    return whole


def _scaled(graph: Graph, value: ir.Value, units: float) -> ir.Value:
    return graph.op("Mul", value, graph.constant(units * UNIT))


def _square_error(graph: Graph, compared: ir.Value, moved: ir.Value | None) -> ir.Value | None:
    """What an input moved by ``moved`` (rows, 1) does to a squared distance: 2 d m + m ** 2."""
    if moved is None:
        return None
    twice = graph.op("Mul", graph.op("Mul", graph.op("Sqrt", compared), moved), graph.constant(2.0))
    return graph.op("Add", twice, graph.op("Mul", moved, moved))


def expansion_error(graph: Graph, x: Matrix, points: NDArray[np.float64], units: float) -> ir.Value:
    """The error of ``x.x - 2 x.y + y.y`` through BLAS: (rows, points)."""
    squares = total(graph, graph.op("Mul", x.value, x.value))
    both = graph.op("Add", squares, graph.constant((points**2).sum(axis=1)[None]))
    return _scaled(graph, both, units * (x.width + 6))


def squared_euclidean(graph: Graph, x: Matrix, points: NDArray[np.float64], way: Way) -> Distances:
    """The squared Euclidean distance; its finish is the root."""
    error = input_error(graph, x)
    moved = None if error is None else _length(graph, error)
    if way in ("tree", "single") or x.width <= _UNROLLED:

        def square(inner: Graph, column: Column) -> ir.Value:
            gap = column.gap(inner)
            return inner.op("Mul", gap, gap)

        compared = added(graph, x, points, square, single=way == "single")
        expanded = None if way in ("tree", "single") else expansion_error(graph, x, points, 4.0)
    else:
        squares = total(graph, graph.op("Mul", x.value, x.value))
        crossed = graph.op("MatMul", x.value, graph.constant(np.ascontiguousarray(-2.0 * points.T)))
        norms = graph.constant((points**2).sum(axis=1)[None])
        compared = graph.op("Add", graph.op("Add", crossed, squares), norms)
        compared = graph.op("Max", compared, graph.constant(0.0))
        expanded = expansion_error(graph, x, points, 8.0)
    own = None if moved is None else _scaled(graph, compared, 2.0 * (x.width + 3))
    return Distances(compared, _joined(graph, expanded, _square_error(graph, compared, moved), own), rooted)


def _absolute(inner: Graph, column: Column) -> ir.Value:
    return inner.op("Abs", column.gap(inner))


def _manhattan(graph: Graph, x: Matrix, points: NDArray[np.float64], way: Way, params: Mapping[str, Any]) -> Distances:
    compared = added(graph, x, points, _absolute, single=way == "single")
    error = input_error(graph, x)
    if error is not None:
        error = _joined(graph, total(graph, error), _scaled(graph, compared, 2.0 * (x.width + 2)))
    if way == "pairwise":
        error = _joined(graph, error, _scaled(graph, compared, 2.0 * (x.width + 2)))
    return Distances(compared, error, unchanged)


def _chebyshev(graph: Graph, x: Matrix, points: NDArray[np.float64], way: Way, params: Mapping[str, Any]) -> Distances:
    def known(inner: Graph, column: Column) -> ir.Value:
        # C's fmax passes over what is no number.
        gap = _absolute(inner, column)
        return inner.op("Where", inner.op("IsNaN", gap), inner.constant(0.0), gap)

    compared = added(graph, x, points, known, "Max", single=way == "single")
    error = input_error(graph, x)
    if error is not None:
        error = _joined(graph, total(graph, error), _scaled(graph, compared, 4.0))
    return Distances(compared, error, unchanged)


def _minkowski(graph: Graph, x: Matrix, points: NDArray[np.float64], way: Way, params: Mapping[str, Any]) -> Distances:
    """sum(w abs(x - y) ** p) ** (1 / p); pow is the platform's, so it is inexact."""
    p = float(params.get("p", 2))
    if np.isinf(p):
        return _chebyshev(graph, x, points, way, params)
    weights = params.get("w")
    # onnxruntime multiplies for a single exponent of 2 or 3; one exponent a column makes it call pow, as scikit-learn does.
    exponents = graph.constant(np.full((1, len(points)), p))
    extras = () if weights is None else (np.asarray(weights, np.float64),)

    def power(inner: Graph, column: Column) -> ir.Value:
        raised = inner.op("Pow", _absolute(inner, column), exponents)
        return inner.op("Mul", column.extras[0], raised) if column.extras else raised

    compared = added(graph, x, points, power, extras=extras, single=way == "single")
    error = _scaled(graph, compared, 2.0 * (x.width + 6))
    moved = input_error(graph, x)
    lengthened = None if moved is None else total(graph, moved)
    largest = 1.0 if weights is None else float(np.max(weights, initial=0.0)) ** (1 / p)

    def root(inner: Graph, value: ir.Value, off: ir.Value | None) -> tuple[ir.Value, ir.Value | None]:
        distance = inner.op("Pow", value, inner.constant(1 / p))
        # The sum is relatively exact: so is its root, by a p-th of it.
        own = _scaled(inner, distance, 2.0 * (x.width + 6) / p + 6.0)
        if lengthened is None:
            return distance, own
        return distance, inner.op("Add", own, inner.op("Mul", lengthened, inner.constant(largest)))

    if lengthened is not None:
        # d ** p moves by p d ** (p - 1) m, and by m ** p where d is less than m.
        distance = graph.op("Pow", compared, graph.constant(1 / p))
        reach = graph.op("Add", distance, graph.op("Mul", lengthened, graph.constant(largest)))
        error = graph.op("Add", error, graph.op("Sub", graph.op("Pow", reach, graph.constant(p)), compared))
    return Distances(compared, error, root)


def _seuclidean(graph: Graph, x: Matrix, points: NDArray[np.float64], way: Way, params: Mapping[str, Any]) -> Distances:
    variance = np.asarray(params["V"], np.float64)

    def square(inner: Graph, column: Column) -> ir.Value:
        gap = column.gap(inner)
        return inner.op("Div", inner.op("Mul", gap, gap), column.extras[0])

    compared = added(graph, x, points, square, extras=(variance,), single=way == "single")
    error = input_error(graph, x)
    if error is not None:
        moved = _length(graph, graph.op("Div", error, graph.constant(np.sqrt(variance))))
        error = _joined(
            graph, _square_error(graph, compared, moved), _scaled(graph, compared, 2.0 * (len(variance) + 4))
        )
    if way == "pairwise":
        error = _joined(graph, error, _scaled(graph, compared, 2.0 * (len(variance) + 4)))
    return Distances(compared, error, rooted)


def _mahalanobis(
    graph: Graph, x: Matrix, points: NDArray[np.float64], way: Way, params: Mapping[str, Any]
) -> Distances:
    """(x - y) VI (x - y), row by row of VI as the trees add it."""
    inverse = params["VI"] if "VI" in params else np.linalg.inv(params["V"])
    matrix = np.asarray(inverse, np.float64)
    width = x.width
    gaps = [graph.op("Sub", column.x, column.points) for column in per_column(graph, x, points)]
    compared: ir.Value | None = None
    for i in range(width):
        inner: ir.Value | None = None
        for j in range(width):
            part = graph.op("Mul", graph.constant(matrix[i, j]), gaps[j])
            inner = part if inner is None else graph.op("Add", inner, part)
        assert inner is not None
        outer = graph.op("Mul", inner, gaps[i])
        compared = outer if compared is None else graph.op("Add", compared, outer)
    assert compared is not None
    error = input_error(graph, x)
    largest = float(np.linalg.norm(np.abs(matrix), 2))
    if way == "tree" and error is None and "VI" in params:
        return Distances(compared, None, rooted)
    squares = graph.op("Mul", gaps[0], gaps[0])
    for gap in gaps[1:]:
        squares = graph.op("Add", squares, graph.op("Mul", gap, gap))
    own = _scaled(graph, graph.op("Mul", squares, graph.constant(largest)), 4.0 * (width + 3))
    moved = None if error is None else graph.op("Mul", _length(graph, error), graph.constant(np.sqrt(largest)))
    root = graph.op("Mul", squares, graph.constant(largest))
    return Distances(compared, _joined(graph, own, _square_error(graph, root, moved)), rooted)


def _exact(metric: str, x: Matrix, scope: Scope) -> None:
    if x.rounding is not None:
        raise scope.refuse(
            f"the metric {metric!r} behind a step that is not bit-equal ({x.rounding.reason})", "bit-equal steps before"
        )


def _canberra(graph: Graph, x: Matrix, points: NDArray[np.float64], way: Way, params: Mapping[str, Any]) -> Distances:
    def share(inner: Graph, column: Column) -> ir.Value:
        whole = inner.op("Add", inner.op("Abs", column.x), inner.op("Abs", column.points))
        something = inner.op("Greater", whole, inner.constant(0.0))
        ratio = inner.op("Div", _absolute(inner, column), whole)
        return inner.op("Where", something, ratio, inner.constant(0.0))

    compared = added(graph, x, points, share, single=way == "single")
    return Distances(compared, _scaled(graph, compared, 2.0 * (x.width + 4)) if way == "pairwise" else None, unchanged)


def _braycurtis(graph: Graph, x: Matrix, points: NDArray[np.float64], way: Way, params: Mapping[str, Any]) -> Distances:
    def whole(inner: Graph, column: Column) -> ir.Value:
        if way == "pairwise":
            # scipy has the magnitude of the sum, scikit-learn the sum of magnitudes.
            return inner.op("Abs", inner.op("Add", column.x, column.points))
        return inner.op("Add", inner.op("Abs", column.x), inner.op("Abs", column.points))

    above = added(graph, x, points, _absolute, single=way == "single")
    below = added(graph, x, points, whole)
    share = graph.op("Div", above, below)
    if way == "pairwise":
        return Distances(share, _scaled(graph, share, 4.0 * (x.width + 3)), unchanged, undefined=True)
    something = graph.op("Greater", below, graph.constant(0.0))
    return Distances(graph.op("Where", something, share, graph.constant(0.0)), None, unchanged)


def _hamming(graph: Graph, x: Matrix, points: NDArray[np.float64], way: Way, params: Mapping[str, Any]) -> Distances:
    def differs(inner: Graph, column: Column) -> ir.Value:
        same = inner.op("Equal", column.x, column.points)
        return inner.op("Where", same, inner.constant(0.0), inner.constant(1.0))

    count = added(graph, x, points, differs)
    return Distances(graph.op("Div", count, graph.constant(float(x.width))), None, unchanged)


def _haversine(graph: Graph, x: Matrix, points: NDArray[np.float64], way: Way, params: Mapping[str, Any]) -> Distances:
    """Great circles from (latitude, longitude) in radians; sine, cosine and arcsine are the platform's."""
    first, second = per_column(graph, x, points, single=way == "single")
    half = graph.constant(0.5)

    def sine_squared(column: Column) -> ir.Value:
        sine = graph.op("Sin", graph.op("Mul", half, column.gap(graph)))
        return graph.op("Mul", sine, sine)

    # The cosine goes on beyond the poles: cos(x) = 1 - 2 sin(x / 2) ** 2.
    sine = graph.op("Sin", graph.op("Mul", half, first.x))
    doubled = graph.op("Mul", graph.constant(2.0), graph.op("Mul", sine, sine))
    cosines = graph.op("Mul", graph.op("Sub", graph.constant(1.0), doubled), graph.constant(np.cos(points[None, :, 0])))
    across = sine_squared(second)
    compared = graph.op("Add", sine_squared(first), graph.op("Mul", cosines, across))
    largest = graph.op("Add", graph.op("Abs", x.value), graph.constant(np.abs(points).max(axis=0) + 1.0))
    size = total(graph, largest)
    moved = input_error(graph, x)
    error = graph.op("Add", _scaled(graph, compared, 32.0), _scaled(graph, graph.op("Mul", size, size), 2.0**-40))
    # A cosine is off by 4 units of 1, however near to 0 it is.
    error = graph.op("Add", error, _scaled(graph, across, 8.0))
    if moved is not None:
        error = graph.op("Add", error, total(graph, moved))

    def angle(inner: Graph, value: ir.Value, off: ir.Value | None) -> tuple[ir.Value, ir.Value | None]:
        assert off is not None
        root = inner.op("Sqrt", value)
        distance = inner.op("Mul", inner.constant(2.0), arcsine(inner, root))
        # asin(sqrt(a)) moves by 1 / (2 sqrt(a (1 - a))), and by no more than 1.6 sqrt(e).
        slope = inner.op("Sqrt", inner.op("Mul", value, inner.op("Sub", inner.constant(1.0), value)))
        near = inner.op("Div", off, inner.op("Max", slope, inner.constant(1e-300)))
        far = inner.op("Mul", inner.op("Sqrt", off), inner.constant(3.2))
        own = _scaled(inner, distance, 16.0)
        return distance, inner.op("Add", inner.op("Min", inner.op("Mul", near, inner.constant(2.0)), far), own)

    return Distances(compared, error, angle)


def _cosine(graph: Graph, x: Matrix, points: NDArray[np.float64], way: Way, params: Mapping[str, Any]) -> Distances:
    """1 - the product of normalised rows, clipped; a row of zeros stays zeros."""
    norms = np.sqrt((points**2).sum(axis=1, keepdims=True))
    units = points / np.where(norms == 0, 1.0, norms)
    length = _length(graph, x.value)
    divisor = graph.op("Where", graph.op("Equal", length, graph.constant(0.0)), graph.constant(1.0), length)
    product = graph.op("MatMul", graph.op("Div", x.value, divisor), graph.constant(np.ascontiguousarray(units.T)))
    raw = graph.op("Sub", graph.constant(1.0), product)
    compared = graph.op("Clip", raw, graph.constant(0.0), graph.constant(2.0))
    error = graph.constant(4.0 * (x.width + 8) * UNIT * np.ones((1, 1)))
    moved = input_error(graph, x)
    if moved is not None:
        share = graph.op("Div", _length(graph, moved), graph.op("Max", length, graph.constant(1e-300)))
        turned = graph.op("Min", graph.op("Mul", share, graph.constant(2.0)), graph.constant(2.0))
        error = graph.op("Add", error, turned)
    return Distances(compared, error, unchanged)


def _correlation(
    graph: Graph, x: Matrix, points: NDArray[np.float64], way: Way, params: Mapping[str, Any]
) -> Distances:
    """The cosine distance of rows less their mean."""
    inner = points - points.mean(axis=1, keepdims=True)
    lengths = np.sqrt((inner**2).sum(axis=1, keepdims=True))
    mean = graph.op("Div", total(graph, x.value), graph.constant(float(x.width)))
    moved = graph.op("Sub", x.value, mean)
    length = _length(graph, moved)
    product = graph.op(
        "MatMul", graph.op("Div", moved, length), graph.constant(np.ascontiguousarray((inner / lengths).T))
    )
    compared = graph.op("Sub", graph.constant(1.0), product)
    lost = graph.op("Div", _length(graph, x.value), length)
    whole = np.sqrt((points**2).sum(axis=1, keepdims=True))
    size = graph.op("Add", lost, graph.constant((whole / lengths).T + 1.0))
    return Distances(compared, _scaled(graph, size, 8.0 * (x.width + 8)), unchanged, undefined=True)


def nan_euclidean(graph: Graph, x: Matrix, points: NDArray[np.float64]) -> Distances:
    """Over the columns that both have, scaled up to all of them; NaN where there is none."""
    moved = input_error(graph, x)

    def square(inner: Graph, column: Column) -> ir.Value:
        gap = inner.op("Sub", column.x, column.points)
        return inner.op("Where", inner.op("IsNaN", gap), inner.constant(0.0), inner.op("Mul", gap, gap))

    present = graph.op("Cast", graph.op("Not", graph.op("IsNaN", x.value)), to=int(ir.DataType.DOUBLE))
    count = graph.op("MatMul", present, graph.constant(np.ascontiguousarray((~np.isnan(points)).T.astype(np.float64))))
    summed = added(graph, x, points, square)
    none = graph.op("Equal", count, graph.constant(0.0))
    share = graph.op("Max", count, graph.constant(1.0))
    scaled = graph.op("Mul", graph.op("Div", summed, share), graph.constant(float(x.width)))
    compared = graph.op("Where", none, graph.constant(np.nan), scaled)
    zeroed = graph.op("Where", graph.op("IsNaN", x.value), graph.constant(0.0), x.value)
    filled = np.nan_to_num(points)
    off = expansion_error(graph, Matrix(zeroed, x.width), filled, 8.0)
    if moved is not None:
        finite = graph.op("Where", graph.op("IsNaN", moved), graph.constant(0.0), moved)
        extra = _square_error(graph, summed, _length(graph, finite))
        assert extra is not None
        off = graph.op("Add", off, extra)
    error = graph.op("Mul", off, graph.op("Div", graph.constant(float(x.width)), share))
    return Distances(compared, error, rooted)


Metric = Callable[[Graph, Matrix, NDArray[np.float64], Way, Mapping[str, Any]], Distances]

#: Metrics by name; those beneath the line need exact inputs.
_SMOOTH: Mapping[str, Metric] = {
    **dict.fromkeys(("manhattan", "cityblock", "l1"), _manhattan),
    **dict.fromkeys(("chebyshev", "infinity"), _chebyshev),
    **dict.fromkeys(("minkowski", "p"), _minkowski),
    "seuclidean": _seuclidean,
    "mahalanobis": _mahalanobis,
    "haversine": _haversine,
    "cosine": _cosine,
}
_STEPPED: Mapping[str, Metric] = {
    "canberra": _canberra,
    "braycurtis": _braycurtis,
    "hamming": _hamming,
    "correlation": _correlation,
}


def _given(x: Matrix) -> Distances:
    return Distances(x.value, None, unchanged)


def distances(
    scope: Scope,
    x: Matrix,
    points: NDArray[np.float64],
    metric: Any,
    params: Mapping[str, Any],
    way: Way,
) -> Distances:
    """The distances (rows, points) of a named metric.

    Raises:
        UnsupportedError: for a function as the metric, or a metric not known here.
    """
    from samescore_export.operations.boolean_distances import BOOLEAN

    graph = scope.graph
    if metric == "precomputed":
        if x.rounding is not None:
            return Distances(x.value, input_error(graph, x), unchanged)
        return _given(x)
    known = ["euclidean", "l2", "sqeuclidean", "nan_euclidean", "precomputed", *_SMOOTH, *_STEPPED, *BOOLEAN]
    if not isinstance(metric, str) or metric not in known:
        raise scope.refuse(f"metric={metric!r}", " or ".join(known))
    if way == "single":
        return _returned(graph, x, points, metric, _of_way(scope, x, points, metric, params, way))
    return _of_way(scope, x, points, metric, params, way)


def _of_way(
    scope: Scope, x: Matrix, points: NDArray[np.float64], metric: str, params: Mapping[str, Any], way: Way
) -> Distances:
    from samescore_export.operations.boolean_distances import BOOLEAN, boolean

    graph = scope.graph
    if metric in ("euclidean", "l2"):
        # ArgKmin expands the square only under the name "euclidean".
        generic: Mapping[str, Way] = {"argkmin": "tree"} if metric == "l2" else {"single": "argkmin"}
        return squared_euclidean(graph, x, points, generic.get(way, way))
    if metric == "sqeuclidean":
        found = squared_euclidean(graph, x, points, "argkmin" if way == "single" else way)
        return Distances(found.compared, found.error, unchanged)
    if metric == "nan_euclidean":
        return nan_euclidean(graph, x, points)
    if metric in ("seuclidean", "mahalanobis") and not {"V", "VI"} & set(params):
        raise scope.refuse(f"metric={metric!r} without metric_params", "V or VI in metric_params")
    if metric in _SMOOTH:
        return _SMOOTH[metric](graph, x, points, way, params)
    _exact(metric, x, scope)
    if metric in BOOLEAN:
        return boolean(graph, x, points, metric, way)
    return _STEPPED[metric](graph, x, points, way, params)


#: Half a spacing of 1.0 in float32.
_SINGLE_UNIT = 2.0**-24


def _returned(graph: Graph, x: Matrix, points: NDArray[np.float64], metric: str, found: Distances) -> Distances:
    """Distances that scikit-learn's functions over float32 return in float32, whatever they add in."""

    def rounded(inner: Graph, value: ir.Value, off: ir.Value | None) -> tuple[ir.Value, ir.Value | None]:
        near = narrowed(inner, value)
        if off is None:
            return near, None
        return near, inner.op("Add", off, inner.op("Mul", inner.op("Abs", near), inner.constant(8 * _SINGLE_UNIT)))

    def finish(inner: Graph, value: ir.Value, off: ir.Value | None) -> tuple[ir.Value, ir.Value | None]:
        distance, error = found.finish(inner, value, off)
        return rounded(inner, distance, error)

    if metric == "sqeuclidean":
        return found
    if metric == "euclidean":
        # The choice is made by squares in float64, and the squares of those chosen are rounded before their root is.
        def anew(inner: Graph, value: ir.Value, off: ir.Value | None) -> tuple[ir.Value, ir.Value | None]:
            return finish(inner, *rounded(inner, value, off))

        return Distances(found.compared, found.error, anew)
    compared, error = rounded(graph, found.compared, found.error)
    return Distances(compared, error, finish, found.undefined)
