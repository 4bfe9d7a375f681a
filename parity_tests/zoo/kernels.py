"""Kernel ridge, kernel approximations, Gaussian processes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor
from sklearn.gaussian_process.kernels import (
    RBF,
    ConstantKernel,
    DotProduct,
    ExpSineSquared,
    Matern,
    PairwiseKernel,
    RationalQuadratic,
    WhiteKernel,
)
from sklearn.kernel_approximation import (
    AdditiveChi2Sampler,
    Nystroem,
    PolynomialCountSketch,
    RBFSampler,
    SkewedChi2Sampler,
)
from sklearn.kernel_ridge import KernelRidge
from sklearn.preprocessing import KernelCenterer

from parity_tests.case import Case
from parity_tests.data import ROWS
from parity_tests.zoo.building import model, nothing

#: Gaussian processes cost the square of their rows.
FEW = 60


def rows() -> NDArray[np.float64]:
    """(ROWS, 4)."""
    return np.random.default_rng(21).normal(size=(ROWS, 4))


def positive() -> NDArray[np.float64]:
    """(ROWS, 4): none negative, some zero."""
    found = np.abs(rows())
    return np.where(found < 0.2, 0.0, found)


def few() -> NDArray[np.float64]:
    """(FEW, 3)."""
    return np.random.default_rng(22).normal(size=(FEW, 3)) * 1.5


def smooth() -> NDArray[np.float64]:
    """(FEW,): a target over ``few``."""
    return np.asarray(np.sin(few()[:, 0]) + few()[:, 1])


def labels(classes: int) -> NDArray[Any]:
    """(FEW,): classes over ``few``."""
    return np.array(["no", "yes", "maybe"])[np.digitize(few()[:, 0], [0.0] if classes == 2 else [-0.7, 0.7])]


def _gram() -> NDArray[np.float64]:
    return rows() @ rows().T


def _gp_kernels() -> Iterator[tuple[Any, float]]:
    """Kernels, each with the noise that makes it positive definite here."""
    for nu in (0.5, 0.9, 1.5, 2.5, 3.5, np.inf):
        yield Matern(1.0, nu=nu), 0.1
    yield Matern([1.0, 2.0, 3.0], nu=1.5), 0.1
    yield RBF([1.0, 2.0, 0.5]), 0.1
    yield RationalQuadratic(1.0, 0.7), 0.1
    yield ExpSineSquared(1.0, 3.0), 20.0
    yield DotProduct(0.5) ** 2 + ConstantKernel(0.5), 0.1
    yield ConstantKernel(2.0) * RBF(1.0) + WhiteKernel(0.1), 0.1
    yield RBF(2.0) ** 0.5, 0.1
    for metric in ("rbf", "laplacian", "linear", "cosine", "polynomial", "sigmoid"):
        yield PairwiseKernel(metric=metric, gamma=0.1), 20.0


def cases() -> Iterator[Case]:
    for kernel in ("linear", "poly", "rbf", "sigmoid", "laplacian", "cosine"):
        ridge = model(lambda k=kernel: KernelRidge(alpha=20.0, kernel=k), rows, lambda: rows()[:, 0] ** 2)
        yield Case(f"kernels/KernelRidge {kernel}", ridge, "within")
        sampled = model(lambda k=kernel: Nystroem(kernel=k, n_components=20, random_state=0), rows, nothing)
        yield Case(f"kernels/Nystroem {kernel}", sampled, "within")
    for kernel in ("chi2", "additive_chi2"):
        ridge = model(lambda k=kernel: KernelRidge(alpha=100.0, kernel=k, gamma=0.5), positive, lambda: rows()[:, 0])
        yield Case(f"kernels/KernelRidge {kernel}", ridge, "within")
        sampled = model(lambda k=kernel: Nystroem(kernel=k, n_components=20, random_state=0), positive, nothing)
        yield Case(f"kernels/Nystroem {kernel}", sampled, "within")
    several = model(lambda: KernelRidge(kernel="poly", degree=2, coef0=0.5, gamma=0.3), rows, rows)
    yield Case("kernels/KernelRidge of several targets", several, "within")
    yield Case(
        "kernels/KernelRidge precomputed", model(lambda: KernelRidge(kernel="precomputed"), _gram, rows), "within"
    )
    yield Case("kernels/KernelCenterer", model(KernelCenterer, _gram, nothing), "within")
    for steps in (1, 2, 3):
        sampled = model(lambda s=steps: AdditiveChi2Sampler(sample_steps=s), positive, nothing)
        yield Case(f"kernels/AdditiveChi2Sampler {steps} steps", sampled, "bit-equal" if steps == 1 else "within")
    own = model(lambda: AdditiveChi2Sampler(sample_steps=4, sample_interval=0.3), positive, nothing)
    yield Case("kernels/AdditiveChi2Sampler of an own interval", own, "within")
    for gamma in (0.5, "scale"):
        sampled = model(lambda g=gamma: RBFSampler(gamma=g, n_components=20, random_state=0), rows, nothing)
        yield Case(f"kernels/RBFSampler gamma={gamma}", sampled, "within")
    skewed = model(lambda: SkewedChi2Sampler(skewedness=0.5, n_components=20, random_state=0), positive, nothing)
    yield Case("kernels/SkewedChi2Sampler", skewed, "within")
    for degree, coef0 in ((2, 0.0), (3, 1.0)):
        sketch = model(
            lambda d=degree, c=coef0: PolynomialCountSketch(degree=d, coef0=c, n_components=31, random_state=0),
            rows,
            nothing,
        )
        yield Case(f"kernels/PolynomialCountSketch degree {degree}, coef0 {coef0:g}", sketch, "within")
    for kernel, noise in _gp_kernels():
        process = model(
            lambda k=kernel, n=noise: GaussianProcessRegressor(k, alpha=n, optimizer=None, normalize_y=True),
            few,
            smooth,
        )
        yield Case(f"gaussian_process/Regressor {kernel}", process, "within")
    fitted = model(lambda: GaussianProcessRegressor(RBF() + WhiteKernel()), few, lambda: np.c_[smooth(), -smooth()])
    yield Case("gaussian_process/Regressor fitted, two targets", fitted, "within")
    yield Case("gaussian_process/Regressor without noise", model(GaussianProcessRegressor, few, smooth), "within")
    both = ("predict", "predict_proba")
    for kernel in (None, Matern(nu=1.5), RationalQuadratic(), DotProduct() + RBF()):
        binary = model(lambda k=kernel: GaussianProcessClassifier(k, optimizer=None), few, lambda: labels(2))
        yield Case(f"gaussian_process/Classifier {kernel}", binary, "within", both)
    for kind in ("one_vs_rest", "one_vs_one"):
        many = model(lambda k=kind: GaussianProcessClassifier(multi_class=k), few, lambda: labels(3))
        yield Case(
            f"gaussian_process/Classifier {kind}", many, "within", both if kind == "one_vs_rest" else ("predict",)
        )
