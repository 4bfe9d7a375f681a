"""Splits of trees in a graph that others made: where one stands elsewhere than in the model, a probe beside it shows the difference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from samescore_export.foreign import ForeignInput
from samescore_export.values import Hint, Origin, same

#: Rows probed beside each such split: a row must come by it to show anything.
ROWS = 12

#: Splits beyond which a graph is taken to have rounded them all, and a sample of them is enough.
MOST = 400

_TREES = ("TreeEnsemble", "TreeEnsembleRegressor", "TreeEnsembleClassifier")


def foreign_split_hints(
    model: onnx.ModelProto, inputs: Sequence[ForeignInput], known: Sequence[Hint]
) -> tuple[Hint, ...]:
    """Hints for the splits that the graph has and the model has not, for trees that read an input as it comes or through a Cast."""
    ours: dict[str, set[float]] = {}
    for hint in known:
        if hint.kind == "split":
            ours.setdefault(hint.origin.column, set()).update(np.asarray(hint.values, np.float64).tolist())
    found: dict[str, set[float]] = {}
    for column, values in _splits(model, {item.name: item for item in inputs}):
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


def _splits(model: onnx.ModelProto, inputs: Mapping[str, ForeignInput]) -> Iterator[tuple[str, NDArray[np.float64]]]:
    """Column and splits, for each feature of each node of trees."""
    sources = {name: name for name in inputs}
    for node in _nodes(model.graph):
        if node.op_type in ("Cast", "Identity") and node.input[0] in sources:
            sources[node.output[0]] = sources[node.input[0]]
        if node.op_type not in _TREES or node.input[0] not in sources:
            continue
        columns = inputs[sources[node.input[0]]].columns
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
            if feature < len(columns):
                yield columns[int(feature)], np.unique(splits[features == feature])


def _nodes(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    """All nodes in order, those of a branch after the node that has it."""
    for node in graph.node:
        yield node
        for item in node.attribute:
            if item.type == onnx.AttributeProto.GRAPH:
                yield from _nodes(item.g)
