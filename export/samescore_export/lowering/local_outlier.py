"""Lowering for ``sklearn.neighbors.LocalOutlierFactor`` fitted to find novelties."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.neighbors import LocalOutlierFactor

from samescore_export.lowering.neighbors import found, neighbor_scores
from samescore_export.margins import nearest_of
from samescore_export.operations.deciding import beyond, in_single, standing
from samescore_export.operations.distances import UNIT, within
from samescore_export.operations.nearest import REASON, largest_error
from samescore_export.operations.numeric import SINGLE, answered_in, is_single, narrowed
from samescore_export.operations.numpy_sums import row_sum
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Score, Table


def lower_local_outlier_factor(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """The mean density of the neighbours against the row's own; below the offset it is an outlier, -1.

    float32 rows have float32 distances here; what is made of them is float32 where the model was fitted on float32 too.
    """
    graph = scope.graph
    single = is_single(inputs)
    k = int(estimator.n_neighbors_)
    near = found(scope, estimator, inputs, k)
    outputs = neighbor_scores(
        scope, found(scope, estimator, inputs, int(estimator.n_neighbors)), int(estimator.n_neighbors)
    )
    if not estimator.novelty:
        return Lowered(None, outputs)
    reached = np.asarray(estimator._distances_fit_X_, np.float64)[:, k - 1]
    density = np.asarray(estimator._lrd, np.float64)
    narrow = single and estimator._lrd.dtype == np.float32
    unit = UNIT * SINGLE if narrow else UNIT
    size = graph.constant(float(k))
    distance = narrowed(graph, near.distance) if single else near.distance
    reach = graph.op("Max", distance, graph.op("Gather", graph.constant(reached), near.indices))
    mean = graph.op("Add", graph.op("Div", row_sum(graph, reach, k), size), graph.constant(1e-10))
    own = graph.op("Div", graph.constant(1.0), mean)
    ratios = graph.op("Div", graph.op("Gather", graph.constant(density), near.indices), standing(graph, own))
    score = graph.op("Neg", graph.op("Div", row_sum(graph, ratios, k), size))
    offset = float(estimator.offset_)
    decision = graph.op("Sub", score, graph.constant(offset))
    margin = near.choice
    # Neighbours at the same distance may be added in another order.
    share = graph.constant((4 * k + 16) * unit)
    if near.error is not None:
        if single:
            # Either side of it, a number is rounded to two neighbours of float32.
            share = graph.op("Add", share, graph.constant(2 * UNIT * SINGLE))
        # The score is proportional to the mean, which moves by no more than a distance does.
        moved = graph.op("Reshape", largest_error(graph, near.error), graph.constant([-1], np.int64))
        share = graph.op("Add", graph.op("Div", moved, mean), share)
    error = graph.op("Mul", graph.op("Abs", score), share)
    rounding = within(graph, error, 4.0 * k, REASON)
    raised = within(graph, graph.op("Add", error, graph.constant(2 * unit * abs(offset))), 4.0 * k, REASON)
    label_margin = nearest_of(graph, [near.choice, beyond(graph, decision, 0.0, raised)])
    inside = graph.op("Less", decision, graph.constant(0.0))
    label = graph.op("Where", inside, graph.constant(-1, np.int64), graph.constant(1, np.int64))
    scores = {
        "decision_function": Score(decision, "float64", rounding=raised, margin=margin),
        "score_samples": Score(score, "float64", rounding=rounding, margin=margin),
    }
    width = int(estimator.n_features_in_)
    for name in scores:
        if narrow and answered_in(estimator, name, width) == np.float32:
            scores[name] = in_single(graph, scores[name])
    return Lowered(None, {"predict": Score(label, "int64", (), (-1, 1), margin=label_margin), **scores, **outputs})


LOWERINGS = {LocalOutlierFactor: lower_local_outlier_factor}
