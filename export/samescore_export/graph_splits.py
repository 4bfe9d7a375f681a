"""Splits of trees as they stand in a graph: where one stands elsewhere than in the model, a probe beside it shows the difference.

For graphs that others made, and for steps whose lowering, not ours, gave no hints.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from samescore_export.values import Hint, Origin, same

#: Rows probed beside each such split: a row must come by it to show anything.
ROWS = 12

#: Splits beyond which a graph is taken to have rounded them all, and a sample of them is enough.
MOST = 400

_TREES = ("TreeEnsemble", "TreeEnsembleRegressor", "TreeEnsembleClassifier")


def graph_split_hints(
    model: onnx.ModelProto, inputs: Mapping[str, Sequence[str]], known: Sequence[Hint]
) -> tuple[Hint, ...]:
    """Hints for the splits that the graph has and the hints have not, for trees that read columns as they come.

    Args:
        inputs: input of the graph -> the columns it takes, in order.
    """
    ours: dict[str, set[float]] = {}
    for hint in known:
        if hint.kind == "split":
            ours.setdefault(hint.origin.column, set()).update(np.asarray(hint.values, np.float64).tolist())
    found: dict[str, set[float]] = {}
    for column, values in _splits(model, inputs):
        found.setdefault(column, set()).update(values.tolist())
    rng = np.random.default_rng(0)
    hints = []
    for column, splits in found.items():
        moved = np.array(sorted(splits - ours.get(column, set())))
        if len(moved) > MOST:
            moved = np.sort(rng.choice(moved, MOST, replace=False))
        if len(moved):
            hints += [Hint("split", Origin(column, same), moved)] * ROWS
    return tuple(hints)


def _splits(model: onnx.ModelProto, inputs: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, NDArray[np.float64]]]:
    """Column and splits, for each feature of each node of trees."""
    sources: dict[str, list[str | None]] = {name: [*columns] for name, columns in inputs.items()}
    constants = {item.name: item for item in model.graph.initializer}
    for node in _nodes(model.graph):
        made = _columns(node, sources, constants)
        if made is not None:
            sources[node.output[0]] = made
        if node.op_type not in _TREES or node.input[0] not in sources:
            continue
        columns = sources[node.input[0]]
        attributes = {item.name: item for item in node.attribute}
        features = np.array(attributes["nodes_featureids"].ints, np.int64)
        if "nodes_splits" in attributes:
            splits = numpy_helper.to_array(attributes["nodes_splits"].t).astype(np.float64)
        elif "nodes_values_as_tensor" in attributes:
            splits = numpy_helper.to_array(attributes["nodes_values_as_tensor"].t).astype(np.float64)
        else:
            splits = np.array(attributes["nodes_values"].floats, np.float64)
        if "nodes_modes" in attributes and attributes["nodes_modes"].strings:
            branch = np.array([mode != b"LEAF" for mode in attributes["nodes_modes"].strings])
            features, splits = features[branch], splits[branch]
        for feature in np.unique(features):
            column = columns[int(feature)] if feature < len(columns) else None
            if column is not None:
                yield column, np.unique(splits[features == feature])


def _columns(
    node: onnx.NodeProto, sources: Mapping[str, list[str | None]], constants: Mapping[str, onnx.TensorProto]
) -> list[str | None] | None:
    """The columns that a node hands on as they are, None for what else stands beside them; None for any other node."""
    known = [sources.get(name) for name in node.input]
    if node.op_type in ("Cast", "Identity"):
        return known[0]
    axis = next((item.i for item in node.attribute if item.name == "axis"), 0)
    if node.op_type == "Concat" and axis in (1, -1):
        # The width of what is no column is not known: what comes after it cannot be placed.
        places = next((place for place, columns in enumerate(known) if columns is None), len(known))
        return [column for columns in known[:places] for column in columns or ()] or None
    if node.op_type == "Gather" and axis in (1, -1) and known[0] is not None and node.input[1] in constants:
        picked = numpy_helper.to_array(constants[node.input[1]]).ravel().tolist()
        return [known[0][place] if -len(known[0]) <= place < len(known[0]) else None for place in picked]
    return None


def _nodes(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    """All nodes in order, those of a branch after the node that has it."""
    for node in graph.node:
        yield node
        for item in node.attribute:
            if item.type == onnx.AttributeProto.GRAPH:
                yield from _nodes(item.g)
