"""Lowerings for ``sklearn.naive_bayes``."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir
from sklearn.naive_bayes import BernoulliNB, CategoricalNB, ComplementNB, GaussianNB, MultinomialNB

from samescore_export.certificate import constants_certificate
from samescore_export.graph import Graph
from samescore_export.lowering.preprocessing import doubles
from samescore_export.operations.affine import affine
from samescore_export.operations.combining import summed_in_order
from samescore_export.operations.deciding import first_largest, lead, row_largest, sized
from samescore_export.operations.labels import label_score
from samescore_export.operations.link import exponential
from samescore_export.operations.numeric import singly
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Rounding, Score, Table, from_entries

#: numpy adds up to this many numbers one by one, in whichever order an array lies in memory.
_IN_ORDER = 7


def _scored(estimator: Any, graph: Graph, joint: ir.Value, rounding: Rounding | None, certificates: Any) -> Lowered:
    """``_BaseNB``: the label from the joint log likelihood; less its logsumexp the log probabilities; their exp."""
    classes = np.asarray(estimator.classes_)
    labels = tuple(classes.tolist())
    axis = graph.constant([1], np.int64)
    top = row_largest(graph, joint)
    finite = graph.op("Where", graph.op("IsInf", top), graph.constant(0.0), top)
    total = graph.op("ReduceSum", exponential(graph, graph.op("Sub", joint, finite)), axis, keepdims=1)
    log = graph.op("Sub", joint, graph.op("Add", graph.op("Log", total), top))
    proba = exponential(graph, log)
    error = rounding or Rounding(0.0, None, "log and exp of the platform's libm")
    # A class of prior 0 has minus infinity, exactly, which must not be the size of its row.
    sizes = graph.op("Where", graph.op("IsInf", joint), graph.constant(0.0), sized(graph, joint, error))
    rounding = rounding and Rounding(rounding.ulp, sizes, rounding.reason)
    size = row_largest(graph, sizes)
    # The joint's error counts twice, in the joint and in its logsumexp.
    ulp = 2 * error.ulp + 2.0 * (len(classes) + 4)
    bound = Rounding(ulp, graph.op("Max", size, graph.constant(1.0)), error.reason)
    relative = Rounding(ulp + 4, graph.op("Mul", graph.op("Max", size, graph.constant(1.0)), proba), error.reason)
    shape = (len(classes),)
    scores = {
        "predict": label_score(graph, first_largest(graph, joint), classes, lead(graph, joint, rounding)),
        "predict_proba": Score(proba, "float64", shape, labels, relative),
        "predict_log_proba": Score(log, "float64", shape, labels, bound),
        "predict_joint_log_proba": Score(joint, "float64", shape, labels, rounding),
    }
    return Lowered(None, scores, certificates)


def _two_classes(estimator: Any, scope: Scope) -> None:
    if len(estimator.classes_) < 2:
        raise scope.refuse(f"{type(estimator).__name__} with one class", "two or more classes")


def lower_gaussian(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """``GaussianNB._joint_log_likelihood``; up to seven columns are added in numpy's order."""
    _two_classes(estimator, scope)
    graph = scope.graph
    x = doubles(scope, inputs, estimator)
    theta, var = np.asarray(estimator.theta_, np.float64), np.asarray(estimator.var_, np.float64)
    means, variances = graph.constant(theta[None]), graph.constant(var[None])
    gap = graph.op("Sub", graph.op("Unsqueeze", x.value, graph.constant([1], np.int64)), means)
    terms = graph.op("Div", graph.op("Mul", gap, gap), variances)
    exact = x.width <= _IN_ORDER and x.rounding is None
    if exact:
        total = summed_in_order(graph, graph.op("Transpose", terms, perm=[0, 2, 1]), x.width)
    else:
        total = graph.op("ReduceSum", terms, graph.constant([2], np.int64), keepdims=0)
    constant = np.array([-0.5 * np.sum(np.log(2.0 * np.pi * row)) for row in var])
    with np.errstate(divide="ignore"):
        prior = np.log(np.asarray(estimator.class_prior_, np.float64))
    normal = graph.op("Sub", graph.constant(constant), graph.op("Mul", graph.constant(0.5), total))
    joint = graph.op("Add", graph.constant(prior), normal)
    rounding = None
    if not exact:
        size = graph.op("Add", total, graph.constant(np.abs(constant) + np.where(np.isfinite(prior), np.abs(prior), 0)))
        ulp, reason = 2.0 * (x.width + 4), "numpy adds eight or more columns in an order that depends on memory"
        if x.rounding is not None:
            # (x + d - m)**2 is off by 2 (x - m) d, for d in units of the input's scale.
            wide = graph.op("Unsqueeze", sized(graph, x.value, x.rounding), graph.constant([1], np.int64))
            moved = graph.op(
                "Div", graph.op("Mul", graph.op("Mul", graph.op("Abs", gap), wide), graph.constant(2.0)), variances
            )
            size = graph.op("Add", size, graph.op("ReduceSum", moved, graph.constant([2], np.int64), keepdims=0))
            ulp, reason = ulp + x.rounding.ulp, x.rounding.reason
        rounding = Rounding(ulp, size, reason)
    certificate = constants_certificate(graph.path, {"theta_": (means, theta[None]), "var_": (variances, var[None])})
    return _scored(estimator, graph, joint, rounding, (certificate,))


