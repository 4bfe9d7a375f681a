"""Lowerings for ``sklearn.linear_model`` and the linear machines of ``sklearn.svm``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import onnx_ir as ir
from sklearn.linear_model import (
    ARDRegression,
    BayesianRidge,
    ElasticNet,
    ElasticNetCV,
    GammaRegressor,
    HuberRegressor,
    Lars,
    LarsCV,
    Lasso,
    LassoCV,
    LassoLars,
    LassoLarsCV,
    LassoLarsIC,
    LinearRegression,
    LogisticRegression,
    LogisticRegressionCV,
    MultiTaskElasticNet,
    MultiTaskElasticNetCV,
    MultiTaskLasso,
    MultiTaskLassoCV,
    OrthogonalMatchingPursuit,
    OrthogonalMatchingPursuitCV,
    PassiveAggressiveClassifier,
    PassiveAggressiveRegressor,
    Perceptron,
    PoissonRegressor,
    QuantileRegressor,
    RANSACRegressor,
    Ridge,
    RidgeClassifier,
    RidgeClassifierCV,
    RidgeCV,
    SGDClassifier,
    SGDOneClassSVM,
    SGDRegressor,
    TheilSenRegressor,
    TweedieRegressor,
)
from sklearn.svm import LinearSVC, LinearSVR

from samescore_export.certificate import Certificate
from samescore_export.graph import Graph
from samescore_export.operations.affine import affine
from samescore_export.operations.combining import score_of
from samescore_export.operations.deciding import first_largest, flat, lead, sized, smallest_of_row
from samescore_export.operations.labels import class_scores, label_array, label_score, second_label
from samescore_export.operations.link import (
    SIGMOID_PART,
    both_classes,
    exponential,
    of_probabilities,
    sigmoid,
    single_sigmoid,
    softmax,
    through_link,
)
from samescore_export.operations.numeric import as_doubles, floats, narrowed
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Rounding, Score, Table, also_hanging_on

#: Spacings of float64 in one of float32.
_SINGLE = 2.0**29


@dataclass(frozen=True, slots=True)
class Raw:
    """``X @ coef_.T + intercept_``, (rows, outputs) in float64.

    ``single`` says that scikit-learn's numbers are float32, because the rows and the fitted coefficients are. ``value`` and the scale of
    its rounding are ``part`` of them, a power of two: their signs and bits are the same.
    """

    value: ir.Value
    rounding: Rounding | None
    certificate: Certificate
    single: bool
    part: float = 1.0

    def whole(self, graph: Graph) -> tuple[ir.Value, Rounding | None]:
        """The numbers themselves and their rounding."""
        if self.part == 1.0:
            return self.value, self.rounding
        rounding, back = self.rounding, graph.constant(1 / self.part)
        if rounding is not None:
            scale = None if rounding.scale is None else graph.op("Mul", rounding.scale, back)
            rounding = Rounding(rounding.ulp, scale, rounding.reason)
        return graph.op("Mul", self.value, back), rounding


def _raw(estimator: Any, inputs: Matrix | Table, scope: Scope, intercept: Any = None, part: float = 1.0) -> Raw:
    x = floats(scope, inputs, estimator)
    own = estimator.intercept_ if intercept is None else intercept
    dtype = np.result_type(x.dtype, np.asarray(estimator.coef_).dtype)
    inexact = dtype == np.float32
    if inexact or not _can_shrink(estimator.coef_, own):
        part = 1.0
    wide = as_doubles(scope.graph, x)
    # Where scikit-learn adds in float32, the rows' own bound counts roundings of float32 as the sum's does.
    rows = replace(wide, rounding=x.rounding) if inexact else wide
    value, rounding, certificate = affine(
        scope, rows, np.asarray(estimator.coef_) * part, np.asarray(own, np.float64) * part
    )
    if inexact:
        # scikit-learn has sums of float32, also where the graph's, in float64, are in its order.
        known = rounding or Rounding(2.0 * (x.width + 1), scope.graph.op("Abs", value), "sums of float32")
        rounding = Rounding(known.ulp * _SINGLE, known.scale, known.reason)
    if isinstance(own, (np.generic, np.ndarray)):
        dtype = np.result_type(dtype, own.dtype)
    return Raw(value, rounding, certificate, dtype == np.float32, part)


def _can_shrink(coefficients: Any, intercept: Any) -> bool:
    """Whether a power of two goes into the coefficients without a bit lost: not into numbers near the smallest there are.

    Nor without an intercept, where a sum may be as small as its products.
    """
    numbers = np.abs(np.asarray(coefficients, np.float64))
    return bool(np.all(np.abs(intercept) > 1e-200) and np.all((numbers == 0) | (numbers > 1e-200)))


def _given(graph: Graph, score: Score, single: bool) -> Score:
    """The score in the dtype that scikit-learn gives."""
    if not single:
        return score
    rounding = score.rounding
    if rounding is not None:
        # The scale stays float64; the spacings are now float32's, and the cast rounds once.
        # Beyond float32's own numbers a scale would be infinite, and nothing would be within it.
        scale = None if rounding.scale is None else graph.op("Min", rounding.scale, graph.constant(1e37))
        rounding = Rounding(rounding.ulp / _SINGLE + 1, scale, rounding.reason)
    return replace(
        score, value=graph.op("Cast", score.value, to=int(ir.DataType.FLOAT)), type="float32", rounding=rounding
    )


def _in_rows(graph: Graph, raw: Raw) -> Raw:
    """(rows,) from (rows, 1)."""
    rounding = raw.rounding
    if rounding is not None and rounding.scale is not None:
        rounding = Rounding(rounding.ulp, flat(graph, rounding.scale), rounding.reason)
    return replace(raw, value=flat(graph, raw.value), rounding=rounding)


def lower_linear_regressor(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """X @ coef_.T + intercept_; one target or several."""
    graph = scope.graph
    raw = _raw(estimator, inputs, scope)
    if np.ndim(estimator.coef_) == 1 or isinstance(estimator, (SGDRegressor, LinearSVR, PassiveAggressiveRegressor)):
        raw = _in_rows(graph, raw)
        score = Score(raw.value, "float64", rounding=raw.rounding)
    else:
        score = Score(raw.value, "float64", (np.shape(estimator.coef_)[0],), rounding=raw.rounding)
    return Lowered(None, {"predict": _given(graph, score, raw.single)}, (raw.certificate,))


def lower_generalized_regressor(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """PoissonRegressor, GammaRegressor, TweedieRegressor: the inverse link of the linear predictor, exp or the identity."""
    graph = scope.graph
    raw = _in_rows(graph, _raw(estimator, inputs, scope))
    link = type(estimator._base_loss.link).__name__
    value, rounding = raw.value, raw.rounding
    if link == "LogLink":
        value = exponential(graph, raw.value)
        ulp, size = 4.0, graph.op("Abs", value)
        if rounding is not None:
            # exp moves by itself times the error of the argument.
            ulp += rounding.ulp
            moved = graph.op("Mul", graph.op("Abs", value), sized(graph, raw.value, rounding))
            size = graph.op("Max", size, moved)
        rounding = Rounding(ulp, size, rounding.reason if rounding else "exp of the platform's libm")
    elif link != "IdentityLink":
        raise scope.refuse(f"{type(estimator).__name__} with the link {link}", "log or identity")
    score = _given(graph, Score(value, "float64", rounding=rounding), raw.single)
    return Lowered(None, {"predict": score}, (raw.certificate,))


def _decided(estimator: Any, inputs: Matrix | Table, scope: Scope, part: float = 1.0) -> tuple[Lowered, Raw]:
    """Decision values and labels; also the (rows, outputs) values for what builds on them, of which two classes may want a ``part``."""
    graph = scope.graph
    if np.ndim(estimator.classes_) != 1:
        raise scope.refuse(
            f"{type(estimator).__name__} over labels of shape {np.shape(estimator.classes_)}", "one label a row"
        )
    raw = _raw(estimator, inputs, scope, part=part)
    classes = np.asarray(estimator.classes_)
    if np.atleast_2d(estimator.coef_).shape[0] == 1:
        row = _in_rows(graph, raw)
        whole, rounding = row.whole(graph)
        decision = Score(whole, "float64", rounding=rounding)
        margin = None if row.rounding is None else (row.value, row.rounding)
        # Of a single class scikit-learn fails where its decision value is above 0.
        pair = classes if len(classes) == 2 else np.repeat(classes, 2)
        label = second_label(graph, graph.op("Greater", row.value, graph.constant(0.0)), pair, margin)
        label = replace(label, labels=tuple(label_array(classes).tolist()))
    else:
        index = first_largest(graph, raw.value)
        labels = tuple(classes.tolist())
        decision = Score(raw.value, "float64", (len(labels),), labels, raw.rounding)
        margin = lead(graph, raw.value, raw.rounding)
        label = label_score(graph, index, classes, margin)
    scores = {"predict": label, "decision_function": decision}
    scores["decision_function"] = _given(graph, decision, raw.single)
    return Lowered(None, scores, (raw.certificate,)), raw


def lower_linear_classifier(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """The sign or the largest of the decision values."""
    return _decided(estimator, inputs, scope)[0]


def lower_ridge_classifier(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """RidgeClassifier, RidgeClassifierCV; for several labels a row each is 1 where its decision value is above 0."""
    binarizer = estimator._label_binarizer
    if not binarizer.y_type_.startswith("multilabel"):
        return lower_linear_classifier(estimator, inputs, scope)
    if binarizer.sparse_input_:
        raise scope.refuse(f"{type(estimator).__name__} fitted on sparse labels", "labels as an array")
    graph = scope.graph
    raw = _raw(estimator, inputs, scope)
    width = np.atleast_2d(estimator.coef_).shape[0]
    label = graph.op("Cast", graph.op("Greater", raw.value, graph.constant(0.0)), to=int(ir.DataType.INT64))
    margin = None if raw.rounding is None else smallest_of_row(graph, raw.value, raw.rounding)
    decision = _given(graph, Score(raw.value, "float64", (width,), rounding=raw.rounding), raw.single)
    scores = {"predict": Score(label, "int64", (width,), (0, 1), margin=margin), "decision_function": decision}
    return Lowered(None, scores, (raw.certificate,))


def lower_logistic_regression(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """LogisticRegression: sigmoid for two classes, softmax for more."""
    graph, classes = scope.graph, len(estimator.classes_)
    lowered, raw = _decided(estimator, inputs, scope, SIGMOID_PART if classes == 2 else 1.0)
    proba = both_classes(graph, _logistic(graph, raw)) if classes == 2 else softmax(graph, raw.value)
    return _with_probabilities(estimator, lowered, raw, scope, proba, linked=True)


def _logistic(graph: Graph, raw: Raw) -> ir.Value:
    """``scipy.special.expit`` in the dtype that scikit-learn has."""
    return single_sigmoid(graph, raw.value) if raw.single else sigmoid(graph, raw.value, raw.part)


def _with_probabilities(
    estimator: Any,
    lowered: Lowered,
    raw: Raw,
    scope: Scope,
    proba: ir.Value,
    linked: bool = False,
) -> Lowered:
    """``linked`` says that the probabilities are a softmax, or for two classes a sigmoid."""
    graph, classes = scope.graph, len(estimator.classes_)
    whole, known = raw.whole(graph)
    if raw.single:
        proba = narrowed(graph, proba)
    if linked:
        pair = whole if classes == 2 else None
        rounding = of_probabilities(graph, known, proba, classes, pair, raw.single)
    else:
        rounding = through_link(graph, known, classes)
        if raw.single:
            ulp = rounding.ulp + (4.0 + classes) * _SINGLE
            rounding = Rounding(ulp, rounding.scale, rounding.reason)
    scores = class_scores(graph, proba, estimator.classes_, rounding)
    given = {name: _given(graph, score, raw.single) for name, score in scores.items()}
    return Lowered(None, {**lowered.scores, **given}, lowered.certificates)


def _cut_off(estimator: Any, lowered: Lowered, raw: Raw, scope: Scope, proba: ir.Value) -> Lowered:
    """Probabilities (rows, 2) in float64 that are lines between -1 and 1, and exact where the decision value is surely beyond."""
    graph = scope.graph
    known = raw.rounding or Rounding(1.0, graph.op("Abs", raw.value), "a sum and a quotient")
    size = graph.op("Max", sized(graph, raw.value, known), graph.constant(1.0))
    error = graph.op("Mul", size, graph.constant(known.ulp * 2.0**-52))
    beyond_ends = graph.op("Greater", graph.op("Abs", raw.value), graph.op("Add", error, graph.constant(1.0)))
    scale = graph.op("Where", beyond_ends, graph.constant(0.0), size)
    rounding = Rounding(known.ulp + 6.0 * (_SINGLE if raw.single else 1.0), scale, known.reason)
    scores = class_scores(graph, proba, estimator.classes_, rounding)
    return Lowered(None, {**lowered.scores, **scores}, lowered.certificates)


def _normalised(graph: Graph, single: ir.Value, classes: int) -> ir.Value:
    """One against the rest, divided by their sum; all alike where that is 0."""
    total = graph.op("ReduceSum", single, graph.constant([1], np.int64), keepdims=1)
    nothing = graph.op("Equal", total, graph.constant(0.0))
    share = graph.op("Div", single, graph.op("Where", nothing, graph.constant(1.0), total))
    return graph.op("Where", nothing, graph.constant(1.0 / classes), share)


def lower_sgd_classifier(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """SGDClassifier; probabilities for the losses "log_loss" and "modified_huber" (one against the rest, normalised)."""
    lowered, raw = _decided(estimator, inputs, scope)
    graph, classes = scope.graph, len(estimator.classes_)
    if estimator.loss == "log_loss":
        single = _logistic(graph, raw)
        proba = both_classes(graph, single) if classes == 2 else _normalised(graph, single, classes)
        # A quotient by the sum of all moves as a softmax does, by no more than each exponent times its share.
        return _with_probabilities(estimator, lowered, raw, scope, proba, linked=True)
    if estimator.loss != "modified_huber":
        return lowered
    cut = graph.op("Clip", raw.value, graph.constant(-1.0), graph.constant(1.0))
    share = graph.op("Div", graph.op("Add", cut, graph.constant(1.0)), graph.constant(2.0))
    if classes == 2:
        return _cut_off(estimator, lowered, raw, scope, both_classes(graph, share))
    total = graph.op("ReduceSum", share, graph.constant([1], np.int64), keepdims=1)
    proba = _normalised(graph, share, classes)
    # A quotient by a small sum moves by as much more as the sum is small, and jumps where it is 0.
    raw_rounding = raw.rounding or Rounding(2.0, graph.constant(np.ones((1, 1))), "a sum of several classes")
    size = graph.op("Max", sized(graph, raw.value, raw_rounding), graph.constant(1.0))
    largest = graph.op("ReduceMax", size, graph.constant([1], np.int64), keepdims=1)
    nothing = graph.op("Equal", total, graph.constant(0.0))
    grown = graph.op("Div", largest, graph.op("Where", nothing, graph.constant(1.0), total))
    error = graph.op("Mul", largest, graph.constant((raw_rounding.ulp + 4.0) * classes * 2.0**-52))
    # Surely cut off at 0, of a sum that surely is not.
    below = graph.op("Less", graph.op("Add", raw.value, error), graph.constant(-1.0))
    nought = graph.op("And", below, graph.op("Greater", total, error))
    grown = graph.op("Where", nought, graph.constant(0.0), grown)
    bound = Rounding((raw_rounding.ulp + 4.0) * (classes + 1), grown, raw_rounding.reason)
    near = graph.op(
        "Sub", graph.op("ReduceMax", raw.value, graph.constant([1], np.int64), keepdims=1), graph.constant(-1.0)
    )
    margin = (near, Rounding(raw_rounding.ulp + 1, largest, raw_rounding.reason))
    found = class_scores(graph, proba, estimator.classes_, bound)
    given = {name: _given(graph, also_hanging_on(graph, score, margin), raw.single) for name, score in found.items()}
    return Lowered(None, {**lowered.scores, **given}, lowered.certificates)


def lower_one_class(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """SGDOneClassSVM: X @ coef_ - offset_; 1 from 0 on, else -1."""
    graph = scope.graph
    offset = np.asarray(estimator.offset_)
    raw = _in_rows(graph, _raw(estimator, inputs, scope, -offset))
    inside = graph.op("GreaterOrEqual", raw.value, graph.constant(0.0))
    label = graph.op("Where", inside, graph.constant(1, np.int64), graph.constant(-1, np.int64))
    margin = None if raw.rounding is None else (raw.value, raw.rounding)
    raised = raw.rounding
    if raised is not None:
        size = graph.op("Add", raised.scale or raw.value, graph.constant(abs(float(offset[0]))))
        raised = Rounding(raised.ulp + 1, size, raised.reason)
    above = graph.op("Add", raw.value, graph.constant(float(offset[0])))
    decision = Score(raw.value, "float64", rounding=raw.rounding)
    scores = {
        "predict": Score(label, "int64", (), (-1, 1), margin=margin),
        "decision_function": _given(graph, decision, raw.single),
        "score_samples": _given(graph, Score(above, "float64", rounding=raised), raw.single),
    }
    return Lowered(None, scores, (raw.certificate,))


def lower_ransac(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """RANSACRegressor: the regressor fitted on the inliers."""
    child = scope.lower(estimator.estimator_, inputs, "estimator_")
    known = score_of(scope, child, "predict", estimator.estimator_)
    # As the regressor gives it: float32 where that is what it computed in.
    return Lowered(None, {"predict": child.scores.get("predict", known)}).with_evidence(child)


_REGRESSORS = (
    ARDRegression, BayesianRidge, ElasticNet, ElasticNetCV, HuberRegressor, Lars, LarsCV, Lasso, LassoCV, LassoLars,
    LassoLarsCV, LassoLarsIC, LinearRegression, LinearSVR, MultiTaskElasticNet, MultiTaskElasticNetCV, MultiTaskLasso,
    MultiTaskLassoCV, OrthogonalMatchingPursuit, OrthogonalMatchingPursuitCV, PassiveAggressiveRegressor,
    QuantileRegressor, Ridge, RidgeCV, SGDRegressor, TheilSenRegressor,
)  # fmt: skip

LOWERINGS = {
    **dict.fromkeys(_REGRESSORS, lower_linear_regressor),
    **dict.fromkeys((GammaRegressor, PoissonRegressor, TweedieRegressor), lower_generalized_regressor),
    **dict.fromkeys((LinearSVC, PassiveAggressiveClassifier, Perceptron), lower_linear_classifier),
    **dict.fromkeys((RidgeClassifier, RidgeClassifierCV), lower_ridge_classifier),
    **dict.fromkeys((LogisticRegression, LogisticRegressionCV), lower_logistic_regression),
    RANSACRegressor: lower_ransac,
    SGDClassifier: lower_sgd_classifier,
    SGDOneClassSVM: lower_one_class,
}
