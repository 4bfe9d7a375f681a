"""Lowerings for the kernel machines of ``sklearn.svm`` (libsvm)."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray
from sklearn.svm import SVC, SVR, NuSVC, NuSVR, OneClassSVM

from samescore_export.certificate import Certificate, constants_certificate
from samescore_export.graph import Graph
from samescore_export.lowering.preprocessing import doubles
from samescore_export.margins import nearest_of
from samescore_export.operations.coupling import coupled
from samescore_export.operations.deciding import first_largest, flat, lead, sized, to_index
from samescore_export.operations.kernels import KERNELS, KernelValue
from samescore_export.operations.labels import class_scores, label_score
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Rounding, Score, Table, also_hanging_on

REASON = "BLAS and libsvm add products in an order of their own, and exp and tanh are the platform's"


def _dense(array: Any) -> NDArray[np.float64]:
    return np.asarray(array.toarray() if hasattr(array, "toarray") else array, np.float64)


def _kernel(estimator: Any, inputs: Matrix | Table, scope: Scope) -> KernelValue:
    """``Kernel::k_function`` between each row and each support vector."""
    graph = scope.graph
    x = doubles(scope, inputs, estimator)
    if estimator.kernel == "precomputed":
        picked = graph.op("Gather", x.value, graph.constant(np.asarray(estimator.support_, np.int64)), axis=1)
        if x.rounding is None:
            return KernelValue(picked, graph.op("Abs", picked), 0.0)
        size = graph.op(
            "Gather",
            sized(graph, x.value, x.rounding),
            graph.constant(np.asarray(estimator.support_, np.int64)),
            axis=1,
        )
        return KernelValue(picked, size, x.rounding.ulp)
    if callable(estimator.kernel) or estimator.kernel not in KERNELS:
        raise scope.refuse(
            f"{type(estimator).__name__}(kernel={estimator.kernel!r})", f"kernel={' or '.join(KERNELS)} or precomputed"
        )
    options = {"gamma": float(estimator._gamma), "coef0": float(estimator.coef0), "degree": int(estimator.degree)}
    return KERNELS[estimator.kernel](graph, x, _dense(estimator.support_vectors_), **options)


def _weighted(
    graph: Graph, kernel: KernelValue, weights: NDArray[np.float64], offset: NDArray[np.float64]
) -> tuple[ir.Value, Rounding, Certificate]:
    """kernel @ weights + offset for weights (vectors, outputs)."""
    matrix, shift = graph.constant(np.ascontiguousarray(weights)), graph.constant(offset)
    value = graph.op("Add", graph.op("MatMul", kernel.value, matrix), shift)
    size = graph.op("MatMul", kernel.size, graph.constant(np.abs(weights)))
    bound = Rounding(
        kernel.ulp + 2.0 * (len(weights) + 2), graph.op("Add", size, graph.constant(np.abs(offset))), REASON
    )
    certificate = constants_certificate(graph.path, {"dual_coef_": (matrix, weights), "intercept_": (shift, offset)})
    return value, bound, certificate


def _single(estimator: Any, inputs: Matrix | Table, scope: Scope) -> tuple[ir.Value, Rounding, Certificate]:
    kernel = _kernel(estimator, inputs, scope)
    weights = _dense(estimator._dual_coef_).reshape(1, -1).T
    value, bound, certificate = _weighted(scope.graph, kernel, weights, np.asarray(estimator._intercept_, np.float64))
    graph = scope.graph
    return flat(graph, value), Rounding(bound.ulp, flat(graph, bound.scale or value), REASON), certificate


def lower_regressor(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """SVR, NuSVR: the weighted sum of kernels."""
    value, rounding, certificate = _single(estimator, inputs, scope)
    return Lowered(None, {"predict": Score(value, "float64", rounding=rounding)}, (certificate,))


def lower_one_class(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """OneClassSVM: 1 where the sum is above 0, else -1."""
    graph = scope.graph
    value, rounding, certificate = _single(estimator, inputs, scope)
    inside = graph.op("Greater", value, graph.constant(0.0))
    label = graph.op("Where", inside, graph.constant(1, np.int64), graph.constant(-1, np.int64))
    offset = float(np.ravel(estimator.offset_)[0])
    size = graph.op("Add", rounding.scale or value, graph.constant(abs(offset)))
    raised = Rounding(rounding.ulp + 1, size, REASON)
    scores = {
        "predict": Score(label, "int64", (), (-1, 1), margin=(value, rounding)),
        "decision_function": Score(value, "float64", rounding=rounding),
        "score_samples": Score(graph.op("Add", value, graph.constant(offset)), "float64", rounding=raised),
    }
    return Lowered(None, scores, (certificate,))


def _pair_weights(estimator: Any, classes: int) -> NDArray[np.float64]:
    """(vectors, pairs): libsvm keeps for each vector a coefficient against each other class."""
    dual, counts = _dense(estimator._dual_coef_), estimator._n_support
    starts = np.concatenate([[0], np.cumsum(counts)])
    pairs = [(i, j) for i in range(classes) for j in range(i + 1, classes)]
    weights = np.zeros((dual.shape[1], len(pairs)))
    for column, (i, j) in enumerate(pairs):
        weights[starts[i] : starts[i + 1], column] = dual[j - 1, starts[i] : starts[i + 1]]
        weights[starts[j] : starts[j + 1], column] = dual[i, starts[j] : starts[j + 1]]
    return weights


def _signs(classes: int, first: float, second: float) -> NDArray[np.float64]:
    """(pairs, classes): ``first`` at a pair's lower class, ``second`` at its higher one."""
    pairs = [(i, j) for i in range(classes) for j in range(i + 1, classes)]
    matrix = np.zeros((len(pairs), classes))
    for row, (i, j) in enumerate(pairs):
        matrix[row, i], matrix[row, j] = first, second
    return matrix


