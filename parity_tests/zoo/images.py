"""Images: arrays of more than two axes, and several rows for one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.dummy import DummyRegressor
from sklearn.feature_extraction.image import PatchExtractor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from parity_tests.case import Case
from parity_tests.zoo.building import model, nothing

#: What ``numpy.reshape`` calls the shape: another word before NumPy 2.1.
RESHAPE = "shape" if np.lib.NumpyVersion(np.__version__) >= "2.1.0" else "newshape"


def images(*sizes: int) -> Any:
    return np.random.default_rng(5).normal(size=(40, *sizes))


def reshape(*sizes: int) -> FunctionTransformer:
    return FunctionTransformer(np.reshape, kw_args={RESHAPE: (-1, *sizes)})


def cases() -> Iterator[Case]:
    arrays = {
        "grey": lambda: images(6, 5),
        "colour": lambda: images(6, 5, 3),
        "one channel": lambda: images(6, 5, 1),
        "float32": lambda: images(6, 5, 3).astype(np.float32),
        "whole numbers": lambda: np.round(10 * images(6, 5)).astype(np.int64),
    }
    for name, rows in arrays.items():
        extract = model(lambda: PatchExtractor(patch_size=(2, 3)), rows, nothing)
        yield Case(f"images/patches, {name}", extract, "bit-equal")
    tenth = model(PatchExtractor, lambda: images(20, 11), nothing)
    yield Case("images/patches of a tenth", tenth, "bit-equal")
    whole = model(lambda: PatchExtractor(patch_size=(6, 5), max_patches=2), arrays["grey"], nothing)
    yield Case("images/the one patch there is, drawn", whole, "bit-equal")

    def clustered() -> Any:
        patches = PatchExtractor(patch_size=(3, 3))
        return make_pipeline(reshape(6, 5), patches, reshape(9), StandardScaler(), KMeans(4, n_init=1, random_state=0))

    def flat() -> Any:
        return images(30)

    yield Case("images/patches clustered", model(clustered, flat, nothing), "proven", ("predict",))
    yield Case("images/distances of patches", model(clustered, flat, nothing), "within", ("predict", "transform"))
    coded = make_pipeline(PatchExtractor(patch_size=(3, 3)), reshape(9), PCA(2))
    yield Case("images/patches coded", model(lambda: coded, arrays["grey"], nothing), "within")
    logs = make_pipeline(FunctionTransformer(np.arctan), PatchExtractor(patch_size=(3, 3)))
    yield Case("images/patches of a function", model(lambda: logs, arrays["colour"], nothing), "within")
    halves = model(lambda: make_pipeline(reshape(15), StandardScaler()), flat, nothing)
    yield Case("images/rows cut in two", halves, "bit-equal")
    mean = model(DummyRegressor, arrays["grey"], lambda: np.arange(40.0))
    yield Case("images/a mean", mean, "bit-equal")
