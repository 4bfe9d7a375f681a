"""Lowerings for LightGBM: trees over float64 numbers, where what is as good as zero is zero; leaves added in double, in order.

The trees come from the text that the booster writes (``model_to_string``), whose numbers have all their digits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from samescore_export.graph import Graph
from samescore_export.operations.boosted import IN_ORDER, coded, lead_of_probabilities, narrowed, whole_categories
from samescore_export.operations.labels import class_scores, label_score
from samescore_export.operations.linear_leaves import LinearLeaves, linear_sums
from samescore_export.operations.link import both_classes, exponential, softmax, through_link
from samescore_export.operations.tree_ensemble import Trees
from samescore_export.operations.walking import SplitRule, summed
from samescore_export.ordered import crossing
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Rounding, Score, Table

#: kZeroThreshold: numbers up to this size are zero (a float32 constant).
ZERO = float(np.float32(1e-35))

_CATEGORICAL, _DEFAULT_LEFT = 1, 2
_NONE, _ZERO, _NAN = 0, 1, 2

_IDENTITY = (
    "regression", "regression_l1", "huber", "fair", "quantile", "mape", "lambdarank", "rank_xendcg", "custom",
)  # fmt: skip
_EXPONENTIAL = ("poisson", "gamma", "tweedie")


def _without_dust(x: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(invalid="ignore"):
        return np.where(np.abs(x) <= ZERO, 0.0, x)


def _split(threshold: NDArray[np.float64]) -> NDArray[np.float64]:
    """The largest number that is not above the threshold once dust is zero."""
    below = np.nextafter(-ZERO, -np.inf)
    inside = np.where(threshold >= 0, ZERO, below)
    return np.where((threshold >= -ZERO) & (threshold < ZERO), inside, threshold)


_RULE = SplitRule(_without_dust, _split)


@dataclass(frozen=True, slots=True)
class _Model:
    """A booster's text: its header, and the trees' own lines."""

    header: dict[str, str]
    trees: list[dict[str, str]]

    @property
    def objective(self) -> tuple[str, dict[str, str]]:
        """Its name, and its parameters (``sigmoid:1``, or a word alone)."""
        name, *rest = self.header.get("objective", "custom").split(" ")
        pairs = [item.partition(":") for item in rest]
        return name, {key: value for key, _, value in pairs}


def _read(booster: Any, rounds: int | None) -> _Model:
    text = booster.model_to_string(num_iteration=-1 if rounds is None else rounds)
    blocks = text.split("\n\nTree=")
    end = blocks[-1].index("\nend of trees")
    blocks[-1] = blocks[-1][:end]

    def lines(block: str) -> dict[str, str]:
        return {key: value for key, _, value in (line.partition("=") for line in block.splitlines())}

    return _Model(lines(blocks[0]), [lines(block) for block in blocks[1:]])


def _array(lines: dict[str, str], name: str, dtype: Any) -> NDArray[Any]:
    words = lines.get(name, "").split()
    return np.array([dtype(word) for word in words], np.float64 if dtype is float else np.int64)


def _linear(lines: dict[str, str]) -> LinearLeaves:
    """The leaves of a tree as linear models; of a tree of constants as such without a feature."""
    values = _array(lines, "leaf_value", float)
    if lines.get("is_linear", "0") in ("0", ""):
        nothing = [np.zeros(0)] * len(values)
        return LinearLeaves(values, values, [part.astype(np.int64) for part in nothing], nothing)
    ends = np.cumsum(_array(lines, "num_features", int))[:-1]
    features = np.split(_array(lines, "leaf_features", int), ends)
    return LinearLeaves(
        _array(lines, "leaf_const", float), values, features, np.split(_array(lines, "leaf_coeff", float), ends)
    )


def _tree(lines: dict[str, str], target: int) -> tuple[Trees, set[int], set[int]]:
    """The tree, the features whose zeros it takes as missing, and those whose zeros it does not."""
    values = _array(lines, "leaf_value", float)
    feature = _array(lines, "split_feature", int)
    inner, count = len(feature), len(feature) + len(values)
    kinds = _array(lines, "decision_type", int)
    missing = (kinds >> 2) & 3
    threshold = _array(lines, "threshold", float)

    def children(name: str) -> NDArray[np.int64]:
        side = _array(lines, name, int)
        return np.concatenate([np.where(side >= 0, side, inner + ~side), np.full(len(values), -1)]).astype(np.int64)

    categorical = (kinds & _CATEGORICAL) > 0
    default_left = (kinds & _DEFAULT_LEFT) > 0
    with np.errstate(invalid="ignore"):
        # Where no NaN was seen in fitting, one counts as 0.0.
        nan_left = np.where(missing == _NONE, threshold >= 0.0, default_left) & ~categorical
    bounds, words = _array(lines, "cat_boundaries", int), _array(lines, "cat_threshold", int)
    categories = {}
    for node in np.flatnonzero(categorical):
        which = int(threshold[node])
        bits = words[bounds[which] : bounds[which + 1]].astype("<u4").view(np.uint8)
        codes = np.flatnonzero(np.unpackbits(bits, bitorder="little")).astype(np.int64)
        categories[int(node)] = codes if len(codes) else np.array([-2], np.int64)

    def padded(array: NDArray[Any]) -> NDArray[Any]:
        return np.concatenate([array, np.zeros(len(values), array.dtype)])

    tree = Trees(
        roots=np.zeros(1, np.int64),
        feature=padded(feature),
        threshold=padded(np.where(categorical, 0.0, threshold)) if inner else np.zeros(count),
        left=children("left_child"),
        right=children("right_child"),
        missing_left=padded(nan_left).astype(bool),
        leaf=np.concatenate([np.zeros(inner), values]),
        target=np.full(count, target, np.int64),
        categories=categories,
    )
    zeros = (missing == _ZERO) & ~categorical
    return tree, set(feature[zeros].tolist()), set(feature[~zeros & ~categorical].tolist())


def _categorical(model: _Model) -> set[int]:
    """The features that some tree splits by categories."""
    found: set[int] = set()
    for lines in model.trees:
        kinds = _array(lines, "decision_type", int)
        found |= set(_array(lines, "split_feature", int)[(kinds & _CATEGORICAL) > 0].tolist())
    return found


def _categories(booster: Any, model: _Model, scope: Scope) -> dict[int, Any]:
    """The categories of a data frame's columns of them: LightGBM keeps the lists, and apart from them which features are categorical."""
    known = booster.pandas_categorical or []
    infos = model.header.get("feature_infos", "").split(" ")
    # Numbers have a range in brackets; a column of one value has no more than a word, and may be either.
    places = [place for place, info in enumerate(infos) if not info.startswith("[") and info != "none"]
    if known and len(known) != len(places):
        raise scope.refuse(
            "LightGBM categories beside columns of one value, or listed by number", "categories of a data frame alone"
        )
    return dict(zip(places, known, strict=True)) if known else {}


