"""Leaves without a lowering of ours: skl2onnx's converter, inlined, and proven like everything else."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import onnx_ir as ir
from sklearn.base import is_classifier

from samescore_export.lowering.preprocessing import doubles
from samescore_export.operations.labels import label_type
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Rounding, Score, Table

#: skl2onnx states no bound; this is what a double-precision graph of it must keep, or the export is refused.
_ULP = 4096.0


def lower_with_skl2onnx(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """Convert one leaf in double precision and copy its nodes in.

    Raises:
        UnsupportedError: skl2onnx has no converter for it, or its converter fails.
    """
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import DoubleTensorType

    graph = scope.graph
    name = f"{type(estimator).__module__.partition('.')[0]}.{type(estimator).__name__}"
    if not hasattr(estimator, "n_features_in_"):
        raise scope.refuse(f"{name} has no lowering", "docs/coverage.md, or a lowering of your own (--registry)")
    x = doubles(scope, inputs, estimator)
    options = {id(estimator): {"zipmap": False}} if is_classifier(estimator) else None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            proto = convert_sklearn(
                estimator,
                initial_types=[("X", DoubleTensorType([None, x.width]))],
                target_opset={"": 21, "ai.onnx.ml": 3},
                options=options,
            )
        converted = ir.from_proto(proto)
        types = [output.dtype.name if output.dtype else "" for output in converted.graph.outputs]
        outputs = graph.splice(converted, [x.value])
    except Exception as error:
        reason = str(error).strip().splitlines()[0][:160] if str(error).strip() else type(error).__name__
        raise scope.refuse(
            f"{name} has no lowering, and skl2onnx cannot convert it ({type(error).__name__}: {reason})",
            "docs/coverage.md, or a lowering of your own (--registry)",
        ) from error
    rounding = Rounding(_ULP, None, "converted by skl2onnx, which states no bound")
    if hasattr(estimator, "transform") and not hasattr(estimator, "predict"):
        width = _width(estimator, x.width)
        return Lowered(Matrix(_double(graph, outputs[0], types[0]), width, rounding=rounding))
    if is_classifier(estimator):
        classes = np.asarray(estimator.classes_)
        labels = tuple(classes.tolist())
        kind = label_type(classes)
        value = (
            outputs[0]
            if kind in ("string", "int64")
            else graph.op("Cast", outputs[0], to=int(ir.DataType[{"bool": "BOOL", "float64": "DOUBLE"}[kind]]))
        )
        scores = {"predict": Score(value, kind, (), labels)}
        method = "predict_proba" if hasattr(estimator, "predict_proba") else "decision_function"
        shape = () if method == "decision_function" and len(labels) == 2 else (len(labels),)
        numbers = _double(graph, outputs[1], types[1])
        scores[method] = Score(numbers, "float64", shape, labels, rounding)
        return Lowered(None, scores)
    flat = graph.op("Reshape", _double(graph, outputs[0], types[0]), graph.constant([-1], np.int64))
    return Lowered(None, {"predict": Score(flat, "float64", rounding=rounding)})


def _double(graph: Any, value: ir.Value, type_: str) -> ir.Value:
    return value if type_ == "DOUBLE" else graph.op("Cast", value, to=int(ir.DataType.DOUBLE))


def _width(estimator: Any, width: int) -> int:
    try:
        return len(estimator.get_feature_names_out())
    except Exception:
        return width
