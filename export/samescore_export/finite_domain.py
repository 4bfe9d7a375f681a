"""Columns with finitely many values as far as the graph can tell: every combination of them is a row to compare.

A graph reads a column of strings through look-ups and comparisons with constants alone. Its keys, missing, and one string that is no key are then
all there is to try; a column of bools has its two values. scikit-learn's encoders compare strings for equality, too.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from samescore_export.certificate import FinishedGraph
from samescore_export.compiler import Compiled
from samescore_export.sample import Sample
from samescore_export.values import Hint
from samescore_runtime.contract import Column

#: Combinations at most, for each probe of the budget.
PER_PROBE = 10

#: Rows of the sample that each value of a column is tried in, where not all combinations are; twice the budget of probes at most.
ALONE = 4

#: Operators that hand strings on as they are.
_HANDED_ON = ("Gather", "Identity", "Slice", "Reshape", "Concat", "Squeeze", "Unsqueeze", "Transpose", "Flatten")

#: What a column is tried with that is no key of the graph.
STRANGER = "never seen: \u2603"


@dataclass(frozen=True)
class Domain:
    """Rows that go through all values of the finite columns.

    Attributes:
        values: finite column -> how many values it has: categories, missing, unknown.
        rows: every combination, if all columns of the contract are finite and few enough; else each value alone in some rows of the sample.
        whole: which of the two.
    """

    values: Mapping[str, int]
    rows: Sample
    whole: bool


def finite_domain(compiled: Compiled, budget: int) -> Domain | None:
    """The domain of a compiled model; None where no column is finite, or a row's answer hangs on others."""
    if compiled.coupled or compiled.sample.form == "dicts":
        return None
    finite = dict(_finite_columns(compiled))
    if not finite:
        return None
    sizes = {name: len(values) for name, values in finite.items()}
    if len(finite) == len(compiled.contract.columns) and math.prod(sizes.values()) <= PER_PROBE * budget:
        places = np.indices(tuple(sizes.values())).reshape(len(sizes), -1)
        rows = compiled.sample.take(np.zeros(places.shape[1], np.int64))
        columns = {**rows.columns}
        for name, place in zip(finite, places, strict=True):
            columns[name] = _filled(columns[name], finite[name], place)
        return Domain(sizes, replace(rows, columns=columns), True)
    base = np.unique(np.linspace(0, compiled.sample.rows - 1, ALONE).astype(int))
    values = [(name, value) for name, known in finite.items() for value in range(len(known))][: 2 * budget // len(base)]
    rows = compiled.sample.take(np.tile(base, len(values)))
    columns = {name: array.copy() for name, array in rows.columns.items()}
    for number, (name, value) in enumerate(values):
        part = slice(number * len(base), (number + 1) * len(base))
        columns[name][part] = _filled(columns[name][part], finite[name], np.full(len(base), value))
    tried = {name: sum(other == name for other, _ in values) for name in finite}
    return Domain(
        {name: count for name, count in tried.items() if count == sizes[name]}, replace(rows, columns=columns), False
    )


def _filled(like: NDArray[Any], values: Sequence[Any], places: NDArray[np.int64]) -> NDArray[Any]:
    """An array of the dtype of ``like`` with ``values[place]`` for each place."""
    known = np.empty(len(values), dtype=like.dtype)
    known[:] = values
    return np.asarray(known[places])


def _finite_columns(compiled: Compiled) -> Iterator[tuple[str, list[Any]]]:
    finished = FinishedGraph(compiled.model)
    keys: dict[str, set[str] | None] = {}
    for column in compiled.contract.columns:
        absent = [compiled.sample.absent[column.name]] if column.nullable else []
        if column.type == "bool":
            yield column.name, [False, True, *absent]
        elif column.type == "string" and compiled.sample.form != "texts":
            tensor = column.place.tensor
            if tensor not in keys:
                keys[tensor] = _keys(finished, tensor)
            found = keys[tensor]
            if found is not None:
                yield column.name, [*_values(column, found, compiled.hints), *absent]


def _values(column: Column, keys: set[str], hints: Sequence[Hint]) -> list[str]:
    """What the column is tried with: its categories and, unless the contract refuses them, all keys of the graph and a stranger."""
    own = set(column.categories or ())
    for hint in hints:
        if hint.kind == "category" and hint.origin.column == column.name:
            own |= {str(value) for value in hint.values}
    return sorted(own) if column.closed else [*sorted(own | keys), STRANGER]


def _keys(finished: FinishedGraph, tensor: str) -> set[str] | None:
    """The strings that the graph compares the values of an input with; None if it does anything else with them."""
    readers: dict[str, list[onnx.NodeProto]] = {}
    for node in finished.nodes.values():
        for name in node.input:
            readers.setdefault(name, []).append(node)
    outputs = {output.name for output in finished.model.graph.output}
    found: set[str] = set()
    pending = [tensor]
    while pending:
        name = pending.pop()
        if name in outputs:
            return None
        for node in readers.get(name, ()):
            if node.op_type in _HANDED_ON:
                pending += node.output
            elif node.op_type == "Shape":
                continue
            elif node.op_type == "LabelEncoder":
                found |= _decoded(finished.attribute(node.name, "keys_tensor"))
                found |= _decoded(finished.attribute(node.name, "keys_strings"))
            elif node.op_type == "Equal" and (others := [item for item in node.input if item in finished.constants]):
                for other in others:
                    found |= _decoded(np.array(list(finished.constants[other].string_data), dtype=object))
            else:
                return None
    return found


def _decoded(strings: NDArray[Any] | None) -> set[str]:
    """As text; a key in modified UTF-8, beside the same one in UTF-8, is what the JVM sends for it."""
    found = set()
    for item in () if strings is None else strings.ravel().tolist():
        try:
            found.add(item.decode("utf-8") if isinstance(item, bytes) else str(item))
        except UnicodeDecodeError:
            continue
    return found
