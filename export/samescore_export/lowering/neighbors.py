"""Lowerings for the k nearest neighbours of ``sklearn.neighbors``."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor, KNeighborsTransformer, NearestNeighbors

from samescore_export.margins import Margin, nearest_of
from samescore_export.operations.deciding import first_largest, lead, standing
from samescore_export.operations.distances import Distances, Way, distances, within
from samescore_export.operations.labels import label_score, label_type
from samescore_export.operations.nearest import REASON, Nearest, nearest
from samescore_export.operations.neighbor_ties import Search, down_the_tree, in_their_order
from samescore_export.operations.neighbor_weights import inverse_distances
from samescore_export.operations.numeric import doubles, is_single
from samescore_export.operations.numpy_sums import last_of, row_sum
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Rounding, Score, Table

#: Metrics that ``KNeighborsMixin`` gives to ArgKmin where it works without a tree.
_REDUCED = frozenset(
    [
        "braycurtis",
        "canberra",
        "chebyshev",
        "cityblock",
        "euclidean",
        "haversine",
        "infinity",
        "l1",
        "l2",
        "manhattan",
        "matching",
        "minkowski",
        "p",
        "seuclidean",
        "sokalmichener",
        "sqeuclidean",
    ]
)


#: Metrics of a BallTree without the triangle inequality that its search relies on: it may leave out a nearer point.
_NO_TRIANGLES = frozenset(["braycurtis"])


def fitted_points(estimator: Any) -> NDArray[np.float64]:
    """The points (points, width) that an estimator was fitted on."""
    points = estimator._fit_X
    return np.ascontiguousarray(points.toarray() if hasattr(points, "toarray") else points, np.float64)


def reduced(estimator: Any, single: bool) -> bool:
    """Whether brute force goes through ArgKmin, which takes points of the rows' dtype and no whole numbers."""
    same = estimator._fit_X.dtype == (np.float32 if single else np.float64)
    return bool(estimator.effective_metric_ in _REDUCED and same)


def to_fitted(scope: Scope, estimator: Any, inputs: Matrix | Table) -> Distances:
    """The distances of each row to the fitted points, in the way that ``_fit_method`` says.

    Trees widen float32, and brute force does where only the rows or only the points are float32.
    """
    x = doubles(scope, inputs, estimator)
    points = fitted_points(estimator)
    metric = estimator.effective_metric_
    way: Way = "tree"
    if estimator._fit_method not in ("kd_tree", "ball_tree"):
        single = is_single(inputs)
        if reduced(estimator, single):
            way = "single" if single else "argkmin"
        elif single and estimator._fit_X.dtype == np.float32 and metric in ("cosine", "nan_euclidean"):
            raise scope.refuse(f"brute force by metric={metric!r} over points in float32", "points in float64")
        else:
            way = "pairwise"
    return distances(scope, x, points, metric, estimator.effective_metric_params_, way)


def search_of(scope: Scope, estimator: Any, inputs: Matrix | Table) -> Search | None:
    """The rows, and the order in which the search meets the fitted points; None where numpy partitions the distances."""
    x = doubles(scope, inputs, estimator)
    metric, params = estimator.effective_metric_, estimator.effective_metric_params_
    if estimator._fit_method in ("kd_tree", "ball_tree"):
        if metric in _NO_TRIANGLES and len(estimator._tree.get_arrays()[2]) > 1:
            accepted = "algorithm='brute', or at most leaf_size points"
            raise scope.refuse(
                f"metric={metric!r} in a tree, which loses points where triangles do not close", accepted
            )
        return Search(x.value, down_the_tree(scope, estimator._tree, metric, params, x.width), True)
    if reduced(estimator, is_single(inputs)):
        return Search(x.value, in_their_order(int(estimator.n_samples_fit_)), False)
    return None


def found(scope: Scope, estimator: Any, inputs: Matrix | Table, k: int, away: Distances | None = None) -> Nearest:
    """``kneighbors``."""
    away = away or to_fitted(scope, estimator, inputs)
    search = search_of(scope, estimator, inputs)
    return nearest(scope.graph, away, k, int(estimator.n_samples_fit_), search)


