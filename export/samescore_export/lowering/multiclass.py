"""Lowerings for ``sklearn.multiclass``: several binary estimators as one classifier."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray
from sklearn.base import is_classifier, is_regressor
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier, OutputCodeClassifier, _ConstantPredictor

from samescore_export.graph import Graph
from samescore_export.margins import Margin, nearest_of
from samescore_export.operations.columns import picked
from samescore_export.operations.combining import chained, score_of
from samescore_export.operations.deciding import (
    beyond,
    column,
    first_largest,
    flat,
    lead,
    of_score,
    sized,
    smallest_of_row,
    standing,
    to_index,
)
from samescore_export.operations.labels import label_score
from samescore_export.operations.numeric import counted, counted_back
from samescore_export.operations.row_count import row_count
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Rounding, Score, Table, merge


def lower_constant(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """``_ConstantPredictor``: the one class that the others were never told from."""
    graph = scope.graph
    rows = row_count(scope, inputs)
    answer = int(np.ravel(estimator.y_)[0])

    def of(numbers: NDArray[Any]) -> ir.Value:
        sizes = [graph.constant([len(numbers)], np.int64)] if numbers.ndim else []
        return graph.op("Expand", graph.constant(numbers), graph.op("Concat", rows, *sizes, axis=0))

    scores = {
        "predict": Score(of(np.asarray(answer)), "int64", (), (0, 1)),
        "decision_function": Score(of(np.asarray(float(answer))), "float64"),
        "predict_proba": Score(of(np.array([1.0 - answer, float(answer)])), "float64", (2,)),
    }
    return Lowered(None, scores)


def _children(estimator: Any, inputs: Matrix | Table, scope: Scope) -> list[Lowered]:
    return [scope.lower(one, inputs, f"estimators_.{i}") for i, one in enumerate(estimator.estimators_)]


def _binary(scope: Scope, child: Lowered, estimator: Any) -> tuple[Matrix, Margin]:
    """``_predict_binary``: (rows, 1) of a regressor's prediction, else of the decision value, else of the second probability."""
    if is_regressor(estimator):
        name = "predict"
    else:
        name = "decision_function" if hasattr(estimator, "decision_function") else "predict_proba"
    score = score_of(scope, child, name, estimator)
    matrix = of_score(scope.graph, score)
    if name == "predict_proba":
        matrix = _second(scope, matrix)
    return matrix, score.margin


def _second(scope: Scope, matrix: Matrix) -> Matrix:
    found = picked(scope.graph, matrix, [1])
    assert isinstance(found, Matrix)
    return found


def _together(graph: Graph, parts: list[Matrix]) -> tuple[ir.Value, Rounding | None]:
    rounding = merge(graph, [(part.rounding, part.value, 1) for part in parts])
    value = parts[0].value if len(parts) == 1 else graph.op("Concat", *(part.value for part in parts), axis=1)
    return value, rounding


def _threshold(estimator: Any) -> float:
    return 0.0 if hasattr(estimator, "decision_function") and is_classifier(estimator) else 0.5


