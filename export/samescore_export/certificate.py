"""Certificates: finite checks on the finished file that hold for every input, not only for probes.

A lowering returns them with the nodes it wrote; each is checked against the bytes that will be shipped, never against the
arrays the lowering had in hand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import onnx
import onnx_ir as ir
from numpy.typing import NDArray
from onnx import numpy_helper


@dataclass(frozen=True)
class FinishedGraph:
    """The graph of a written model, to be looked into by node and constant name.

    ``used`` names the nodes and constants that compiling left in the graph: what no output needs is dropped, and nothing is claimed
    of it. None stands for all.
    """

    model: onnx.ModelProto
    used: frozenset[str] | None = None

    @cached_property
    def nodes(self) -> Mapping[str, onnx.NodeProto]:
        found: dict[str, onnx.NodeProto] = {}
        pending = [self.model.graph]
        while pending:
            graph = pending.pop()
            for node in graph.node:
                found[node.name] = node
                pending.extend(
                    attribute.g for attribute in node.attribute if attribute.type == onnx.AttributeProto.GRAPH
                )
        return found

    @cached_property
    def constants(self) -> Mapping[str, onnx.TensorProto]:
        return {tensor.name: tensor for tensor in self.model.graph.initializer}

    @property
    def names(self) -> frozenset[str]:
        """All nodes and constants."""
        return frozenset(self.nodes) | frozenset(self.constants)

    def claimed(self, name: str) -> bool:
        """Whether a node or constant must be here."""
        return self.used is None or name in self.used

    def attribute(self, node: str, name: str) -> NDArray[Any] | None:
        """A list or tensor attribute as an array, strings as bytes; None if the node does not have it."""
        for attribute in self.nodes[node].attribute:
            if attribute.name == name:
                if attribute.type == onnx.AttributeProto.TENSOR:
                    if attribute.t.data_type == onnx.TensorProto.STRING:
                        return np.array(list(attribute.t.string_data), dtype=object)
                    return np.asarray(numpy_helper.to_array(attribute.t))
                if attribute.type == onnx.AttributeProto.INTS:
                    return np.array(attribute.ints, np.int64)
                return np.asarray(onnx.helper.get_attribute_value(attribute))
        return None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What checking a certificate found: how many single facts were checked, and those that failed, in words."""

    checked: int
    failures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Certificate:
    """A claim about part of the graph.

    Attributes:
        at: path of the estimator in the pipeline.
        kind: ``tree_splits``, ``constants``, ``categories``, ...
        claim: what is claimed, in a sentence.
        scope: what it does not cover.
        verify: checks the claim on the finished graph.
    """

    at: str
    kind: str
    claim: str
    scope: str
    verify: Callable[[FinishedGraph], Verdict]


def constants_certificate(at: str, values: Mapping[str, tuple[ir.Value, NDArray[Any]]]) -> Certificate:
    """The named fitted parameters stand in the file bit for bit."""
    return Certificate(
        at,
        "constants",
        f"{', '.join(values)}: every value in the file has the bits of the fitted parameter",
        "how the values are used",
        constants_check(at, values),
    )


def constants_check(at: str, values: Mapping[str, tuple[ir.Value, NDArray[Any]]]) -> Callable[[FinishedGraph], Verdict]:
    """Checks that the named values stand in the file bit for bit, where the finished graph has them at all."""
    expected = {what: (str(value.name), np.asarray(array)) for what, (value, array) in values.items()}

    def verify(finished: FinishedGraph) -> Verdict:
        checked, failures = 0, []
        for what, (name, array) in expected.items():
            if not finished.claimed(name):
                continue
            checked += array.size
            if name not in finished.constants:
                failures.append(f"{at}: {what}: no constant {name}; the fitted parameter")
                continue
            tensor = finished.constants[name]
            if array.dtype.kind in "UO":
                strings = [item.decode("utf-8") for item in tensor.string_data]
                stored, array = np.array(strings).reshape(tuple(tensor.dims)), array.astype(str)
            else:
                stored = np.asarray(numpy_helper.to_array(tensor))
            if stored.shape != array.shape or stored.dtype.kind != array.dtype.kind:
                failures.append(f"{at}: {what}: shape {stored.shape} {stored.dtype}; {array.shape} {array.dtype}")
            elif stored.tobytes() != array.astype(stored.dtype).tobytes():
                failures.append(f"{at}: {what}: {int(np.sum(stored != array))} values differ; the fitted parameter")
        return Verdict(checked, tuple(failures))

    return verify


def attributes_check(
    at: str, node: ir.Value, attributes: Mapping[str, NDArray[Any]]
) -> Callable[[FinishedGraph], Verdict]:
    """Checks that the node that gives ``node`` has these attributes, bit for bit; strings are compared as bytes."""
    name = str(node.name)

    def verify(finished: FinishedGraph) -> Verdict:
        if not finished.claimed(name):
            return Verdict(0)
        if name not in finished.nodes:
            return Verdict(0, (f"{at}: no node {name}; the node that looks values up",))
        failures = []
        for attribute, array in attributes.items():
            found = finished.attribute(name, attribute)
            if found is None or found.shape != array.shape or found.dtype != array.dtype:
                failures.append(f"{at}: {attribute}: {'nothing' if found is None else found.shape}; {array.shape}")
            elif array.dtype == object and (wrong := int(np.sum(found != array))):
                failures.append(f"{at}: {attribute}: {wrong} values differ; as fitted")
            elif array.dtype != object and found.tobytes() != array.tobytes():
                failures.append(f"{at}: {attribute}: {int(np.sum(found != array))} values differ; as fitted")
        return Verdict(sum(array.size for array in attributes.values()), tuple(failures))

    return verify
