"""Lowerings for ``sklearn.impute``."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray
from sklearn.impute import SimpleImputer

from samescore_export.certificate import constants_certificate
from samescore_export.graph import Graph
from samescore_export.operations.categories import is_missing
from samescore_export.operations.numeric import as_doubles, floats
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Forward, Matrix, Origin, Series, Table, columns_of, table_of


def lower_simple_imputer(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """SimpleImputer over numbers or strings, with missing-indicator columns; columns without a statistic are dropped."""
    if isinstance(inputs, Table) and not inputs.numeric:
        return _strings(estimator, inputs, scope)
    graph = scope.graph
    given = floats(scope, inputs, estimator)
    single = given.dtype == "float32"
    x = as_doubles(graph, given)
    marker = estimator.missing_values
    statistics = np.asarray(estimator.statistics_, np.float64)
    if single:
        # Filled into float32 rows the statistic becomes float32.
        statistics = statistics.astype(np.float32).astype(np.float64)
    missing = _is_marker(graph, x.value, marker)
    filler = graph.constant(statistics)
    value = graph.op("Where", missing, filler, x.value)
    kept = np.arange(x.width) if estimator.keep_empty_features else np.flatnonzero(~np.isnan(statistics))
    origins = tuple(_filled(x.origin(int(i)), float(statistics[i]), marker) for i in kept)
    if len(kept) < x.width:
        value = graph.op("Gather", value, graph.constant(kept, np.int64), axis=1)
    width = len(kept)
    if estimator.add_indicator:
        flagged = np.asarray(estimator.indicator_.features_, np.int64)
        flags = graph.op("Gather", missing, graph.constant(flagged, np.int64), axis=1)
        value = graph.op("Concat", value, graph.op("Cast", flags, to=int(ir.DataType.DOUBLE)), axis=1)
        width += len(flagged)
        origins = (*origins, *(None for _ in flagged))
    certificate = constants_certificate(graph.path, {"statistics_": (filler, statistics)})
    if single:
        value = graph.op("Cast", value, to=int(ir.DataType.FLOAT))
    # Whole numbers stay so where no mean or median is taken of them.
    whole = given.integers and estimator.strategy in ("most_frequent", "constant")
    result = Matrix(value, width, given.dtype, origins, given.rounding, integers=whole, margin=given.margin)
    return Lowered(result, certificates=(certificate,))


def _is_marker(graph: Graph, value: ir.Value, marker: Any) -> ir.Value:
    if is_missing(marker):
        return graph.op("IsNaN", value)
    return graph.op("Equal", value, graph.constant(float(marker)))


def _filled(origin: Origin | None, statistic: float, marker: Any) -> Origin | None:
    """Filling NaN leaves every number where it is; filling a number (0, -999) does not keep the order."""
    if origin is None or not is_missing(marker):
        return None

    def forward(x: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.where(np.isnan(x), statistic, x)

    step: Forward = forward
    return origin.then(step)


def _strings(estimator: Any, inputs: Table, scope: Scope) -> Lowered:
    graph = scope.graph
    if estimator.add_indicator:
        raise scope.refuse("SimpleImputer(add_indicator=True) over strings", "add_indicator=False, or numeric columns")
    if not is_missing(estimator.missing_values):
        raise scope.refuse(
            f"SimpleImputer(missing_values={estimator.missing_values!r}) over strings", "missing_values=nan or None"
        )
    filled = []
    for series, statistic in zip(table_of(inputs).series, estimator.statistics_, strict=True):
        if series.type != "string":
            raise scope.refuse(
                f"SimpleImputer over strings and {series.type} together ({series.name})", "columns of one kind"
            )
        if not isinstance(statistic, str):
            raise scope.refuse(f"SimpleImputer with the statistic {statistic!r} for {series.name}", "a string")
        value = columns_of(graph, [series])
        if series.missing is not None:
            value = graph.op("Where", columns_of(graph, [series], missing=True), graph.constant([statistic]), value)
        filled.append(Series(series.name, "string", value, 0, 1, None, series.origin))
    return Lowered(Table(tuple(filled)))


LOWERINGS = {SimpleImputer: lower_simple_imputer}
