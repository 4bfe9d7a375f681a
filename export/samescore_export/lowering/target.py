"""The lowering of ``sklearn.compose.TransformedTargetRegressor``."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.compose import TransformedTargetRegressor

from samescore_export.lowering.inverting import inverse
from samescore_export.operations.combining import score_of
from samescore_export.operations.deciding import flat, of_score
from samescore_export.operations.numeric import answered_in, as_doubles, counted, in_single
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Rounding, Score, Table


def lower_transformed_target(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """The regressor's prediction, taken back through the fitted transformer."""
    graph = scope.graph
    child = scope.lower(estimator.regressor_, inputs, "regressor_")
    score = score_of(scope, child, "predict", estimator.regressor_)
    # As the regressor gives it: float32 where that is what it computed in.
    score = child.scores.get("predict", score)
    with graph.at("transformer_"):
        single = score.type == "float32"
        if single:
            # Bounds are counted in roundings of the working precision, which is float32 to the end.
            score = counted(graph, score)
        back = as_doubles(graph, inverse(estimator.transformer_, of_score(graph, score), scope))
        if single:
            back = in_single(graph, back, answered_in(estimator, "predict", inputs.width) == np.float32)
    type_ = back.dtype
    if estimator._training_dim == 1 and back.width == 1:
        rounding = back.rounding
        if rounding is not None and rounding.scale is not None:
            rounding = Rounding(rounding.ulp, flat(graph, rounding.scale), rounding.reason)
        found = Score(flat(graph, back.value), type_, rounding=rounding, margin=score.margin)
    else:
        found = Score(back.value, type_, (back.width,), rounding=back.rounding, margin=score.margin)
    return Lowered(None, {"predict": found}).with_evidence(child)


LOWERINGS = {TransformedTargetRegressor: lower_transformed_target}
