"""Lowerings for CatBoost over numbers: trees over float32 numbers, whose leaves are added in double.

The trees come from the JSON that the model writes (``save_model(format="json")``). Categories and texts are hashed there, so that no list of
them is left; they are refused by name.
"""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from samescore_export.operations.boosted import narrowed
from samescore_export.operations.deciding import first_largest
from samescore_export.operations.labels import class_scores, label_score, label_type
from samescore_export.operations.link import both_classes, exponential, sigmoid, softmax, through_link
from samescore_export.operations.tree_ensemble import Trees
from samescore_export.operations.walking import FLOAT32, Grown, summed
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Rounding, Score, Table, matrix_of

_RAW = (
    "RMSE", "MAE", "Quantile", "MultiQuantile", "LogLinQuantile", "MAPE", "Huber", "Expectile", "Lq", "LogCosh", "MultiRMSE",
    "MultiRMSEWithMissingValues", "YetiRank", "YetiRankPairwise", "PairLogit", "PairLogitPairwise", "QueryRMSE", "StochasticRank",
    "LambdaMart", "QuerySoftMax",
)  # fmt: skip
_EXPONENTIAL = ("Poisson", "Tweedie")

IN_ORDER = "leaves are added tree by tree in double"


def _model(estimator: Any) -> dict[str, Any]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.json"
        estimator.save_model(str(path), format="json")
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


class _Features:
    """Which column each of the model's float features is, and which way a missing number goes."""

    def __init__(self, model: dict[str, Any], scope: Scope) -> None:
        info = model["features_info"]
        for kind in ("categorical_features", "text_features", "embedding_features", "ctrs"):
            if info.get(kind):
                raise scope.refuse(f"CatBoost with {kind.replace('_', ' ')}", "numbers")
        floats = info.get("float_features", [])
        self.column = {item["feature_index"]: item["flat_feature_index"] for item in floats}
        self.missing_left = {item["feature_index"]: item["nan_value_treatment"] != "AsTrue" for item in floats}

    def split(self, split: dict[str, Any], scope: Scope) -> tuple[int, float, bool]:
        if split["split_type"] != "FloatFeature":
            raise scope.refuse(f"a CatBoost split of the type {split['split_type']}", "splits on numbers")
        feature = split["float_feature_index"]
        return self.column[feature], float(np.float32(split["border"])), self.missing_left[feature]


def _grown_tree(
    split_of: list[tuple[int, float, bool] | None],
    left: list[int],
    right: list[int],
    leaf: NDArray[np.float64],
    target: int,
) -> Trees:
    count = len(split_of)
    plain = [split or (0, 0.0, False) for split in split_of]
    return Trees(
        roots=np.zeros(1, np.int64),
        feature=np.array([split[0] for split in plain], np.int64),
        threshold=np.array([split[1] for split in plain]),
        left=np.array(left, np.int64),
        right=np.array(right, np.int64),
        missing_left=np.array([split[2] for split in plain]),
        leaf=leaf,
        target=np.full(count, target, np.int64),
        categories={},
    )


def _oblivious(tree: dict[str, Any], features: _Features, outputs: int, scope: Scope) -> list[Trees]:
    """A tree of one split a level, as a tree for each output: split i decides bit i of the leaf's number."""
    splits = [features.split(split, scope) for split in tree.get("splits") or []]
    table = np.array(tree["leaf_values"], np.float64).reshape(-1, outputs)
    depth = len(splits)
    inner = 2**depth - 1
    of_node: list[tuple[int, float, bool] | None] = [None] * (2 * inner + 1)
    left, right = [-1] * (2 * inner + 1), [-1] * (2 * inner + 1)
    for node in range(inner):
        # The first split is the lowest bit; the root asks the last one, so that leaves stand in the order of their numbers.
        of_node[node] = splits[depth - 1 - ((node + 1).bit_length() - 1)]
        left[node], right[node] = 2 * node + 1, 2 * node + 2
    return [
        _grown_tree(of_node, left, right, np.concatenate([np.zeros(inner), table[:, output]]), output)
        for output in range(outputs)
    ]


def _nested(tree: dict[str, Any], features: _Features, outputs: int, scope: Scope) -> list[Trees]:
    """A tree of any shape, as a tree for each output."""
    of_node: list[tuple[int, float, bool] | None] = []
    left: list[int] = []
    right: list[int] = []
    values: list[Any] = []
    pending: list[tuple[dict[str, Any], int, bool]] = [(tree, -1, False)]
    while pending:
        node, parent, is_right = pending.pop()
        number = len(of_node)
        if parent >= 0:
            (right if is_right else left)[parent] = number
        left.append(-1)
        right.append(-1)
        inner = "split" in node
        of_node.append(features.split(node["split"], scope) if inner else None)
        values.append(np.zeros(outputs) if inner else np.atleast_1d(np.array(node["value"], np.float64)))
        if inner:
            pending += [(node["right"], number, True), (node["left"], number, False)]
    table = np.array(values).reshape(-1, outputs)
    return [_grown_tree(of_node, left, right, table[:, output].copy(), output) for output in range(outputs)]


