"""Taking a model's graph apart and changing one thing in a copy of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

#: Gives mutants of a model: what was changed, and the changed model. The model handed in stays as it is.
Mutation: TypeAlias = "Callable[[onnx.ModelProto, np.random.Generator], Iterator[tuple[str, onnx.ModelProto]]]"

#: Mutants of one kind made from one model at most.
PER_KIND = 3


def copied(model: onnx.ModelProto) -> onnx.ModelProto:
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    return copy


def nodes_of(model: onnx.ModelProto) -> list[onnx.NodeProto]:
    """All nodes, those of branches and loops too, in one order."""
    found, pending = [], [model.graph]
    while pending:
        graph = pending.pop()
        found += list(graph.node)
        pending += [item.g for node in graph.node for item in node.attribute if item.type == onnx.AttributeProto.GRAPH]
    return found


def attribute_of(node: onnx.NodeProto, name: str) -> onnx.AttributeProto | None:
    return next((item for item in node.attribute if item.name == name), None)


def array_of(tensor: onnx.TensorProto) -> NDArray[Any]:
    """A tensor's values; strings as bytes, since one with U+0000 is written in modified UTF-8."""
    if tensor.data_type != onnx.TensorProto.STRING:
        return np.asarray(numpy_helper.to_array(tensor))
    strings = np.empty(len(tensor.string_data), dtype=object)
    strings[:] = list(tensor.string_data)
    return strings.reshape(tuple(tensor.dims))


def set_tensor(tensor: onnx.TensorProto, array: NDArray[Any]) -> None:
    if tensor.data_type != onnx.TensorProto.STRING:
        tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))
    else:
        tensor.string_data[:] = array.ravel().tolist()


def on_nodes(ops: tuple[str, ...], change: Callable[[onnx.NodeProto, np.random.Generator], str | None]) -> Mutation:
    """Mutants with one node of the operators changed; ``change`` says what it did, None where it does not apply."""

    def mutate(model: onnx.ModelProto, rng: np.random.Generator) -> Iterator[tuple[str, onnx.ModelProto]]:
        places = [i for i, node in enumerate(nodes_of(model)) if not ops or node.op_type in ops]
        made = 0
        for i in rng.permutation(places).tolist() if places else []:
            mutant = copied(model)
            node = nodes_of(mutant)[i]
            what = change(node, rng)
            if what is not None:
                yield f"{node.name}: {what}", mutant
                made += 1
            if made == PER_KIND:
                return

    return mutate