def neighbor_scores(scope: Scope, near: Nearest, k: int) -> dict[str, Score]:
    """The outputs of ``kneighbors``; equal distances may stand in either order, and the distances are the same then."""
    rounding = None if near.error is None else within(scope.graph, near.error, 4.0, REASON)
    return {
        "kneighbors.distances": Score(
            near.distance, "float64", (k,), rounding=rounding, call=lambda model, X: model.kneighbors(X)[0]
        ),
        "kneighbors.indices": Score(
            near.indices, "int64", (k,), margin=near.order, call=lambda model, X: model.kneighbors(X)[1]
        ),
    }


def lower_neighbors(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """NearestNeighbors: ``kneighbors`` with the fitted number of neighbours."""
    k = int(estimator.n_neighbors)
    return Lowered(None, neighbor_scores(scope, found(scope, estimator, inputs, k), k))


def lower_transformer(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """KNeighborsTransformer: a matrix (rows, points) of ones or distances at the neighbours, zeros elsewhere."""
    graph = scope.graph
    far = estimator.mode == "distance"
    k, points = int(estimator.n_neighbors) + far, int(estimator.n_samples_fit_)
    away = to_fitted(scope, estimator, inputs)
    near = found(scope, estimator, inputs, k, away)
    shape = graph.op("Shape", away.compared)
    empty = graph.op("ConstantOfShape", shape, value=np.zeros(1))
    filling = near.distance if far else graph.op("Expand", graph.constant(1.0), graph.op("Shape", near.indices))
    value = graph.op("ScatterElements", empty, near.indices, filling, axis=1)
    rounding = None
    if far and near.error is not None:
        spread = graph.op("ScatterElements", empty, near.indices, near.error, axis=1)
        rounding = within(graph, spread, 4.0, REASON)
    matrix = Matrix(value, points, rounding=rounding, sparse=True, margin=near.choice)
    scores = neighbor_scores(scope, found(scope, estimator, inputs, k - far, away) if far else near, k - far)
    return Lowered(matrix, scores)


def check_weights(estimator: Any, scope: Scope) -> bool:
    """Whether the weights are inverse distances; a function is refused."""
    scope.check_options(estimator, {"weights": ["uniform", "distance", None]})
    if estimator.weights == "distance" and estimator.effective_metric_ == "correlation":
        # 1 - 1 comes out a little below 0 as often as above, and so does the weight of a point for itself.
        raise scope.refuse("weights='distance' with metric='correlation'", "weights='uniform', or metric='cosine'")
    return bool(estimator.weights == "distance")


def _targets(scope: Scope, estimator: Any) -> NDArray[Any]:
    """(points, outputs)."""
    y = np.asarray(estimator._y)
    if y.dtype == np.float32:
        raise scope.refuse(f"{type(estimator).__name__} with targets in float32", "targets in float64")
    return y.reshape(len(y), -1)


def lower_regressor(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """KNeighborsRegressor: the mean of the neighbours' targets, or their average by inverse distance."""
    graph = scope.graph
    weighted = check_weights(estimator, scope)
    k = int(estimator.n_neighbors)
    near = found(scope, estimator, inputs, k)
    targets = _targets(scope, estimator)
    exact = targets.dtype.kind in "iub"
    y = np.ascontiguousarray(targets, np.float64)
    weights = inverse_distances(graph, near) if weighted else None
    values, sizes = [], []
    for column in range(y.shape[1]):
        picked = graph.op("Gather", graph.constant(y[:, column]), near.indices)
        if weights is None:
            whole = last_of(graph, picked, k) if y.shape[1] > 1 else row_sum(graph, picked, k)
            values.append(graph.op("Div", whole, graph.constant(float(k))))
        else:
            above = row_sum(graph, graph.op("Mul", picked, weights.value), k)
            values.append(graph.op("Div", above, row_sum(graph, weights.value, k)))
        sizes.append(graph.op("ReduceMax", graph.op("Abs", picked), graph.constant([1], np.int64), keepdims=1))
    value = values[0] if estimator._y.ndim == 1 else graph.op("Concat", *(standing(graph, v) for v in values), axis=1)
    size = graph.op("Concat", *sizes, axis=1)
    if estimator._y.ndim == 1:
        size = graph.op("Reshape", size, graph.constant([-1], np.int64))
    margin: Margin = near.choice
    rounding: Rounding | None = None
    if weights is not None and weights.moved is not None:
        # A convex combination moves by the share of weight that moved, times the spread of what is combined.
        moved = weights.moved if estimator._y.ndim > 1 else graph.op("Reshape", weights.moved, graph.constant([-1]))
        off = graph.op("Add", graph.op("Mul", moved, graph.constant(2.0)), graph.constant(2.0**-53 * (2 * k + 6)))
        rounding = within(graph, graph.op("Mul", off, size), 2.0 * k + 6, REASON)
    elif weights is not None or not exact:
        # Neighbours at the same distance may be added in another order, and those at almost the same where they are inexact.
        margin = nearest_of(graph, [near.choice, near.order]) if near.error is None else near.choice
        rounding = None if near.error is None else Rounding(2.0 * k, size, REASON)
    shape = () if estimator._y.ndim == 1 else (y.shape[1],)
    scores = {"predict": Score(value, "float64", shape, rounding=rounding, margin=margin)}
    scores.update(neighbor_scores(scope, near, k))
    return Lowered(None, scores)


def lower_classifier(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """KNeighborsClassifier: votes of the neighbours, each of one or of its inverse distance; the lowest class of a tie."""
    graph = scope.graph
    weighted = check_weights(estimator, scope)
    k = int(estimator.n_neighbors)
    near = found(scope, estimator, inputs, k)
    weights = inverse_distances(graph, near) if weighted else None
    codes = _targets(scope, estimator)
    several = bool(estimator.outputs_2d_)
    all_classes = estimator.classes_ if several else [estimator.classes_]
    labels, margins, scores = [], [], {}
    for output, classes in enumerate(all_classes):
        picked = graph.op("Gather", graph.constant(codes[:, output].astype(np.int64)), near.indices)
        deep = graph.op("Unsqueeze", picked, graph.constant([2], np.int64))
        chosen = graph.op("Equal", deep, graph.constant(np.arange(len(classes))[None, None, :]))
        one = graph.constant(1.0)
        if weights is not None:
            one = graph.op("Unsqueeze", weights.value, graph.constant([2], np.int64))
        votes = last_of(graph, graph.op("Where", chosen, one, graph.constant(0.0)), k)
        proba = graph.op("Div", votes, standing(graph, row_sum(graph, votes, len(classes))))
        rounding: Rounding | None = None
        margin, exact_margin = near.choice, near.choice
        if weights is not None:
            if weights.moved is None:
                # The same distances in another order make another sum.
                exact_margin = nearest_of(graph, [near.choice, near.order])
                own: Rounding | None = Rounding(2.0 * (k + len(classes)), None, REASON)
            else:
                off = graph.op("Add", weights.moved, graph.constant(2.0**-52 * (k + len(classes) + 4)))
                own = rounding = within(graph, graph.op("Expand", off, graph.op("Shape", proba)), 2.0 * k + 8, REASON)
            if len(classes) > 1:
                margin = nearest_of(graph, [near.choice, lead(graph, proba, own)])
        labels.append(first_largest(graph, votes))
        margins.append(margin)
        name = f"predict_proba.{output}" if several else "predict_proba"
        listed = tuple(np.asarray(classes).tolist())
        scores[name] = Score(proba, "float64", (len(classes),), listed, rounding, exact_margin)
    if several:
        kind = label_type(np.asarray(all_classes[0]))
        columns = [
            standing(
                graph,
                graph.op("Gather", graph.constant(np.asarray(c).astype(str if kind == "string" else kind)), index),
            )
            for c, index in zip(all_classes, labels, strict=True)
        ]
        predicted = Score(
            graph.op("Concat", *columns, axis=1), kind, (len(columns),), None, margin=nearest_of(graph, margins)
        )
    else:
        predicted = label_score(graph, labels[0], np.asarray(estimator.classes_), margins[0])
    return Lowered(None, {"predict": predicted, **scores, **neighbor_scores(scope, near, k)})


LOWERINGS = {
    KNeighborsClassifier: lower_classifier,
    KNeighborsRegressor: lower_regressor,
    KNeighborsTransformer: lower_transformer,
    NearestNeighbors: lower_neighbors,
}
