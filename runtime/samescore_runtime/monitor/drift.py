"""Histograms of live columns and scores on the bins of the artifact's profile, and how far they are from it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samescore_runtime.contract import Contract
from samescore_runtime.packing import Group, Tensors, groups

#: Columns and outputs that are watched; a metric for each bin of more would be too many.
WATCHED = 50
_PREFIX = {"columns": "", "outputs": "score "}


@dataclass(frozen=True, slots=True)
class Drift:
    """How far one column is from the profile.

    Attributes:
        psi: population stability index over the bins, the missing one included.
        noise: its expected value if the live rows came from the profile's own distribution.
        rows: live rows.
    """

    psi: float
    noise: float
    rows: int


class Histograms:
    """Counts of one model's live values; add batches, read :meth:`drift`.

    Columns of the input are kept under their names, outputs under ``score NAME``.
    """

    def __init__(self, contract: Contract, profile: Mapping[str, Any]) -> None:
        self._parts = groups(contract)
        self._outputs = tuple(contract.outputs)
        self._entries: dict[str, Mapping[str, Any]] = {}
        for side, prefix in _PREFIX.items():
            for name, entry in list(profile.get(side, {}).items())[:WATCHED]:
                if entry.get("kind") in ("numeric", "categorical", "text", "list"):
                    self._entries[prefix + name] = entry
        self._edges = {
            name: np.array(entry["edges"], np.float64) for name, entry in self._entries.items() if "edges" in entry
        }
        self._values = {
            name: {value: index for index, value in enumerate(entry["values"])}
            for name, entry in self._entries.items()
            if "values" in entry
        }
        self.counts = {name: np.zeros(len(bins(entry)), np.int64) for name, entry in self._entries.items()}
        self.rows = 0

    @property
    def entries(self) -> Mapping[str, Mapping[str, Any]]:
        """The profile's entries by name."""
        return self._entries

    def add(self, batches: Sequence[tuple[Tensors, Mapping[str, NDArray[Any]]]]) -> None:
        """Count the values of scored batches: their input tensors and outputs."""
        if not batches:
            return
        for group in self._parts:
            self._group(group, [tensors for tensors, _ in batches])
        for output in self._outputs:
            arrays = [outputs[output.name] for _, outputs in batches if output.name in outputs]
            if arrays:
                self._output(output.name, output.labels, arrays)
        first = self._parts[0].tensor.name
        self.rows += sum(len(tensors[first]) for tensors, _ in batches)

    def _group(self, group: Group, batches: Sequence[Tensors]) -> None:
        names = [column.name for column in group.columns]
        if not any(name in self._entries for name in names):
            return
        tensor, mask_name = group.tensor.name, group.tensor.missing
        if group.single:
            if group.tensor.type == "int32":
                sizes = np.concatenate([(tensors[tensor] >= 0).sum(axis=1) for tensors in batches]).astype(float)
            else:
                sizes = np.concatenate([_filled(tensors, tensor, mask_name) for tensors in batches]).astype(float)
            self._count(names[0], sizes)
            return
        values = np.concatenate([tensors[tensor] for tensors in batches])
        mask = None if mask_name is None else np.concatenate([tensors[mask_name] for tensors in batches])
        for position, name in enumerate(names):
            column = values[:, position]
            self._count(name, column if mask is None else column[~mask[:, position]])
            if mask is not None and name in self.counts:
                self.counts[name][-1] += int(mask[:, position].sum())

    def _output(self, name: str, labels: Sequence[Any] | None, arrays: Sequence[NDArray[Any]]) -> None:
        values = np.concatenate(arrays)
        if values.ndim == 1:
            self._count(f"score {name}", values)
        elif values.ndim == 2:
            fits = labels is not None and len(labels) == values.shape[1]
            for index in range(min(values.shape[1], WATCHED)):
                self._count(f"score {name}[{labels[index] if labels and fits else index}]", values[:, index])

    def _count(self, name: str, values: NDArray[Any]) -> None:
        counts = self.counts.get(name)
        if counts is None:
            return
        if name in self._values:
            self._categories(name, counts, values)
            return
        if values.dtype == object:
            values = np.array([len(value) for value in values.tolist()], np.float64)
        numbers = values.astype(np.float64, copy=False)
        missing = np.isnan(numbers)
        if missing.any():
            counts[-1] += int(missing.sum())
            numbers = numbers[~missing]
        edges = self._edges[name]
        counts[:-1] += np.bincount(np.searchsorted(edges, numbers, side="left"), minlength=len(edges) + 1)

    def _categories(self, name: str, counts: NDArray[np.int64], values: NDArray[Any]) -> None:
        known, other = self._values[name], len(self._values[name])
        if values.dtype.kind in "bf":
            # Bools, as floats where they may be missing.
            words = ["missing" if value != value else str(bool(value)).lower() for value in values.tolist()]
        else:
            words = [str(value) for value in values.tolist()]
        for word in words:
            place = known.get(word, other)
            counts[len(counts) - 1 if word == "missing" and values.dtype.kind == "f" else place] += 1

    def drift(self) -> dict[str, Drift]:
        """The distance of every watched column and score from the profile."""
        return {name: distance(expected(self._entries[name]), counts) for name, counts in self.counts.items()}


def _filled(tensors: Tensors, tensor: str, mask: str | None) -> NDArray[Any]:
    values = tensors[tensor]
    if mask is None:
        return np.full(len(values), values.shape[1])
    filled: NDArray[Any] = (~tensors[mask]).sum(axis=1)
    return filled


def bins(entry: Mapping[str, Any]) -> list[str]:
    """The names of an entry's bins: upper bounds or values, ``other`` behind values, then ``missing``."""
    if "edges" in entry:
        return [*(f"{edge:g}" for edge in entry["edges"]), "inf", "missing"]
    return [*map(str, entry["values"]), "other", "missing"]


def expected(entry: Mapping[str, Any]) -> NDArray[np.int64]:
    """The profile's own counts, in the order of :func:`bins`."""
    more = [] if "edges" in entry else [entry["other"]]
    return np.array([*entry["counts"], *more, entry["missing"]], np.int64)


def distance(reference: NDArray[np.int64], live: NDArray[np.int64]) -> Drift:
    """The population stability index of two histograms over the same bins.

    Half a count is added to each bin, so that an empty one gives a finite index. Without any drift the index is about
    (k - 1)(1/n + 1/m) for k bins that are in use and n and m rows: ``noise``.
    """
    used = (reference > 0) | (live > 0)
    rows, known = int(live.sum()), int(reference.sum())
    if rows == 0 or known == 0 or used.sum() < 2:
        return Drift(0.0, 0.0, rows)
    p = (reference[used] + 0.5) / (known + 0.5 * used.sum())
    q = (live[used] + 0.5) / (rows + 0.5 * used.sum())
    psi = float(((q - p) * np.log(q / p)).sum())
    noise = float((used.sum() - 1) * (1 / rows + 1 / known))
    return Drift(psi if math.isfinite(psi) else 0.0, noise, rows)
