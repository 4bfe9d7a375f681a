"""The lowering of the recommender, registered as users register theirs: by the entry-point group ``samescore.lowerings``."""

from __future__ import annotations

from typing import Any

import numpy as np

from samescore_export import Lowered, Matrix, Scope, Score, Table
from samescore_export.certificate import constants_certificate
from samescore_export.operations.categories import strings_to_codes
from samescore_train.recommender import ItemToItemRecommender


def lower_item_to_item(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """ItemToItemRecommender: add the neighbours' similarities item by item, strike out the history, take the k best.

    ScatterElements adds its updates in order, as the estimator does, so sums have the same bits. TopK puts the lower index
    first among equals, as a stable sort does.
    """
    graph = scope.graph
    series = inputs.series if isinstance(inputs, Table) else ()
    if len(series) != 1 or series[0].type != "list":
        raise scope.refuse(f"ItemToItemRecommender over {inputs.width} columns", "one column of lists of strings")
    column = series[0]
    if column.column is not None:
        graph.used.add(column.column)
    items = [str(item) for item in estimator.items_]
    count, width = estimator.neighbours_.shape
    # Unknown items and the filled-up places share one more row, whose neighbours are one more column that is cut off.
    codes = strings_to_codes(graph, column.tensor, items, count)
    if column.missing is not None:
        codes = graph.op("Where", column.missing, graph.constant(count, np.int64), codes)
    neighbours = np.vstack([estimator.neighbours_, np.full((1, width), count)]).astype(np.int64)
    similarities = np.vstack([estimator.similarities_, np.zeros((1, width))])
    table, weights = graph.constant(neighbours), graph.constant(similarities)
    flat = graph.constant([0, -1], np.int64)
    places = graph.op("Reshape", graph.op("Gather", table, codes, axis=0), flat)
    amounts = graph.op("Reshape", graph.op("Gather", weights, codes, axis=0), flat)
    rows = graph.op("Shape", codes, start=0, end=1)
    shape = graph.op("Concat", rows, graph.constant([count + 1], np.int64), axis=0)
    zeros = graph.op("Expand", graph.constant(0.0), shape)
    summed = graph.op("ScatterElements", zeros, places, amounts, axis=1, reduction="add")
    nothing = graph.op("Expand", graph.constant(-np.inf), graph.op("Shape", codes))
    struck = graph.op("ScatterElements", summed, codes, nothing, axis=1)
    candidates = graph.op(
        "Slice", struck, graph.constant([0], np.int64), graph.constant([count], np.int64), graph.constant([1], np.int64)
    )
    scores, best = graph.ops("TopK", candidates, graph.constant([estimator.k], np.int64), outputs=2, axis=1)
    names = graph.constant(items)
    recommended = graph.op("Gather", names, best, axis=0)
    certificate = constants_certificate(
        graph.path,
        {
            "items_": (names, np.array(items)),
            "neighbours_": (table, neighbours),
            "similarities_": (weights, similarities),
        },
    )
    return Lowered(
        None,
        {
            "items": Score(recommended, "string", (estimator.k,), call=lambda model, X: model.recommend(X)[0]),
            "scores": Score(scores, "float64", (estimator.k,), call=lambda model, X: model.recommend(X)[1]),
        },
        (certificate,),
        max_lengths={} if column.column is None else {column.column: int(estimator.max_items)},
    )


LOWERINGS = {ItemToItemRecommender: lower_item_to_item}
