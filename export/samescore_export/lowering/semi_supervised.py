"""Lowerings for ``sklearn.semi_supervised``."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.semi_supervised import LabelPropagation, LabelSpreading, SelfTrainingClassifier

from samescore_export.lowering.neighbors import found
from samescore_export.margins import Margin, nearest_of
from samescore_export.operations.deciding import first_largest, lead, standing
from samescore_export.operations.distances import UNIT, squared_euclidean, total, within
from samescore_export.operations.labels import label_score
from samescore_export.operations.link import exponential
from samescore_export.operations.numeric import SINGLE, doubles, is_single, narrowed
from samescore_export.operations.numpy_sums import last_of, row_sum
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Rounding, Score, Table

REASON = "the kernel's squares and sums go through BLAS, and exp is the platform's"


def lower_label_propagation(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """LabelPropagation, LabelSpreading: the label distributions of the fitted points, weighted by the kernel, as shares."""
    graph = scope.graph
    scope.check_options(estimator, {"kernel": ["rbf", "knn"]})
    classes = np.asarray(estimator.classes_)
    distributions = np.ascontiguousarray(estimator.label_distributions_, np.float64)
    rounding: Rounding | None = None
    margin: Margin = None
    own: Rounding | None = Rounding(2.0 * len(classes) + 4, None, REASON)
    if estimator.kernel == "knn":
        k = int(estimator.n_neighbors)
        near = found(scope, estimator.nn_fit, inputs, k)
        picked = graph.op("Gather", graph.constant(distributions), near.indices, axis=0)
        summed = last_of(graph, picked, k)
        whole = standing(graph, row_sum(graph, summed, len(classes)))
        value = graph.op("Div", summed, whole)
        margin = nearest_of(graph, [near.choice, near.order])
        if near.error is not None:
            margin = near.choice
            own = rounding = Rounding(2.0 * (k + len(classes)) + 4, None, REASON)
    else:
        single = estimator.X_.dtype == np.float32 and is_single(inputs)
        x = doubles(scope, inputs, estimator)
        away = squared_euclidean(graph, x, np.ascontiguousarray(estimator.X_, np.float64), "pairwise")
        gamma = float(estimator.gamma)
        squares = narrowed(graph, away.compared) if single else away.compared
        slope = float(np.float32(-gamma)) if single else -gamma
        raised = graph.op("Mul", squares, graph.constant(slope))
        weight = exponential(graph, narrowed(graph, raised) if single else raised)
        # The kernel is float32 where the points and the rows are; what is made of it is float64.
        weight = narrowed(graph, weight) if single else weight
        unit, tiny = (UNIT * SINGLE, 1.2e-38) if single else (UNIT, 1e-322)
        summed = graph.op("MatMul", weight, graph.constant(distributions))
        whole = total(graph, summed)
        value = graph.op("Div", summed, whole)
        # exp moves by itself times the error of its argument; a number too small for all its digits by a little more.
        argument = graph.op("Mul", away.compared, graph.constant((8 if single else 4) * gamma * unit))
        if away.error is not None:
            argument = graph.op("Add", argument, graph.op("Mul", away.error, graph.constant(2 * gamma)))
        share = graph.op("Add", argument, graph.constant(UNIT * (2 * len(distributions) + 2 * len(classes) + 16)))
        share = graph.op("Add", share, graph.constant(16 * unit)) if single else share
        moved = total(graph, graph.op("Add", graph.op("Mul", weight, share), graph.constant(tiny)))
        largest = max(float(distributions.max()), 1e-300)
        error = graph.op("Mul", graph.op("Div", moved, whole), graph.constant(2 * largest))
        error = graph.op("Expand", graph.op("Min", error, graph.constant(1.0)), graph.op("Shape", value))
        # Where every weight is 0 the shares are 0 / 0.
        error = graph.op("Where", graph.op("IsNaN", error), graph.constant(1.0), error)
        own = rounding = within(graph, error, 2.0 * (len(distributions) + 8), REASON)
    label_margin = margin
    if len(classes) > 1:
        known = graph.op("Where", graph.op("IsNaN", value), graph.constant(0.0), value)
        label_margin = nearest_of(graph, [margin, lead(graph, known, own)])
    labels = tuple(classes.tolist())
    return Lowered(
        None,
        {
            "predict": label_score(graph, first_largest(graph, value), classes, label_margin),
            "predict_proba": Score(value, "float64", (len(classes),), labels, rounding, margin),
        },
    )


def lower_self_training(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """SelfTrainingClassifier: the methods of the classifier fitted last."""
    child = scope.lower(estimator.estimator_, inputs, "estimator_")
    return Lowered(None, child.scores).with_evidence(child)


LOWERINGS = {
    LabelPropagation: lower_label_propagation,
    LabelSpreading: lower_label_propagation,
    SelfTrainingClassifier: lower_self_training,
}
