"""Lowerings for ``sklearn.calibration``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx_ir as ir
from sklearn.calibration import CalibratedClassifierCV, _SigmoidCalibration
from sklearn.isotonic import IsotonicRegression

from samescore_export.graph import Graph
from samescore_export.operations.combining import chained, sized_score, sum_rounding, summed_in_order
from samescore_export.operations.deciding import column, first_largest, in_double, lead, sized, standing
from samescore_export.operations.interpolation import interpolated, interpolated_rounding
from samescore_export.operations.labels import class_scores, label_score
from samescore_export.operations.link import both_classes, of_probabilities, sigmoid, softmax
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Rounding, Score, Table


def _sigmoid_calibrated(graph: Graph, score: Score, calibrator: Any) -> Score:
    """``_SigmoidCalibration.predict``: expit(-(a T + b))."""
    a, b = float(calibrator.a_), float(calibrator.b_)
    line = graph.op("Add", graph.op("Mul", graph.constant(a), score.value), graph.constant(b))
    size = graph.op("Abs", score.value)
    ulp, reason = 0.0, "exp of the platform's libm"
    if score.rounding is not None:
        size, ulp, reason = sized_score(graph, score, score.rounding), score.rounding.ulp, score.rounding.reason
    grown = graph.op("Add", graph.op("Mul", size, graph.constant(abs(a))), graph.constant(abs(b) + 1.0))
    return Score(sigmoid(graph, graph.op("Neg", line)), "float64", rounding=Rounding(ulp + 8, grown, reason))


def _isotonic_calibrated(graph: Graph, score: Score, calibrator: Any) -> Score:
    """``IsotonicRegression.predict`` with out_of_bounds="clip"."""
    points, values = calibrator.X_thresholds_, calibrator.y_thresholds_
    low, high = graph.constant(float(points[0])), graph.constant(float(points[-1]))
    inside = graph.op("Clip", score.value, low, high)
    result = interpolated(graph, inside, points, values)
    rounding = None
    if score.rounding is not None:
        error = Rounding(score.rounding.ulp, sized_score(graph, score, score.rounding), score.rounding.reason)
        rounding = interpolated_rounding(graph, inside, error, points, values, result)
    return Score(result, "float64", rounding=rounding)


_CALIBRATORS: dict[type, Callable[[Graph, Score, Any], Score]] = {
    _SigmoidCalibration: _sigmoid_calibrated,
    IsotonicRegression: _isotonic_calibrated,
}


def _responses(scope: Scope, member: Any, inputs: Matrix | Table, step: str) -> tuple[Lowered, list[Score], bool]:
    """``_get_response_values``: decision values or else probabilities, a score a column; two classes have one."""
    graph = scope.graph
    child = scope.lower(member.estimator, inputs, step)
    name = "decision_function" if hasattr(member.estimator, "decision_function") else "predict_proba"
    if name not in child.scores:
        raise scope.refuse(f"{type(member.estimator).__name__} without {name}", "a classifier whose lowering has it")
    score = in_double(scope.graph, child.scores[name])
    if score.shape == ():
        return child, [score], False
    width = score.shape[0]
    assert width is not None
    size = None if score.rounding is None else sized(graph, score.value, score.rounding)

    def single(position: int) -> Score:
        error = None
        if size is not None and score.rounding is not None:
            error = Rounding(score.rounding.ulp, column(graph, size, position), score.rounding.reason)
        return Score(column(graph, score.value, position), "float64", rounding=error)

    binary = name == "predict_proba" and len(member.classes) == 2
    return child, [single(1)] if binary else [single(i) for i in range(width)], name == "predict_proba"


def _normalised(graph: Graph, scores: Sequence[Score]) -> Score:
    """Each class by itself, divided by their sum; equal shares where that is 0."""
    count = len(scores)
    value = graph.op("Concat", *(standing(graph, score.value) for score in scores), axis=1)
    # numpy adds fewer than eight numbers of a row from left to right.
    few = count < 8
    one = graph.constant([1], np.int64)
    if few:
        deep = graph.op("Unsqueeze", value, graph.constant([2], np.int64))
        total = summed_in_order(graph, deep, count)
    else:
        total = graph.op("ReduceSum", value, one, keepdims=1)
    nothing = graph.op("Equal", total, graph.constant(0.0))
    divisor = graph.op("Where", nothing, graph.constant(1.0), total)
    share = graph.op("Where", nothing, graph.constant(1.0 / count), graph.op("Div", value, divisor))
    inexact = [score.rounding for score in scores if score.rounding is not None]
    if few and not inexact:
        return Score(share, "float64", (count,))
    sizes = [standing(graph, sized_score(graph, s, s.rounding or Rounding(0, None, ""))) for s in scores]
    # (p + d) / (S + D) is within (d + p D / S) / S of p / S.
    whole = chained(graph, sizes)
    scale = graph.op("Div", graph.op("Mul", whole, graph.constant(2.0)), divisor)
    ulp = max((error.ulp for error in inexact), default=0.0) + 2.0 * (count + 2)
    reason = inexact[0].reason if inexact else "numpy adds eight or more numbers of a row in another order"
    return Score(share, "float64", (count,), rounding=Rounding(ulp, scale, reason))


def _tempered(graph: Graph, scores: Sequence[Score], calibrator: Any, probabilities: bool) -> Score:
    """``_TemperatureScaling.predict``: softmax of the scaled logits, which are logarithms where all rows look like probabilities."""
    columns = [standing(graph, score.value) for score in scores]
    inexact = [score.rounding for score in scores if score.rounding is not None]
    sizes = [standing(graph, sized_score(graph, s, s.rounding or Rounding(0, None, ""))) for s in scores]
    size = sizes[0] if len(sizes) == 1 else graph.op("Concat", *sizes, axis=1)
    if len(scores) == 1 and not probabilities:
        logits = graph.op("Concat", graph.op("Neg", columns[0]), columns[0], axis=1)
    else:
        value = both_classes(graph, columns[0]) if len(scores) == 1 else graph.op("Concat", *columns, axis=1)
        shifted = graph.op("Add", value, graph.constant(1e-12))
        alike = _like_probabilities(graph, value)
        # The logarithm of a negative number would be NaN; it is not taken then.
        logits = graph.op("Where", alike, graph.op("Log", graph.op("Abs", shifted)), value)
        relative = graph.op("Div", graph.op("Max", size, graph.constant(1e-12)), graph.op("Abs", shifted))
        size = graph.op("Where", alike, graph.op("Add", relative, graph.op("Abs", logits)), size)
    beta = float(np.ravel(calibrator.beta_)[0])
    scaled = graph.op("Mul", graph.constant(beta), logits)
    grown = graph.op("Mul", graph.op("Max", size, graph.constant(1.0)), graph.constant(abs(beta)))
    classes = max(len(scores), 2)
    ulp = max((error.ulp for error in inexact), default=0.0) + 8
    reason = inexact[0].reason if inexact else "log and exp of the platform's libm"
    proba = softmax(graph, scaled)
    rounding = of_probabilities(graph, Rounding(ulp, grown, reason), proba, classes, None)
    return Score(proba, "float64", (classes,), rounding=rounding)


def _like_probabilities(graph: Graph, value: ir.Value) -> ir.Value:
    """A condition over all rows at once, as ``_convert_to_logits`` has it: within [0, 1], and rows that add up to 1."""
    total = graph.op("ReduceSum", value, graph.constant([1], np.int64), keepdims=1)
    off = graph.op("ReduceMax", graph.op("Abs", graph.op("Sub", total, graph.constant(1.0))), keepdims=0)
    close = graph.op("LessOrEqual", off, graph.constant(float(4 * np.sqrt(np.finfo(np.float64).eps))))
    low = graph.op("GreaterOrEqual", graph.op("ReduceMin", value, keepdims=0), graph.constant(0.0))
    high = graph.op("LessOrEqual", graph.op("ReduceMax", value, keepdims=0), graph.constant(1.0))
    return graph.op("And", close, graph.op("And", low, high))


def _member(scope: Scope, member: Any, inputs: Matrix | Table, step: str) -> tuple[Lowered, Score]:
    """``_CalibratedClassifier.predict_proba``."""
    graph, classes = scope.graph, len(member.classes)
    if len(member.estimator.classes_) != classes:
        raise scope.refuse("CalibratedClassifierCV with a fold that lacks a class", "folds that have every class")
    child, scores, probabilities = _responses(scope, member, inputs, step)
    if member.method == "temperature":
        result = _tempered(graph, scores, member.calibrators[0], probabilities)
    else:
        single = [
            _CALIBRATORS[type(calibrator)](graph, score, calibrator)
            for score, calibrator in zip(scores, member.calibrators, strict=True)
        ]
        if classes == 2:
            error = single[0].rounding
            if error is not None:
                error = Rounding(error.ulp + 1, standing(graph, sized_score(graph, single[0], error)), error.reason)
            both = both_classes(graph, standing(graph, single[0].value))
            result = Score(both, "float64", (2,), rounding=error)
        else:
            result = _normalised(graph, single)
    above = graph.op("And", graph.op("Greater", result.value, graph.constant(1.0)), _nearly(graph, result.value))
    value = graph.op("Where", above, graph.constant(1.0), result.value)
    return child, Score(value, "float64", (classes,), rounding=result.rounding)


def _nearly(graph: Graph, value: ir.Value) -> ir.Value:
    return graph.op("LessOrEqual", value, graph.constant(1.0 + 1e-5))


def lower_calibrated(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """CalibratedClassifierCV: the mean of the calibrated classifiers' probabilities, the label its argmax."""
    graph = scope.graph
    if len(estimator.classes_) < 2:
        raise scope.refuse("CalibratedClassifierCV with one class", "two or more classes")
    members = estimator.calibrated_classifiers_
    found = [_member(scope, member, inputs, f"calibrated_classifiers_.{i}") for i, member in enumerate(members)]
    scores = [score for _, score in found]
    count = len(scores)
    mean = graph.op("Div", chained(graph, [score.value for score in scores]), graph.constant(float(count)))
    rounding = sum_rounding(graph, scores, [1.0 / count] * count, 2.0 * (count + 1))
    label = label_score(graph, first_largest(graph, mean), estimator.classes_, lead(graph, mean, rounding))
    proba = class_scores(graph, mean, estimator.classes_, rounding)["predict_proba"]
    return Lowered(None, {"predict": label, "predict_proba": proba}).with_evidence(*(child for child, _ in found))


LOWERINGS = {CalibratedClassifierCV: lower_calibrated}
