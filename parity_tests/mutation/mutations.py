"""Kinds of mutation: each makes from a model's graph copies with one thing wrong, as a bug in a converter or in a tool would."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from parity_tests.mutation.editing import (
    PER_KIND,
    Mutation,
    array_of,
    attribute_of,
    copied,
    nodes_of,
    on_nodes,
    set_tensor,
)

_FLOATS = {onnx.TensorProto.DOUBLE: np.float64, onnx.TensorProto.FLOAT: np.float32}


def on_array(name: str, change: Callable[[NDArray[Any], int], NDArray[Any] | None]) -> Mutation:
    """Mutants with one element of a TreeEnsemble's attribute changed by ``change(array, position)``."""

    def one(node: onnx.NodeProto, rng: np.random.Generator) -> str | None:
        attribute = attribute_of(node, name)
        if attribute is None:
            return None
        tensor = attribute.type == onnx.AttributeProto.TENSOR
        array = array_of(attribute.t).copy() if tensor else np.array(attribute.ints, np.int64)
        position = int(rng.integers(len(array)))
        changed = change(array.copy(), position)
        if changed is None or (changed.shape == array.shape and (changed == array).all()):
            return None
        if tensor:
            set_tensor(attribute.t, changed)
        else:
            del attribute.ints[:]
            attribute.ints.extend(changed.tolist())
        return f"{name}[{position}]"

    return on_nodes(("TreeEnsemble",), one)


def on_constants(kinds: tuple[int, ...], change: Callable[[NDArray[Any], int], NDArray[Any] | None]) -> Mutation:
    """Mutants with one element of one constant changed by ``change(flat array, position)``."""

    def mutate(model: onnx.ModelProto, rng: np.random.Generator) -> Iterator[tuple[str, onnx.ModelProto]]:
        places = [
            i for i, item in enumerate(model.graph.initializer) if item.data_type in kinds and np.prod(item.dims) > 0
        ]
        made = 0
        for i in rng.permutation(places).tolist() if places else []:
            array = array_of(model.graph.initializer[i])
            position = int(rng.integers(array.size))
            changed = change(array.ravel().copy(), position)
            if changed is None or _same(changed, array.ravel()):
                continue
            mutant = copied(model)
            set_tensor(mutant.graph.initializer[i], changed.reshape(array.shape))
            yield f"{model.graph.initializer[i].name}[{position}]", mutant
            made += 1
            if made == PER_KIND:
                return

    return mutate


def _same(a: NDArray[Any], b: NDArray[Any]) -> bool:
    return a.tolist() == b.tolist() if a.dtype == object else a.tobytes() == b.tobytes()


def _with(array: NDArray[Any], position: int, value: Any) -> NDArray[Any]:
    array[position] = value
    return array


def _ulp(direction: float) -> Callable[[NDArray[Any], int], NDArray[Any] | None]:
    def change(array: NDArray[Any], position: int) -> NDArray[Any] | None:
        if not np.isfinite(array[position]):
            return None
        return _with(array, position, np.nextafter(array[position], array.dtype.type(direction)))

    return change


def _scaled(factor: float) -> Callable[[NDArray[Any], int], NDArray[Any] | None]:
    return lambda array, position: _with(array, position, array[position] * array.dtype.type(factor))


def _exchanged(array: NDArray[Any], position: int) -> NDArray[Any] | None:
    other = (position + 1) % len(array)
    array[[position, other]] = array[[other, position]]
    return array


def _renamed(node: onnx.NodeProto, names: Mapping[str, str]) -> str | None:
    if node.op_type not in names:
        return None
    before, node.op_type = node.op_type, names[node.op_type]
    return f"{before} became {node.op_type}"


def operator(names: Mapping[str, str]) -> Mutation:
    """One operator taken for another of the same shape."""
    return on_nodes(tuple(names), lambda node, rng: _renamed(node, names))


def _swap_branches(node: onnx.NodeProto, rng: np.random.Generator) -> str | None:
    arrays = {}
    for what in ("nodeids", "leafs"):
        for side in ("true", "false"):
            attribute = attribute_of(node, f"nodes_{side}{what}")
            assert attribute is not None
            arrays[side, what] = attribute
    position = int(rng.integers(len(arrays["true", "leafs"].ints)))
    same = all(arrays["true", w].ints[position] == arrays["false", w].ints[position] for w in ("nodeids", "leafs"))
    if same:
        return None
    for what in ("nodeids", "leafs"):
        left, right = arrays["true", what].ints[position], arrays["false", what].ints[position]
        arrays["true", what].ints[position], arrays["false", what].ints[position] = right, left
    return f"branches of node {position}"


