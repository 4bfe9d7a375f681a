"""Writing an ONNX graph: nodes, constants and inputs with stable names, on top of onnx-ir.

Names are made from the path of the estimator and a counter, so that the same model gives the same bytes and a certificate
can find its node again in the finished file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import onnx
import onnx_ir as ir
from numpy.typing import ArrayLike, NDArray
from onnx_ir.passes.common import RemoveUnusedNodesPass

from samescore_export.scalars import spread_scalars

#: Opset versions of every artifact (what the oldest supported onnxruntime loads: decision 0007), and the IR version.
OPSETS: Mapping[str, int] = {"": 21, "ai.onnx.ml": 5}
IR_VERSION = 10

DATA_TYPES: Mapping[str, ir.DataType] = {
    "float64": ir.DataType.DOUBLE,
    "float32": ir.DataType.FLOAT,
    "int64": ir.DataType.INT64,
    "int32": ir.DataType.INT32,
    "uint8": ir.DataType.UINT8,
    "bool": ir.DataType.BOOL,
    "string": ir.DataType.STRING,
}


@dataclass(frozen=True, slots=True)
class Ints:
    """An attribute that is a list of integers, kept as an array: a million Python objects would take 60 times the room."""

    array: NDArray[np.int64]


class _IntsAttribute(ir.Attr):
    __slots__ = ("_array",)

    def __init__(self, name: str, array: NDArray[np.int64]) -> None:
        super().__init__(name, ir.AttributeType.INTS, ())
        self._array = array

    @property
    def value(self) -> list[int]:
        return self._array.tolist()  # type: ignore[no-any-return]


Attribute: TypeAlias = "int | float | str | Ints | Sequence[int] | Sequence[float] | Sequence[str] | NDArray[Any]"


class Graph:
    """A graph being written. ``op`` appends a node and gives its outputs; equal constants are stored once."""

    def __init__(self, parent: Graph | None = None) -> None:
        self._nodes: list[ir.Node] = []
        self._inputs: list[ir.Value] = []
        self._constants: dict[tuple[Any, ...], ir.Value] = {} if parent is None else parent._constants
        self._counters: dict[str, int] = {} if parent is None else parent._counters
        self._path: list[str] = [] if parent is None else parent._path
        #: Columns of the contract that some node reads.
        self.used: set[str] = set() if parent is None else parent.used
        #: Whether the model reads keys of a row that are no column; the contract is then closed.
        self.any_key: bool = False
        #: Nodes that write out a sparse matrix too wide for it -> where, and how wide; they must not be in a finished graph.
        self.wide: dict[str, tuple[str, int]] = {} if parent is None else parent.wide

    @contextmanager
    def at(self, step: str) -> Iterator[None]:
        """Names made inside belong to this step of the pipeline."""
        self._path.append(step)
        try:
            yield
        finally:
            self._path.pop()

    @property
    def path(self) -> str:
        """The path of the estimator being lowered, such as ``steps.prep.num``; empty at the top."""
        return ".".join(self._path)

    def _name(self, kind: str) -> str:
        base = f"{self.path or 'model'}/{kind}"
        number = self._counters.get(base, 0)
        self._counters[base] = number + 1
        return f"{base}_{number}"

    def input(self, name: str, dtype: str, shape: Sequence[int | str]) -> ir.Value:
        value = ir.Value(name=name, type=ir.TensorType(DATA_TYPES[dtype]), shape=ir.Shape(shape))
        self._inputs.append(value)
        return value

    def constant(self, value: ArrayLike, dtype: Any = None) -> ir.Value:
        """A constant tensor; Python strings become string tensors (UTF-8)."""
        array = np.asarray(value, dtype)
        if array.dtype.kind in "US" or array.dtype == object:
            data = [item if isinstance(item, bytes) else str(item).encode("utf-8") for item in array.ravel().tolist()]
            key: tuple[Any, ...] = ("string", array.shape, tuple(data))
        else:
            array = np.ascontiguousarray(array).reshape(array.shape)
            key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._constants:
            name = self._name("const")
            tensor: Any = (
                ir.StringTensor(data, shape=ir.Shape(array.shape), name=name)
                if key[0] == "string"
                else ir.tensor(array, name=name)
            )
            self._constants[key] = ir.Value(
                name=name, type=ir.TensorType(tensor.dtype), shape=ir.Shape(array.shape), const_value=tensor
            )
        return self._constants[key]

    def op(self, op_type: str, *inputs: ir.Value | None, domain: str = "", **attributes: Attribute) -> ir.Value:
        """Append a node with one output."""
        return self.ops(op_type, *inputs, domain=domain, outputs=1, **attributes)[0]

    def ops(
        self, op_type: str, *inputs: ir.Value | None, outputs: int, domain: str = "", **attributes: Attribute | ir.Graph
    ) -> tuple[ir.Value, ...]:
        """Append a node with several outputs; numpy arrays among the attributes become tensors (objects: bytes)."""
        name = self._name(op_type)
        node = ir.node(
            op_type,
            list(inputs),
            {key: _attribute(key, value) for key, value in attributes.items()},
            domain=domain,
            num_outputs=outputs,
            name=name,
        )
        for index, value in enumerate(node.outputs):
            value.name = name if outputs == 1 else f"{name}.{index}"
        self._nodes.append(node)
        return tuple(node.outputs)

    def choose(
        self,
        condition: ir.Value,
        when_true: Callable[[Graph], Sequence[ir.Value]],
        when_false: Callable[[Graph], Sequence[ir.Value]],
    ) -> tuple[ir.Value, ...]:
        """An If node: each branch is written by a function and may use any value of this graph."""
        branches = [self._branch(when_true), self._branch(when_false)]
        return self.ops(
            "If", condition, outputs=len(branches[0].outputs), then_branch=branches[0], else_branch=branches[1]
        )

    def _branch(self, write: Callable[[Graph], Sequence[ir.Value]]) -> ir.Graph:
        inner = Graph(self)
        # A branch's outputs must be its own, also where it only hands on a value of the outer graph.
        outputs = [inner.op("Identity", value) for value in write(inner)]
        return ir.Graph([], outputs, nodes=inner._nodes, name=self._name("branch"))

    def splice(self, model: ir.Model, inputs: Sequence[ir.Value]) -> tuple[ir.Value, ...]:
        """Move another model's nodes in, its inputs replaced by values of this graph; gives its outputs.

        For converters that write whole models. The other model is used up.
        """
        outputs = list(model.graph.outputs)
        for old, new in zip(model.graph.inputs, inputs, strict=True):
            outputs = [new if value is old else value for value in outputs]
            ir.convenience.replace_all_uses_with(old, new)
        for initializer in model.graph.initializers.values():
            assert initializer.const_value is not None
            constant = self.constant(initializer.const_value.numpy())
            outputs = [constant if value is initializer else value for value in outputs]
            ir.convenience.replace_all_uses_with(initializer, constant)
        model.graph.outputs.clear()
        nodes = list(model.graph)
        model.graph.remove(nodes)
        for node in nodes:
            node.name = self._name(node.op_type)
            for index, value in enumerate(node.outputs):
                value.name = f"{node.name}.{index}"
        self._nodes.extend(nodes)
        return tuple(outputs)

    def to_model(
        self, outputs: Mapping[str, tuple[ir.Value, str, Sequence[int | str] | None]], producer: str, version: str
    ) -> ir.Model:
        """The finished model. ``outputs`` maps a name to value, dtype and shape; what no output needs is dropped."""
        results = []
        for name, (value, dtype, shape) in outputs.items():
            result = self.op("Identity", value)
            result.name, result.type = name, ir.TensorType(DATA_TYPES[dtype])
            result.shape = None if shape is None else ir.Shape(shape)
            results.append(result)
        graph = ir.Graph(
            self._inputs,
            results,
            nodes=self._nodes,
            initializers=list(self._constants.values()),
            opset_imports=dict(OPSETS),
            name="samescore",
        )
        spread_scalars(graph)
        model = ir.Model(graph, ir_version=IR_VERSION, producer_name=producer, producer_version=version)
        RemoveUnusedNodesPass()(model)
        return model


def without_outputs(model: onnx.ModelProto, dropped: Callable[[str], bool]) -> onnx.ModelProto:
    """The model without some outputs and what only they needed; the model itself if it has none of them."""
    if not any(dropped(output.name) for output in model.graph.output):
        return model
    copy = ir.from_proto(model)
    kept = [output for output in copy.graph.outputs if not dropped(output.name or "")]
    copy.graph.outputs.clear()
    copy.graph.outputs.extend(kept)
    RemoveUnusedNodesPass()(copy)
    return ir.to_proto(copy)


def _attribute(key: str, value: Any) -> Any:
    if isinstance(value, ir.Graph):
        return ir.AttrGraph(key, value)
    if isinstance(value, Ints):
        return _IntsAttribute(key, value.array)
    if isinstance(value, np.ndarray):
        return ir.AttrTensor(
            key, ir.StringTensor(value, shape=ir.Shape(value.shape)) if value.dtype == object else ir.tensor(value)
        )
    return value