def lower_multinomial(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """MultinomialNB: X @ feature_log_prob_.T + class_log_prior_."""
    _two_classes(estimator, scope)
    x = doubles(scope, inputs, estimator)
    value, rounding, certificate = affine(scope, x, estimator.feature_log_prob_, estimator.class_log_prior_)
    return _scored(estimator, scope.graph, value, rounding, (certificate,))


def lower_complement(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """ComplementNB: X @ feature_log_prob_.T; the prior counts for a single class alone."""
    _two_classes(estimator, scope)
    x = doubles(scope, inputs, estimator)
    value, rounding, certificate = affine(scope, x, estimator.feature_log_prob_, 0.0)
    return _scored(estimator, scope.graph, value, rounding, (certificate,))


def lower_bernoulli(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """BernoulliNB: 0 and 1 above the threshold, then a sum of log odds."""
    _two_classes(estimator, scope)
    graph = scope.graph
    x = doubles(scope, inputs, estimator)
    if estimator.binarize is not None:
        if x.rounding is not None:
            raise scope.refuse(
                f"BernoulliNB(binarize={estimator.binarize!r}) behind a step that is not bit-equal "
                f"({x.rounding.reason})",
                "bit-equal steps before it",
            )
        threshold = graph.constant(float(estimator.binarize))
        if x.stored is not None:
            above = graph.op("Greater", x.stored.values, threshold)
            binary = graph.op("Cast", above, to=int(ir.DataType.DOUBLE))
            x = from_entries(graph, x.stored.columns, binary, x.width, x)
        else:
            above = graph.op("Greater", x.value, threshold)
            x = x.mapped(graph.op("Cast", above, to=int(ir.DataType.DOUBLE)))
    absent = np.log(1 - np.exp(estimator.feature_log_prob_))
    offset = estimator.class_log_prior_ + absent.sum(axis=1)
    value, rounding, certificate = affine(scope, x, estimator.feature_log_prob_ - absent, offset)
    return _scored(estimator, graph, value, rounding, (certificate,))


def lower_categorical(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """``CategoricalNB._joint_log_likelihood``: each column's log probability of its category, added column by column."""
    _two_classes(estimator, scope)
    graph = scope.graph
    x = doubles(scope, inputs, estimator)
    if x.rounding is not None:
        raise scope.refuse("CategoricalNB behind a step that is not bit-equal", "bit-equal steps before it")
    # One table of all columns' categories; an index below or above a column's own is refused by scikit-learn.
    sizes = [table.shape[1] for table in estimator.feature_log_prob_]
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
    table = np.ascontiguousarray(np.concatenate(estimator.feature_log_prob_, axis=1).T)
    whole = graph.op("Cast", x.value, to=int(ir.DataType.INT64))
    last = graph.constant(np.array(sizes, np.int64) - 1)
    kept = graph.op("Max", graph.op("Min", whole, last), graph.constant(0, np.int64))
    found = graph.op("Gather", graph.constant(table), graph.op("Add", kept, graph.constant(starts)), axis=0)
    total = summed_in_order(graph, found, x.width)
    joint = graph.op("Add", total, graph.constant(np.asarray(estimator.class_log_prior_, np.float64)))
    # What scikit-learn refuses has no probability here: a category below 0 or beyond a column's own.
    strange = graph.op("Cast", graph.op("Not", graph.op("Equal", whole, kept)), to=int(ir.DataType.DOUBLE))
    any_ = graph.op("ReduceMax", strange, graph.constant([1], np.int64), keepdims=1)
    joint = graph.op("Where", graph.op("Greater", any_, graph.constant(0.0)), graph.constant(np.nan), joint)
    return _scored(estimator, graph, joint, None, ())


LOWERINGS = {
    GaussianNB: singly(lower_gaussian, sums=True),
    MultinomialNB: singly(lower_multinomial, sums=True),
    ComplementNB: singly(lower_complement, sums=True),
    BernoulliNB: singly(lower_bernoulli),
    CategoricalNB: lower_categorical,
}