def _raw(estimator: Any, inputs: Matrix | Table, scope: Scope) -> tuple[Grown, ir.Value, int]:
    """The grown trees, the raw values (rows, outputs), and how many outputs."""
    graph = scope.graph
    model = _model(estimator)
    features = _Features(model, scope)
    scale, bias = model["scale_and_bias"]
    offset = np.atleast_1d(np.array(bias, np.float64))
    outputs = len(offset)
    if "oblivious_trees" in model:
        parts = [part for tree in model["oblivious_trees"] for part in _oblivious(tree, features, outputs, scope)]
    else:
        parts = [part for tree in model["trees"] for part in _nested(tree, features, outputs, scope)]
    x, parts = narrowed(graph, matrix_of(graph, inputs), parts)
    grown = summed(scope, x, parts, outputs, FLOAT32, IN_ORDER)
    value = grown.value
    if scale != 1:
        value = graph.op("Mul", value, graph.constant(float(scale)))
    if offset.any():
        value = graph.op("Add", value, graph.constant(offset[None]))
    return grown, value, outputs


def _loss(estimator: Any) -> str:
    return str(estimator.get_all_params().get("loss_function", "")).partition(":")[0]


def lower_regressor(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """CatBoostRegressor, CatBoostRanker: raw values, through exp for Poisson and Tweedie."""
    graph = scope.graph
    loss = _loss(estimator)
    if loss not in (*_RAW, *_EXPONENTIAL):
        raise scope.refuse(f"the loss {loss!r}", ", ".join((*_RAW, *_EXPONENTIAL)))
    grown, value, outputs = _raw(estimator, inputs, scope)
    if outputs == 1:
        value = graph.op("Reshape", value, graph.constant([-1], np.int64))
    rounding = None
    if loss in _EXPONENTIAL:
        value = exponential(graph, value)
        rounding = Rounding(4, graph.op("Abs", value), "exp of the platform's libm")
    return grown.lowered({"predict": Score(value, "float64", () if outputs == 1 else (outputs,), rounding=rounding)})


def lower_classifier(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """CatBoostClassifier: labels of (rows, 1) for more than two classes, as it gives them."""
    graph = scope.graph
    loss = _loss(estimator)
    classes = np.asarray(estimator.classes_)
    if loss in ("MultiLogloss", "MultiCrossEntropy"):
        return _several_labels(estimator, inputs, scope)
    if classes.ndim != 1 or loss not in ("Logloss", "CrossEntropy", "MultiClass", "MultiClassOneVsAll", "Focal"):
        raise scope.refuse(
            f"the loss {loss!r} of a classifier", "Logloss, CrossEntropy, MultiClass, MultiClassOneVsAll"
        )
    grown, value, outputs = _raw(estimator, inputs, scope)
    rounding = through_link(graph, None, len(classes))
    if outputs == 1:
        threshold = estimator.get_probability_threshold()
        if threshold != 0.5:
            raise scope.refuse(f"CatBoost with the probability threshold {threshold!r}", "0.5")
        proba = both_classes(graph, sigmoid(graph, value))
        index = graph.op("Cast", graph.op("Greater", value, graph.constant(0.0)), to=int(ir.DataType.INT64))
        label = label_score(graph, graph.op("Reshape", index, graph.constant([-1], np.int64)), classes)
    else:
        proba = softmax(graph, value) if loss == "MultiClass" else sigmoid(graph, value)
        index = graph.op("Unsqueeze", first_largest(graph, value), graph.constant([1], np.int64))
        kind = label_type(classes)
        labels = classes.astype(str if kind == "string" else kind)
        found = graph.op("Gather", graph.constant(labels), index, axis=0)
        label = Score(found, kind, (1,), tuple(labels.tolist()))
    scores = {"predict": label, **class_scores(graph, proba, classes, rounding)}
    return grown.lowered(scores)


def _several_labels(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """Several labels a row, each with the probability of its own."""
    graph = scope.graph
    grown, value, outputs = _raw(estimator, inputs, scope)
    high = graph.op("Cast", graph.op("Greater", value, graph.constant(0.0)), to=int(ir.DataType.INT64))
    proba = sigmoid(graph, value)
    rounding = Rounding(6.0, graph.op("Abs", proba), "exp of the platform's libm")
    scores = {
        "predict": Score(high, "int64", (outputs,), (0, 1)),
        "predict_proba": Score(proba, "float64", (outputs,), rounding=rounding),
    }
    return grown.lowered(scores)


LOWERINGS = {
    "catboost.core.CatBoostClassifier": lower_classifier,
    "catboost.core.CatBoostRegressor": lower_regressor,
    "catboost.core.CatBoostRanker": lower_regressor,
}
