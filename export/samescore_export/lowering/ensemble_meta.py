"""Lowerings for the ensembles of any estimators in ``sklearn.ensemble``: voting and stacking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import onnx_ir as ir
from sklearn.ensemble import StackingClassifier, StackingRegressor, VotingClassifier, VotingRegressor

from samescore_export.graph import Graph
from samescore_export.lowering.compose import side_by_side
from samescore_export.margins import nearest_of
from samescore_export.operations.combining import (
    chained,
    class_index,
    one_of,
    score_of,
    sized_score,
    sum_rounding,
    summed_in_order,
)  # fmt: skip
from samescore_export.operations.deciding import first_largest, flat, in_double, lead, of_score, sized, standing
from samescore_export.operations.labels import class_scores, label_score
from samescore_export.operations.numeric import SINGLE, as_doubles
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Rounding, Score, Table, matrix_of, merge


def _children(estimators: Sequence[Any], inputs: Matrix | Table, scope: Scope) -> list[Lowered]:
    return [scope.lower(one, inputs, f"estimators_.{i}") for i, one in enumerate(estimators)]


def _weights(estimator: Any) -> Any:
    weights = estimator._weights_not_none
    return None if weights is None else np.asarray(weights, np.float64)


def _average(scope: Scope, scores: Sequence[Score], weights: Any) -> tuple[ir.Value, Rounding | None]:
    """``numpy.average`` over the estimators: products added in order, divided by the sum of the weights."""
    graph, count = scope.graph, len(scores)
    values = [score.value for score in scores]
    # numpy.average divides by the number without weights, and by their sum with them.
    total = float(count) if weights is None else float(weights.reshape(-1, 1).sum(axis=0)[0])
    if weights is not None:
        values = [graph.op("Mul", v, graph.constant(float(w))) for v, w in zip(values, weights, strict=True)]
    mean = graph.op("Div", chained(graph, values), graph.constant(total))
    factors = [1.0 / total] * count if weights is None else [float(w) / total for w in weights]
    return mean, sum_rounding(graph, scores, factors, 2.0 * (count + 2))


def _together(scope: Scope, parts: Sequence[Matrix | Table], sparse: bool = False) -> Matrix:
    """``numpy.hstack``: whole numbers where all parts are."""
    matrix = side_by_side(scope.graph, parts, sparse)
    assert isinstance(matrix, Matrix)
    return replace(matrix, integers=all(isinstance(part, Matrix) and part.integers for part in parts))


def lower_voting_regressor(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """VotingRegressor: the weighted mean of the predictions."""
    graph = scope.graph
    children = _children(estimator.estimators_, inputs, scope)
    scores = [score_of(scope, c, "predict", e) for c, e in zip(children, estimator.estimators_, strict=True)]
    mean, rounding = _average(scope, scores, _weights(estimator))
    if rounding is None and len(scores) >= 8:
        sizes = [graph.op("Abs", score.value) for score in scores]
        reason = "numpy adds eight or more predictions in one order for one row, in another for many"
        rounding = Rounding(2.0 * (len(scores) + 2), graph.op("Max", *sizes), reason)
    columns = _together(scope, [of_score(graph, score) for score in scores])
    return Lowered(columns, {"predict": Score(mean, "float64", rounding=rounding)}).with_evidence(*children)


def lower_voting_classifier(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """VotingClassifier: "hard" counts weighted labels, the first of equals wins; "soft" averages probabilities."""
    graph, classes = scope.graph, estimator.classes_
    children = _children(estimator.estimators_, inputs, scope)
    method = "predict_proba" if estimator.voting == "soft" else "predict"
    scores = [score_of(scope, c, method, e) for c, e in zip(children, estimator.estimators_, strict=True)]
    weights = _weights(estimator)
    columns = _together(scope, [of_score(graph, score) for score in scores])
    if method == "predict_proba":
        proba, rounding = _average(scope, scores, weights)
        label = label_score(graph, first_largest(graph, proba), classes, lead(graph, proba, rounding))
        found = {"predict": label, **class_scores(graph, proba, classes, rounding)}
        if not estimator.flatten_transform:
            # Its transform has the estimators on the first axis: an output each.
            found.update({f"transform.{i}": score for i, score in enumerate(scores)})
            found.pop("predict_log_proba")
            return Lowered(None, found).with_evidence(*children)
        # class_scores has the logarithm as well, which VotingClassifier has not.
        found.pop("predict_log_proba")
        return Lowered(columns, found).with_evidence(*children)
    # The children were fitted on 0, 1, ...
    votes = graph.op("Concat", *(standing(graph, score.value) for score in scores), axis=1)
    hit = np.ones(len(scores)) if weights is None else weights
    counted = summed_in_order(graph, one_of(graph, votes, hit, np.zeros(len(scores)), len(classes)), len(scores))
    label = label_score(graph, first_largest(graph, counted), classes, nearest_of(graph, [s.margin for s in scores]))
    return Lowered(columns, {"predict": label}).with_evidence(*children)


def _stacked(estimator: Any, inputs: Matrix | Table, scope: Scope) -> tuple[Matrix | Table, list[Lowered]]:
    """``_BaseStacking._transform``: the estimators' answers side by side, then the input with ``passthrough``."""
    graph = scope.graph
    children = _children(estimator.estimators_, inputs, scope)
    parts: list[Matrix | Table] = []
    binary = hasattr(estimator, "classes_") and len(estimator.classes_) == 2
    methods = zip(children, estimator.stack_method_, strict=True)
    single = all(child.scores[method].type == "float32" for child, method in methods if method in child.scores)
    for child, method, one in zip(children, estimator.stack_method_, estimator.estimators_, strict=True):
        if f"{method}.0" in child.scores:
            # Of each target the probabilities of all classes but the first.
            found = _of_targets(child, method)
            parts += [_without_first(scope, of_score(graph, in_double(graph, score))) for score in found]
            continue
        score = score_of(scope, child, method, one)
        if score.call is not None:
            raise scope.refuse(
                f"{type(estimator).__name__} over {method} of {type(one).__name__}", "scikit-learn's methods"
            )
        matrix = of_score(graph, score)
        if score.type in ("string", "bool"):
            raise scope.refuse(f"stack_method='predict' with {score.type} labels", "numbers")
        if method == "predict_proba" and binary:
            matrix = _without_first(scope, matrix)
        parts.append(matrix)
    sparse = False
    if estimator.passthrough:
        if isinstance(inputs, Table) and not inputs.numeric:
            raise scope.refuse(f"{type(estimator).__name__}(passthrough=True) over string columns", "numeric columns")
        x = matrix_of(graph, inputs)
        single &= x.dtype == "float32"
        if x.dtype == "float32":
            x = as_doubles(graph, x)
        parts.append(x)
        sparse = x.sparse
    columns = _together(scope, parts, sparse)
    return _narrow(graph, columns) if single and isinstance(columns, Matrix) else columns, children


