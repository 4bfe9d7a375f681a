"""The ordered floats: splits moved through float32, and crossings of functions that never decrease."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samescore_export.ordered import crossing, from_key, next_up, through_float32, to_key

THRESHOLDS = np.concatenate(
    [
        np.random.default_rng(0).normal(0, 1, 5000),
        np.random.default_rng(1).normal(0, 1e30, 2000),
        np.random.default_rng(2).normal(0, 1e-40, 2000),
        np.array([0.0, -0.0, 1.5, 16777217.0, 3.4028234663852886e38, -3.4028234663852886e38, 1e-46, -1e-46]),
    ]
)


def rounded(x):
    with np.errstate(over="ignore"):
        return x.astype(np.float32).astype(np.float64)


def test_a_split_moved_through_float32_decides_like_the_rounded_input():
    splits = through_float32(THRESHOLDS)
    assert (rounded(splits) <= THRESHOLDS).all()
    assert (rounded(next_up(splits)) > THRESHOLDS).all()


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-3.4e38, max_value=3.4e38))
def test_every_float64_decides_alike_on_both_sides(threshold):
    split = through_float32(threshold)
    near = from_key(to_key(split) + np.arange(-3, 4))
    assert ((near <= split) == (rounded(near) <= threshold)).all()


def test_crossing_finds_where_a_scaler_passes_a_threshold():
    mean, scale = 1e6, 3.7

    def scaled(x):
        return (x - mean) / scale

    found = crossing(scaled, np.array([-1.5, 0.0, 2.25]))
    assert (scaled(found) <= [-1.5, 0.0, 2.25]).all()
    assert (scaled(next_up(found)) > [-1.5, 0.0, 2.25]).all()


@pytest.mark.parametrize(("threshold", "expected"), [(-5.0, -np.inf), (5.0, np.inf)])
def test_crossing_says_when_there_is_none(threshold, expected):
    assert crossing(lambda x: np.clip(x, -1, 1), threshold) == expected


@given(st.floats(allow_nan=False))
def test_keys_keep_numbers_and_their_order(x):
    assert from_key(to_key(x)) == x
    assert to_key(next_up(x)) >= to_key(x)
