"""Kernel approximations, kernel ridge, and the pairwise kernels they are made of."""

import numpy as np
import pandas as pd
import pytest
from sklearn.kernel_approximation import (
    AdditiveChi2Sampler,
    Nystroem,
    PolynomialCountSketch,
    RBFSampler,
    SkewedChi2Sampler,
)
from sklearn.kernel_ridge import KernelRidge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KernelCenterer, StandardScaler

from samescore_export import ExportError, export_proven

RNG = np.random.default_rng(0)
X = RNG.normal(size=(90, 5))
POSITIVE = np.where(np.abs(X) < 0.2, 0.0, np.abs(X))
Y = X[:, 0] + RNG.normal(size=90)
KERNELS = ["linear", "poly", "polynomial", "rbf", "sigmoid", "laplacian", "cosine"]


def proven(model, rows=X, budget=250):
    exported = export_proven(model, rows, budget=budget)
    assert not exported.proof.failures
    return next(iter(exported.proof.outputs.values()))


@pytest.mark.parametrize("kernel", KERNELS)
def test_every_kernel(kernel):
    proven(Nystroem(kernel=kernel, n_components=15, random_state=0).fit(X))
    proven(KernelRidge(alpha=50.0, kernel=kernel, gamma=0.3, degree=2, coef0=0.5).fit(X, Y))


@pytest.mark.filterwarnings("ignore:Singular matrix in solving dual problem")
@pytest.mark.parametrize("kernel", ["chi2", "additive_chi2"])
def test_kernels_of_counts(kernel):
    proven(Nystroem(kernel=kernel, n_components=15, random_state=0).fit(POSITIVE), POSITIVE)
    proven(KernelRidge(alpha=100.0, kernel=kernel, gamma=0.3).fit(POSITIVE, Y), POSITIVE)


def test_hard_rows():
    rows = np.concatenate([X, np.zeros((1, 5)), 1e-9 * X[:3], 1e6 * X[:3], -X[:3], X[:1]])
    for kernel in ("cosine", "rbf", "laplacian", "poly", "sigmoid"):
        proven(Nystroem(kernel=kernel, n_components=15, random_state=0).fit(X), rows)


def test_a_degree_that_is_no_whole_number():
    proven(KernelRidge(kernel="poly", degree=2.5, coef0=30.0).fit(X, Y))


def test_options_of_a_kernel_by_name():
    options = {"gamma": 0.2, "degree": 2}
    proven(Nystroem(kernel="poly", kernel_params=options, n_components=9, random_state=0).fit(X))
    proven(Nystroem(kernel="rbf", gamma=0.5, n_components=9, random_state=0).fit(X))


def test_precomputed():
    gram = X @ X.T
    proven(KernelRidge(kernel="precomputed").fit(gram, Y), gram, 150)
    proven(Nystroem(kernel="precomputed", n_components=90).fit(gram), gram, 150)
    proven(KernelCenterer().fit(gram), gram, 150)


def test_several_targets_and_frames():
    frame = pd.DataFrame(X, columns=list("abcde"))
    proven(make_pipeline(StandardScaler(), KernelRidge(kernel="rbf")).fit(frame, np.c_[Y, -Y]), frame)


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_additive_chi2_sampler(steps):
    found = proven(AdditiveChi2Sampler(sample_steps=steps).fit(POSITIVE), POSITIVE)
    if steps == 1:
        assert found.sameness == "bit-equal"


def test_samplers():
    proven(AdditiveChi2Sampler(sample_steps=4, sample_interval=0.3).fit(POSITIVE), POSITIVE)
    proven(RBFSampler(gamma="scale", n_components=20, random_state=0).fit(X))
    proven(SkewedChi2Sampler(skewedness=0.5, n_components=20, random_state=0).fit(POSITIVE), POSITIVE)


@pytest.mark.parametrize(("degree", "coef0"), [(1, 0.5), (2, 0.0), (3, 1.0)])
def test_count_sketch(degree, coef0):
    model = PolynomialCountSketch(degree=degree, coef0=coef0, gamma=0.5, n_components=37, random_state=0)
    proven(model.fit(X))


def test_a_kernel_of_ones_own_is_refused():
    def product(a, b):
        return float(a @ b)

    for model in (KernelRidge(kernel=product).fit(X, Y), Nystroem(kernel=product, n_components=5).fit(X)):
        with pytest.raises(ExportError, match="kernel="):
            export_proven(model, X)
