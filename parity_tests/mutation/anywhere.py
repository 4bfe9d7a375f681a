"""Changes of anything in a graph, whatever it is for: any attribute, constant, node, order of inputs, opset."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

import numpy as np
import onnx

from parity_tests.mutation.editing import PER_KIND, Mutation, array_of, copied, nodes_of, on_nodes, set_tensor

#: Operators whose inputs may stand in any order.
COMMUTATIVE = frozenset({"Add", "Mul", "And", "Or", "Xor", "Equal", "Max", "Min", "Sum", "Mean", "BitwiseAnd"})


def _any_attribute(node: onnx.NodeProto, rng: np.random.Generator) -> str | None:
    """One element of one attribute that is no graph."""
    items = [item for item in node.attribute if item.type != onnx.AttributeProto.GRAPH]
    if not items:
        return None
    item = items[int(rng.integers(len(items)))]
    kind = onnx.AttributeProto
    if item.type == kind.INT:
        item.i += 1
    elif item.type == kind.FLOAT:
        item.f = 0.5 if np.isnan(item.f) else item.f * 1.5 + 1.0
    elif item.type == kind.STRING:
        item.s += b"x"
    elif item.type == kind.INTS and len(item.ints):
        item.ints[int(rng.integers(len(item.ints)))] += 1
    elif item.type == kind.FLOATS and len(item.floats):
        item.floats[int(rng.integers(len(item.floats)))] += 1.0
    elif item.type == kind.STRINGS and len(item.strings):
        item.strings[int(rng.integers(len(item.strings)))] += b"x"
    elif item.type == kind.TENSOR:
        return f"{item.name}: {what}" if (what := _any_element(item.t, rng)) else None
    else:
        return None
    return item.name


def _any_element(tensor: onnx.TensorProto, rng: np.random.Generator) -> str | None:
    values = array_of(tensor).copy()
    if not values.size:
        return None
    position = int(rng.integers(values.size))
    flat = values.reshape(-1)
    if values.dtype == object:
        flat[position] = flat[position] + b"x"
    elif values.dtype == bool:
        flat[position] = not flat[position]
    elif values.dtype.kind == "f":
        changed = np.nextafter(flat[position], flat.dtype.type(np.inf))
        flat[position] = 0.0 if np.isnan(flat[position]) else changed
        if np.isinf(changed):
            flat[position] = 1.0
    else:
        flat[position] ^= 1
    set_tensor(tensor, flat.reshape(values.shape))
    return f"element {position}"


def _any_constant(model: onnx.ModelProto, rng: np.random.Generator) -> Iterator[tuple[str, onnx.ModelProto]]:
    """One element of any constant of any type, each constant as likely as another."""
    for i in rng.permutation(len(model.graph.initializer))[: 2 * PER_KIND].tolist():
        mutant = copied(model)
        tensor = mutant.graph.initializer[i]
        what = _any_element(tensor, rng)
        if what is not None:
            yield f"{tensor.name}: {what}", mutant


def _any_bypassed(model: onnx.ModelProto, rng: np.random.Generator) -> Iterator[tuple[str, onnx.ModelProto]]:
    """A node removed, whatever it is: its first input goes on in place of its output."""
    places = [i for i, node in enumerate(model.graph.node) if node.input and node.op_type != "Identity"]
    for i in rng.permutation(places)[:PER_KIND].tolist() if places else []:
        yield _without(model, i)


def _final_bypassed(model: onnx.ModelProto, rng: np.random.Generator) -> Iterator[tuple[str, onnx.ModelProto]]:
    """The last step of each output left out: a link, a cast, the look-up of a label."""
    makers = {name: i for i, node in enumerate(model.graph.node) for name in node.output}
    for output in model.graph.output:
        i = makers.get(output.name)
        if i is not None and model.graph.node[i].op_type == "Identity":
            i = makers.get(model.graph.node[i].input[0])
        if i is not None and model.graph.node[i].op_type != "Identity":
            yield _without(model, i)


def _without(model: onnx.ModelProto, position: int) -> tuple[str, onnx.ModelProto]:
    mutant = copied(model)
    gone = mutant.graph.node[position]
    what = f"{gone.name}: removed"
    outputs = {output.name for output in model.graph.output}
    before, after = gone.output[0], next(name for name in gone.input if name)
    if before in outputs:
        gone.CopyFrom(onnx.helper.make_node("Identity", [after], [before], gone.name))
        return what, mutant
    for node in nodes_of(mutant):
        for place, name in enumerate(node.input):
            if name == before:
                node.input[place] = after
    del mutant.graph.node[position]
    return what, mutant


def _any_inputs(node: onnx.NodeProto, rng: np.random.Generator) -> str | None:
    """Two inputs exchanged, of any operator that minds."""
    if node.op_type in COMMUTATIVE or len(node.input) < 2:
        return None
    first, second = sorted(rng.choice(len(node.input), 2, replace=False).tolist())
    if node.input[first] == node.input[second]:
        return None
    node.input[first], node.input[second] = node.input[second], node.input[first]
    return f"inputs {first} and {second} exchanged"


def _other_opset(model: onnx.ModelProto, rng: np.random.Generator) -> Iterator[tuple[str, onnx.ModelProto]]:
    for place, item in enumerate(model.opset_import):
        for step in (-1, 1):
            mutant = copied(model)
            mutant.opset_import[place].version += step
            yield f"{item.domain or 'ai.onnx'} {item.version + step}", mutant


def _exchanged_branches(node: onnx.NodeProto, rng: np.random.Generator) -> str | None:
    named = {item.name: item for item in node.attribute}
    if "then_branch" not in named or "else_branch" not in named:
        return None
    first, second = named["then_branch"], named["else_branch"]
    kept = onnx.GraphProto()
    kept.CopyFrom(first.g)
    first.g.CopyFrom(second.g)
    second.g.CopyFrom(kept)
    return "branches of a choice exchanged"


def _exchanged_columns(model: onnx.ModelProto, rng: np.random.Generator) -> Iterator[tuple[str, onnx.ModelProto]]:
    """Two columns of an input exchanged on their way in."""
    for place, value in enumerate(model.graph.input):
        sizes = value.type.tensor_type.shape.dim
        width = sizes[-1].dim_value if len(sizes) == 2 else 0
        if width < 2:
            continue
        order = np.arange(width)
        i = int(rng.integers(width - 1))
        order[[i, i + 1]] = order[[i + 1, i]]
        mutant = copied(model)
        name = mutant.graph.input[place].name
        for node in nodes_of(mutant):
            for spot, source in enumerate(node.input):
                if source == name:
                    node.input[spot] = f"{name}.exchanged"
        mutant.graph.initializer.append(onnx.numpy_helper.from_array(order.astype(np.int64), f"{name}.order"))
        gather = onnx.helper.make_node(
            "Gather", [name, f"{name}.order"], [f"{name}.exchanged"], f"{name}/exchanged", axis=1
        )
        mutant.graph.node.insert(0, gather)
        yield f"{name}: columns {i} and {i + 1}", mutant


ANYWHERE: Mapping[str, Mutation] = MappingProxyType(
    {
        "any attribute": on_nodes((), _any_attribute),
        "any constant": _any_constant,
        "any node removed": _any_bypassed,
        "the last step lost": _final_bypassed,
        "any two inputs exchanged": on_nodes((), _any_inputs),
        "another opset": _other_opset,
        "branches of a choice exchanged": on_nodes(("If",), _exchanged_branches),
        "columns of an input exchanged": _exchanged_columns,
    }
)
