"""Lowering for ``sklearn.ensemble.IsolationForest``: depths from trees, labels decided on the depth."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray
from sklearn.ensemble import IsolationForest
from sklearn.ensemble._iforest import _average_path_length

from samescore_export.lowering.ensemble import IN_ORDER
from samescore_export.lowering.tree import fitted_tree
from samescore_export.operations.walking import FLOAT32, summed
from samescore_export.ordered import crossing
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Rounding, Score, Table


def lower_isolation_forest(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """``score_samples``: -(2 ** -(depth / normal depth)); ``decision_function`` less the offset; the label its sign.

    A depth is a sum of leaf constants, added in scikit-learn's order. The score falls as the depth grows, so the label is
    depth <= D, where D is found once with scikit-learn's own arithmetic: no power is computed for it.
    """
    graph = scope.graph
    part = estimator._max_features != estimator.n_features_in_
    trees = []
    for i, (member, features) in enumerate(zip(estimator.estimators_, estimator.estimators_features_, strict=True)):
        # The order of the sum in _parallel_compute_tree_depths.
        depth = estimator._decision_path_lengths[i] + estimator._average_path_length_per_tree[i] - 1.0
        tree = fitted_tree(member.tree_, depth)
        if part:
            tree.feature[:] = np.asarray(features)[tree.feature]
        trees.append(tree)
    grown = summed(scope, inputs, trees, 1, FLOAT32, IN_ORDER)
    depths = graph.op("Reshape", grown.value, graph.constant([-1], np.int64))
    normal = float(len(estimator.estimators_) * _average_path_length([estimator._max_samples])[0])

    def scores(depth: NDArray[np.float64]) -> NDArray[np.float64]:
        share = depth / normal if normal != 0 else np.ones_like(depth)
        return np.asarray(-(2 ** (-share)))

    def decided(depth: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.where(scores(np.ascontiguousarray(depth)) - estimator.offset_ < 0, 0.0, 1.0)

    cut = float(crossing(decided, np.array([0.5]), 0.0)[0])
    outlier = graph.op("LessOrEqual", depths, graph.constant(cut))
    label = graph.op("Where", outlier, graph.constant(-1, np.int64), graph.constant(1, np.int64))
    share = graph.op("Div", depths, graph.constant(normal)) if normal != 0 else _ones(graph, depths)
    score = graph.op("Neg", graph.op("Pow", graph.constant(2.0), graph.op("Neg", share)))
    decision = graph.op("Sub", score, graph.constant(float(estimator.offset_)))
    reason = "pow of the platform's libm"
    size = graph.op("Max", graph.op("Abs", score), graph.constant(abs(float(estimator.offset_))))
    return grown.lowered(
        {
            "predict": Score(label, "int64", (), (-1, 1)),
            "decision_function": Score(decision, "float64", rounding=Rounding(4.0, size, reason)),
            "score_samples": Score(score, "float64", rounding=Rounding(4.0, graph.op("Abs", score), reason)),
        }
    )


def _ones(graph: Any, depths: ir.Value) -> ir.Value:
    """Without a normal depth scikit-learn divides by nothing and takes 1."""
    one: ir.Value = graph.op("Add", graph.op("Mul", depths, graph.constant(0.0)), graph.constant(1.0))
    return one


LOWERINGS = {IsolationForest: lower_isolation_forest}
