"""Lowerings for ``sklearn.gaussian_process``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import solve_triangular
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor
from sklearn.gaussian_process._gpc import COEFS, LAMBDAS

from samescore_export.certificate import Certificate, constants_certificate
from samescore_export.lowering.preprocessing import doubles
from samescore_export.margins import Margin, nearest_of
from samescore_export.operations.bounded import Bounded, side_by_side
from samescore_export.operations.deciding import beyond, first_largest, lead, to_index
from samescore_export.operations.error_function import error_function
from samescore_export.operations.gp_kernels import gp_diagonal, gp_kernel
from samescore_export.operations.labels import class_scores, label_score
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Score, Table

REASON = "BLAS and scipy add products in an order of their own, and exp, sin and pow are the platform's"


def lower_regressor(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """GaussianProcessRegressor: the mean, kernel_(X, X_train_) @ alpha_, with the target's scale undone."""
    graph = scope.graph
    if not hasattr(estimator, "X_train_"):
        raise scope.refuse("GaussianProcessRegressor that was not fitted", "a fitted one")
    x = doubles(scope, inputs, estimator)
    kernel = gp_kernel(scope, estimator.kernel_, x, np.asarray(estimator.X_train_, np.float64))
    alpha = np.asarray(estimator.alpha_, np.float64)
    weights = np.ascontiguousarray(alpha.reshape(len(alpha), -1))
    scaled = kernel.matmul(weights).times(estimator._y_train_std)
    mean = np.asarray(estimator._y_train_mean, np.float64)
    found = Bounded(
        graph,
        graph.op("Add", scaled.value, graph.constant(mean)),
        graph.op("Add", scaled.size, graph.constant(np.abs(mean))),
        scaled.ulp + 2,
    )
    shape: tuple[int, ...] = (weights.shape[1],)
    if weights.shape[1] == 1:
        found, shape = found.reshaped(-1), ()
    certificate = constants_certificate(graph.path, {"alpha_": (graph.constant(weights), weights)})
    return Lowered(
        None, {"predict": Score(found.value, "float64", shape, rounding=found.rounding(REASON))}, (certificate,)
    )


@dataclass(frozen=True, slots=True)
class _Binary:
    """One Laplace approximation: (rows, 1) latent mean, probability of its second class, and what these hang on."""

    latent: Bounded
    proba: Bounded
    decided: Margin
    positive: Margin
    certificate: Certificate


def _binary(scope: Scope, estimator: Any, x: Matrix) -> _Binary:
    """``_BinaryGaussianProcessClassifierLaplace``: the latent mean and variance, and the integral of sigmoid over them."""
    graph = scope.graph
    points = np.asarray(estimator.X_train_, np.float64)
    kernel = gp_kernel(scope, estimator.kernel_, x, points)
    weights = np.asarray(estimator.y_train_ - estimator.pi_, np.float64)[:, None]
    latent = kernel.matmul(weights)
    factor = np.asarray(estimator.L_, np.float64)
    inverse = solve_triangular(factor, np.eye(len(factor)), lower=True)
    # A triangular solution is within n units of abs(inv(L)) abs(L) abs(v) of the true one (Higham, theorem 8.5), and so is ours.
    grown = np.abs(inverse) + np.abs(inverse) @ np.abs(factor) @ np.abs(inverse)
    right = kernel.times(np.asarray(estimator.W_sr_, np.float64))
    solved = Bounded(
        graph,
        graph.op("MatMul", right.value, graph.constant(np.ascontiguousarray(inverse.T))),
        graph.op("MatMul", right.size, graph.constant(np.ascontiguousarray(grown.T))),
        right.ulp + 4.0 * (len(factor) + 2),
    )
    variance = gp_diagonal(scope, estimator.kernel_, x) - solved.squared().summed(1, len(factor))
    certificate = constants_certificate(graph.path, {"y_train_ - pi_": (graph.constant(weights), weights)})
    return _Binary(
        latent,
        _integrated(latent, variance),
        beyond(graph, latent.value, 0.0, latent.rounding(REASON)),
        beyond(graph, variance.value, 0.0, variance.rounding(REASON)),
        certificate,
    )


def _integrated(latent: Bounded, variance: Bounded) -> Bounded:
    """The sum of five error functions that stands for the integral of sigmoid over a normal density; (rows, 1).

    Of the factor sqrt(pi / alpha) / (2 sqrt(2 pi variance)) only 1/2 is left but for rounding, and erf moves by 2 / sqrt(pi) times
    its argument f lambda / sqrt(1 + 2 lambda**2 variance).
    """
    graph = latent.graph
    lambdas, coefficients = LAMBDAS.T, COEFS.T
    alpha = graph.op("Div", graph.constant(1.0), graph.op("Mul", graph.constant(2.0), variance.value))
    gamma = graph.op("Mul", graph.constant(lambdas), latent.value)
    share = graph.op("Div", alpha, graph.op("Add", alpha, graph.constant(lambdas**2)))
    argument = graph.op("Mul", gamma, graph.op("Sqrt", share))
    wide = graph.op("Sqrt", graph.op("Div", graph.constant(np.pi), alpha))
    low = graph.op("Mul", graph.op("Mul", variance.value, graph.constant(2.0)), graph.constant(np.pi))
    integrals = graph.op(
        "Div",
        graph.op("Mul", wide, error_function(graph, argument)),
        graph.op("Mul", graph.constant(2.0), graph.op("Sqrt", low)),
    )
    weighted = graph.op("Mul", graph.constant(coefficients), integrals)
    total = graph.op("ReduceSum", weighted, graph.constant([1], np.int64), keepdims=1)
    value = graph.op("Add", total, graph.constant(0.5 * COEFS.sum()))
    # The argument moves by lambda times f's error, and by lambda**2 times its own size times the variance's.
    moved = graph.op(
        "Add",
        graph.op("Mul", graph.constant(lambdas), latent.size),
        graph.op("Mul", graph.op("Mul", graph.constant(lambdas**2), graph.op("Abs", argument)), variance.size),
    )
    each = graph.op("Mul", graph.op("Add", moved, graph.constant(2.0)), graph.constant(np.abs(coefficients)))
    size = graph.op("ReduceSum", each, graph.constant([1], np.int64), keepdims=1)
    return Bounded(graph, value, size, max(latent.ulp, variance.ulp) + 16.0)


