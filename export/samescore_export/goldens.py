"""Goldens: the few probes worth carrying in the file, to be scored again on every machine that loads it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samescore_export.compiler import rows_together
from samescore_export.operations.categories import is_missing
from samescore_export.proof import Proof
from samescore_export.sample import Sample
from samescore_runtime.arrays import decode_array, encode_array
from samescore_runtime.contract import Column, Contract

#: Largest size of the entry, in bytes of JSON.
BUDGET = 64 * 1024

#: Rows of each kind of probe, before classes and categories are filled up.
PER_KIND = {"sample": 8, "split": 24, "special": 24, "category": 48, "text": 16}


def make_goldens(proof: Proof, budget: int = BUDGET) -> dict[str, Any]:
    """The entry ``samescore.golden``: rows, and the original model's scores for them."""
    rows = list(dict.fromkeys(_worthwhile(proof)))
    while True:
        entry = _entry(proof, np.sort(np.array(rows, np.int64)))
        if len(json.dumps(entry)) <= budget or len(rows) <= 1:
            return entry
        rows = rows[: max(1, len(rows) * 3 // 4)]


def _worthwhile(proof: Proof) -> Iterator[int]:
    """Rows in order of worth: one of each kind and class first, then more of them; none that is unfit."""
    kinds, fit = proof.probes.kinds, proof.fit
    by_kind = {kind: _spread(np.flatnonzero((kinds == kind) & fit), count) for kind, count in PER_KIND.items()}
    for rows in by_kind.values():
        yield from rows[:1].tolist()
    for name, score in proof.compiled.scores.items():
        if score.labels is not None and score.shape == ():
            found = proof.expected[name]
            for label in score.labels[:200]:
                shown = (found == label).reshape(len(found), -1).any(axis=1)
                yield from np.flatnonzero(shown & fit)[:1].tolist()
    for rows in by_kind.values():
        yield from rows.tolist()


def _spread(rows: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    if len(rows) <= count:
        return rows
    return np.asarray(rows[np.linspace(0, len(rows) - 1, count).astype(int)])


def _entry(proof: Proof, rows: NDArray[np.int64]) -> dict[str, Any]:
    sample = proof.probes.sample.take(rows)
    outputs = {}
    for name, item in proof.outputs.items():
        # Where every row hangs on a tie there is no golden, and no model is asked for no rows.
        each = proof.compiled.scores[name].each
        none = rows_together(proof.expected[name][:0], each)
        answer = proof.answer(name, sample) if len(rows) else none
        outputs[name] = {**encode_array(answer), "tolerance": item.tolerance.to_json()}
        floors = None if item.floors is None else rows_together(item.floors[rows], each).astype(answer.dtype)
        if not len(rows) or floors is None or answer.shape != floors.shape:
            continue
        # Where no floor is below half of the one for all there is little that it would see and they would not.
        if floors.min(initial=np.inf) < item.tolerance.floor / 2:
            outputs[name]["floors"] = encode_array(floors)
    return {"format": 1, "columns": golden_columns(sample, proof.compiled.contract), "outputs": outputs}


def golden_columns(sample: Sample, contract: Contract) -> dict[str, Any]:
    """Rows as the array objects of docs/artifact.md, column by column."""
    return {column.name: _column(sample.columns[column.name], column) for column in contract.columns}


def golden_sample(columns: Mapping[str, Mapping[str, Any]], contract: Contract, like: Sample) -> Sample:
    """The rows of :func:`golden_columns` as a sample of the form of ``like``, whose first row stands in for columns that are not read."""
    (count,) = {int(columns[column.name]["shape"][0]) for column in contract.columns} or {1}
    rows = like.take(np.zeros(count, np.int64))
    read = {
        column.name: _cells(columns[column.name], column, rows.columns[column.name], like.absent[column.name])
        for column in contract.columns
    }
    return replace(rows, columns={**rows.columns, **read})


def _cells(item: Mapping[str, Any], column: Column, like: NDArray[Any], absent: Any) -> NDArray[Any]:
    cells = np.empty(len(like), dtype=object)
    if column.type == "list<string>":
        cells[:] = [list(cell) for cell in item["data"]]
        return cells
    values = decode_array(item, column.name)
    if column.type == "string":
        cells[:] = [absent if value is None else value for value in values.tolist()]
        return cells
    if column.type == "datetime":
        missing = np.isnan(values) if values.dtype.kind == "f" else np.zeros(len(values), bool)
        micros = np.where(missing, 0, values).astype(np.int64).astype("datetime64[us]")
        return np.where(missing, np.datetime64("NaT"), micros).astype(like.dtype)
    if like.dtype == object:
        plain: Any = {"int64": int, "bool": bool}.get(column.type, float)
        cells[:] = [absent if value != value else plain(value) for value in values.tolist()]
        return cells
    return np.asarray(values.astype(like.dtype))


def _column(values: NDArray[Any], column: Column) -> dict[str, Any]:
    if column.type == "list<string>":
        return {
            "dtype": "list<string>",
            "shape": [len(values)],
            "data": [[str(item) for item in cell] for cell in values],
        }
    if column.type == "string":
        return encode_array(np.array([None if is_missing(value) else value for value in values], dtype=object))
    if column.type == "datetime":
        micros = values.astype("datetime64[us]").astype(np.int64)
        if column.nullable:
            return encode_array(np.where(np.isnat(values), np.nan, micros.astype(np.float64)))
        return encode_array(micros)
    if column.nullable:
        numbers = (
            [np.nan if is_missing(value) else float(value) for value in values] if values.dtype == object else values
        )
        return encode_array(np.asarray(numbers, np.float32 if column.type == "float32" else np.float64))
    return encode_array(
        values.astype({"float64": float, "float32": np.float32, "int64": np.int64, "bool": bool}[column.type])
    )
