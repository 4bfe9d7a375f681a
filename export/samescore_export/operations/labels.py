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
    """``predict_proba`` (rows, classes) and its logarithm, each of whose elements has a margin of its own."""
    labels = tuple(np.asarray(classes).tolist())
    log = graph.op("Log", proba)
    size = graph.op("Max", graph.op("Abs", log), graph.constant(1.0))
    ulp, reason, margin = 4.0, "logarithm of the platform's libm", None
    if rounding is not None:
        ulp, reason = ulp + rounding.ulp, rounding.reason
        size, margin = logarithm_bound(graph, proba, size, rounding)
    return {
        "predict_proba": Score(proba, "float64", (len(labels),), labels, rounding),
        "predict_log_proba": Score(log, "float64", (len(labels),), labels, Rounding(ulp, size, reason), margin),
    }


def logarithm_bound(
    graph: Graph, proba: ir.Value, own: ir.Value, rounding: Rounding
) -> tuple[ir.Value, tuple[ir.Value, Rounding]]:
    """The scale of log p where p may be off by d, and the margin of each p to 0.

    The other side's logarithm is at most log(p / (p - d)) <= d / (p - d) away, without end where d reaches p. There, in rows that are
    within twice the rounding, nothing is known of it: one side may have 0, and -inf. A p that is 0 because exp underflows is 0
    for both and is compared as it is.
    """
    scale = graph.op("Max", proba, rounding.scale or graph.constant(1.0))
    error = graph.op("Mul", scale, graph.constant(rounding.ulp * 2.0**-52))
    underflown = graph.op(
        "And", graph.op("Equal", proba, graph.constant(0.0)), graph.op("Less", error, graph.constant(1e-290))
    )
    less = graph.op("Where", graph.op("Greater", proba, error), graph.op("Sub", proba, error), graph.constant(np.inf))
    size = graph.op("Where", underflown, graph.constant(1.0), graph.op("Max", own, graph.op("Div", scale, less)))
    # Within the rounding the logarithm may be -inf, which is no scale.
    size = graph.op("Where", graph.op("IsInf", size), graph.constant(1.0), size)
    value = graph.op("Where", underflown, graph.constant(1.0), proba)
    # A spacing may be half of 2**-52 of its number: twice the scale has the error for a spacing at least.
    near = graph.op("Where", underflown, graph.constant(0.0), graph.op("Add", scale, scale))
    return size, (value, Rounding(rounding.ulp, near, rounding.reason))
