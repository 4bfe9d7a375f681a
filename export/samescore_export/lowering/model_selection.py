"""Lowerings for ``sklearn.model_selection``: searches give their best estimator, threshold classifiers move the cut."""

from __future__ import annotations

from typing import Any

import numpy as np

# Importing this module is what makes the halving searches importable.
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    HalvingGridSearchCV,
    HalvingRandomSearchCV,
    RandomizedSearchCV,
    TunedThresholdClassifierCV,
)

from samescore_export.operations.deciding import beyond, column, flat, in_double, sized, to_index
from samescore_export.operations.labels import label_score
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Rounding, Score, Table


def lower_search(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """``BaseSearchCV``: the methods of ``best_estimator_``."""
    if not hasattr(estimator, "best_estimator_"):
        raise scope.refuse(
            f"{type(estimator).__name__}(refit={estimator.refit!r})", "refit=True, or a name or function"
        )
    child = scope.lower(estimator.best_estimator_, inputs, "best_estimator_")
    return Lowered(child.transform, child.scores).with_evidence(child)


def _positive(
    scope: Scope, child: Lowered, estimator: Any, methods: tuple[str, ...], position: int
) -> tuple[str, Score]:
    """``_get_response_values_binary``: the method used, and the score (rows,) of the class at ``position``."""
    graph = scope.graph
    name = next((method for method in methods if hasattr(estimator, method)), methods[0])
    if name not in child.scores:
        raise scope.refuse(f"{type(estimator).__name__} without {name}", "a classifier with it")
    score = in_double(graph, child.scores[name])
    rounding = score.rounding
    if name == "predict_proba":
        value = column(graph, score.value, position)
        if rounding is not None:
            scale = column(graph, sized(graph, score.value, rounding), position)
            rounding = Rounding(rounding.ulp, scale, rounding.reason)
        return name, Score(value, "float64", rounding=rounding)
    if rounding is not None and rounding.scale is not None:
        rounding = Rounding(rounding.ulp, flat(graph, rounding.scale), rounding.reason)
    value = score.value if position == 1 else graph.op("Neg", score.value)
    return name, Score(value, "float64", rounding=rounding)


def _thresholded(estimator: Any, inputs: Matrix | Table, scope: Scope, threshold: Any, pos_label: Any) -> Lowered:
    """The class by ``score >= threshold``; other methods are the inner classifier's."""
    graph = scope.graph
    inner = getattr(estimator, "estimator_", estimator.estimator)
    child = scope.lower(inner, inputs, "estimator_")
    classes = np.asarray(estimator.classes_)
    if pos_label is not None and pos_label not in classes:
        raise scope.refuse(f"{type(estimator).__name__}(pos_label={pos_label!r})", f"one of {classes.tolist()}")
    position = 1 if pos_label is None else int(np.flatnonzero(classes == pos_label)[0])
    method = estimator.response_method
    methods = ("predict_proba", "decision_function") if method == "auto" else (method,)
    used, score = _positive(scope, child, inner, methods, position)
    cut = (0.5 if used == "predict_proba" else 0.0) if isinstance(threshold, str) else float(threshold)
    above = to_index(graph, graph.op("GreaterOrEqual", score.value, graph.constant(cut)))
    order = classes if position == 1 else classes[::-1]
    label = label_score(graph, above, order, beyond(graph, score.value, cut, score.rounding))
    kept = {name: child.scores[name] for name in _METHODS if name in child.scores and hasattr(inner, name)}
    return Lowered(None, {"predict": label, **kept}).with_evidence(child)


_METHODS = ("predict_proba", "predict_log_proba", "decision_function")


def lower_fixed_threshold(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """FixedThresholdClassifier: a threshold of one's own, "auto" is 0.5 for probabilities and 0 for decision values."""
    return _thresholded(estimator, inputs, scope, estimator.threshold, estimator.pos_label)


def lower_tuned_threshold(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """TunedThresholdClassifierCV: ``best_threshold_``."""
    return _thresholded(estimator, inputs, scope, estimator.best_threshold_, estimator._curve_scorer._get_pos_label())


LOWERINGS = {
    **dict.fromkeys((GridSearchCV, RandomizedSearchCV, HalvingGridSearchCV, HalvingRandomSearchCV), lower_search),
    FixedThresholdClassifier: lower_fixed_threshold,
    TunedThresholdClassifierCV: lower_tuned_threshold,
}
