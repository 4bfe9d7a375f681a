"""Many ordinary rows from few: each column drawn anew from a sample's own, numbers moved a little."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samescore_export.sample import TEXT, Sample

#: A column with at most so many distinct numbers is taken to hold codes, which are drawn and not moved.
FEW = 20


def ordinary_rows(sample: Sample, rows: int, seed: int = 0) -> Sample:
    """``sample`` grown to at least ``rows`` rows: its own first, then rows whose cells come from its columns independently.

    Numbers of a column with many distinct ones are moved by up to a tenth of its spread, within its range. Texts are made of the
    words of two of the sample's.
    """
    extra = rows - sample.rows
    if extra <= 0:
        return sample
    rng = np.random.default_rng(seed)
    columns = {
        name: np.concatenate([values, _drawn(name, values, extra, rng)]) for name, values in sample.columns.items()
    }
    return replace(sample, columns=columns)


def _drawn(name: str, values: NDArray[Any], count: int, rng: np.random.Generator) -> NDArray[Any]:
    drawn = values[rng.integers(0, len(values), count)]
    if name == TEXT and values.dtype == object:
        others = values[rng.integers(0, len(values), count)]
        texts = np.empty(count, dtype=object)
        texts[:] = [_mixed(a, b) for a, b in zip(drawn, others, strict=True)]
        return texts
    if values.dtype.kind != "f":
        return drawn
    finite = values[np.isfinite(values)]
    if len(np.unique(finite)) <= FEW:
        return drawn
    step = 0.1 * float(finite.std())
    moved = np.clip(drawn + rng.uniform(-step, step, count), finite.min(), finite.max())
    return np.where(np.isfinite(drawn), moved, drawn).astype(values.dtype)


def _mixed(a: Any, b: Any) -> Any:
    if not isinstance(a, str) or not isinstance(b, str):
        return a
    first, second = a.split(), b.split()
    return " ".join([*first[: len(first) // 2 + 1], *second[len(second) // 2 :]])
