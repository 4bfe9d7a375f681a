"""Class labels and class probabilities as outputs."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from samescore_export.graph import Graph
from samescore_export.values import Rounding, Score


def label_type(classes: NDArray[Any]) -> Literal["string", "bool", "int64", "float64"]:
    """The type a label travels in; an object array of strings is strings."""
    if classes.dtype.kind in "UO":
        return "string"
    return {"b": "bool", "i": "int64", "u": "int64", "f": "float64"}[classes.dtype.kind]  # type: ignore[return-value]


def label_array(classes: Any) -> NDArray[Any]:
    """The labels in the type they travel in."""
    array = np.asarray(classes)
    type_ = label_type(array)
    if type_ == "string":
        # As objects: numpy's own strings lose U+0000 at their end.
        return np.array([str(label) for label in array.ravel()] + [None], dtype=object)[:-1].reshape(array.shape)
    return array.astype(type_)


def label_score(
    graph: Graph, index: ir.Value, classes: NDArray[Any], margin: tuple[ir.Value, Rounding] | None = None
) -> Score:
    """``classes[index]`` for int64 indices (rows,)."""
    labels = label_array(classes)
    value = graph.op("Gather", graph.constant(labels), index, axis=0)
    return Score(value, label_type(np.asarray(classes)), (), tuple(labels.tolist()), margin=margin)


def second_label(
    graph: Graph, condition: ir.Value, classes: NDArray[Any], margin: tuple[ir.Value, Rounding] | None = None
) -> Score:
    """The second of two classes where the condition (rows,) holds, else the first."""
    labels = label_array(classes)
    if labels.dtype == bool and labels.tolist() == [False, True]:
        value = condition
    elif labels.dtype == bool:
        # onnxruntime has no Where of bools.
        value = graph.op(
            "Gather", graph.constant(labels), graph.op("Cast", condition, to=int(ir.DataType.INT64)), axis=0
        )
    else:
        first, second = (graph.constant(labels[i : i + 1].reshape(())) for i in range(2))
        value = graph.op("Where", condition, second, first)
    return Score(value, label_type(np.asarray(classes)), (), tuple(labels.tolist()), margin=margin)


def class_scores(
    graph: Graph, proba: ir.Value, classes: NDArray[Any], rounding: Rounding | None = None
) -> dict[str, Score]:
    """``predict_proba`` (rows, classes) and its logarithm."""
    labels = tuple(np.asarray(classes).tolist())
    log = graph.op("Log", proba)
    # An error d of p is one of d / p of log p; the logarithm itself adds a rounding of its own size.
    size = graph.op("Max", graph.op("Abs", log), graph.constant(1.0))
    if rounding is not None:
        spread = graph.op("Div", rounding.scale or graph.constant(1.0), proba)
        size = graph.op("Max", size, spread)
    # Where a probability is 0 its logarithm is compared as it is; a scale without end would hide all other rows.
    size = graph.op("Where", graph.op("Equal", proba, graph.constant(0.0)), graph.constant(1.0), size)
    ulp = 4.0 + (rounding.ulp if rounding else 0.0)
    reason = rounding.reason if rounding else "logarithm of the platform's libm"
    return {
        "predict_proba": Score(proba, "float64", (len(labels),), labels, rounding),
        "predict_log_proba": Score(log, "float64", (len(labels),), labels, Rounding(ulp, size, reason)),
    }
