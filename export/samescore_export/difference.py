"""Two artifacts on the same rows, or one under two onnxruntime versions: which rows change, by how much, and where they lie."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samescore_export.operations.categories import is_missing
from samescore_export.sample import Sample
from samescore_runtime.comparison import ulp_distance

#: Segments of a column at most: the commonest categories, or intervals between quantiles.
SEGMENTS = 8

#: Rows written out.
WORST = 10


@dataclass(frozen=True, slots=True)
class Segment:
    """Rows with a value of a column in common: how many there are, how many change, and the mean change of a number."""

    column: str
    value: str
    rows: int
    changed: int
    mean: float | None


@dataclass(frozen=True, slots=True)
class Change:
    """One row that changes most: both values, and their distance (None for labels)."""

    row: int
    old: Any
    new: Any
    distance: float | None


@dataclass(frozen=True)
class OutputDifference:
    """What changes in one output.

    Attributes:
        mismatch: a difference of shape or dtype, in words; then nothing else was compared.
        changed: rows with any element beyond ``within``.
        largest, mean: of the absolute differences, over all elements; None for labels.
        largest_ulp: in representable numbers; None for labels.
        moves: for labels how many rows went from one to another.
    """

    output: str
    mismatch: str | None
    rows: int
    changed: int
    largest: float | None
    mean: float | None
    largest_ulp: int | None
    moves: Mapping[str, int]
    worst: tuple[Change, ...]
    segments: tuple[Segment, ...]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def differences(
    old: Mapping[str, NDArray[Any]], new: Mapping[str, NDArray[Any]], rows: Sample, within: float = 0.0
) -> list[OutputDifference]:
    """Compare the scores of both for each output; one that only one side has is a mismatch.

    Args:
        within: the largest absolute difference of a number that is no change.
    """
    found = []
    old, new = ({name: _of_rows(values, rows.rows) for name, values in side.items()} for side in (old, new))
    for name in dict.fromkeys([*old, *new]):
        if name not in old or name not in new:
            side = "the old" if name in old else "the new"
            found.append(_mismatched(name, f"an output of {side} one alone; of both", rows.rows))
        elif old[name].shape != new[name].shape or _kind(old[name]) != _kind(new[name]):
            text = f"{_kind(old[name])} {old[name].shape} became {_kind(new[name])} {new[name].shape}"
            found.append(_mismatched(name, text, rows.rows))
        else:
            found.append(_compared(name, old[name], new[name], rows, within))
    return found


def _of_rows(values: NDArray[Any], rows: int) -> NDArray[Any]:
    """A score that has several rows for one of the sample's, with these side by side."""
    return values.reshape(rows, -1) if len(values) != rows and rows and len(values) % rows == 0 else values


def _mismatched(name: str, text: str, rows: int) -> OutputDifference:
    return OutputDifference(name, text, rows, rows, None, None, None, {}, (), ())


def _kind(values: NDArray[Any]) -> str:
    return "string" if values.dtype.kind in "UO" else values.dtype.name


def _compared(name: str, old: NDArray[Any], new: NDArray[Any], rows: Sample, within: float) -> OutputDifference:
    count = len(old)
    if old.dtype.kind != "f":
        changed: NDArray[np.bool_] = np.asarray(np.asarray(old != new).reshape(count, -1).any(axis=1))
        moves: dict[str, int] = {}
        for before, after in zip(old[changed].ravel().tolist(), new[changed].ravel().tolist(), strict=True):
            if before != after:
                moves[f"{before} → {after}"] = moves.get(f"{before} → {after}", 0) + 1
        plain = (old.tolist(), new.tolist())
        worst = [Change(int(i), plain[0][i], plain[1][i], None) for i in np.flatnonzero(changed)[:WORST]]
        common = dict(sorted(moves.items(), key=lambda item: -item[1]))
        segments = tuple(_segments(rows, changed, None))
        return OutputDifference(name, None, count, int(changed.sum()), None, None, None, common, tuple(worst), segments)
    gap = _gaps(old, new).reshape(count, -1)
    changed = np.asarray((gap > within).any(axis=1))
    each = gap.max(axis=1, initial=0.0)
    order = np.argsort(-each, kind="stable")[:WORST]
    worst = [Change(int(i), old[i].tolist(), new[i].tolist(), float(each[i])) for i in order if changed[i]]
    distance = ulp_distance(old, new)
    finite = distance[distance != np.iinfo(np.uint64).max]
    return OutputDifference(
        output=name,
        mismatch=None,
        rows=count,
        changed=int(changed.sum()),
        largest=float(gap.max(initial=0.0)),
        mean=_mean(gap),
        largest_ulp=int(finite.max(initial=0)),
        moves={},
        worst=tuple(worst),
        segments=tuple(_segments(rows, changed, each)),
    )


def _gaps(old: NDArray[Any], new: NDArray[Any]) -> NDArray[np.float64]:
    """Absolute differences; NaN against NaN and an infinity against itself are none, against anything else infinite."""
    with np.errstate(invalid="ignore"):
        gap = np.abs(old.astype(np.float64) - new.astype(np.float64))
    same = (old == new) | (np.isnan(old) & np.isnan(new))
    return np.where(same, 0.0, np.where(np.isnan(gap), np.inf, gap))


def _mean(gap: NDArray[np.float64]) -> float:
    """Of the finite differences; 0.0 if there are none."""
    finite = gap[np.isfinite(gap)]
    return float(finite.mean()) if finite.size else 0.0


def _segments(rows: Sample, changed: NDArray[np.bool_], each: NDArray[np.float64] | None) -> Iterator[Segment]:
    for column, values in rows.columns.items():
        for value, members in _parts(values):
            mean = None if each is None else _mean(each[members])
            yield Segment(column, value, int(members.sum()), int((changed & members).sum()), mean)


def _parts(values: NDArray[Any]) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """A column's segments: its missing values, then categories or intervals."""
    if len(values) and isinstance(values[0], (list, tuple, np.ndarray)):
        return
    missing = (
        np.array([is_missing(value) for value in values]) if values.dtype.kind in "Of" else np.zeros(len(values), bool)
    )
    if values.dtype.kind == "M":
        missing = np.isnat(values)
        values = values.astype("datetime64[s]").astype(np.int64)
    if missing.any():
        yield "missing", missing
    present = values[~missing]
    distinct, counts = np.unique(present.astype(str) if values.dtype == object else present, return_counts=True)
    if len(distinct) <= SEGMENTS or values.dtype == object:
        text = values.astype(str) if values.dtype == object else values
        if len(distinct) > len(present) / 2 and len(distinct) > SEGMENTS:
            return  # a text or a key: every row is one of its own
        for value in distinct[np.argsort(-counts, kind="stable")][:SEGMENTS]:
            yield str(value), (text == value) & ~missing
        return
    edges = np.unique(np.quantile(present.astype(np.float64), [0, 0.25, 0.5, 0.75, 1]))
    for low, high in pairwise(edges):
        last = high == edges[-1]
        inside = (values >= low) & ((values <= high) if last else (values < high)) & ~missing
        yield f"{low:.6g} to {high:.6g}", inside
