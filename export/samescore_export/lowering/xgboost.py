"""Lowerings for XGBoost: trees over float32 numbers, leaves added in float32, and the objective's own link in float32.

The trees come from the JSON that the booster writes; XGBoost itself is asked for the margin it starts from.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from samescore_export.graph import Graph
from samescore_export.operations.boosted import (
    coded,
    in_float32,
    in_float64,
    lead_of_probabilities,
    leaves,
    narrowed,
    running_total,
    whole_categories,
)
from samescore_export.operations.labels import label_score
from samescore_export.operations.link import exponential
from samescore_export.operations.tree_ensemble import Trees
from samescore_export.operations.walking import SplitRule, as_float32
from samescore_export.ordered import crossing, through_float32
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Rounding, Score, Table, from_entries

_IDENTITY = (
    "reg:squarederror", "reg:squaredlogerror", "reg:absoluteerror", "reg:pseudohubererror", "reg:quantileerror",
    "reg:expectileerror", "rank:pairwise", "rank:ndcg", "rank:map", "binary:logitraw",
)  # fmt: skip
_EXPONENTIAL = ("count:poisson", "reg:gamma", "reg:tweedie", "survival:cox", "survival:aft")
_LOGISTIC = ("binary:logistic", "reg:logistic")

#: XGBoost goes left below the threshold, ``<``; the threshold here is the largest float32 below it.
_BELOW = SplitRule(as_float32, through_float32)

_LIBM = "exp of the platform's libm in float32"


def _floats(numbers: Any) -> NDArray[np.float32]:
    return np.array(numbers, np.float64).astype(np.float32)


def _kept(leaf: NDArray[np.float32]) -> NDArray[np.float32]:
    return leaf


def _dropped(leaf: NDArray[np.float32], base: np.float32, weight: np.float32) -> NDArray[np.float32]:
    """dart: each tree's margin, its base taken off again, times the tree's weight."""
    return np.asarray(((base + leaf) - base) * weight)


def _tree(tree: dict[str, Any], output: int, weigh: Callable[[NDArray[np.float32]], NDArray[np.float32]]) -> Trees:
    """One tree, its leaves for one output of it."""
    left, right = np.array(tree["left_children"], np.int64), np.array(tree["right_children"], np.int64)
    threshold = np.nextafter(_floats(tree["split_conditions"]), np.float32(-np.inf)).astype(np.float64)
    inner = left >= 0
    outputs = int(tree["tree_param"]["size_leaf_vector"])
    if outputs > 1:
        table = _floats(tree["leaf_weights"]).reshape(-1, outputs)
        leaf = np.where(inner, np.float32(0), table[np.where(inner, 0, right), output])
    else:
        leaf = weigh(_floats(tree["split_conditions"]))
    missing_left = np.array(tree["default_left"], bool)
    categories = {}
    for node, start, size in zip(
        tree["categories_nodes"], tree["categories_segments"], tree["categories_sizes"], strict=True
    ):
        # The categories of the set go right: the operator's true side is XGBoost's right one.
        categories[int(node)] = np.array(tree["categories"][start : start + size] or [-2], np.int64)
        left[node], right[node] = right[node], left[node]
        missing_left[node] = not missing_left[node]
    count = len(left)
    return Trees(
        roots=np.zeros(1, np.int64),
        feature=np.where(inner, np.array(tree["split_indices"], np.int64), 0),
        threshold=threshold,
        left=np.where(inner, left, -1),
        right=np.where(inner, right, -1),
        missing_left=missing_left & inner,
        leaf=leaf.astype(np.float64),
        target=np.zeros(count, np.int64),
        categories=categories,
    )


def _start(model: dict[str, Any]) -> NDArray[np.float32]:
    """The margins before any tree, one a group: the base score through the inverse of the objective's link, in float32."""
    parameters = model["learner"]["learner_model_param"]
    groups = max(1, int(parameters["num_class"]), int(parameters.get("num_target", "1")))
    score = _floats(np.atleast_1d(json.loads(parameters["base_score"])))
    score = np.broadcast_to(score, groups)
    objective = model["learner"]["objective"]["name"]
    with np.errstate(all="ignore"):
        if objective in _LOGISTIC:
            odds = np.float32(1) / score - np.float32(1)
            return np.asarray(-np.log(odds.astype(np.float64)).astype(np.float32))
        if objective in _EXPONENTIAL:
            return np.log(score.astype(np.float64)).astype(np.float32)
    return np.asarray(score)