def lower_one_vs_rest(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """OneVsRestClassifier: the class of the largest score, or every label whose score is above the threshold."""
    graph, members = scope.graph, estimator.estimators_
    children = _children(estimator, inputs, scope)
    found = [_binary(scope, child, one) for child, one in zip(children, members, strict=True)]
    value, rounding = _together(graph, [matrix for matrix, _ in found])
    earlier = [margin for _, margin in found]
    classes = np.asarray(estimator.classes_)
    kind = estimator.label_binarizer_.y_type_
    threshold = _threshold(members[0])
    scores: dict[str, Score] = {}
    if kind == "multiclass":
        index = first_largest(graph, value)
        margin = nearest_of(graph, [lead(graph, value, rounding), *earlier])
        scores["predict"] = label_score(graph, index, classes, margin)
    elif kind.startswith("multilabel"):
        if estimator.label_binarizer_.sparse_input_:
            raise scope.refuse("OneVsRestClassifier fitted on sparse labels", "labels as an array")
        labels = graph.op("Cast", graph.op("Greater", value, graph.constant(threshold)), to=int(ir.DataType.INT64))
        above = graph.op("Sub", value, graph.constant(threshold))
        near = None
        if rounding is not None:
            near = smallest_of_row(
                graph, above, Rounding(rounding.ulp + 1, _sized_at(graph, value, rounding, threshold), rounding.reason)
            )
        scores["predict"] = Score(labels, "int64", (len(members),), (0, 1), margin=nearest_of(graph, [near, *earlier]))
    else:
        single = flat(graph, value)
        index = to_index(graph, graph.op("Greater", single, graph.constant(threshold)))
        scale = None
        if rounding is not None:
            scale = Rounding(rounding.ulp, flat(graph, sized(graph, value, rounding)), rounding.reason)
        margin = nearest_of(graph, [beyond(graph, single, threshold, scale), *earlier])
        order = classes if len(classes) == 2 else np.repeat(classes, 2)[:2]
        scores["predict"] = label_score(graph, index, order, margin)
    known = tuple(classes.tolist())
    if all("predict_proba" in child.scores for child in children) and hasattr(estimator, "predict_proba"):
        scores["predict_proba"] = _shares(scope, estimator, children, known)
    if all("decision_function" in child.scores for child in children) and hasattr(estimator, "decision_function"):
        if len(members) == 1:
            scores["decision_function"] = children[0].scores["decision_function"]
        else:
            decisions = [of_score(graph, child.scores["decision_function"]) for child in children]
            raw, error = _together(graph, decisions)
            scores["decision_function"] = Score(
                raw, "float64", (len(members),), known, error, nearest_of(graph, earlier)
            )
    return Lowered(None, scores).with_evidence(*children)


def _sized_at(graph: Graph, value: ir.Value, rounding: Rounding, threshold: float) -> ir.Value:
    return graph.op("Max", sized(graph, value, rounding), graph.constant(abs(threshold)))


def _shares(scope: Scope, estimator: Any, children: list[Lowered], known: tuple[Any, ...]) -> Score:
    """The second probabilities; divided by their sum where a row has one class."""
    graph, count = scope.graph, len(children)
    probabilities = [child.scores["predict_proba"] for child in children]
    single = all(score.type == "float32" for score in probabilities)
    if single:
        probabilities = [counted(graph, score) for score in probabilities]
    value, rounding = _together(graph, [_second(scope, of_score(graph, score)) for score in probabilities])
    if count == 1:
        value = graph.op("Concat", graph.op("Sub", graph.constant(1.0), value), value, axis=1)
        if rounding is not None:
            size = graph.op("Max", rounding.scale or graph.constant(1.0), graph.constant(1.0))
            rounding = Rounding(rounding.ulp + 1, graph.op("Expand", size, graph.op("Shape", value)), rounding.reason)
    if not estimator.multilabel_:
        axis = graph.constant([1], np.int64)
        total = graph.op("ReduceSum", value, axis, keepdims=1)
        nothing = graph.op("Equal", total, graph.constant(0.0))
        safe = graph.op("Where", nothing, graph.constant(1.0), total)
        own = 2.0 * (count + 3)
        size = graph.op("Abs", value)
        if rounding is not None:
            size = sized(graph, value, rounding)
            size = graph.op("Add", size, graph.op("ReduceMax", size, axis, keepdims=1))
        scale = graph.op("Div", size, safe)
        reason = rounding.reason if rounding else "numpy adds the classes' probabilities in an order of its own"
        value = graph.op("Div", value, safe)
        rounding = Rounding(((rounding.ulp if rounding else 0.0) + own) * max(count, 2), scale, reason)
    margin = nearest_of(graph, [score.margin for score in probabilities])
    found = Score(value, "float64", (max(count, 2) if count == 1 else count,), known, rounding)
    return replace(counted_back(graph, found) if single else found, margin=margin)


def lower_one_vs_one(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """OneVsOneClassifier: votes of all pairs, and the squashed sums of confidences between equals."""
    graph, members = scope.graph, estimator.estimators_
    if estimator.pairwise_indices_ is not None:
        children = [
            scope.lower(one, picked(graph, inputs, [int(i) for i in index]), f"estimators_.{k}")
            for k, (one, index) in enumerate(zip(members, estimator.pairwise_indices_, strict=True))
        ]
    else:
        children = _children(estimator, inputs, scope)
    labels = [score_of(scope, child, "predict", one) for child, one in zip(children, members, strict=True)]
    confidences = [_binary(scope, child, one) for child, one in zip(children, members, strict=True)]
    value, rounding = _together(graph, [matrix for matrix, _ in confidences])
    margins = [label.margin for label in labels] + [margin for _, margin in confidences]
    count = len(estimator.classes_)
    pairs = [(i, j) for i in range(count) for j in range(i + 1, count)]
    votes = graph.op("Concat", *(standing(graph, _number(graph, label)) for label in labels), axis=1)
    first, second, signs = (np.zeros((len(pairs), count)) for _ in range(3))
    for row, (i, j) in enumerate(pairs):
        first[row, i] = second[row, j] = 1.0
        signs[row, i], signs[row, j] = -1.0, 1.0

    def won(label: float, matrix: NDArray[np.float64]) -> ir.Value:
        hit = graph.op("Cast", graph.op("Equal", votes, graph.constant(label)), to=int(ir.DataType.DOUBLE))
        return graph.op("MatMul", hit, graph.constant(matrix))

    total = _signed_sums(graph, value, pairs, count)
    size = graph.op("Add", graph.op("Abs", total), graph.constant(1.0))
    squashed = graph.op("Div", total, graph.op("Mul", graph.constant(3.0), size))
    decision = graph.op("Add", graph.op("Add", won(0.0, first), won(1.0, second)), squashed)
    error = None
    if rounding is not None:
        # s / (3 (abs(s) + 1)) moves by at most a third of s.
        grown = graph.op("MatMul", sized(graph, value, rounding), graph.constant(np.abs(signs)))
        scale = graph.op("Add", grown, graph.constant(float(count)))
        error = Rounding(rounding.ulp + 2.0 * (count + 2), scale, rounding.reason)
    classes = np.asarray(estimator.classes_)
    if count == 2:
        single = column(graph, decision, 1)
        bound = error
        if error is not None:
            bound = Rounding(error.ulp, column(graph, error.scale or decision, 1), error.reason)
        threshold = _threshold(members[0])
        index = to_index(graph, graph.op("Greater", single, graph.constant(threshold)))
        margin = nearest_of(graph, [beyond(graph, single, threshold, bound), *margins])
        score = Score(single, "float64", rounding=bound, margin=nearest_of(graph, margins))
    else:
        index = first_largest(graph, decision)
        margin = nearest_of(graph, [lead(graph, decision, error), *margins])
        score = Score(decision, "float64", (count,), tuple(classes.tolist()), error, nearest_of(graph, margins))
    return Lowered(
        None, {"predict": label_score(graph, index, classes, margin), "decision_function": score}
    ).with_evidence(*children)


def _number(graph: Graph, label: Score) -> ir.Value:
    return label.value if label.type == "float64" else graph.op("Cast", label.value, to=int(ir.DataType.DOUBLE))


def _signed_sums(graph: Graph, value: ir.Value, pairs: list[tuple[int, int]], count: int) -> ir.Value:
    """(rows, classes): each class's confidences, added one by one in the order of the pairs."""
    totals: list[list[ir.Value]] = [[] for _ in range(count)]
    for k, (i, j) in enumerate(pairs):
        confidence = graph.op("Gather", value, graph.constant([k], np.int64), axis=1)
        for which, part in ((i, graph.op("Neg", confidence)), (j, confidence)):
            totals[which].append(part)
    return graph.op("Concat", *(chained(graph, parts) for parts in totals), axis=1)


def lower_output_code(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """OutputCodeClassifier: the class whose code is nearest to the binary scores; of equals the first."""
    graph, members = scope.graph, estimator.estimators_
    children = _children(estimator, inputs, scope)
    found = [_binary(scope, child, one) for child, one in zip(children, members, strict=True)]
    value, rounding = _together(graph, [matrix for matrix, _ in found])
    book = np.asarray(estimator.code_book_, np.float64)
    # -2 x . c + c . c orders the codes as the distances do; the expansion is scikit-learn's own.
    cross = graph.op("MatMul", value, graph.constant(np.ascontiguousarray(-2.0 * book.T)))
    norms = (book**2).sum(axis=1)
    distance = graph.op("Add", cross, graph.constant(norms[None, :]))
    nearness = graph.op("Neg", distance)
    size = graph.op("Abs", value) if rounding is None else sized(graph, value, rounding)
    grown = graph.op(
        "Add", graph.op("MatMul", size, graph.constant(2.0 * np.abs(book.T))), graph.constant(norms[None, :])
    )
    # scikit-learn's minimum carries x . x as well, and its rounding.
    square = graph.op("ReduceSum", graph.op("Mul", size, size), graph.constant([1], np.int64), keepdims=1)
    scale = graph.op("Add", grown, square)
    bound = Rounding((rounding.ulp if rounding else 0.0) + 4.0 * (book.shape[1] + 2), scale, "BLAS orders the sums")
    index = first_largest(graph, nearness)
    margin = nearest_of(graph, [lead(graph, nearness, bound), *(margin for _, margin in found)])
    return Lowered(None, {"predict": label_score(graph, index, estimator.classes_, margin)}).with_evidence(*children)


LOWERINGS = {
    OneVsOneClassifier: lower_one_vs_one,
    OneVsRestClassifier: lower_one_vs_rest,
    OutputCodeClassifier: lower_output_code,
    _ConstantPredictor: lower_constant,
}
