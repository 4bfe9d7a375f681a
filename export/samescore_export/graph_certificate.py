"""The certificate that a file holds, node by node and bit by bit, the graph that compiling its model gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from samescore_export.certificate import Certificate, FinishedGraph, Verdict

#: Differences written out.
MOST = 10


def graph_certificate(compiled: onnx.ModelProto, version: str) -> Certificate:
    """Every node, attribute, constant, input and output of the file is the compiled one.

    A graph that passes gives the compiled graph's scores for every input, so that no change of it can go unseen, however small.
    """

    def verify(finished: FinishedGraph) -> Verdict:
        failures = list(differences(finished.model, compiled))
        counted = len(FinishedGraph(compiled).names)
        more = [f"graph: {len(failures)} differences in all; none"] if len(failures) > MOST else []
        return Verdict(counted, (*failures[:MOST], *more))

    return Certificate(
        "graph",
        "graph",
        f"the graph is, node by node and bit by bit, what samescore {version} compiles from this model",
        "",
        verify,
    )


def differences(found: onnx.ModelProto, expected: onnx.ModelProto) -> Iterator[str]:
    """What differs between two models but for their metadata, in words: ``where: found; expected``."""
    for domain, version, other in _versions(found, expected):
        yield f"graph: opset {domain or 'ai.onnx'} {version}; {other}"
    yield from _graphs(found.graph, expected.graph, "graph")


def _versions(found: onnx.ModelProto, expected: onnx.ModelProto) -> Iterator[tuple[str, Any, Any]]:
    ours, theirs = ({item.domain: item.version for item in model.opset_import} for model in (found, expected))
    for domain in sorted(ours.keys() | theirs.keys()):
        if ours.get(domain) != theirs.get(domain):
            yield domain, ours.get(domain), theirs.get(domain)


def _graphs(found: onnx.GraphProto, expected: onnx.GraphProto, at: str) -> Iterator[str]:
    for what in ("input", "output"):
        ours, theirs = ([_described(value) for value in getattr(graph, what)] for graph in (found, expected))
        if ours != theirs:
            yield f"{at}: {what}s {', '.join(ours)}; {', '.join(theirs)}"
    yield from _constants(
        {tensor.name: tensor for tensor in found.initializer},
        {tensor.name: tensor for tensor in expected.initializer},
        at,
    )
    if [node.name for node in found.node] != [node.name for node in expected.node]:
        names, compiled = ({node.name for node in graph.node} for graph in (found, expected))
        extra, lost = sorted(names - compiled), sorted(compiled - names)
        yield f"{at}: nodes {extra or 'in another order'}; {lost or 'in the order in which they were compiled'}"
        return
    for node, other in zip(found.node, expected.node, strict=True):
        yield from _nodes(node, other)


def _described(value: onnx.ValueInfoProto) -> str:
    kind = value.type.tensor_type
    sizes = [size.dim_param or str(size.dim_value) for size in kind.shape.dim]
    return f"{value.name} {onnx.TensorProto.DataType.Name(kind.elem_type)}[{', '.join(sizes)}]"


def _constants(
    found: Mapping[str, onnx.TensorProto], expected: Mapping[str, onnx.TensorProto], at: str
) -> Iterator[str]:
    for name in sorted(found.keys() | expected.keys()):
        if name not in found or name not in expected:
            yield f"{at}: {'no constant' if name in expected else 'the constant'} {name}; as compiled"
        elif (difference := _tensors(found[name], expected[name])) is not None:
            yield f"{name}: {difference}; as compiled"


def _nodes(found: onnx.NodeProto, expected: onnx.NodeProto) -> Iterator[str]:
    at = found.name
    if (found.domain, found.op_type) != (expected.domain, expected.op_type):
        yield f"{at}: the operator {found.op_type}; {expected.op_type}"
    for what in ("input", "output"):
        if list(getattr(found, what)) != list(getattr(expected, what)):
            yield f"{at}: {what}s {list(getattr(found, what))}; {list(getattr(expected, what))}"
    ours, theirs = ({item.name: item for item in node.attribute} for node in (found, expected))
    for name in sorted(ours.keys() | theirs.keys()):
        if name not in ours or name not in theirs:
            yield f"{at}: {'no attribute' if name in theirs else 'the attribute'} {name}; as compiled"
        elif ours[name].type == theirs[name].type == onnx.AttributeProto.GRAPH:
            yield from _graphs(ours[name].g, theirs[name].g, at)
        elif ours[name].type == theirs[name].type == onnx.AttributeProto.TENSOR:
            difference = _tensors(ours[name].t, theirs[name].t)
            if difference is not None:
                yield f"{at}: {name}: {difference}; as compiled"
        elif ours[name].SerializeToString(deterministic=True) != theirs[name].SerializeToString(deterministic=True):
            yield f"{at}: {name}: {_changed(ours[name], theirs[name])}; as compiled"


def _changed(found: onnx.AttributeProto, expected: onnx.AttributeProto) -> str:
    ours, theirs = (onnx.helper.get_attribute_value(item) for item in (found, expected))
    if isinstance(ours, (list, tuple)) or hasattr(ours, "__len__"):
        if len(ours) != len(theirs):
            return f"{len(ours)} values in place of {len(theirs)}"
        return f"{sum(a != b for a, b in zip(ours, theirs, strict=True))} of {len(theirs)} values differ"
    return f"{ours!r} in place of {theirs!r}"


def _tensors(found: onnx.TensorProto, expected: onnx.TensorProto) -> str | None:
    if (found.data_type, list(found.dims)) != (expected.data_type, list(expected.dims)):
        return f"{_kind(found)} in place of {_kind(expected)}"
    if found.data_type == onnx.TensorProto.STRING:
        ours, theirs = list(found.string_data), list(expected.string_data)
        changed = sum(a != b for a, b in zip(ours, theirs, strict=False)) + abs(len(ours) - len(theirs))
    else:
        changed = int((_bits(found) != _bits(expected)).any(axis=-1).sum())
    return f"{changed} of {int(np.prod(expected.dims))} values differ" if changed else None


def _kind(tensor: onnx.TensorProto) -> str:
    return f"{onnx.TensorProto.DataType.Name(tensor.data_type)}{list(tensor.dims)}"


def _bits(tensor: onnx.TensorProto) -> NDArray[np.uint8]:
    """(values, bytes a value): compared as bits, so that -0.0 is not 0.0 and a NaN is itself."""
    array = np.ascontiguousarray(numpy_helper.to_array(tensor)).reshape(-1)
    return array.view(np.uint8).reshape(len(array), array.itemsize)