def _categories(model: dict[str, Any], scope: Scope) -> dict[int, list[Any]]:
    """The categories of each column of them, from the booster's own record."""
    part = model["learner"]["gradient_booster"]
    trees = part.get("gbtree", part).get("model", {})
    found: dict[int, list[Any]] = {}
    for column, encoded in enumerate(trees.get("cats", {}).get("enc", [])):
        offsets, values = encoded.get("offsets"), encoded.get("values")
        if offsets:
            text = bytes(int(v) & 0xFF for v in values)
            if max(text, default=0) > 127 or offsets[-1] != len(text):
                # XGBoost 3.2 counts characters where it keeps bytes, so that what it keeps of these names is not the names.
                raise scope.refuse("XGBoost categories with names beyond ASCII", "names in ASCII")
            found[column] = [text[a:b].decode("ascii") for a, b in pairwise(offsets)]
        elif values:
            found[column] = list(values)
    return found


def _with_missing(estimator: Any, x: Matrix, scope: Scope) -> Matrix:
    """The matrix with NaN for what XGBoost takes as missing: a number of its own, and what a sparse matrix does not hold."""
    graph = scope.graph
    absent: list[float] = [0.0] if x.sparse and x.stored is None else []
    if estimator.missing is not None and not np.isnan(estimator.missing):
        absent.append(float(np.float32(estimator.missing)))
    if x.rounding is not None and absent:
        raise scope.refuse(f"XGBoost(missing={estimator.missing!r}) behind a step that is not bit-equal", "missing=nan")
    value = x.value
    if x.stored is not None:
        # An element that is there may be zero, where hashes have met.
        inside = graph.op("Less", x.stored.columns, graph.constant(x.width, np.int64))
        ones = graph.op("Cast", inside, to=int(ir.DataType.DOUBLE))
        there = from_entries(graph, x.stored.columns, ones, x.width).value
        value = graph.op("Where", graph.op("Greater", there, graph.constant(0.0)), value, graph.constant(np.nan))
    for number in absent:
        single = in_float64(graph, in_float32(graph, value))
        value = graph.op("Where", graph.op("Equal", single, graph.constant(number)), graph.constant(np.nan), value)
    if value is not x.value:
        x = replace(x, value=value, entries=None)
    types = estimator.get_booster().feature_types or []
    categorical = {i for i, kind in enumerate(types) if kind == "c"}
    if categorical:
        # A number so small that it is zero in float32 is category 0.
        x = replace(x, value=in_float64(graph, in_float32(graph, x.value)), entries=None)
    return whole_categories(scope, x, categorical, cut=False)


def _margins(estimator: Any, model: dict[str, Any], inputs: Matrix | Table, scope: Scope) -> tuple[ir.Value, int, Any]:
    """float32 (rows, groups), the number of groups, and a way to finish a Lowered from scores."""
    graph = scope.graph
    part = model["learner"]["gradient_booster"]
    x, certificates = coded(scope, inputs, _categories(model, scope))
    start = _start(model)
    if part["name"] == "gblinear":
        x = _with_missing(estimator, x, scope)
        return *_linear(graph, x, _floats(part["model"]["weights"]), start, scope), lambda scores: Lowered(
            None, scores, certificates
        )
    drops = part["weight_drop"] if part["name"] == "dart" else None
    trees = part.get("gbtree", part)["model"]
    used = int(trees["iteration_indptr"][_rounds(estimator, trees)])
    groups: list[list[int]] = [[] for _ in start]
    parts: list[Trees] = []
    for number, tree in enumerate(trees["trees"][:used]):
        group = int(trees["tree_info"][number])
        weigh = partial(_dropped, base=start[group], weight=np.float32(drops[number])) if drops is not None else _kept
        outputs = int(tree["tree_param"]["size_leaf_vector"])
        for output in range(max(1, outputs)):
            groups[output if outputs > 1 else group].append(len(parts))
            parts.append(_tree(tree, output, weigh))
    x, parts = narrowed(graph, x, parts)
    grown = leaves(scope, _with_missing(estimator, x, scope), parts, _BELOW)
    grown = replace(grown, certificates=(*certificates, *grown.certificates))
    terms = in_float32(graph, grown.value)
    sums = [
        running_total(graph, terms, graph.constant([[first]], np.float32), np.array(own, np.int64))
        for first, own in zip(start, groups, strict=True)
    ]
    value = sums[0] if len(sums) == 1 else graph.op("Concat", *sums, axis=1)
    return value, len(sums), grown.lowered