def _raw_scores(estimator: Any, inputs: Matrix | Table, scope: Scope) -> tuple[Any, int, _Model]:
    """The grown trees, (rows, outputs) of raw scores; how many outputs; and the model."""
    graph = scope.graph
    booster = estimator.booster_
    model = _read(booster, booster.best_iteration if booster.best_iteration > 0 else None)
    x, certificates = coded(scope, inputs, _categories(booster, model, scope))
    x = whole_categories(scope, x, _categorical(model), cut=True)
    outputs = int(model.header["num_tree_per_iteration"])
    parts: list[Trees] = []
    zeros: set[int] = set()
    others: set[int] = set()
    for number, lines in enumerate(model.trees):
        tree, missing, plain = _tree(lines, number % outputs)
        parts.append(tree)
        zeros |= missing
        others |= plain
    raw = x
    if zeros & others:
        raise scope.refuse("LightGBM features whose zeros are missing in some trees only", "one rule a feature")
    if zeros:
        if x.rounding is not None:
            raise scope.refuse("LightGBM(zero_as_missing) behind a step that is not bit-equal", "bit-equal steps")
        mask = np.zeros((1, x.width), bool)
        mask[0, sorted(zeros)] = True
        small = graph.op("LessOrEqual", graph.op("Abs", x.value), graph.constant(ZERO))
        absent = graph.op("And", small, graph.constant(mask))
        x = Matrix(
            graph.op("Where", absent, graph.constant(np.nan), x.value), x.width, origins=x.origins, margin=x.margin
        )
    if any(lines.get("is_linear", "0") not in ("0", "") for lines in model.trees):
        if raw.rounding is not None or raw.dtype != "float64":
            raise scope.refuse(
                "LightGBM(linear_tree=True) over float32 or behind a step that is not bit-equal", "bit-equal float64"
            )
        leaves = [_linear(lines) for lines in model.trees]
        grown = linear_sums(scope, x, raw.value, list(zip(parts, leaves, strict=True)), outputs, _RULE, IN_ORDER)
        return grown, outputs, model
    if not zeros:
        x, parts = narrowed(graph, x, parts)
    grown = summed(scope, x, parts, outputs, _RULE, IN_ORDER)
    return replace(grown, certificates=(*certificates, *grown.certificates)), outputs, model


