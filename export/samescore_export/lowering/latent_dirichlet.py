"""LatentDirichletAllocation: the variational iteration of ``transform``, a document at a time until it changes little."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx_ir as ir
from sklearn.decomposition import LatentDirichletAllocation
from sklearn.decomposition._online_lda_fast import _dirichlet_expectation_2d

from samescore_export.certificate import constants_certificate
from samescore_export.graph import Graph
from samescore_export.lowering.preprocessing import doubles
from samescore_export.operations.bounded import bounded
from samescore_export.operations.deciding import flat
from samescore_export.operations.link import exponential
from samescore_export.operations.looping import repeat
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Rounding, Table

_EULER = 0.577215664901532860606512090082402431


def digamma(graph: Graph, x: ir.Value) -> ir.Value:
    """``psi`` of scikit-learn's LDA (Bernardo 1976), for positive numbers: shifted to 6 and more, then a series."""
    result, one = graph.constant(0.0), graph.constant(1.0)
    shifted = x
    for _ in range(6):
        small = graph.op("Less", shifted, graph.constant(6.0))
        result = graph.op("Where", small, graph.op("Sub", result, graph.op("Div", one, shifted)), result)
        shifted = graph.op("Where", small, graph.op("Add", shifted, one), shifted)
    r = graph.op("Div", one, shifted)
    half = graph.op("Mul", graph.constant(0.5), r)
    result = graph.op("Add", result, graph.op("Sub", graph.op("Log", shifted), half))
    r = graph.op("Mul", r, r)
    series = graph.op("Sub", graph.constant(1 / 120), graph.op("Mul", r, graph.constant(1 / 252)))
    series = graph.op("Sub", graph.constant(1 / 12), graph.op("Mul", r, series))
    result = graph.op("Sub", result, graph.op("Mul", r, series))
    tiny = graph.op("Sub", graph.constant(-_EULER), graph.op("Div", one, x))
    return graph.op("Where", graph.op("LessOrEqual", x, graph.constant(1e-6)), tiny, result)


def lower_lda(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """``_update_doc_distribution`` without sufficient statistics, and the topics' weights over their sum.

    A document that has stopped keeps its values. NaN where scikit-learn refuses a negative number.
    """
    graph = scope.graph
    x = doubles(scope, inputs, estimator)
    words = np.ascontiguousarray(np.asarray(estimator.exp_dirichlet_component_, np.float64))
    topics, features = words.shape
    prior, tol = float(estimator.doc_topic_prior_), float(estimator.mean_change_tol)
    transposed = graph.constant(np.ascontiguousarray(words.T))
    eps = graph.constant(float(np.finfo(np.float64).eps))
    first = np.exp(_dirichlet_expectation_2d(np.ones((1, topics))))
    rows = graph.op("Shape", x.value, start=0, end=1)

    def filled(numbers: Any, width: int) -> ir.Value:
        shape = graph.op("Concat", rows, graph.constant([width], np.int64), axis=0)
        return graph.op("Expand", graph.constant(numbers), shape)

    def step(inner: Graph, state: Sequence[ir.Value]) -> tuple[ir.Value, Sequence[ir.Value]]:
        doc, powers, running, near, taken = state
        axis = inner.constant([1], np.int64)
        norm = inner.op("Add", inner.op("MatMul", powers, inner.constant(words)), eps)
        shares = inner.op("Div", x.value, norm)
        new = inner.op("Add", inner.op("Mul", powers, inner.op("MatMul", shares, transposed)), inner.constant(prior))
        total = inner.op("ReduceSum", new, axis, keepdims=1)
        after = exponential(inner, inner.op("Sub", digamma(inner, new), digamma(inner, total)))
        gaps = inner.op("ReduceSum", inner.op("Abs", inner.op("Sub", doc, new)), axis, keepdims=1)
        change = inner.op("Div", gaps, inner.constant(float(topics)))
        live = inner.op("Greater", running, inner.constant(0.0))
        distance = inner.op("Abs", inner.op("Sub", change, inner.constant(tol)))
        known = inner.op("Where", live, inner.op("Min", near, distance), near)
        going = inner.op("And", live, inner.op("Not", inner.op("Less", change, inner.constant(tol))))
        still = inner.op("Cast", going, to=int(ir.DataType.DOUBLE))
        kept = (
            inner.op("Where", live, new, doc),
            inner.op("Where", live, after, powers),
            still,
            known,
            inner.op("Add", taken, running),
        )
        return inner.op("Greater", inner.op("ReduceMax", still, keepdims=0), inner.constant(0.0)), kept

    start = (filled(1.0, topics), filled(first, topics), filled(1.0, 1), filled(1e300, 1), filled(0.0, 1))
    doc, _, _, near, taken = repeat(graph, int(estimator.max_doc_update_iter), start, step)
    axis = graph.constant([1], np.int64)
    total = graph.op("ReduceSum", doc, axis, keepdims=1)
    value = graph.op("Div", doc, total)
    negative = graph.op("Less", graph.op("ReduceMin", x.value, axis, keepdims=1), graph.constant(0.0))
    value = graph.op("Where", negative, graph.constant(np.nan), value)
    # Each step rounds its sums of features and topics, exp(psi) by psi's own size; a weight near the prior moves psi by 1 / prior of
    # its relative error. The iteration itself draws together.
    source = bounded(graph, x)
    ulp = source.ulp + (2.0 * (features + topics) + 64.0) * (1.0 + 1.0 / max(prior, 1e-3))
    scale = graph.op("Mul", graph.op("Add", graph.op("Mul", value, graph.constant(0.0)), graph.constant(1.0)), taken)
    reason = "an iteration over sums whose order BLAS chooses, exp and log of the platform"
    stopping = Rounding(ulp, flat(graph, graph.op("Mul", total, taken)), reason)
    certificate = constants_certificate(graph.path, {"exp_dirichlet_component_": (graph.constant(words), words)})
    result = Matrix(value, topics, rounding=Rounding(ulp, scale, reason), margin=(flat(graph, near), stopping))
    return Lowered(result, certificates=(certificate,))


LOWERINGS = {LatentDirichletAllocation: lower_lda}
