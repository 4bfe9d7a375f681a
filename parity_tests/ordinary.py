"""Many ordinary rows from few: each column drawn anew from a sample's own, numbers moved a little."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samescore_export.sample import Sample

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
    # Texts of one word each are labels, and are drawn as they are.
    texts = sample.form == "texts" and any(" " in text for values in sample.columns.values() for text in values)
    columns = {
        name: np.concatenate([values, _drawn(values, extra, rng, texts)]) for name, values in sample.columns.items()
    }
    return replace(sample, columns=columns)


def _drawn(values: NDArray[Any], count: int, rng: np.random.Generator, texts: bool) -> NDArray[Any]:
    drawn = values[rng.integers(0, len(values), count)]
    if texts:
        others = values[rng.integers(0, len(values), count)]
        mixed = np.empty(count, dtype=object)
        mixed[:] = [_mixed(a, b) for a, b in zip(drawn, others, strict=True)]
        return mixed
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
