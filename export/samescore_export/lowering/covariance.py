"""Lowerings for ``sklearn.covariance``."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.covariance import EllipticEnvelope

from samescore_export.certificate import constants_certificate
from samescore_export.lowering.preprocessing import doubles
from samescore_export.operations.bounded import Bounded, bounded
from samescore_export.operations.deciding import beyond
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Score, Table

REASON = "scipy adds the products of a Mahalanobis distance in an order of its own, and squares its root"


def lower_elliptic_envelope(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """EllipticEnvelope: minus the squared Mahalanobis distance, and how far it is above ``offset_``."""
    graph = scope.graph
    x = doubles(scope, inputs, estimator)
    precision = np.ascontiguousarray(np.asarray(estimator.get_precision(), np.float64))
    near = bounded(graph, x).minus(np.asarray(estimator.location_, np.float64))
    product = near.matmul(precision)
    distance = (product * near).summed(1, x.width).reshaped(-1)
    # scikit-learn squares the root that scipy takes: two roundings more.
    score = Bounded(graph, graph.op("Neg", distance.value), distance.size, distance.ulp + 6)
    offset = float(estimator.offset_)
    decision = Bounded(
        graph,
        graph.op("Sub", score.value, graph.constant(offset)),
        graph.op("Add", score.size, graph.constant(abs(offset))),
        score.ulp + 2,
    )
    inside = graph.op("GreaterOrEqual", decision.value, graph.constant(0.0))
    label = graph.op("Where", inside, graph.constant(1, np.int64), graph.constant(-1, np.int64))
    rounding = decision.rounding(REASON)
    scores = {
        "predict": Score(label, "int64", (), (-1, 1), margin=beyond(graph, decision.value, 0.0, rounding)),
        "decision_function": Score(decision.value, "float64", rounding=rounding),
        "score_samples": Score(score.value, "float64", rounding=score.rounding(REASON)),
    }
    certificate = constants_certificate(graph.path, {"precision_": (graph.constant(precision), precision)})
    return Lowered(None, scores, (certificate,))


LOWERINGS = {EllipticEnvelope: lower_elliptic_envelope}
