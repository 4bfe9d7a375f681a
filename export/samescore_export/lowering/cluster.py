"""Lowerings for ``sklearn.cluster``: the nearest centre, going down the tree of bisecting k-means, and pooled features."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray
from sklearn.cluster import (
    AffinityPropagation,
    Birch,
    BisectingKMeans,
    FeatureAgglomeration,
    KMeans,
    MeanShift,
    MiniBatchKMeans,
)

from samescore_export.margins import Margin, nearest_of
from samescore_export.operations.combining import chained
from samescore_export.operations.deciding import row_largest, sized
from samescore_export.operations.nearest_centers import closest, distance_matrix, in_single, to_centers
from samescore_export.operations.numeric import doubles, doubles_only, floats
from samescore_export.operations.row_statistics import row_median
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Rounding, Score, Table

#: What pools features, by name of numpy's function.
_POOLS = {"max": "Max", "amax": "Max", "min": "Min", "amin": "Min", "sum": "Add"}


def _labelled(
    scope: Scope, index: ir.Value, labels: NDArray[Any] | None, margin: Margin, clusters: int
) -> dict[str, Score]:
    graph = scope.graph
    if labels is not None:
        index = graph.op("Gather", graph.constant(np.asarray(labels, np.int64)), index, axis=0)
    known = range(clusters) if labels is None else sorted({int(label) for label in labels})
    return {"predict": Score(index, "int64", (), tuple(known), margin=margin)}


_MEANS = (KMeans, MiniBatchKMeans, BisectingKMeans)


def _rows(scope: Scope, estimator: Any, inputs: Matrix | Table, centers: Any) -> tuple[Matrix, bool]:
    """The inputs in float64, and whether rows and centres are float32; k-means takes no mixture of the two."""
    given, fitted = floats(scope, inputs, estimator).dtype, np.asarray(centers).dtype
    if isinstance(estimator, _MEANS) and given != fitted:
        raise scope.refuse(f"{type(estimator).__name__} fitted on {fitted} over {given}", f"rows in {fitted}")
    return doubles(scope, inputs, estimator), given == fitted == np.float32


def _centered(
    scope: Scope, estimator: Any, inputs: Matrix | Table, centers: Any, labels: Any, transform: bool
) -> Lowered:
    x, single = _rows(scope, estimator, inputs, centers)
    away = to_centers(scope, x, np.asarray(centers))
    # k-means compares in float32, Birch keeps the centres' norms in it; the others compare in float64.
    coarse = single if isinstance(estimator, _MEANS) else isinstance(estimator, Birch) and centers.dtype == np.float32
    index, margin = closest(scope, in_single(scope.graph, away) if coarse else away, len(centers))
    scores = _labelled(scope, index, labels, margin, len(centers))
    return Lowered(distance_matrix(scope, away, len(centers), single=single) if transform else None, scores)


def lower_k_means(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """KMeans, MiniBatchKMeans: the first nearest centre, and the distances to all."""
    return _centered(scope, estimator, inputs, estimator.cluster_centers_, None, True)


def lower_nearest(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """MeanShift, AffinityPropagation: the first nearest centre."""
    if getattr(estimator, "affinity", None) == "precomputed":
        raise scope.refuse(f"{type(estimator).__name__}(affinity='precomputed'), which cannot predict", "euclidean")
    if len(estimator.cluster_centers_) == 0:
        # Affinity propagation that did not converge gives -1 for every row.
        graph = scope.graph
        x = doubles(scope, inputs, estimator)
        rows = graph.op("Shape", x.value, end=1)
        return Lowered(
            None, {"predict": Score(graph.op("Expand", graph.constant(-1, np.int64), rows), "int64", (), (-1,))}
        )
    return _centered(scope, estimator, inputs, estimator.cluster_centers_, None, False)


def lower_birch(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """Birch: the label of the nearest subcluster, and the distances to all of them."""
    return _centered(scope, estimator, inputs, estimator.subcluster_centers_, estimator.subcluster_labels_, True)


def lower_bisecting(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """BisectingKMeans: at each node the nearer of two centres, down to a leaf."""
    graph = scope.graph
    x, single = _rows(scope, estimator, inputs, estimator.cluster_centers_)
    margins: list[Margin] = []

    def down(node: Any) -> ir.Value:
        """(rows,) the label below ``node``."""
        if node.left is None:
            rows = graph.op("Shape", x.value, end=1)
            return graph.op("Expand", graph.constant(int(node.label), np.int64), rows)
        centers = np.vstack((node.left.center, node.right.center))
        if hasattr(estimator, "_X_mean"):
            centers = centers + estimator._X_mean
        away = to_centers(scope, x, centers)
        index, margin = closest(scope, in_single(graph, away) if single else away, 2)
        margins.append(margin)
        left = graph.op("Equal", index, graph.constant(0, np.int64))
        return graph.op("Where", left, down(node.left), down(node.right))

    label = down(estimator._bisecting_tree)
    centers = np.asarray(estimator.cluster_centers_)
    scores = _labelled(scope, label, None, nearest_of(graph, margins), len(centers))
    return Lowered(distance_matrix(scope, to_centers(scope, x, centers), len(centers), single=single), scores)


def lower_agglomeration(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """FeatureAgglomeration: the columns of each cluster pooled into one."""
    graph = scope.graph
    labels = np.asarray(estimator.labels_)
    pool = estimator.pooling_func
    mean = pool == np.mean
    # The mean is taken by ``bincount``, in float64 whatever the rows are.
    x = doubles(scope, inputs, estimator) if mean else doubles_only(scope, inputs, estimator)
    name = getattr(pool, "__name__", "")
    if pool is np.median:
        return Lowered(_pooled_medians(scope, x, labels))
    if not mean and (name not in _POOLS or getattr(np, name, None) is not pool):
        raise scope.refuse(
            f"FeatureAgglomeration(pooling_func={name or pool!r})", "numpy.mean, median, max, min or sum"
        )
    pooled, sizes = [], []
    size = graph.op("Abs", x.value)
    if x.rounding is not None:
        size = graph.op("Max", size, x.rounding.scale or graph.constant(1.0))
    for label in np.unique(labels):
        places = np.flatnonzero(labels == label)
        parts = [graph.op("Gather", x.value, graph.constant([i], np.int64), axis=1) for i in places]
        # ``numpy.bincount`` adds in column order, and so does a sum of fewer than eight columns.
        summed = mean or _POOLS[name] == "Add"
        value = chained(graph, parts) if summed else graph.op(_POOLS[name], *parts)
        pooled.append(graph.op("Div", value, graph.constant(float(len(places)))) if mean else value)
        taken = graph.op("Gather", size, graph.constant(places, np.int64), axis=1)
        sizes.append(graph.op("ReduceSum", taken, graph.constant([1], np.int64), keepdims=1))
    most = int(np.bincount(labels).max())
    rounding: Rounding | None = None
    if x.rounding is not None or (name == "sum" and most >= 8):
        ulp = (x.rounding.ulp if x.rounding else 0.0) + 2.0 * (most + 1)
        reason = x.rounding.reason if x.rounding else "numpy adds eight columns and more in an order of its own"
        rounding = Rounding(ulp, graph.op("Concat", *sizes, axis=1), reason)
    return Lowered(Matrix(graph.op("Concat", *pooled, axis=1), len(pooled), rounding=rounding))


def _pooled_medians(scope: Scope, x: Matrix, labels: NDArray[np.int64]) -> Matrix:
    graph = scope.graph
    places = [graph.constant(np.flatnonzero(labels == label), np.int64) for label in np.unique(labels)]
    parts = [graph.op("Gather", x.value, place, axis=1) for place in places]
    sizes = np.bincount(labels).tolist()
    value = graph.op(
        "Concat", *(row_median(graph, part, size) for part, size in zip(parts, sizes, strict=True)), axis=1
    )
    if x.rounding is None:
        return Matrix(value, len(parts))
    # Whatever has moved by at most so much, its middle has too.
    largest = row_largest(graph, sized(graph, x.value, x.rounding))
    return Matrix(value, len(parts), rounding=Rounding(2 * x.rounding.ulp + 1, largest, x.rounding.reason))


LOWERINGS = {
    AffinityPropagation: lower_nearest,
    Birch: lower_birch,
    BisectingKMeans: lower_bisecting,
    FeatureAgglomeration: lower_agglomeration,
    KMeans: lower_k_means,
    MeanShift: lower_nearest,
    MiniBatchKMeans: lower_k_means,
}