def _narrow(graph: Graph, x: Matrix) -> Matrix:
    """Numbers that are float32 all of them, as numpy keeps them side by side."""
    rounding = x.rounding and Rounding(x.rounding.ulp / SINGLE, x.rounding.scale, x.rounding.reason)
    value = graph.op("Cast", x.value, to=int(ir.DataType.FLOAT))
    return replace(x, value=value, dtype="float32", rounding=rounding, blocks=None)


def _of_targets(child: Lowered, method: str) -> list[Score]:
    """The scores of a method that has one for each target, in their order."""
    return [child.scores[f"{method}.{k}"] for k in range(sum(name.startswith(f"{method}.") for name in child.scores))]


def _without_first(scope: Scope, matrix: Matrix) -> Matrix:
    graph, index = scope.graph, scope.graph.constant(list(range(1, matrix.width)), np.int64)
    rounding = matrix.rounding
    if rounding is not None:
        score = Score(matrix.value, "float64", (matrix.width,), rounding=rounding)
        scale = graph.op("Gather", sized_score(graph, score, rounding), index, axis=1)
        rounding = Rounding(rounding.ulp, scale, rounding.reason)
    value = graph.op("Gather", matrix.value, index, axis=1)
    return Matrix(value, matrix.width - 1, rounding=rounding, margin=matrix.margin)


def _several_labels(estimator: Any, final: Lowered, scope: Scope) -> dict[str, Score]:
    """The final estimator's labels (rows, targets) of 0 and 1; as ``predict_proba`` scikit-learn gives the first class's of each."""
    graph = scope.graph
    if any(list(classes) != [0, 1] for classes in estimator.classes_):
        raise scope.refuse("StackingClassifier over a target of one label", "targets that have both labels")
    scores = {name: final.scores[name] for name in ("predict", "decision_function") if name in final.scores}
    found = _of_targets(final, "predict_proba")
    if found:
        firsts = [in_double(graph, score) for score in found]
        columns = [of_score(graph, score) for score in firsts]
        index = graph.constant([0], np.int64)
        value = graph.op("Concat", *(graph.op("Gather", one.value, index, axis=1) for one in columns), axis=1)
        parts = []
        for one in columns:
            rounding = one.rounding
            if rounding is not None:
                scale = graph.op("Gather", sized(graph, one.value, rounding), index, axis=1)
                rounding = Rounding(rounding.ulp, scale, rounding.reason)
            parts.append((rounding, graph.op("Gather", one.value, index, axis=1), 1))
        margin = nearest_of(graph, [score.margin for score in found])
        shape = (len(found),)
        scores["predict_proba"] = Score(value, "float64", shape, None, merge(graph, parts), margin)
    return {name: score for name, score in scores.items() if hasattr(estimator, name)}


def lower_stacking(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """StackingClassifier, StackingRegressor: the final estimator on the others' answers."""
    graph = scope.graph
    columns, children = _stacked(estimator, inputs, scope)
    final = scope.lower(estimator.final_estimator_, columns, "final_estimator_")
    if isinstance(getattr(estimator, "_label_encoder", None), list):
        several = _several_labels(estimator, final, scope)
        return Lowered(columns, several).with_evidence(*children, final)
    scores = {
        name: final.scores[name]
        for name in ("predict", "predict_proba", "decision_function")
        if name in final.scores and hasattr(estimator, name)
    }
    if hasattr(estimator, "classes_"):
        label = scores["predict"]
        if label.shape == (1,):
            # CatBoost gives labels as a column.
            label = replace(label, value=flat(graph, label.value), shape=())
        # The final estimator was fitted on 0, 1, ...
        index = class_index(graph, label, np.arange(len(estimator.classes_)))
        scores["predict"] = label_score(graph, index, estimator.classes_, label.margin)
        classes = tuple(np.asarray(estimator.classes_).tolist())
        for name in ("predict_proba", "decision_function"):
            if name in scores and scores[name].labels is not None:
                scores[name] = replace(scores[name], labels=classes)
    return Lowered(columns, scores).with_evidence(*children, final)


LOWERINGS = {
    VotingClassifier: lower_voting_classifier,
    VotingRegressor: lower_voting_regressor,
    StackingClassifier: lower_stacking,
    StackingRegressor: lower_stacking,
}