def _missing_side(node: onnx.NodeProto, rng: np.random.Generator) -> str | None:
    features = attribute_of(node, "nodes_featureids")
    assert features is not None
    attribute = attribute_of(node, "nodes_missing_value_tracks_true")
    if attribute is None:
        zeros = onnx.helper.make_attribute("nodes_missing_value_tracks_true", [0] * len(features.ints))
        node.attribute.append(zeros)
        attribute = node.attribute[-1]
    position = int(rng.integers(len(attribute.ints)))
    attribute.ints[position] = 1 - attribute.ints[position]
    return f"missing side of node {position}"


def _whole(name: str, change: Callable[[onnx.AttributeProto], bool]) -> Callable[..., str | None]:
    def one(node: onnx.NodeProto, rng: np.random.Generator) -> str | None:
        attribute = attribute_of(node, name)
        return name if attribute is not None and change(attribute) else None

    return one


def _rounded_thresholds(attribute: onnx.AttributeProto) -> bool:
    array = array_of(attribute.t)
    rounded = array.astype(np.float32).astype(array.dtype)
    set_tensor(attribute.t, rounded)
    return not np.array_equal(rounded, array)


def _drop_root(attribute: onnx.AttributeProto) -> bool:
    if len(attribute.ints) < 2:
        return False
    del attribute.ints[len(attribute.ints) // 2]
    return True


def _double_root(attribute: onnx.AttributeProto) -> bool:
    attribute.ints.append(attribute.ints[0])
    return True


def _set_int(value: int) -> Callable[[onnx.AttributeProto], bool]:
    def change(attribute: onnx.AttributeProto) -> bool:
        before, attribute.i = attribute.i, value
        return bool(before != value)

    return change


def _last_of_equals(node: onnx.NodeProto, rng: np.random.Generator) -> str | None:
    node.attribute.append(onnx.helper.make_attribute("select_last_index", 1))
    return "the last of equals"


def _swap_inputs(node: onnx.NodeProto, rng: np.random.Generator) -> str | None:
    first = 1 if node.op_type == "Where" else 0
    if len(node.input) < first + 2 or node.input[first] == node.input[first + 1]:
        return None
    node.input[first], node.input[first + 1] = node.input[first + 1], node.input[first]
    return f"inputs {first} and {first + 1} exchanged"


def _drop_input(node: onnx.NodeProto, rng: np.random.Generator) -> str | None:
    if len(node.input) < 2:
        return None
    del node.input[-1]
    return "the last input lost"


def _bypassed(model: onnx.ModelProto, rng: np.random.Generator) -> Iterator[tuple[str, onnx.ModelProto]]:
    """A step left out: its first input goes on in place of its output (a link, a scale, a clip)."""
    ops = ("Div", "Mul", "Sub", "Add", "Max", "Min", "Clip", "Abs", "Neg", "Pow", "Sqrt", "Tanh", "Log", "Exp", "Floor")
    outputs = {output.name for output in model.graph.output}
    places = [i for i, node in enumerate(model.graph.node) if node.op_type in ops and node.output[0] not in outputs]
    for i in rng.permutation(places)[:PER_KIND].tolist() if places else []:
        mutant = copied(model)
        node = mutant.graph.node[i]
        before, after = node.output[0], node.input[0]
        for other in nodes_of(mutant):
            for position, name in enumerate(other.input):
                if name == before:
                    other.input[position] = after
        yield f"{node.name}: left out", mutant


def _float32_inputs(model: onnx.ModelProto, rng: np.random.Generator) -> Iterator[tuple[str, onnx.ModelProto]]:
    """The input rounded to float32 on its way in."""
    for position, value in enumerate(model.graph.input):
        if value.type.tensor_type.elem_type != onnx.TensorProto.DOUBLE:
            continue
        mutant = copied(model)
        name = mutant.graph.input[position].name
        for node in nodes_of(mutant):
            for place, source in enumerate(node.input):
                if source == name:
                    node.input[place] = f"{name}.rounded"
        small = onnx.helper.make_node("Cast", [name], [f"{name}.small"], f"{name}/small", to=onnx.TensorProto.FLOAT)
        back = onnx.helper.make_node(
            "Cast", [f"{name}.small"], [f"{name}.rounded"], f"{name}/back", to=onnx.TensorProto.DOUBLE
        )
        rest = list(mutant.graph.node)
        del mutant.graph.node[:]
        mutant.graph.node.extend([small, back, *rest])
        yield f"{name}: through float32", mutant


def _exchanged_outputs(model: onnx.ModelProto, rng: np.random.Generator) -> Iterator[tuple[str, onnx.ModelProto]]:
    """Two outputs of one type under each other's names."""
    kinds = [(output.name, output.type.SerializeToString(deterministic=True)) for output in model.graph.output]
    for i, (first, kind) in enumerate(kinds):
        for second, other in kinds[i + 1 :]:
            if kind.replace(first.encode(), b"") != other.replace(second.encode(), b""):
                continue
            mutant = copied(model)
            names = {first: second, second: first}
            for node in mutant.graph.node:
                for position, name in enumerate(node.output):
                    node.output[position] = names.get(name, name)
            yield f"{first} and {second} exchanged", mutant


_DOUBLES = tuple(_FLOATS)
_WHOLE = (onnx.TensorProto.INT64,)
_STRINGS = (onnx.TensorProto.STRING,)

MUTATIONS: Mapping[str, Mutation] = MappingProxyType(
    {
        "split one ulp up": on_array("nodes_splits", lambda a, i: _with(a, i, np.nextafter(a[i], np.inf))),
        "split one ulp down": on_array("nodes_splits", lambda a, i: _with(a, i, np.nextafter(a[i], -np.inf))),
        "splits rounded to float32": on_nodes(("TreeEnsemble",), _whole("nodes_splits", _rounded_thresholds)),
        "branches exchanged": on_nodes(("TreeEnsemble",), _swap_branches),
        "side of missing values": on_nodes(("TreeEnsemble",), _missing_side),
        "leaf one ulp up": on_array("leaf_weights", lambda a, i: _with(a, i, np.nextafter(a[i], np.inf))),
        "two leaves exchanged": on_array("leaf_weights", _exchanged),
        "leaf of another target": on_array("leaf_targetids", lambda a, i: _with(a, i, 1 - min(a[i], 1))),
        "less in place of less or equal": on_array("nodes_modes", lambda a, i: _with(a, i, 1) if a[i] == 0 else None),
        "another feature": on_array("nodes_featureids", lambda a, i: _with(a, i, a[i] - 1 if a[i] else 1)),
        "a tree lost": on_nodes(("TreeEnsemble",), _whole("tree_roots", _drop_root)),
        "a tree twice": on_nodes(("TreeEnsemble",), _whole("tree_roots", _double_root)),
        "mean in place of sum": on_nodes(("TreeEnsemble",), _whole("aggregate_function", _set_int(0))),
        "a link too many": on_nodes(("TreeEnsemble",), _whole("post_transform", _set_int(2))),
        "a category out of a set": on_array(
            "membership_values", lambda a, i: np.delete(a, i) if not np.isnan(a[i]) and len(a) > 2 else None
        ),
        "constant one ulp up": on_constants(_DOUBLES, _ulp(np.inf)),
        "constant one ulp down": on_constants(_DOUBLES, _ulp(-np.inf)),
        "constant by 1e-6": on_constants(_DOUBLES, _scaled(1 + 1e-6)),
        "constant's sign": on_constants(_DOUBLES, _scaled(-1.0)),
        "constant rounded to float32": on_constants(
            (onnx.TensorProto.DOUBLE,), lambda a, i: a.astype(np.float32).astype(a.dtype)
        ),
        "two constants exchanged": on_constants(_DOUBLES, lambda a, i: _exchanged(a, i) if len(a) > 1 else None),
        "index one more": on_constants(_WHOLE, lambda a, i: _with(a, i, a[i] + 1)),
        "index one less": on_constants(_WHOLE, lambda a, i: _with(a, i, a[i] - 1)),
        "labels in another order": on_constants(_STRINGS, lambda a, i: _exchanged(a, i) if len(a) > 1 else None),
        "a string lost": on_constants(_STRINGS, lambda a, i: _with(a, i, b"lost")),
        "a category's key": on_nodes(("LabelEncoder",), lambda node, rng: _encoder_key(node, rng)),
        "a category's code": on_nodes(("LabelEncoder",), lambda node, rng: _encoder_value(node, rng)),
        "code of the unknown": on_nodes(("LabelEncoder",), lambda node, rng: _encoder_default(node)),
        "n-gram one further": on_nodes(("TfIdfVectorizer",), lambda node, rng: _ngram(node, rng)),
        "the other arithmetic": operator(
            {"Add": "Sub", "Sub": "Add", "Mul": "Div", "Div": "Mul", "Max": "Min", "Min": "Max"}
        ),
        "the other comparison": operator(
            {"Greater": "GreaterOrEqual", "GreaterOrEqual": "Greater", "Less": "LessOrEqual", "LessOrEqual": "Less"}
        ),
        "comparison turned about": operator({"Greater": "Less", "Less": "Greater", "And": "Or", "Or": "And"}),
        "the other reduction": operator({"ReduceSum": "ReduceMax", "ReduceMax": "ReduceMin", "ReduceMin": "ReduceMax"}),
        "the other extreme": operator({"ArgMax": "ArgMin", "ArgMin": "ArgMax"}),
        "the last of equals": on_nodes(("ArgMax", "ArgMin"), _last_of_equals),
        "inputs exchanged": on_nodes(("Sub", "Div", "Where", "Concat", "Less", "Greater", "Pow"), _swap_inputs),
        "an input lost": on_nodes(("Concat", "Sum", "Max"), _drop_input),
        "a step left out": _bypassed,
        "inputs through float32": _float32_inputs,
        "outputs exchanged": _exchanged_outputs,
    }
)


def _encoder_array(node: onnx.NodeProto, prefix: str) -> onnx.AttributeProto | None:
    return next((item for item in node.attribute if item.name.startswith(prefix) and len(_listed(item)) > 0), None)


def _listed(item: onnx.AttributeProto) -> NDArray[Any]:
    if item.type == onnx.AttributeProto.TENSOR:
        return np.asarray(array_of(item.t))
    values = onnx.helper.get_attribute_value(item)
    return np.array(values, dtype=object if values and isinstance(values[0], bytes) else None)


def _replace(item: onnx.AttributeProto, values: NDArray[Any]) -> None:
    if item.type == onnx.AttributeProto.TENSOR:
        set_tensor(item.t, values)
    else:
        item.CopyFrom(onnx.helper.make_attribute(item.name, values.tolist()))


def _encoder_key(node: onnx.NodeProto, rng: np.random.Generator) -> str | None:
    item = _encoder_array(node, "keys_")
    if item is None:
        return None
    values = _listed(item).copy()
    position = int(rng.integers(len(values)))
    values[position] = b"lost" if values.dtype == object else values[position] + 1
    _replace(item, values)
    return f"key {position}"


def _encoder_value(node: onnx.NodeProto, rng: np.random.Generator) -> str | None:
    item = _encoder_array(node, "values_")
    if item is None:
        return None
    values = _listed(item).copy()
    changed = _exchanged(values.copy(), int(rng.integers(len(values))))
    if changed is None or _same(changed, values):
        return None
    _replace(item, changed)
    return "two codes exchanged"


def _encoder_default(node: onnx.NodeProto) -> str | None:
    item = next((item for item in node.attribute if item.name.startswith("default_")), None)
    if item is None:
        return None
    if item.type == onnx.AttributeProto.INT:
        item.i += 1
    elif item.type == onnx.AttributeProto.FLOAT:
        item.f = 1.5 if np.isnan(item.f) else item.f + 1
    elif item.type == onnx.AttributeProto.TENSOR:
        values = array_of(item.t).copy()
        set_tensor(
            item.t,
            np.where(np.isnan(values), 1.5, values + 1).astype(values.dtype)
            if values.dtype.kind == "f"
            else values + 1,
        )
    else:
        return None
    return item.name


def _ngram(node: onnx.NodeProto, rng: np.random.Generator) -> str | None:
    item = attribute_of(node, "ngram_indexes")
    if item is None or len(item.ints) < 2:
        return None
    position = int(rng.integers(len(item.ints) - 1))
    item.ints[position], item.ints[position + 1] = item.ints[position + 1], item.ints[position]
    return f"ngram_indexes[{position}]"
