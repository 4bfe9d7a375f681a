"""Lowerings for what encodes labels: LabelEncoder, LabelBinarizer, MultiLabelBinarizer. Their input is one column."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir
from sklearn.preprocessing import LabelBinarizer, LabelEncoder, MultiLabelBinarizer

from samescore_export.operations.categories import numbers_to_codes, strings_to_codes
from samescore_export.operations.deciding import flat
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Score, Series, Table, as_double, columns_of, table_of


def _only(inputs: Matrix | Table, estimator: Any, scope: Scope) -> Series:
    table = table_of(inputs)
    if table.width != 1:
        raise scope.refuse(f"{type(estimator).__name__} over {table.width} columns", "one column of labels")
    return table.series[0]


def _codes(estimator: Any, inputs: Matrix | Table, scope: Scope) -> ir.Value:
    """int64 (rows,): each label's position in ``classes_``; -1 for one that is not there."""
    graph = scope.graph
    series = _only(inputs, estimator, scope)
    classes = np.asarray(estimator.classes_)
    strings = classes.dtype.kind in "UO"
    if series.type not in ("string",) if strings else series.type not in ("float64", "float32", "int64", "bool"):
        raise scope.refuse(
            f"{type(estimator).__name__} fitted on {classes.dtype}, over {series.type}", "labels of one kind"
        )
    value = flat(graph, columns_of(graph, [series]))
    if strings:
        if not all(isinstance(label, str) for label in classes.tolist()):
            raise scope.refuse(f"{type(estimator).__name__} over labels of several types", "labels of one type")
        return strings_to_codes(graph, value, [str(label) for label in classes], -1)
    return numbers_to_codes(graph, as_double(graph, value, series.type), classes.astype(np.float64).tolist(), -1)


def lower_label_encoder(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """``LabelEncoder.transform``: each label's number."""
    return Lowered(None, {"transform": Score(_codes(estimator, inputs, scope), "int64", call=_known_alone)})


def _known_alone(model: Any, labels: Any) -> Any:
    """``transform``, of fitted labels only.

    scikit-learn cuts a string to the width of the fitted ones, and so takes "no way" for "no"; and the shape of LabelBinarizer's answer
    for two classes would change with a third among the rows.
    """
    if not set(np.asarray(labels).tolist()) <= set(np.asarray(model.classes_).tolist()):
        raise ValueError("a label that was not fitted")
    return model.transform(labels)


def lower_label_binarizer(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """``LabelBinarizer.transform``: a column a class, ``pos_label`` at a row's class; for two classes the second's alone."""
    graph = scope.graph
    if estimator.y_type_.startswith("multilabel"):
        raise scope.refuse("LabelBinarizer fitted on labels of several columns", "one label a row")
    count = len(estimator.classes_)
    codes = _codes(estimator, inputs, scope)
    wanted = np.arange(count) if count > 2 else np.array([1])
    standing = graph.op("Unsqueeze", codes, graph.constant([1], np.int64))
    hit = graph.op("Equal", standing, graph.constant(wanted[None, :], np.int64))
    high, low = graph.constant(int(estimator.pos_label), np.int64), graph.constant(int(estimator.neg_label), np.int64)
    value = graph.op("Where", hit, high, low)
    call = _known_alone if count <= 2 else None
    return Lowered(None, {"transform": Score(value, "int64", (len(wanted),), call=call)})


def lower_multi_label_binarizer(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """``MultiLabelBinarizer.transform``: a column a class, 1 where the row's list has it; others are ignored."""
    graph = scope.graph
    series = _only(inputs, estimator, scope)
    classes = list(estimator.classes_)
    if series.type != "list" or not all(isinstance(label, str) for label in classes):
        raise scope.refuse("MultiLabelBinarizer over labels that are no strings", "lists of strings")
    assert series.column is not None
    graph.used.add(series.column)
    count = len(classes)
    codes = strings_to_codes(graph, series.tensor, [str(label) for label in classes], count)
    if series.missing is not None:
        codes = graph.op("Where", series.missing, graph.constant(count, np.int64), codes)
    rows = graph.op("Shape", series.tensor, start=0, end=1)
    shape = graph.op("Concat", rows, graph.constant([count + 1], np.int64), axis=0)
    zeros = graph.op("Expand", graph.constant(0, np.int64), shape)
    ones = graph.op("Expand", graph.constant(1, np.int64), graph.op("Shape", codes))
    filled = graph.op("ScatterElements", zeros, codes, ones, axis=1)
    axis, start = graph.constant([1], np.int64), graph.constant([0], np.int64)
    value = graph.op("Slice", filled, start, graph.constant([count], np.int64), axis)
    return Lowered(None, {"transform": Score(value, "int64", (count,))})


LOWERINGS = {
    LabelBinarizer: lower_label_binarizer,
    LabelEncoder: lower_label_encoder,
    MultiLabelBinarizer: lower_multi_label_binarizer,
}
