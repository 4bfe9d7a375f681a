"""Lowerings for ``sklearn.compose`` and ``sklearn.pipeline``: the containers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import onnx_ir as ir
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import FeatureUnion, Pipeline

from samescore_export.graph import Graph
from samescore_export.margins import nearest_of
from samescore_export.operations.numeric import as_doubles
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Blocks, Matrix, Rounding, Table, as_double, from_entries, matrix_of, merge, table_of


def side_by_side(graph: Graph, parts: Sequence[Matrix | Table], sparse: bool = False) -> Matrix | Table:
    """Columns next to each other: a matrix if all are numbers, else a table."""
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return Table(())
    margin = nearest_of(graph, [part.margin for part in parts])
    if any(isinstance(part, Table) and not part.numeric for part in parts):
        return Table(tuple(series for part in parts for series in table_of(part).series), margin)
    matrices = [matrix_of(graph, part) for part in parts]
    if any(matrix.dtype == "float64" for matrix in matrices):
        # numpy.hstack gives what holds both.
        matrices = [as_doubles(graph, matrix) for matrix in matrices]
    dtype = matrices[0].dtype
    if any(matrix.stored is not None for matrix in matrices) and all(m.rounding is None for m in matrices):
        return replace(_entries_side_by_side(graph, matrices), sparse=sparse, margin=margin)
    value = graph.op("Concat", *(matrix.value for matrix in matrices), axis=1)
    return Matrix(
        value,
        sum(matrix.width for matrix in matrices),
        dtype,
        tuple(matrix.origin(i) for matrix in matrices for i in range(matrix.width)),
        merge(graph, [(matrix.rounding, matrix.value, matrix.width) for matrix in matrices]),
        sparse=sparse,
        margin=margin,
        blocks=Blocks(tuple(part for matrix in matrices for part in matrix.made_from), value),
    )


def _entries_side_by_side(graph: Graph, matrices: Sequence[Matrix]) -> Matrix:
    """Sparse and other matrices next to each other by their elements, in the order of the columns."""
    width = sum(matrix.width for matrix in matrices)
    columns, values, start = [], [], 0
    for matrix in matrices:
        value = as_double(graph, matrix.value, matrix.dtype)
        if matrix.stored is not None:
            own, value = matrix.stored.columns, as_double(graph, matrix.stored.values, matrix.dtype)
            inside = graph.op("Less", own, graph.constant(matrix.width, np.int64))
            moved = graph.op("Add", own, graph.constant(start, np.int64))
            columns.append(graph.op("Where", inside, moved, graph.constant(width, np.int64)))
        else:
            own = graph.constant(np.arange(start, start + matrix.width), np.int64)
            columns.append(graph.op("Expand", own, graph.op("Shape", value)))
        values.append(value)
        start += matrix.width
    return from_entries(graph, graph.op("Concat", *columns, axis=1), graph.op("Concat", *values, axis=1), width)


def _weighted(scope: Scope, part: Matrix | Table, weight: float | None) -> Matrix | Table:
    if weight is None:
        return part
    graph = scope.graph
    x = matrix_of(graph, part)
    rounding = x.rounding
    if x.stored is not None and rounding is None:
        values = graph.op("Mul", x.stored.values, graph.constant(weight, x.dtype))
        return from_entries(graph, x.stored.columns, values, x.width, x)
    if rounding is not None:
        scale = graph.op("Cast", rounding.scale or graph.constant(1.0), to=int(ir.DataType.DOUBLE))
        rounding = Rounding(
            rounding.ulp + 2, graph.op("Mul", scale, graph.constant(abs(float(weight)))), rounding.reason
        )

    def forward(values: Any) -> Any:
        return values * weight

    forwards = [forward] * x.width if weight > 0 else None
    product = graph.op("Mul", x.value, graph.constant(float(weight), x.dtype))
    return replace(x.mapped(product, forwards, rounding), dtype=x.dtype)


def lower_pipeline(estimator: Pipeline, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """Each step on the output of the one before; the last one's methods are the pipeline's."""
    current: Matrix | Table = inputs
    children: list[Lowered] = []
    for position, (name, step) in enumerate(estimator.steps):
        passed = step is None or step == "passthrough"
        last = Lowered(current) if passed else scope.lower(step, current, name)
        children.append(last)
        if position < len(estimator.steps) - 1:
            if last.transform is None:
                raise scope.refuse(
                    f"the step {name!r} ({type(step).__name__}) has no transform", "transformers before the last step"
                )
            current = last.transform
    return Lowered(last.transform, last.scores).with_evidence(*children)


def lower_column_transformer(estimator: ColumnTransformer, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """Each transformer on its columns, the results side by side; columns picked by name, position, mask or selector."""
    table = table_of(inputs)
    by_name = {series.name: position for position, series in enumerate(table.series)}
    fitted_names = list(getattr(estimator, "feature_names_in_", []))
    named = isinstance(inputs, Table) and bool(fitted_names) and all(name in by_name for name in fitted_names)
    weights = estimator.transformer_weights or {}
    parts: list[Matrix | Table] = []
    children: list[Lowered] = []
    for name, transformer, columns in estimator.transformers_:
        if isinstance(transformer, str) and transformer == "drop":
            continue
        indices = list(estimator._transformer_to_input_indices[name])
        if len(indices) == 0 or (hasattr(columns, "__len__") and len(columns) == 0):
            continue
        positions = [by_name[fitted_names[i]] for i in indices] if named else indices
        taken: Matrix | Table = table.take(positions)
        if isinstance(inputs, Matrix) and positions == list(range(inputs.width)):
            taken = inputs
        passed = isinstance(transformer, str)
        child = Lowered(taken) if passed else scope.lower(transformer, taken, name)
        if child.transform is None:
            raise scope.refuse(
                f"the transformer {name!r} ({type(transformer).__name__}) has no transform", "transformers"
            )
        children.append(child)
        parts.append(_weighted(scope, child.transform, weights.get(name)))
    return Lowered(side_by_side(scope.graph, parts, bool(estimator.sparse_output_))).with_evidence(*children)


def lower_feature_union(estimator: FeatureUnion, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """Every transformer on the same input, the results side by side."""
    weights = estimator.transformer_weights or {}
    parts: list[Matrix | Table] = []
    children: list[Lowered] = []
    for name, transformer in estimator.transformer_list:
        if isinstance(transformer, str) and transformer == "drop":
            continue
        child = Lowered(inputs) if isinstance(transformer, str) else scope.lower(transformer, inputs, name)
        if child.transform is None:
            raise scope.refuse(
                f"the transformer {name!r} ({type(transformer).__name__}) has no transform", "transformers"
            )
        children.append(child)
        parts.append(_weighted(scope, child.transform, weights.get(name)))
    if not parts:
        raise scope.refuse("FeatureUnion that drops all its transformers", "at least one transformer")
    sparse = any(isinstance(part, Matrix) and part.sparse for part in parts)
    return Lowered(side_by_side(scope.graph, parts, sparse)).with_evidence(*children)


LOWERINGS = {
    Pipeline: lower_pipeline,
    ColumnTransformer: lower_column_transformer,
    FeatureUnion: lower_feature_union,
}
