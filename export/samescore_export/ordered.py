"""Floats as an ordered line: the neighbours of a number, and where a never decreasing function crosses a threshold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

LARGEST = float(np.finfo(np.float64).max)
_LOWEST = np.iinfo(np.int64).min


def to_key(x: ArrayLike) -> NDArray[np.int64]:
    """An int64 for each float64, in the same order (-0.0 and 0.0 share one)."""
    bits = np.ascontiguousarray(x, np.float64).view(np.int64)
    with np.errstate(over="ignore"):
        return np.where(bits >= 0, bits, _LOWEST - bits)


def from_key(key: NDArray[np.int64]) -> NDArray[np.float64]:
    """The float64 of a key."""
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(np.where(key >= 0, key, _LOWEST - key)).view(np.float64)


def next_up(x: ArrayLike) -> NDArray[np.float64]:
    """The next larger float64; infinity after the largest."""
    with np.errstate(over="ignore"):
        return np.asarray(np.nextafter(np.asarray(x, np.float64), np.inf))


def crossing(
    function: Callable[[NDArray[np.float64]], NDArray[Any]],
    threshold: ArrayLike,
    low: float = -LARGEST,
    high: float = LARGEST,
) -> NDArray[np.float64]:
    """The largest x in [low, high] with function(x) <= threshold, for a function that never decreases.

    Bisection over the ordered floats: 64 calls, whatever the function. -inf where no x is below, +inf where all are.
    """
    threshold = np.asarray(threshold, np.float64)
    below = np.full(threshold.shape, to_key(low).item(), np.int64)
    above = np.full(threshold.shape, to_key(high).item(), np.int64)
    with np.errstate(all="ignore"):
        none = ~(function(from_key(below)) <= threshold)
        every = np.asarray(function(from_key(above)) <= threshold)
        for _ in range(66):
            middle = (below & above) + ((below ^ above) >> 1)  # the mean without overflow
            active = below < above - 1
            under = np.asarray(function(from_key(middle)) <= threshold)
            below = np.where(active & under, middle, below)
            above = np.where(active & ~under, middle, above)
    return np.where(none, -np.inf, np.where(every, np.inf, from_key(below)))


def through_float32(threshold: ArrayLike) -> NDArray[np.float64]:
    """The largest float64 x with float32(x) <= threshold: a split of a tree that rounds its input to float32.

    float32(x) <= t holds exactly up to the midpoint between r, the largest float32 not above t, and the next float32;
    the midpoint itself rounds to the even one of the two. All midpoints of float32 numbers are float64 numbers.
    """
    t = np.asarray(threshold, np.float64)
    with np.errstate(over="ignore"):
        nearest = t.astype(np.float32)
        below = np.nextafter(nearest, np.float32(-np.inf))
        lower = np.where(nearest.astype(np.float64) > t, below, nearest).astype(np.float32)
        upper = np.nextafter(lower, np.float32(np.inf))
    # Beyond the largest float32 rounding goes to infinity from the midpoint to 2**128 on.
    beyond = np.where(np.isinf(upper), np.float64(2.0**128), upper.astype(np.float64))
    with np.errstate(invalid="ignore"):  # an infinite threshold (all but missing values go left) stays as it is
        middle = lower.astype(np.float64) + (beyond - lower.astype(np.float64)) / 2
    even = (lower.view(np.uint32) & 1) == 0
    split = np.where(even, middle, np.nextafter(middle, -np.inf))
    return np.where(np.isinf(lower), lower.astype(np.float64), split)