def _votes(graph: Graph, first: ir.Value, classes: int) -> ir.Value:
    """Votes a class from conditions (rows, pairs) that the lower class of the pair wins; whole numbers, exact."""
    won = graph.op("Cast", first, to=int(ir.DataType.DOUBLE))
    lost = graph.op("Sub", graph.constant(1.0), won)
    return graph.op(
        "Add",
        graph.op("MatMul", won, graph.constant(_signs(classes, 1.0, 0.0))),
        graph.op("MatMul", lost, graph.constant(_signs(classes, 0.0, 1.0))),
    )


def one_vs_rest(graph: Graph, raw: ir.Value, bound: Rounding, classes: int) -> tuple[ir.Value, Rounding]:
    """``_ovr_decision_function(raw < 0, -raw)``: votes, and the squashed sum of confidences between them."""
    votes = _votes(graph, graph.op("Not", graph.op("Less", raw, graph.constant(0.0))), classes)
    total = graph.op("MatMul", raw, graph.constant(_signs(classes, 1.0, -1.0)))
    size = graph.op("Add", graph.op("Abs", total), graph.constant(1.0))
    value = graph.op("Add", votes, graph.op("Div", total, graph.op("Mul", graph.constant(3.0), size)))
    # s / (3 (abs(s) + 1)) moves by at most a third of s.
    grown = graph.op("MatMul", sized(graph, raw, bound), graph.constant(_signs(classes, 1.0, 1.0)))
    scale = graph.op("Add", grown, graph.constant(float(classes)))
    return value, Rounding(bound.ulp + 2.0 * (classes + 2), scale, bound.reason)


def lower_classifier(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """SVC, NuSVC: a vote of all pairs of classes, in libsvm's way; a pair at exactly 0 votes for its higher class."""
    graph = scope.graph
    classes = len(estimator.classes_)
    kernel = _kernel(estimator, inputs, scope)
    weights, offset = _pair_weights(estimator, classes), np.asarray(estimator._intercept_, np.float64)
    raw, bound, certificate = _weighted(graph, kernel, weights, offset)
    labels = tuple(np.asarray(estimator.classes_).tolist())
    first = graph.op("Greater", raw, graph.constant(0.0))
    if classes == 2:
        value = flat(graph, graph.op("Neg", raw))
        scale = flat(graph, bound.scale or raw)
        error = Rounding(bound.ulp, scale, REASON)
        index = to_index(graph, flat(graph, graph.op("Not", first)))
        decision, margin = Score(value, "float64", rounding=error), (value, error)
    else:
        closest = nearest_of(graph, [(raw, bound)])
        assert closest is not None
        index, margin = first_largest(graph, _votes(graph, first, classes)), closest
        if estimator.decision_function_shape == "ovr":
            value, error = one_vs_rest(graph, raw, bound, classes)
            decision = Score(value, "float64", (classes,), labels, error, margin)
            if estimator.break_ties:
                index = first_largest(graph, value)
                both = nearest_of(graph, [closest, lead(graph, value, error)])
                assert both is not None
                margin = both
        else:
            decision = Score(raw, "float64", (weights.shape[1],), rounding=bound)
    scores = {"predict": label_score(graph, index, estimator.classes_, margin), "decision_function": decision}
    if estimator._probA.size:
        proba, error, stopped = coupled(graph, raw, bound, estimator._probA, estimator._probB, classes)
        for name, score in class_scores(graph, proba, estimator.classes_, error).items():
            scores[name] = also_hanging_on(graph, score, stopped)
    return Lowered(None, scores, (certificate,))


LOWERINGS = {
    SVC: lower_classifier,
    NuSVC: lower_classifier,
    SVR: lower_regressor,
    NuSVR: lower_regressor,
    OneClassSVM: lower_one_class,
}
