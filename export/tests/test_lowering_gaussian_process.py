"""Gaussian processes: every kernel, targets, classes."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import erf
from sklearn.datasets import make_blobs
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
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from samescore_export import ExportError, export_proven
from samescore_export.graph import Graph
from samescore_export.operations.error_function import error_function
from samescore_runtime.sessions import open_session

RAW, CLASSES = make_blobs(60, 3, centers=3, cluster_std=3.5, random_state=0)
X = RAW / 4
Y = np.sin(X[:, 0]) + X[:, 1]
KERNELS = [
    RBF(1.0),
    RBF([1.0, 2.0, 0.5]),
    *(Matern(1.0, nu=nu) for nu in (0.3, 0.5, 0.9, 1.5, 2.5, 3.5, np.inf)),
    Matern([1.0, 2.0, 3.0], nu=2.5),
    RationalQuadratic(1.0, 0.7),
    ExpSineSquared(1.0, 3.0),
    DotProduct(0.5),
    DotProduct() ** 2,
    RBF(2.0) ** 0.5,
    ConstantKernel(2.0) * RBF(1.0) + ConstantKernel(0.1),
    *(PairwiseKernel(metric=metric, gamma=0.1) for metric in ("rbf", "laplacian", "linear", "cosine", "sigmoid")),
    PairwiseKernel(metric="polynomial", gamma=0.1, pairwise_kernels_kwargs={"degree": 2}),
]
#: Not positive definite without more noise.
NOISY = ("ExpSine", "sigmoid")


def proven(model, methods=("predict",), rows=X, budget=200):
    exported = export_proven(model, rows, methods=list(methods), budget=budget)
    assert not exported.proof.failures
    return exported.proof.outputs


@pytest.mark.parametrize("kernel", KERNELS, ids=str)
def test_every_kernel(kernel):
    noise = 20.0 if any(name in str(kernel) for name in NOISY) else 1e-6
    proven(GaussianProcessRegressor(kernel + WhiteKernel(0.1), optimizer=None, alpha=noise).fit(X, Y))


def test_a_kernel_of_counts():
    rows = np.abs(X)
    kernel = PairwiseKernel(metric="chi2", gamma=0.1)
    proven(GaussianProcessRegressor(kernel, optimizer=None, alpha=50.0).fit(rows, Y), rows=rows)


def test_targets():
    kernel = RBF() + WhiteKernel(0.1)
    for target in (np.c_[Y, 3 * Y + 1], Y[:, None], Y):
        proven(GaussianProcessRegressor(kernel, normalize_y=True, optimizer=None).fit(X, target))
    proven(GaussianProcessRegressor().fit(X, Y), rows=np.concatenate([X, 1e3 * X[:3], np.zeros((1, 3))]))
    frame = pd.DataFrame(X, columns=list("abc"))
    model = make_pipeline(StandardScaler(), GaussianProcessRegressor(kernel, optimizer=None))
    proven(model.fit(frame, Y), rows=frame)


@pytest.mark.parametrize(
    "kernel",
    [None, RBF([1.0, 2.0, 0.5]), Matern(nu=1.5), DotProduct() + RBF(), ConstantKernel(2.0) * RationalQuadratic(), *KERNELS[-6:-2]],
    ids=str,
)  # fmt: skip
def test_two_classes(kernel):
    labels = np.where(CLASSES > 0, "yes", "no")
    outputs = proven(
        GaussianProcessClassifier(kernel, optimizer=None).fit(X, labels), ("predict", "predict_proba"), budget=150
    )
    assert outputs["predict"].flips == 0


def test_more_classes():
    labels = np.array(["u", "v", "w"])[CLASSES]
    proven(GaussianProcessClassifier(RBF(2.0)).fit(X, labels), ("predict", "predict_proba"))
    proven(GaussianProcessClassifier(optimizer=None).fit(X, CLASSES * 5), ("predict", "predict_proba"))
    proven(GaussianProcessClassifier(multi_class="one_vs_one").fit(X, labels))


def test_the_error_function():
    x = np.concatenate([np.linspace(-7, 7, 20_001), [0.0, 1e-300, -1e-20, np.inf, -np.inf]])
    graph = Graph()
    value = graph.input("x", "float64", ["rows"])
    model = graph.to_model({"y": (error_function(graph, value), "float64", ["rows"])}, "test", "0")
    from onnx_ir import to_proto

    session = open_session(to_proto(model).SerializeToString(), "the error function")
    (found,) = session.run(["y"], {"x": x})
    assert np.abs(found - erf(x)).max() <= 4 * 2.0**-53


def test_what_is_refused():
    class Own(RBF):
        """Another kernel as far as anyone can tell."""

    for kernel, reason in (
        (Own(), "the kernel"),
        (Matern(nu=20.0), "nu"),
        (PairwiseKernel(metric=lambda a, b, gamma: float(a @ b)), "kernel="),
    ):
        model = GaussianProcessRegressor(kernel, optimizer=None, alpha=5.0).fit(X, Y)
        with pytest.raises(ExportError, match=reason):
            export_proven(model, X)