def _rounds(estimator: Any, trees: dict[str, Any]) -> int:
    """How many iterations are used: up to the best one after early stopping."""
    last = len(trees["iteration_indptr"]) - 1
    low, high = estimator._get_iteration_range(None)
    return last if (low, high) == (0, 0) else min(int(high), last)


def _linear(
    graph: Graph, x: Matrix, weights: NDArray[np.float32], start: NDArray[np.float32], scope: Scope
) -> tuple[ir.Value, int]:
    """gblinear: the bias and the base, then each column's product in order; a missing number adds nothing."""
    if x.rounding is not None:
        raise scope.refuse("gblinear behind a step that is not bit-equal", "bit-equal steps, or a booster of trees")
    table = weights.reshape(-1, len(start))
    value = in_float32(graph, x.value)
    value = graph.op("Where", graph.op("IsNaN", value), graph.constant(0.0, np.float32), value)
    sums = []
    for group in range(len(start)):
        products = graph.op("Mul", value, graph.constant(table[None, :-1, group]))
        # The base of the first group counts for all of them, as XGBoost 3 computes it.
        first = np.float32(table[-1, group] + start[0])
        sums.append(running_total(graph, products, graph.constant([[first]], np.float32)))
    return (sums[0] if len(sums) == 1 else graph.op("Concat", *sums, axis=1)), len(sums)


def _exp(graph: Graph, x: ir.Value) -> ir.Value:
    """expf: computed in double and rounded."""
    return in_float32(graph, exponential(graph, in_float64(graph, x)))


def _sigmoid(graph: Graph, x: ir.Value) -> ir.Value:
    """xgboost::common::Sigmoid."""
    one = graph.constant(1.0, np.float32)
    power = _exp(graph, graph.op("Min", graph.op("Neg", x), graph.constant(88.7, np.float32)))
    return graph.op("Div", one, graph.op("Add", power, one))


def _softmax(graph: Graph, x: ir.Value) -> ir.Value:
    """xgboost::common::Softmax: the sum is a double, rounded to divide."""
    largest = graph.op("ReduceMax", x, graph.constant([1], np.int64), keepdims=1)
    power = _exp(graph, graph.op("Sub", x, largest))
    total = graph.op("CumSum", in_float64(graph, power), graph.constant(1, np.int64))
    total = graph.op("Gather", total, graph.constant([-1], np.int64), axis=1)
    return graph.op("Div", power, in_float32(graph, total))


def _even_odds() -> float:
    """The largest margin whose probability is not above 0.5."""

    def probability(x: NDArray[np.float64]) -> NDArray[np.float64]:
        with np.errstate(all="ignore"):
            single = x.astype(np.float32)
            power = np.exp(np.minimum(-single, np.float32(88.7)).astype(np.float64)).astype(np.float32)
            return (np.float32(1) / (power + np.float32(1))).astype(np.float64)

    return float(crossing(probability, [0.5])[0])


