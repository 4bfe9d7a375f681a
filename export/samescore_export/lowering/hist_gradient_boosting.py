"""Lowerings for ``sklearn.ensemble._hist_gradient_boosting``: float64 splits, missing values, category sets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from samescore_export.graph import Graph
from samescore_export.lowering.ensemble import IN_ORDER
from samescore_export.operations.labels import class_scores, label_score
from samescore_export.operations.link import both_classes, exponential, of_probabilities, sigmoid, softmax
from samescore_export.operations.tree_ensemble import Trees
from samescore_export.operations.walking import FLOAT64, Grown, summed
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Rounding, Score, Table

#: Losses of the regressor -> their inverse link; the identity where there is none.
_INVERSE_LINKS: dict[str, Callable[[Graph, ir.Value], ir.Value] | None] = {
    "squared_error": None,
    "absolute_error": None,
    "quantile": None,
    "poisson": exponential,
    "gamma": exponential,
}


#: A code no category has: there are at most 255, numbered from 0.
_NEVER = 255


def _codes(bitset: NDArray[np.uint32]) -> NDArray[np.int64]:
    """The category codes in a bitset of eight 32-bit words; a set of none (all go right but missing) as one that never occurs,
    since onnxruntime refuses an empty one."""
    bits = np.unpackbits(bitset.astype("<u4").view(np.uint8), bitorder="little")
    codes = np.flatnonzero(bits).astype(np.int64)
    return codes if len(codes) else np.array([_NEVER], np.int64)


def _fitted(predictor: Any, target: int) -> Trees:
    nodes = predictor.nodes
    leaf = nodes["is_leaf"].astype(bool)
    categorical = np.flatnonzero(nodes["is_categorical"].astype(bool) & ~leaf)
    return Trees(
        roots=np.zeros(1, np.int64),
        feature=np.where(leaf, 0, nodes["feature_idx"]).astype(np.int64),
        threshold=nodes["num_threshold"].astype(np.float64),
        left=np.where(leaf, -1, nodes["left"].astype(np.int64)),
        right=np.where(leaf, -1, nodes["right"].astype(np.int64)),
        missing_left=nodes["missing_go_to_left"].astype(bool),
        leaf=nodes["value"].astype(np.float64),
        target=np.full(len(nodes), target, np.int64),
        categories={
            int(node): _codes(predictor.raw_left_cat_bitsets[nodes["bitset_idx"][node]]) for node in categorical
        },
    )


def _raw_scores(estimator: Any, inputs: Matrix | Table, scope: Scope) -> tuple[Grown, Lowered]:
    """Raw scores (rows, K): the baseline, then every predictor in order."""
    before = Lowered()
    if estimator._preprocessor is not None:
        # Native categories: scikit-learn encodes them to codes 0, 1, ... (NaN for unknown) and puts them first.
        before = scope.lower(estimator._preprocessor, inputs, "categorical_features")
        assert before.transform is not None
        inputs = before.transform
    baseline = np.ravel(estimator._baseline_prediction).astype(np.float64)
    parts = [
        _fitted(predictor, target) for iteration in estimator._predictors for target, predictor in enumerate(iteration)
    ]
    return summed(scope, inputs, parts, len(baseline), FLOAT64, IN_ORDER, baseline.tolist()), before


def lower_regressor(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """HistGradientBoostingRegressor: the raw score, through exp for the losses with a log link."""
    if estimator.loss not in _INVERSE_LINKS:
        raise scope.refuse(f"loss={estimator.loss!r}", " or ".join(_INVERSE_LINKS))
    graph = scope.graph
    grown, before = _raw_scores(estimator, inputs, scope)
    value = graph.op("Reshape", grown.value, graph.constant([-1], np.int64))
    link = _INVERSE_LINKS[estimator.loss]
    rounding = None
    if link is not None:
        value = link(graph, value)
        rounding = Rounding(4, graph.op("Abs", value), "exp of the platform's libm")
    score = Score(value, "float64", rounding=rounding)
    return grown.lowered({"predict": score}).with_evidence(before)


def lower_classifier(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """HistGradientBoostingClassifier; the label is decided on the raw score, where it is exact."""
    graph = scope.graph
    if len(estimator.classes_) < 2:
        # scikit-learn gives two columns of probabilities for the one class.
        raise scope.refuse("a classifier fitted on one class", "two classes or more")
    grown, before = _raw_scores(estimator, inputs, scope)
    raw = grown.value
    if len(estimator.classes_) == 2:
        flat = graph.op("Reshape", raw, graph.constant([-1], np.int64))
        # scikit-learn: raw > 0 is the second class (here; GradientBoosting has >= 0).
        index = graph.op("Cast", graph.op("Greater", flat, graph.constant(0.0)), to=int(ir.DataType.INT64))
        proba, decision = both_classes(graph, sigmoid(graph, raw)), Score(flat, "float64")
    else:
        index = graph.op("ArgMax", raw, axis=1, keepdims=0)
        proba = softmax(graph, raw)
        decision = Score(raw, "float64", (len(estimator.classes_),), tuple(estimator.classes_.tolist()))
    classes = len(estimator.classes_)
    rounding = of_probabilities(graph, None, proba, classes, raw if classes == 2 else None)
    scores = {
        "predict": label_score(graph, index, estimator.classes_),
        "decision_function": decision,
        **class_scores(graph, proba, estimator.classes_, rounding),
    }
    return grown.lowered(scores).with_evidence(before)


LOWERINGS = {
    HistGradientBoostingRegressor: lower_regressor,
    HistGradientBoostingClassifier: lower_classifier,
}
