"""Lowerings for ``sklearn.neural_network``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx_ir as ir
from sklearn.neural_network import BernoulliRBM, MLPClassifier, MLPRegressor

from samescore_export.certificate import Certificate
from samescore_export.graph import Graph
from samescore_export.lowering.preprocessing import doubles
from samescore_export.margins import nearest_of
from samescore_export.operations.affine import affine
from samescore_export.operations.deciding import beyond, first_largest, flat, lead, sized
from samescore_export.operations.labels import class_scores, label_score
from samescore_export.operations.link import both_classes, exponential, of_probabilities, sigmoid, softmax, through_link
from samescore_export.operations.numeric import singly
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Rounding, Score, Table


def _relu(graph: Graph, value: ir.Value) -> ir.Value:
    return graph.op("Max", value, graph.constant(0.0))


#: Each moves by no more than its argument; the second number is what it adds of its own, in ulp of 1.
_HIDDEN: dict[str, tuple[Callable[[Graph, ir.Value], ir.Value] | None, float]] = {
    "identity": (None, 0.0),
    "relu": (_relu, 0.0),
    "tanh": (lambda graph, value: graph.op("Tanh", value), 12.0),
    "logistic": (sigmoid, 8.0),
}


def _forward(
    estimator: Any, inputs: Matrix | Table, scope: Scope
) -> tuple[ir.Value, Rounding | None, tuple[Certificate, ...]]:
    """``_forward_pass_fast`` up to the last layer's sums."""
    scope.check_options(estimator, {"activation": tuple(_HIDDEN)})
    graph = scope.graph
    x = doubles(scope, inputs, estimator)
    activation, own = _HIDDEN[estimator.activation]
    certificates = []
    layers = list(zip(estimator.coefs_, estimator.intercepts_, strict=True))
    for position, (weights, offset) in enumerate(layers):
        with graph.at(f"layer_{position}"):
            value, rounding, certificate = affine(scope, x, weights.T, offset)
            certificates.append(certificate)
            if position == len(layers) - 1:
                return value, rounding, tuple(certificates)
            if activation is not None:
                value = activation(graph, value)
            if rounding is not None and own:
                size = graph.op("Max", rounding.scale or graph.constant(1.0), graph.constant(1.0))
                rounding = Rounding(rounding.ulp + own, size, rounding.reason)
            elif own:
                rounding = Rounding(own, None, "exp and tanh of the platform's libm")
            x = Matrix(value, weights.shape[1], rounding=rounding)
    raise scope.refuse(f"{type(estimator).__name__} without layers", "one layer or more")


def lower_regressor(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """MLPRegressor: the last layer's sums, through exp for the Poisson loss."""
    graph = scope.graph
    value, rounding, certificates = _forward(estimator, inputs, scope)
    scope.check_options(estimator, {"out_activation_": ("identity", "exp")})
    if estimator.out_activation_ == "exp":
        size, ulp = graph.constant(1.0), 0.0
        if rounding is not None:
            size, ulp = graph.op("Max", sized(graph, value, rounding), graph.constant(1.0)), rounding.ulp
        value = exponential(graph, value)
        reason = rounding.reason if rounding else "exp of the platform's libm"
        rounding = Rounding(2 * ulp + 4, graph.op("Mul", size, value), reason)
    width = int(estimator.n_outputs_)
    if width > 1:
        return Lowered(None, {"predict": Score(value, "float64", (width,), rounding=rounding)}, certificates)
    if rounding is not None and rounding.scale is not None:
        rounding = Rounding(rounding.ulp, flat(graph, rounding.scale), rounding.reason)
    return Lowered(None, {"predict": Score(flat(graph, value), "float64", rounding=rounding)}, certificates)


def lower_classifier(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """MLPClassifier: softmax for classes, a sigmoid each for two classes and for several labels a row."""
    graph = scope.graph
    value, rounding, certificates = _forward(estimator, inputs, scope)
    width, kind = int(estimator.n_outputs_), estimator._label_binarizer.y_type_
    if kind not in ("binary", "multiclass", "multilabel-indicator"):
        raise scope.refuse(f"MLPClassifier over {kind} targets", "one label a row, or an indicator matrix")
    link = through_link(graph, rounding, max(width, 2))
    if kind == "multiclass":
        proba = softmax(graph, value)
        link = of_probabilities(graph, rounding, proba, width, None)
        label = label_score(graph, first_largest(graph, proba), estimator.classes_, lead(graph, proba, link))
        return Lowered(None, {"predict": label, **class_scores(graph, proba, estimator.classes_, link)}, certificates)
    single = sigmoid(graph, value)
    above = graph.op("Cast", graph.op("Greater", single, graph.constant(0.5)), to=int(ir.DataType.INT64))
    margin = nearest_of(graph, [beyond(graph, single, 0.5, link)])
    if kind == "binary":
        label = label_score(graph, flat(graph, above), estimator.classes_, margin)
        proba = both_classes(graph, single)
        link = of_probabilities(graph, rounding, proba, 2, value)
        return Lowered(None, {"predict": label, **class_scores(graph, proba, estimator.classes_, link)}, certificates)
    label = Score(above, "int64", (width,), margin=margin)
    return Lowered(None, {"predict": label, **class_scores(graph, single, np.arange(width), link)}, certificates)


def lower_rbm(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """``BernoulliRBM._mean_hiddens``: the sigmoid of X @ components_.T + intercept_hidden_."""
    graph = scope.graph
    x = doubles(scope, inputs, estimator)
    value, rounding, certificate = affine(scope, x, estimator.components_, estimator.intercept_hidden_)
    link = through_link(graph, rounding, 2)
    return Lowered(
        Matrix(sigmoid(graph, value), len(estimator.components_), rounding=link), certificates=(certificate,)
    )


LOWERINGS = {
    BernoulliRBM: singly(lower_rbm, sums=True),
    MLPClassifier: singly(lower_classifier, sums=True),
    MLPRegressor: singly(lower_regressor, sums=True),
}
