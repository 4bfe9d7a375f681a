"""Bins, norms, products, powers, quantiles, splines and functions of columns; encoders by target and in other dtypes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import scipy.special
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MinMaxScaler,
    Normalizer,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    SplineTransformer,
    StandardScaler,
    TargetEncoder,
)

from parity_tests.case import Case
from parity_tests.data import amounts, numbers, table, target
from parity_tests.zoo.building import STRINGS, model, nothing


def _near(missing: bool = False) -> NDArray[np.float64]:
    """Columns of an ordinary size."""
    return numbers(missing=missing) - np.array([1e6, 0.0, 0.0, 0.0])


def _positive() -> NDArray[np.float64]:
    return np.abs(_near()) + 0.25


def _single() -> NDArray[np.float32]:
    return _near().astype(np.float32)


def _bins() -> Iterator[Case]:
    for encode in ("onehot", "onehot-dense", "ordinal"):
        for strategy in ("uniform", "quantile", "kmeans"):
            build = model(
                lambda e=encode, s=strategy: KBinsDiscretizer(
                    4, encode=e, strategy=s, quantile_method="averaged_inverted_cdf"
                ),
                _near,
                lambda: None,
            )
            yield Case(f"bins/{encode}, {strategy}", build, "bit-equal")
    for method in ("linear", "closest_observation"):
        build = model(lambda m=method: KBinsDiscretizer(4, quantile_method=m), _near, lambda: None)
        yield Case(f"bins/quantiles by {method}", build, "bit-equal")
    narrow = model(lambda: KBinsDiscretizer(4, quantile_method="linear"), _single, lambda: None)
    yield Case("bins/float32", narrow, "bit-equal")
    typed = model(lambda: KBinsDiscretizer(4, quantile_method="linear", dtype=np.float32), _near, lambda: None)
    yield Case("bins/into float32", typed, "bit-equal")


def _rows_and_products() -> Iterator[Case]:
    for norm in ("l1", "l2", "max"):
        build = model(lambda n=norm: Normalizer(n), _near, lambda: None)
        yield Case(f"norm/{norm}", build, "bit-equal" if norm == "max" else "within")
    options: dict[str, dict[str, Any]] = {
        "2": {},
        "2 to 3": {"degree": (2, 3)},
        "interactions": {"degree": 3, "interaction_only": True},
        "without bias": {"include_bias": False},
    }
    for name, chosen in options.items():
        build = model(lambda o=chosen: PolynomialFeatures(**o), numbers, lambda: None)
        yield Case(f"polynomial/{name}", build, "bit-equal")
    sparse = model(
        lambda: make_pipeline(OneHotEncoder(handle_unknown="ignore"), PolynomialFeatures(2)),
        lambda: table()[STRINGS],
        lambda: None,
    )
    yield Case("polynomial/sparse", sparse, "bit-equal")
    deep = model(
        lambda: make_pipeline(OneHotEncoder(handle_unknown="ignore"), PolynomialFeatures(4, interaction_only=True)),
        lambda: table()[["kind"]],
        lambda: None,
    )
    yield Case("polynomial/sparse, degree 4", deep, "bit-equal")


def _curves() -> Iterator[Case]:
    powers: dict[str, tuple[dict[str, Any], Callable[[], Any]]] = {
        "yeo-johnson": ({}, _near),
        "yeo-johnson, missing": ({}, lambda: _near(True)),
        "yeo-johnson, not standardized": ({"standardize": False}, _near),
        "box-cox": ({"method": "box-cox"}, _positive),
    }
    for name, (options, rows) in powers.items():
        yield Case(f"power/{name}", model(lambda o=options: PowerTransformer(**o), rows, lambda: None), "within")
    for output in ("uniform", "normal"):
        for missing in (False, True):
            build = model(
                lambda o=output: QuantileTransformer(n_quantiles=50, output_distribution=o),
                lambda m=missing: _near(m),
                lambda: None,
            )
            least = "bit-equal" if output == "uniform" else "within"
            yield Case(f"quantile/{output}{', missing' if missing else ''}", build, least)  # type: ignore[arg-type]
    for extrapolation in ("error", "constant", "linear", "continue", "periodic"):
        for sparse in (False, True):
            build = model(
                lambda e=extrapolation, s=sparse: SplineTransformer(extrapolation=e, sparse_output=s),
                _near,
                lambda: None,
            )
            yield Case(f"spline/{extrapolation}{', sparse' if sparse else ''}", build, "within")
    others: dict[str, dict[str, Any]] = {
        "degree 1": {"degree": 1},
        "degree 2, no bias": {"degree": 2, "include_bias": False},
        "quantile knots": {"knots": "quantile"},
    }
    for name, options in others.items():
        yield Case(f"spline/{name}", model(lambda o=options: SplineTransformer(**o), _near, lambda: None), "within")
    for output in ("uniform", "normal"):
        behind = model(
            lambda o=output: make_pipeline(PCA(2), QuantileTransformer(n_quantiles=50, output_distribution=o)),
            numbers,
            lambda: None,
        )
        yield Case(f"quantile/{output} behind PCA", behind, "within")
        sparse = model(
            lambda o=output: make_pipeline(OneHotEncoder(), QuantileTransformer(n_quantiles=50, output_distribution=o)),
            lambda: table()[["kind"]],
            lambda: None,
        )
        yield Case(f"quantile/{output}, sparse", sparse, "within")
    for extrapolation in ("constant", "linear", "continue", "periodic"):
        behind = model(
            lambda e=extrapolation: make_pipeline(PCA(2), SplineTransformer(extrapolation=e)), numbers, lambda: None
        )
        yield Case(f"spline/{extrapolation} behind PCA", behind, "within")
    holes = model(lambda: SplineTransformer(handle_missing="zeros"), lambda: _near(True), lambda: None)
    yield Case("spline/missing", holes, "within")


def _functions() -> Iterator[Case]:
    exact = (
        "absolute",
        "sign",
        "square",
        "sqrt",
        "floor",
        "ceil",
        "trunc",
        "rint",
        "negative",
        "reciprocal",
        "deg2rad",
    )
    inexact = ("log", "log1p", "log2", "log10", "exp", "expm1", "cbrt", "sin", "cos", "tan", "sinh", "cosh", "tanh")
    for names, least in ((exact, "bit-equal"), (inexact, "within")):
        for name in names:
            build = model(lambda n=name: FunctionTransformer(getattr(np, n)), _positive, lambda: None)
            yield Case(f"function/{name}", build, least)  # type: ignore[arg-type]
    optional: dict[str, tuple[Any, dict[str, Any]]] = {
        "clip": (np.clip, {"a_min": -0.5, "a_max": 0.5}),
        "round": (np.round, {"decimals": 2}),
        "nan_to_num": (np.nan_to_num, {"nan": -1.0}),
    }
    for name, (function, options) in optional.items():
        build = model(
            lambda f=function, o=options: FunctionTransformer(f, kw_args=o), lambda: _near(True), lambda: None
        )
        yield Case(f"function/{name}", build, "bit-equal")
    for name in ("arcsin", "arccos", "arctan", "arcsinh", "arccosh", "arctanh", "sinc"):
        for single in (False, True):
            build = model(
                lambda n=name: FunctionTransformer(getattr(np, n)),
                lambda s=single: _positive().astype(np.float32 if s else float),
                nothing,
            )
            yield Case(f"function/{name}{', float32' if single else ''}", build, "within")
    for name in ("isnan", "isinf", "isposinf", "isneginf", "isfinite", "logical_not"):
        build = model(lambda n=name: FunctionTransformer(getattr(np, n)), lambda: _near(True), nothing)
        yield Case(f"function/{name}", build, "bit-equal")
    for name in ("expit", "logit", "log_expit", "entr", "erf", "ndtr", "exp10"):
        build = model(lambda n=name: FunctionTransformer(getattr(scipy.special, n)), _positive, nothing)
        yield Case(f"function/{name}", build, "within")
    numbers: dict[str, tuple[Any, float]] = {
        "1 more": (np.add, 1),
        "1 less it": (np.subtract, 1),
        "thrice": (np.multiply, 3.0),
        "1 over": (np.divide, 1),
        "at least 0": (np.maximum, 0),
        "at most a half": (np.fmin, 0.5),
        "below 0": (np.greater, 0),
    }
    for name, (function, number) in numbers.items():
        build = model(lambda f=function, n=number: FunctionTransformer(partial(f, n)), lambda: _near(True), nothing)
        yield Case(f"function/{name}", build, "bit-equal")
    powers = model(lambda: FunctionTransformer(partial(np.power, 2.5)), _positive, nothing)
    yield Case("function/a power", powers, "within")
    for name in ("sum", "mean", "max", "min", "median"):
        along = {"axis": 1, "keepdims": True}
        build = model(
            lambda n=name, k=along: FunctionTransformer(getattr(np, n), kw_args=k), lambda: _near(True), nothing
        )
        yield Case(f"function/{name} of a row", build, "within" if name in ("sum", "mean") else "bit-equal")
    yield Case("function/none", model(FunctionTransformer, _near, lambda: None), "bit-equal")


def _encoders() -> Iterator[Case]:
    targets: dict[str, Callable[[], Any]] = {"numbers": amounts, "two classes": target, "three": lambda: target(3)}
    for name, labels in targets.items():
        build = model(lambda: TargetEncoder(random_state=0), lambda: table()[STRINGS], labels)
        yield Case(f"target-encoder/{name}", build, "bit-equal")
    kinds: tuple[Callable[..., Any], ...] = (OneHotEncoder, OrdinalEncoder)
    for kind in kinds:
        for dtype in (np.float32, np.int64):
            build = model(lambda k=kind, d=dtype: k(dtype=d), lambda: table(missing=False)[STRINGS], lambda: None)
            yield Case(f"encoder/{kind.__name__}, {np.dtype(dtype).name}", build, "bit-equal")
    for scaler in (StandardScaler, MinMaxScaler, RobustScaler):
        yield Case(f"float32/{scaler.__name__}", model(scaler, _single, lambda: None), "bit-equal")


def cases() -> Iterator[Case]:
    yield from _bins()
    yield from _rows_and_products()
    yield from _curves()
    yield from _functions()
    yield from _encoders()
