"""Lowerings for ``sklearn.multioutput``: an estimator for each target, beside each other or in a chain."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import onnx_ir as ir
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier, MultiOutputRegressor, RegressorChain

from samescore_export.lowering.compose import side_by_side
from samescore_export.margins import Margin, nearest_of
from samescore_export.operations.columns import picked
from samescore_export.operations.combining import score_of
from samescore_export.operations.deciding import in_single, of_score, standing
from samescore_export.operations.labels import class_scores
from samescore_export.operations.numeric import doubles
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Rounding, Score, Table, also_hanging_on, merge


def _columns(scope: Scope, scores: list[Score]) -> Score:
    """Answers (rows,) of several targets as (rows, targets), of one type as numpy makes them one."""
    graph = scope.graph
    kinds = {score.type for score in scores}
    if len(kinds) > 1 and "string" in kinds:
        raise scope.refuse(
            f"targets with labels of the types {', '.join(sorted(kinds))} together", "labels of one type"
        )
    kind: Any = kinds.pop() if len(kinds) == 1 else "float64"
    values = [
        score.value if score.type == kind else graph.op("Cast", score.value, to=int(ir.DataType.DOUBLE))
        for score in scores
    ]
    value = graph.op("Concat", *(standing(graph, item) for item in values), axis=1)
    labels = [score.labels for score in scores if score.labels is not None]
    known = tuple(dict.fromkeys(label for found in labels for label in found)) if len(labels) == len(scores) else None
    rounding = merge(
        graph, [(_flat(scope, score), standing(graph, item), 1) for score, item in zip(scores, values, strict=True)]
    )
    return Score(value, kind, (len(scores),), known, rounding, nearest_of(graph, [score.margin for score in scores]))


def _flat(scope: Scope, score: Score) -> Rounding | None:
    rounding = score.rounding
    if rounding is None or rounding.scale is None:
        return rounding
    return Rounding(rounding.ulp, scope.graph.op("Flatten", rounding.scale, axis=1), rounding.reason)


def lower_multi_output(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """MultiOutputClassifier, MultiOutputRegressor: the predictions side by side, the probabilities one after another."""
    members = estimator.estimators_
    children = [scope.lower(one, inputs, f"estimators_.{i}") for i, one in enumerate(members)]
    predictions = [score_of(scope, child, "predict", one) for child, one in zip(children, members, strict=True)]
    if any(score.shape != () for score in predictions):
        raise scope.refuse(f"{type(estimator).__name__} over estimators of several targets each", "one target each")
    scores = {"predict": _columns(scope, predictions)}
    if all(child.scores["predict"].type == "float32" for child in children):
        scores["predict"] = in_single(scope.graph, scores["predict"])
    if isinstance(estimator, MultiOutputClassifier) and hasattr(estimator, "predict_proba"):
        for k, (child, one) in enumerate(zip(children, members, strict=True)):
            proba = score_of(scope, child, "predict_proba", one)
            single = child.scores["predict_proba"].type == "float32"
            scores[f"predict_proba.{k}"] = in_single(scope.graph, proba) if single else proba
    return Lowered(None, scores).with_evidence(*children)


def _response(scope: Scope, child: Lowered, estimator: Any, method: str) -> tuple[Matrix, Margin]:
    """``_get_response_values``: (rows, 1) float64; of probabilities the second class's."""
    score = score_of(scope, child, method, estimator)
    if score.type == "string":
        raise scope.refuse("a chain over string labels", "numeric labels")
    matrix = of_score(scope.graph, score)
    if score.shape != ():
        if score.shape != (2,):
            raise scope.refuse(f"a chain over {method} of more than two classes", "two classes, or predict")
        found = picked(scope.graph, matrix, [1])
        assert isinstance(found, Matrix)
        matrix = found
    return matrix, score.margin


def lower_chain(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """ClassifierChain, RegressorChain: each estimator sees the rows and the answers of those before it."""
    graph, members = scope.graph, estimator.estimators_
    chain_method = getattr(estimator, "chain_method_", "predict")
    x: Matrix | Table = doubles(scope, inputs, estimator)
    methods = [
        name
        for name in ("predict", "predict_proba", "decision_function")
        if name == "predict" or hasattr(estimator, name)
    ]
    outputs: dict[str, list[Matrix]] = {name: [] for name in methods}
    margins: dict[str, list[Margin]] = {name: [] for name in methods}
    chain: list[Margin] = []
    children = []
    seen: list[Matrix | Table] = [x]
    for k, one in enumerate(members):
        child = scope.lower(one, side_by_side(graph, seen, bool(getattr(x, "sparse", False))), f"estimators_.{k}")
        children.append(child)
        for name in list(methods):
            if name not in child.scores:
                methods.remove(name)
                continue
            matrix, margin = _response(scope, child, one, name)
            outputs[name].append(matrix)
            margins[name].append(margin)
        answer, margin = _response(scope, child, one, chain_method)
        if margin is not None:
            chain.append(margin)
        seen.append(answer)
    order = np.argsort(np.asarray(estimator.order_, np.int64))
    scores: dict[str, Score] = {}
    for name in methods:
        parts = [outputs[name][i] for i in order]
        value = graph.op("Concat", *(part.value for part in parts), axis=1)
        rounding = merge(graph, [(part.rounding, part.value, 1) for part in parts])
        margin = nearest_of(graph, [*margins[name], *chain])
        scores[name] = Score(value, "float64", (len(parts),), None, rounding, margin)
    if "predict_proba" in scores and hasattr(estimator, "predict_log_proba"):
        proba = scores["predict_proba"]
        log = class_scores(graph, proba.value, np.arange(len(members)), proba.rounding)["predict_log_proba"]
        scores["predict_log_proba"] = also_hanging_on(graph, replace(log, labels=None), proba.margin)
    if scores["predict"].margin is not None:
        # Predictions are float64, but labels: a row near a boundary may have another one.
        known = sorted({float(label) for one in members for label in getattr(one, "classes_", ())})
        predicted = scores["predict"]
        scores["predict"] = Score(
            predicted.value, "float64", predicted.shape, tuple(known) or None, predicted.rounding, predicted.margin
        )
    return Lowered(None, scores).with_evidence(*children)


LOWERINGS = {
    **dict.fromkeys((MultiOutputClassifier, MultiOutputRegressor), lower_multi_output),
    **dict.fromkeys((ClassifierChain, RegressorChain), lower_chain),
}
