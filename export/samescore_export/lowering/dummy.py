"""Lowerings for ``sklearn.dummy``: the same answer for every row."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray
from sklearn.dummy import DummyClassifier, DummyRegressor

from samescore_export.operations.labels import label_type
from samescore_export.operations.row_count import row_count
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Rounding, Score, Table


def _repeated(scope: Scope, rows: ir.Value, row: NDArray[Any]) -> ir.Value:
    """(rows,) or (rows, k) of one row's answer (k,), which has no axis for one value."""
    graph = scope.graph
    size = [graph.constant([len(row)], np.int64)] if row.ndim else []
    shape = graph.op("Concat", rows, *size, axis=0)
    index = graph.op("Expand", graph.constant(0, np.int64), rows)
    if row.dtype.kind in "US" or row.dtype == object:
        # onnxruntime's Expand has no strings; Gather has.
        return graph.op("Gather", graph.constant(row[None].astype(str)), index, axis=0)
    return graph.op("Expand", graph.constant(row), shape)


def lower_dummy_regressor(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """DummyRegressor: its constant, for one output or several."""
    constant = np.asarray(estimator.constant_)
    rows = row_count(scope, inputs)
    row = constant.ravel()[0:1].reshape(()) if estimator.n_outputs_ == 1 else constant.ravel()
    dtype: Any = {"f": "float64", "i": "int64", "u": "int64", "b": "bool"}.get(constant.dtype.kind)
    if dtype is None or constant.dtype == np.float16:
        raise scope.refuse(f"DummyRegressor with a constant of {constant.dtype}", "numbers")
    dtype = "float32" if constant.dtype == np.float32 else dtype
    shape = () if estimator.n_outputs_ == 1 else (len(row),)
    return Lowered(None, {"predict": Score(_repeated(scope, rows, row.astype(dtype)), dtype, shape)})


def lower_dummy_classifier(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """DummyClassifier with the strategies most_frequent, prior and constant; the others draw at random."""
    strategy = estimator._strategy
    if strategy in ("stratified", "uniform"):
        raise scope.refuse(
            f"DummyClassifier(strategy={strategy!r}), whose answers are drawn at random",
            "most_frequent, prior or constant",
        )
    if estimator.sparse_output_:
        raise scope.refuse("DummyClassifier fitted on sparse labels", "labels as an array")
    rows = row_count(scope, inputs)
    count = int(estimator.n_outputs_)
    classes = [np.asarray(c) for c in ([estimator.classes_] if count == 1 else estimator.classes_)]
    priors = [np.asarray(p) for p in ([estimator.class_prior_] if count == 1 else estimator.class_prior_)]
    if strategy == "constant":
        constants = np.ravel(np.asarray(estimator.constant, dtype=classes[0].dtype if count == 1 else None))
        chosen = [int(np.flatnonzero(c == value)[0]) for c, value in zip(classes, constants, strict=True)]
    else:
        chosen = [int(p.argmax()) for p in priors]
    labels = np.array([c[k] for c, k in zip(classes, chosen, strict=True)])
    kind = label_type(labels)
    row = labels.astype(str if kind == "string" else kind)
    known = tuple(np.unique(np.concatenate(classes)).tolist())
    scores = {
        "predict": Score(
            _repeated(scope, rows, np.asarray(row[0]) if count == 1 else row),
            kind,
            () if count == 1 else (count,),
            known,
        )
    }
    for k, (found, prior) in enumerate(zip(classes, priors, strict=True)):
        suffix = "" if count == 1 else f".{k}"
        proba = (
            prior.astype(np.float64) if strategy == "prior" else (np.arange(len(found)) == chosen[k]).astype(np.float64)
        )
        names = tuple(found.tolist())
        with np.errstate(divide="ignore"):
            log = np.log(proba)
        rounding = Rounding(2.0, None, "logarithm of the platform's libm")
        scores[f"predict_proba{suffix}"] = Score(_repeated(scope, rows, proba), "float64", (len(found),), names)
        # The logarithm was taken at export, on this machine; the one that compares may have another libm.
        scores[f"predict_log_proba{suffix}"] = Score(
            _repeated(scope, rows, log), "float64", (len(found),), names, rounding
        )
    return Lowered(None, scores)


LOWERINGS = {DummyClassifier: lower_dummy_classifier, DummyRegressor: lower_dummy_regressor}
