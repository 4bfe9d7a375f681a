"""What "the same" means: a tolerance per output, and the comparison every backend goes through.

Shape comes first, then dtype, then values (docs/artifact.md, "samescore.golden").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from samescore_runtime.errors import ArtifactError


@dataclass(frozen=True, slots=True)
class Tolerance:
    """``exact``, or within ``ulp`` spacings of max(|expected|, ``floor``) in the output's dtype."""

    kind: Literal["exact", "ulp"]
    ulp: float = 0.0
    floor: float = 0.0

    def to_json(self) -> dict[str, Any]:
        return {"kind": "exact"} if self.kind == "exact" else {"kind": "ulp", "ulp": self.ulp, "floor": self.floor}

    @staticmethod
    def from_json(item: Mapping[str, Any]) -> Tolerance:
        """Raises ArtifactError (``unknown_format``) for a kind this version does not know."""
        if item["kind"] == "exact":
            return EXACT
        if item["kind"] == "ulp":
            return Tolerance("ulp", float(item["ulp"]), float(item["floor"]))
        raise ArtifactError("unknown_format", "tolerance", f"kind {item['kind']!r}", "exact, ulp")


EXACT = Tolerance("exact")


@dataclass(frozen=True, slots=True)
class Difference:
    """One differing element: its row, its index in the output, both values and their distance.

    ``ulp`` is the distance in representable numbers of the dtype, None for labels and for NaN against a number.
    """

    row: int
    index: tuple[int, ...]
    expected: Any
    got: Any
    ulp: int | None

    def __str__(self) -> str:
        apart = "" if self.ulp is None else f", {self.ulp} ulp apart"
        return f"row {self.row}: expected {self.expected!r}, got {self.got!r}{apart}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """The result for one output.

    Attributes:
        mismatch: a difference of shape or dtype, in words; then nothing else was compared.
        rows: rows compared.
        bit_equal: rows in which every element is equal (-0.0 equals 0.0, NaN equals NaN).
        largest_ulp: over all elements that are comparable numbers.
        beyond: elements outside the tolerance.
        differences: the worst ``shown`` of those, largest distance first.
    """

    mismatch: str | None
    rows: int
    bit_equal: int
    largest_ulp: int
    beyond: int
    differences: tuple[Difference, ...]

    @property
    def passed(self) -> bool:
        return self.mismatch is None and self.beyond == 0

    def __str__(self) -> str:
        if self.mismatch is not None:
            return self.mismatch
        if self.passed:
            return f"{self.bit_equal} of {self.rows} rows bit-equal, largest difference {self.largest_ulp} ulp"
        return f"{self.beyond} values beyond the tolerance; " + "; ".join(map(str, self.differences))


def ulp_distance(a: NDArray[Any], b: NDArray[Any]) -> NDArray[np.uint64]:
    """How many representable numbers lie between two float arrays of one dtype, element by element.

    -0.0 and 0.0 are the same number; NaN against NaN is 0, NaN against a number is the largest uint64.
    """
    integer: Any = np.int64 if a.dtype == np.float64 else np.int32
    lowest = np.iinfo(integer).min

    def ordered(x: NDArray[Any]) -> NDArray[Any]:
        bits = np.ascontiguousarray(x).view(integer)
        with np.errstate(over="ignore"):
            wide: NDArray[Any] = np.where(bits >= 0, bits, lowest - bits).astype(np.int64)
            return wide

    left, right = ordered(a), ordered(b)
    # Opposite signs of large numbers overflow int64; the unsigned difference of the larger and the smaller does not.
    high, low = np.maximum(left, right), np.minimum(left, right)
    distance = high.view(np.uint64) - low.view(np.uint64)
    nan_a, nan_b = np.isnan(a), np.isnan(b)
    distance = np.where(nan_a & nan_b, np.uint64(0), distance)
    result: NDArray[np.uint64] = np.where(nan_a ^ nan_b, np.iinfo(np.uint64).max, distance).astype(np.uint64)
    return result


def _beyond(
    expected: NDArray[Any], got: NDArray[Any], tolerance: Tolerance, floor: NDArray[Any] | None
) -> NDArray[np.bool_]:
    if tolerance.kind == "exact":
        unequal: NDArray[np.bool_] = ulp_distance(expected, got) != 0
        return unequal
    same = (expected == got) | (np.isnan(expected) & np.isnan(got))
    with np.errstate(invalid="ignore", over="ignore"):
        scale = np.maximum(np.abs(expected), np.asarray(tolerance.floor if floor is None else floor, expected.dtype))
        close = np.abs(expected - got) <= tolerance.ulp * np.spacing(scale)
    return np.asarray(~(same | (close & np.isfinite(expected) & np.isfinite(got))))


def compare(
    expected: NDArray[Any],
    got: NDArray[Any],
    tolerance: Tolerance = EXACT,
    shown: int = 10,
    floor: NDArray[Any] | None = None,
) -> Comparison:
    """Compare one output with what was expected: shape, dtype, then values under the tolerance.

    Labels and integers are compared exactly whatever the tolerance. Strings may come as object or fixed-width arrays. ``floor``, of the
    output's shape, takes the place of the tolerance's own where the scale of each element is known.
    """
    expected, got = np.asarray(expected), np.asarray(got)
    if expected.shape != got.shape:
        return Comparison(f"shape {got.shape}, expected {expected.shape}", 0, 0, 0, 0, ())
    kind = {"U": "string", "O": "string"}.get(expected.dtype.kind, expected.dtype.name)
    kind_got = {"U": "string", "O": "string"}.get(got.dtype.kind, got.dtype.name)
    if kind != kind_got:
        return Comparison(f"dtype {kind_got}, expected {kind}", 0, 0, 0, 0, ())
    rows = expected.shape[0] if expected.ndim else 1
    if expected.size == 0:
        return Comparison(None, rows, rows, 0, 0, ())
    if expected.dtype.kind == "f":
        distance = ulp_distance(expected, got)
        unequal, beyond = distance != 0, _beyond(expected, got, tolerance, floor)
        finite = distance[distance != np.iinfo(np.uint64).max]
        largest = int(finite.max()) if finite.size else 0
    else:
        distance = None
        unequal = beyond = np.asarray(expected != got)
        largest = 0
    bit_equal = rows - int(unequal.reshape(rows, -1).any(axis=1).sum())
    worst = np.argwhere(beyond)
    if distance is not None and len(worst) > shown:
        order = np.argsort(-distance[beyond].astype(np.float64), kind="stable")[:shown]
        worst = worst[order]
    differences = tuple(
        Difference(
            row=int(index[0]) if len(index) else 0,
            index=tuple(int(i) for i in index),
            expected=expected[tuple(index)].item() if kind != "string" else expected[tuple(index)],
            got=got[tuple(index)].item() if kind != "string" else got[tuple(index)],
            ulp=_finite_ulp(distance, tuple(index)),
        )
        for index in worst[:shown]
    )
    return Comparison(None, rows, bit_equal, largest, int(beyond.sum()), differences)


def _finite_ulp(distance: NDArray[np.uint64] | None, index: tuple[int, ...]) -> int | None:
    if distance is None or distance[index] == np.iinfo(np.uint64).max:
        return None
    return int(distance[index])
