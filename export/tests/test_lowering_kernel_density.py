"""KernelDensity where its search rounds or stops: small densities beside large bounds, tolerances, balls that reach out of their parents."""

import itertools

import numpy as np
import pytest
from sklearn.neighbors import KernelDensity

from samescore_export import export_proven

RNG = np.random.default_rng(0)
KERNELS = ["gaussian", "tophat", "epanechnikov", "exponential", "linear", "cosine"]
CLUSTERS = RNG.normal(size=(120, 2)) * 0.1 + RNG.integers(0, 3, size=(120, 1)) * 10.0
#: At the points, between them, and far away.
ROWS = np.concatenate([CLUSTERS, CLUSTERS / 2 + CLUSTERS[RNG.permutation(120)] / 2, CLUSTERS + 400.0])
OPTIONS = list(itertools.product(["kd_tree", "ball_tree"], [True, False], [(0.0, 0.0), (1e-6, 1e-6), (1e-3, 0.0)]))


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize(("algorithm", "breadth", "tolerances"), OPTIONS, ids=str)
def test_densities_are_within_their_bound_or_named(kernel, algorithm, breadth, tolerances):
    atol, rtol = tolerances
    model = KernelDensity(
        bandwidth=0.5, kernel=kernel, algorithm=algorithm, breadth_first=breadth, leaf_size=3, atol=atol, rtol=rtol
    ).fit(CLUSTERS)
    proof = export_proven(model, ROWS, budget=500).proof
    assert not proof.failures
    found = proof.outputs["score_samples"]
    at_points = proof.expected["score_samples"] > -5.0
    # At the points themselves a bound means something, whatever is beyond.
    assert at_points.any()
    assert (found.floors[at_points] * found.tolerance.ulp * 2.0**-52).max() < 3 * (rtol + 30 * atol) + 1e-9
    assert proof.fit[at_points].mean() > 0.8


@pytest.mark.parametrize("kernel", ["gaussian", "exponential"])
def test_a_ball_that_reaches_out_of_its_parent(kernel):
    rows = RNG.normal(size=(165, 2)) * 0.1 + RNG.integers(0, 3, size=(165, 1)) * 100.0
    model = KernelDensity(
        bandwidth=40.0, kernel=kernel, algorithm="ball_tree", metric="manhattan", leaf_size=1, rtol=1e-3
    )
    far = rows + 3000.0 * RNG.random((165, 1))
    assert not export_proven(model.fit(rows), np.concatenate([rows, far]), budget=600).proof.failures


def test_weights_that_tell_points_apart():
    model = KernelDensity(bandwidth=0.3, rtol=1e-8).fit(CLUSTERS, sample_weight=RNG.random(120) + 1e-3)
    assert not export_proven(model, ROWS, budget=400).proof.failures