def _two_classes(scope: Scope, estimator: Any, x: Matrix) -> Lowered:
    graph = scope.graph
    found = _binary(scope, estimator.base_estimator_, x)
    classes = np.asarray(estimator.classes_)
    index = to_index(
        graph,
        graph.op(
            "Reshape", graph.op("Greater", found.latent.value, graph.constant(0.0)), graph.constant([-1], np.int64)
        ),
    )
    rest = graph.op("Sub", graph.constant(1.0), found.proba.value)
    value = graph.op("Concat", rest, found.proba.value, axis=1)
    size = graph.op("Concat", found.proba.size, found.proba.size, axis=1)
    proba = Bounded(graph, value, size, found.proba.ulp + 2)
    return Lowered(
        None,
        {
            "predict": label_score(graph, index, classes, found.decided),
            **_probabilities(proba, classes, found.positive),
        },
        (found.certificate,),
    )


def _probabilities(proba: Bounded, classes: Any, margin: Margin) -> dict[str, Score]:
    scores = class_scores(proba.graph, proba.value, classes, proba.rounding(REASON))
    kept = scores["predict_proba"]
    return {"predict_proba": Score(kept.value, "float64", kept.shape, kept.labels, kept.rounding, margin)}


def _one_vs_rest(scope: Scope, estimator: Any, x: Matrix) -> Lowered:
    """``OneVsRestClassifier``: the class of the largest probability, and the probabilities over their sum."""
    graph = scope.graph
    members = []
    for position, member in enumerate(estimator.base_estimator_.estimators_):
        with graph.at(f"estimators_{position}"):
            members.append(_binary(scope, member, x))
    classes = np.asarray(estimator.classes_)
    raw = side_by_side([member.proba for member in members])
    safe = nearest_of(graph, [member.positive for member in members])
    rounding = raw.rounding(REASON)
    margin = nearest_of(graph, [lead(graph, raw.value, rounding), safe])
    total = raw.summed(1, len(members))
    nothing = graph.op("Equal", total.value, graph.constant(0.0))
    divisor = Bounded(graph, graph.op("Where", nothing, graph.constant(1.0), total.value), total.size, total.ulp)
    label = label_score(graph, first_largest(graph, raw.value), classes, margin)
    certificates = tuple(member.certificate for member in members)
    return Lowered(None, {"predict": label, **_probabilities(raw / divisor, classes, safe)}, certificates)


def _one_vs_one(scope: Scope, estimator: Any, x: Matrix) -> Lowered:
    """``OneVsOneClassifier``: votes of all pairs, and between 0 and 1 of a vote the squashed sum of probabilities."""
    graph = scope.graph
    classes = np.asarray(estimator.classes_)
    pairs = [(i, j) for i in range(len(classes)) for j in range(i + 1, len(classes))]
    first, second = np.zeros((len(pairs), len(classes))), np.zeros((len(pairs), len(classes)))
    members = []
    for position, (member, (i, j)) in enumerate(zip(estimator.base_estimator_.estimators_, pairs, strict=True)):
        first[position, i] = second[position, j] = 1.0
        with graph.at(f"estimators_{position}"):
            members.append(_binary(scope, member, x))
    proba = side_by_side([member.proba for member in members])
    latent = graph.op("Concat", *(member.latent.value for member in members), axis=1)
    won = graph.op("Where", graph.op("Greater", latent, graph.constant(0.0)), graph.constant(1.0), graph.constant(0.0))
    lost = graph.op("Sub", graph.constant(1.0), won)
    votes = graph.op(
        "Add", graph.op("MatMul", won, graph.constant(second)), graph.op("MatMul", lost, graph.constant(first))
    )
    sums = proba.matmul(second - first)
    size = graph.op("Add", graph.op("Abs", sums.value), graph.constant(1.0))
    squashed = graph.op("Div", sums.value, graph.op("Mul", graph.constant(3.0), size))
    # s / (3 (abs(s) + 1)) moves by at most a third of s.
    value = Bounded(
        graph,
        graph.op("Add", votes, squashed),
        graph.op("Add", sums.size, graph.constant(float(len(classes)))),
        sums.ulp + 4,
    )
    decided = [member.decided for member in members] + [member.positive for member in members]
    margin = nearest_of(graph, [*decided, lead(graph, value.value, value.rounding(REASON))])
    label = label_score(graph, first_largest(graph, value.value), classes, margin)
    return Lowered(None, {"predict": label}, tuple(member.certificate for member in members))


def lower_classifier(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """GaussianProcessClassifier: two classes, or one against the rest, or one against one (which has no probabilities)."""
    x = doubles(scope, inputs, estimator)
    if int(estimator.n_classes_) == 2:
        return _two_classes(scope, estimator, x)
    return (_one_vs_rest if estimator.multi_class == "one_vs_rest" else _one_vs_one)(scope, estimator, x)


LOWERINGS = {GaussianProcessClassifier: lower_classifier, GaussianProcessRegressor: lower_regressor}