def _averaged(graph: Graph, value: ir.Value, model: _Model, outputs: int) -> ir.Value:
    """Random forests divide by the number of iterations."""
    if "average_output" not in model.header:
        return value
    return graph.op("Div", value, graph.constant(float(len(model.trees) // outputs)))


def _sigmoid(graph: Graph, x: ir.Value, steepness: float) -> ir.Value:
    """1 / (1 + exp(-steepness x))."""
    one = graph.constant(1.0)
    power = exponential(graph, graph.op("Mul", x, graph.constant(-steepness)))
    return graph.op("Div", one, graph.op("Add", one, power))


def _even_odds(steepness: float) -> float:
    """The largest raw score whose probability is not above 0.5."""

    def probability(x: NDArray[np.float64]) -> NDArray[np.float64]:
        with np.errstate(all="ignore"):
            return np.asarray(1.0 / (1.0 + np.exp(-steepness * x)))

    return float(crossing(probability, [0.5])[0])


def _signed_square(graph: Graph, x: ir.Value) -> ir.Value:
    return graph.op("Mul", graph.op("Sign", x), graph.op("Mul", x, x))


def lower_regressor(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """LGBMRegressor, LGBMRanker: raw scores through the objective's link."""
    graph = scope.graph
    grown, outputs, model = _raw_scores(estimator, inputs, scope)
    name, parameters = model.objective
    value = graph.op("Reshape", _averaged(graph, grown.value, model, outputs), graph.constant([-1], np.int64))
    rounding = None
    link: Callable[[Graph, ir.Value], ir.Value] | None = None
    if name in _EXPONENTIAL:
        link = exponential
    elif name == "cross_entropy":
        value = _sigmoid(graph, value, 1.0)
        rounding = Rounding(4, graph.op("Abs", value), "exp of the platform's libm")
    elif name not in _IDENTITY or outputs != 1:
        raise scope.refuse(f"the objective {name!r}", ", ".join((*_IDENTITY, *_EXPONENTIAL, "cross_entropy")))
    elif "sqrt" in parameters:
        value = _signed_square(graph, value)
    if link is not None:
        value = link(graph, value)
        rounding = Rounding(4, graph.op("Abs", value), "exp of the platform's libm")
    lowered: Lowered = grown.lowered({"predict": Score(value, "float64", rounding=rounding)})
    return lowered


def lower_classifier(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """LGBMClassifier: the largest of the probabilities."""
    graph = scope.graph
    grown, outputs, model = _raw_scores(estimator, inputs, scope)
    name, parameters = model.objective
    raw = _averaged(graph, grown.value, model, outputs)
    classes = np.asarray(estimator.classes_)
    rounding = through_link(graph, None, len(classes))
    steepness = float(parameters.get("sigmoid", 1.0))
    if name in ("binary", "cross_entropy") and outputs == 1:
        odds = _even_odds(steepness)
        high = graph.op("Greater", raw, graph.constant(odds))
        index = graph.op("Reshape", graph.op("Cast", high, to=int(ir.DataType.INT64)), graph.constant([-1], np.int64))
        proba, label = both_classes(graph, _sigmoid(graph, raw, steepness)), label_score(graph, index, classes)
    elif name in ("multiclass", "multiclassova") and outputs == len(classes):
        proba = softmax(graph, raw) if name == "multiclass" else _sigmoid(graph, raw, steepness)
        index = graph.op("ArgMax", proba, axis=1, keepdims=0)
        label = label_score(graph, index, classes, lead_of_probabilities(graph, proba, rounding))
    else:
        raise scope.refuse(f"the objective {name!r} of a classifier", "binary, multiclass, multiclassova")
    # Raw scores are the sums themselves, of a random forest too.
    decision = grown.value
    if outputs == 1:
        decision = graph.op("Reshape", decision, graph.constant([-1], np.int64))
    labels = None if outputs == 1 else tuple(classes.tolist())
    scores = {
        "predict": label,
        "predict_proba": class_scores(graph, proba, classes, rounding)["predict_proba"],
        "decision_function": Score(decision, "float64", () if outputs == 1 else (outputs,), labels),
    }
    lowered: Lowered = grown.lowered(scores)
    return lowered


LOWERINGS = {
    "lightgbm.sklearn.LGBMClassifier": lower_classifier,
    "lightgbm.sklearn.LGBMRegressor": lower_regressor,
    "lightgbm.sklearn.LGBMRanker": lower_regressor,
}
