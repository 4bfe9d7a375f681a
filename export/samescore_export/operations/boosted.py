"""What the lowerings of XGBoost, LightGBM and CatBoost share: their inputs, and leaves summed as they sum them.

Nothing here imports a booster: the lowerings read the models that the estimators themselves write out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from samescore_export.certificate import Certificate, attributes_check
from samescore_export.graph import Graph
from samescore_export.margins import Margin
from samescore_export.operations.categories import encode
from samescore_export.operations.columns import picked
from samescore_export.operations.deciding import lead
from samescore_export.operations.tree_ensemble import Trees
from samescore_export.operations.walking import Grown, SplitRule, Walk, walked
from samescore_export.scope import Scope
from samescore_export.values import WIDEST, Matrix, Rounding, Series, Table, matrix_of

IN_ORDER = "leaves are added in the original's order"

#: Spacings of a float64 in one of a float32.
SINGLE = 2.0**29


def coded(
    scope: Scope, inputs: Matrix | Table, categories: Mapping[int, Sequence[Any]]
) -> tuple[Matrix, tuple[Certificate, ...]]:
    """The inputs as numbers: a category as its position among those of its column, NaN for none of them.

    ``categories`` by the position of the column in a data frame; an array has positions already. With the matrix, what is certain of the
    look-up of each.
    """
    if not isinstance(inputs, Table):
        return matrix_of(scope.graph, inputs), ()
    graph = scope.graph
    strange = [
        series.name
        for position, series in enumerate(inputs.series)
        if series.type in ("text", "list", "object") or (series.type == "string" and position not in categories)
    ]
    if strange:
        accepted = "numbers, or the categories that the model was fitted on"
        raise scope.refuse(f"the columns {strange} of strings", accepted)
    columns: list[Series] = []
    certificates: list[Certificate] = []
    for position, series in enumerate(inputs.series):
        if position not in categories:
            columns.append(series)
            continue
        own = list(categories[position])
        codes = encode(scope, [series], [own])
        certificates.append(
            Certificate(
                graph.path,
                "categories",
                f"{series.name}: each of the {len(own)} categories, in the booster's own order, has its code, and any other the code of none",
                "",
                attributes_check(graph.path, codes.node, codes.table),
            )
        )
        number = graph.op("Cast", codes.value, to=int(ir.DataType.DOUBLE))
        inside = graph.op("Less", codes.value, graph.constant(codes.missing, np.int64))
        tensor = graph.op("Where", inside, number, graph.constant(np.nan))
        columns.append(Series(series.name, "float64", tensor, 0, 1))
    return matrix_of(graph, Table(tuple(columns), inputs.margin)), tuple(certificates)


def whole_categories(scope: Scope, x: Matrix, columns: Collection[int], cut: bool) -> Matrix:
    """``x`` with the categories in ``columns`` as whole numbers, -1 for what can be none.

    Both boosters drop a category's fraction, ``cut`` says whether also below zero (-0.5 is then 0, else no category); the operator
    for sets compares numbers as they are.
    """
    if not columns:
        return x
    graph = scope.graph
    if x.rounding is not None:
        raise scope.refuse("splits on categories behind a step that is not bit-equal", "categories as they come in")
    zero = graph.constant(0.0)
    whole = graph.op("Floor", x.value)
    if cut:
        whole = graph.op("Where", graph.op("Less", x.value, zero), graph.op("Ceil", x.value), whole)
    none = graph.op("Or", graph.op("Less", whole, zero), graph.op("Greater", whole, graph.constant(2.0**24)))
    whole = graph.op("Where", none, graph.constant(-1.0), whole)
    mask = np.zeros((1, x.width), bool)
    mask[0, sorted(columns)] = True
    value = graph.op("Where", graph.constant(mask), whole, x.value)
    return replace(x, value=value, entries=None)


def narrowed(graph: Graph, x: Matrix, parts: Sequence[Trees]) -> tuple[Matrix, list[Trees]]:
    """A very wide sparse matrix cut down to the columns that the trees look at."""
    if x.stored is None or x.width <= WIDEST:
        return x, list(parts)
    used = np.unique(np.concatenate([[0], *(part.feature[part.left >= 0] for part in parts)])).astype(np.int64)
    few = picked(graph, x, used.tolist())
    assert isinstance(few, Matrix)
    return few, [
        replace(part, feature=np.where(part.left >= 0, np.searchsorted(used, part.feature), 0)) for part in parts
    ]


def leaves(scope: Scope, x: Matrix, parts: Sequence[Trees], rule: SplitRule) -> Grown:
    """(rows, trees) float64: the leaf of each tree, in order."""
    numbered = [replace(part, target=np.full_like(part.target, i)) for i, part in enumerate(parts)]
    alone = [replace(part, target=np.zeros_like(part.target)) for part in parts]

    def few(graph: Graph, walk: Walk, trees: Trees) -> ir.Value:
        return walk(graph, trees, len(numbered))

    def many(graph: Graph, walk: Walk) -> ir.Value:
        columns = [walk(graph, part, 1) for part in alone]
        return columns[0] if len(columns) == 1 else graph.op("Concat", *columns, axis=1)

    return walked(scope, x, numbered, rule, IN_ORDER, few, many)


def in_float32(graph: Graph, value: ir.Value) -> ir.Value:
    return graph.op("Cast", value, to=int(ir.DataType.FLOAT))


def in_float64(graph: Graph, value: ir.Value) -> ir.Value:
    return graph.op("Cast", value, to=int(ir.DataType.DOUBLE))


def running_total(graph: Graph, terms: ir.Value, start: ir.Value, columns: NDArray[np.int64] | None = None) -> ir.Value:
    """(rows, 1): ``start`` (1, 1) and the terms (rows, n), of these only ``columns``, added one by one in their own precision."""
    if columns is not None:
        terms = graph.op("Gather", terms, graph.constant(columns, np.int64), axis=1)
    rows = graph.op("Shape", terms, start=0, end=1)
    first = graph.op("Expand", start, graph.op("Concat", rows, graph.constant([1], np.int64), axis=0))
    running = graph.op("CumSum", graph.op("Concat", first, terms, axis=1), graph.constant(1, np.int64))
    return graph.op("Gather", running, graph.constant([-1], np.int64), axis=1)


def lead_of_probabilities(graph: Graph, proba: ir.Value, rounding: Rounding, single: bool = False) -> Margin:
    """The margin of the largest probability (rows, classes), whose ``rounding`` is in spacings of its own precision."""
    if not single:
        return lead(graph, proba, rounding)
    return lead(graph, in_float64(graph, proba), Rounding(rounding.ulp * SINGLE, rounding.scale, rounding.reason))