def _model(estimator: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(bytes(estimator.get_booster().save_raw("json")))
    return found


def _flat(graph: Graph, value: ir.Value) -> ir.Value:
    return graph.op("Reshape", value, graph.constant([-1], np.int64))


def lower_regressor(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """XGBRegressor, XGBRFRegressor, XGBRanker: margins through the objective's link; several targets side by side."""
    graph = scope.graph
    model = _model(estimator)
    objective = model["learner"]["objective"]["name"]
    value, groups, finish = _margins(estimator, model, inputs, scope)
    rounding = None
    if objective in _LOGISTIC:
        value = _sigmoid(graph, value)
        rounding = Rounding(4, graph.op("Abs", in_float64(graph, value)), _LIBM)
    elif objective in _EXPONENTIAL:
        value = _exp(graph, value)
        rounding = Rounding(2, graph.op("Abs", in_float64(graph, value)), _LIBM)
    elif objective not in _IDENTITY:
        raise scope.refuse(f"the objective {objective!r}", ", ".join((*_IDENTITY, *_EXPONENTIAL, *_LOGISTIC)))
    if groups == 1:
        value = _flat(graph, value)
        if rounding is not None:
            assert rounding.scale is not None
            rounding = Rounding(rounding.ulp, _flat(graph, rounding.scale), rounding.reason)
    return _finished(finish, {"predict": Score(value, "float32", () if groups == 1 else (groups,), rounding=rounding)})


def _finished(finish: Any, scores: dict[str, Score]) -> Lowered:
    lowered: Lowered = finish(scores)
    return lowered


def lower_classifier(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """XGBClassifier, XGBRFClassifier: labels and float32 probabilities."""
    graph = scope.graph
    model = _model(estimator)
    objective = model["learner"]["objective"]["name"]
    classes = np.arange(int(estimator.n_classes_))
    labels = tuple(classes.tolist())
    value, groups, finish = _margins(estimator, model, inputs, scope)
    if objective in ("multi:softprob", "multi:softmax") and groups == len(classes):
        proba = _softmax(graph, value)
        rounding = Rounding(8.0 + len(classes), graph.op("Abs", in_float64(graph, proba)), _LIBM)
        if objective == "multi:softmax":
            index = graph.op("ArgMax", value, axis=1, keepdims=0)
            label = label_score(graph, index, classes)
        else:
            index = graph.op("ArgMax", proba, axis=1, keepdims=0)
            label = label_score(graph, index, classes, lead_of_probabilities(graph, proba, rounding, single=True))
        score = Score(proba, "float32", (len(classes),), labels, rounding)
        return _finished(finish, {"predict": label, "predict_proba": score})
    if groups > 1 and objective == "binary:logistic":
        # Several labels a row, each with the probability of its own.
        proba = _sigmoid(graph, value)
        high = graph.op("Greater", in_float64(graph, value), graph.constant(_even_odds()))
        # XGBoost gives these labels as float64.
        label = Score(graph.op("Cast", high, to=int(ir.DataType.DOUBLE)), "float64", (groups,), (0.0, 1.0))
        score = Score(proba, "float32", (groups,), rounding=Rounding(4, None, _LIBM))
        return _finished(finish, {"predict": label, "predict_proba": score})
    if groups != 1 or len(classes) != 2:
        raise scope.refuse(f"the objective {objective!r} with {groups} outputs", "one label a row")
    if objective in ("binary:logistic", "reg:logistic"):
        high = graph.op("Greater", in_float64(graph, value), graph.constant(_even_odds()))
        second = _sigmoid(graph, value)
    elif objective == "binary:logitraw":
        high = graph.op("Greater", value, graph.constant(0.5, np.float32))
        second = value
    elif objective == "binary:hinge":
        high = graph.op("Greater", value, graph.constant(0.0, np.float32))
        second = in_float32(graph, high)
    else:
        raise scope.refuse(
            f"the objective {objective!r}",
            "binary:logistic, binary:logitraw, binary:hinge, reg:logistic, multi:softprob, multi:softmax",
        )
    index = _flat(graph, graph.op("Cast", high, to=int(ir.DataType.INT64)))
    proba = graph.op("Concat", graph.op("Sub", graph.constant(1.0, np.float32), second), second, axis=1)
    proba_rounding = Rounding(4, None, _LIBM) if objective in _LOGISTIC else None
    return _finished(
        finish,
        {
            "predict": label_score(graph, index, classes),
            "predict_proba": Score(proba, "float32", (2,), labels, proba_rounding),
        },
    )


LOWERINGS = {
    "xgboost.sklearn.XGBClassifier": lower_classifier,
    "xgboost.sklearn.XGBRFClassifier": lower_classifier,
    "xgboost.sklearn.XGBRegressor": lower_regressor,
    "xgboost.sklearn.XGBRFRegressor": lower_regressor,
    "xgboost.sklearn.XGBRanker": lower_regressor,
}
