"""The lowering of ``sklearn.compose.TransformedTargetRegressor``."""

from __future__ import annotations

from typing import Any

from sklearn.compose import TransformedTargetRegressor

from samescore_export.lowering.combining import score_of
from samescore_export.lowering.deciding import flat, of_score
from samescore_export.lowering.inverting import inverse
from samescore_export.lowering.numeric import as_doubles
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Rounding, Score, Table


def lower_transformed_target(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """The regressor's prediction, taken back through the fitted transformer."""
    graph = scope.graph
    child = scope.lower(estimator.regressor_, inputs, "regressor_")
    score = score_of(scope, child, "predict", estimator.regressor_)
    with graph.at("transformer_"):
        back = inverse(estimator.transformer_, as_doubles(graph, of_score(graph, score)), scope)
    if estimator._training_dim == 1 and back.width == 1:
        rounding = back.rounding
        if rounding is not None and rounding.scale is not None:
            rounding = Rounding(rounding.ulp, flat(graph, rounding.scale), rounding.reason)
        found = Score(flat(graph, back.value), "float64", rounding=rounding, margin=score.margin)
    else:
        found = Score(back.value, "float64", (back.width,), rounding=back.rounding, margin=score.margin)
    return Lowered(None, {"predict": found}).with_evidence(child)


LOWERINGS = {TransformedTargetRegressor: lower_transformed_target}
