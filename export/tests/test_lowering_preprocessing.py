"""Scalers, transforms and encoders: every option, float64 and float32, missing values, ends and ties."""

import functools
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import special
from scipy.special import expit
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    Binarizer,
    FunctionTransformer,
    KBinsDiscretizer,
    MaxAbsScaler,
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

from samescore_export import ExportError, export_proven
from samescore_runtime import load
from samescore_runtime.errors import InputError

#: What ``numpy.reshape`` calls the shape: another word before NumPy 2.1.
RESHAPE = "shape" if np.lib.NumpyVersion(np.__version__) >= "2.1.0" else "newshape"

RNG = np.random.default_rng(0)
X = np.column_stack([np.exp(2 * RNG.normal(size=120)), RNG.normal(size=120), np.round(2 * RNG.normal(size=120))])
HOLES = np.where(RNG.random(X.shape) < 0.1, np.nan, X)
Y = X[:, 0] + X[:, 1]
FRAME = pd.DataFrame({"kind": np.array(["x", "yy", "z"])[np.arange(120) * 7 % 3], "size": X[:, 2]})


def proven(model, rows, budget=150, exact=False):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exported = export_proven(model, rows, budget=budget)
    assert not exported.proof.failures
    found = exported.proof.outputs
    if exact:
        assert {item.sameness for item in found.values()} <= {"bit-equal", "proven"}
    return found


@pytest.mark.parametrize(
    "scaler",
    [
        StandardScaler(),
        MinMaxScaler((-1, 2), clip=True),
        MaxAbsScaler(clip=True),
        RobustScaler(),
        Binarizer(threshold=0.1),
    ],
    ids=lambda scaler: type(scaler).__name__,
)
@pytest.mark.parametrize("fitted", [np.float64, np.float32])
def test_float32_has_the_same_bits(scaler, fitted):
    rows = X.astype(np.float32)
    proven(scaler.fit(X.astype(fitted)), rows, exact=True)
    proven(make_pipeline(scaler, RandomForestRegressor(3, random_state=0)).fit(rows, Y), rows, exact=True)


@pytest.mark.parametrize("encode", ["onehot", "onehot-dense", "ordinal"])
@pytest.mark.parametrize("strategy", ["uniform", "quantile", "kmeans"])
def test_bins(encode, strategy):
    model = KBinsDiscretizer(4, encode=encode, strategy=strategy, quantile_method="averaged_inverted_cdf")
    proven(model.fit(X), X, exact=True)
    proven(model, X.astype(np.float32), exact=True)


def test_bins_behind_a_scaler_and_a_power():
    for step in (StandardScaler(), PowerTransformer()):
        proven(make_pipeline(step, KBinsDiscretizer(4, quantile_method="averaged_inverted_cdf"), Ridge()).fit(X, Y), X)


@pytest.mark.parametrize("norm", ["l1", "l2", "max"])
def test_norms(norm):
    rows = X.copy()
    rows[3] = 0.0
    rows[4] = 1e-17
    proven(Normalizer(norm).fit(rows), rows)
    proven(Normalizer(norm).fit(rows), rows.astype(np.float32))
    proven(make_pipeline(OneHotEncoder(), Normalizer(norm), Ridge()).fit(X[:, 2:], Y), X[:, 2:])


@pytest.mark.parametrize(
    "options",
    [{}, {"degree": (2, 4)}, {"degree": 3, "interaction_only": True}, {"include_bias": False}, {"degree": (0, 1)}],
    ids=str,
)
def test_polynomials(options):
    proven(PolynomialFeatures(**options).fit(X), X, exact=True)
    proven(PolynomialFeatures(**options).fit(X), X.astype(np.float32), exact=True)


@pytest.mark.parametrize("options", [{}, {"standardize": False}, {"method": "box-cox"}], ids=str)
def test_powers(options):
    rows = np.abs(HOLES) + 0.1 if options.get("method") else HOLES
    proven(PowerTransformer(**options).fit(rows), rows)


def test_powers_of_exponents_without_a_quotient():
    model = PowerTransformer().fit(X)
    model.lambdas_ = np.array([0.0, 2.0, 1.0])
    proven(model, X)
    positive = PowerTransformer("box-cox").fit(np.abs(X) + 0.1)
    positive.lambdas_ = np.array([0.0, -2.0, 1.0])
    proven(positive, np.abs(X) + 0.1)


@pytest.mark.parametrize("output", ["uniform", "normal"])
def test_quantiles(output):
    model = QuantileTransformer(n_quantiles=40, output_distribution=output).fit(HOLES)
    found = proven(model, HOLES, 400)
    assert output == "normal" or found["transform"].sameness == "bit-equal"


@pytest.mark.parametrize("extrapolation", ["error", "constant", "linear", "continue", "periodic"])
@pytest.mark.parametrize(
    "options",
    [{}, {"degree": 1, "n_knots": 4}, {"knots": "quantile", "include_bias": False}, {"sparse_output": True}],
    ids=str,
)
def test_splines(extrapolation, options):
    proven(SplineTransformer(extrapolation=extrapolation, **options).fit(X), X)


@pytest.mark.parametrize(
    ("extrapolation", "degree"),
    # Lines that go on from a step are refused.
    [(e, d) for e in ("constant", "linear", "continue", "periodic") for d in range(4) if (e, d) != ("linear", 0)],
)
@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_splines_behind_an_inexact_step(extrapolation, degree, kind):
    rows = X.astype(kind)
    spline = SplineTransformer(degree=degree, extrapolation=extrapolation, include_bias=degree % 2 == 0)
    model = make_pipeline(PCA(3), spline).fit(rows)
    # Where the knots end a step of degree 0 has no value of scikit-learn's.
    beyond = rows if degree == 0 else np.concatenate([rows, rows * 3])
    found = proven(model, beyond)["transform"]
    assert found.sameness.startswith("within")


@pytest.mark.parametrize("degree", [4, (2, 5)])
def test_polynomials_of_sparse_rows(degree):
    rows = RNG.integers(0, 3, size=(80, 2))
    for interaction_only in (True, False):
        polynomial = PolynomialFeatures(degree, interaction_only=interaction_only)
        proven(make_pipeline(OneHotEncoder(), MaxAbsScaler(), polynomial).fit(rows), rows, exact=True)


def test_splines_of_missing_values():
    proven(SplineTransformer(extrapolation="linear", handle_missing="zeros").fit(HOLES), HOLES)


@pytest.mark.parametrize(
    "name", ["log1p", "sqrt", "exp", "expm1", "cbrt", "sin", "tan", "sinh", "log10", "rint", "sign"]
)
def test_functions(name):
    for rows in (X, X.astype(np.float32)):
        proven(FunctionTransformer(getattr(np, name)).fit(rows), rows)


def test_functions_with_options():
    for function, options in ((np.clip, {"a_min": -1, "a_max": None}), (np.round, {"decimals": 2}), (expit, {})):
        proven(FunctionTransformer(function, kw_args=options).fit(X), X)
    proven(FunctionTransformer(np.nan_to_num, kw_args={"nan": -1.0}).fit(HOLES), HOLES, exact=True)
    whole = np.round(X).astype(np.int64)
    proven(FunctionTransformer(np.square).fit(whole), whole, exact=True)
    proven(make_pipeline(FunctionTransformer(np.sqrt), StandardScaler(), Ridge()).fit(np.abs(X), Y), np.abs(X))


def test_functions_of_ones_own_are_refused():
    with pytest.raises(ExportError, match="FunctionTransformer"):
        export_proven(FunctionTransformer(lambda rows: rows + 1).fit(X), X)

    def log1p(rows):
        return rows

    with pytest.raises(ExportError, match="log1p"):
        export_proven(FunctionTransformer(log1p).fit(X), X)


@pytest.mark.parametrize("dtype", [np.float32, np.int64])
def test_encoders_of_other_dtypes(dtype):
    proven(OneHotEncoder(handle_unknown="ignore", dtype=dtype).fit(FRAME), FRAME, exact=True)
    proven(OrdinalEncoder(dtype=dtype).fit(FRAME), FRAME, exact=True)


def test_encoders_over_float32_with_missing_values():
    rows = np.round(HOLES[:, 2:]).astype(np.float32)
    proven(OneHotEncoder(handle_unknown="ignore").fit(rows), rows, exact=True)
    proven(OrdinalEncoder(encoded_missing_value=-5).fit(rows), rows, exact=True)


@pytest.mark.parametrize(
    "target", [Y, Y > 1, np.array(["a", "b", "c"])[np.arange(120) % 3]], ids=["numbers", "two", "three"]
)
def test_target_encoder(target):
    proven(TargetEncoder().fit(FRAME, target), FRAME, exact=True)


ROOTS = np.concatenate([X, 10.0 ** np.linspace(-300, 300, 3 * 60).reshape(60, 3) * np.array([1, -1, 1])])


@pytest.mark.parametrize("name", ["arcsin", "arccos", "arctan", "arcsinh", "arccosh", "arctanh"])
def test_inverse_functions_over_all_sizes(name):
    rows = ROOTS[:, :3]
    proven(FunctionTransformer(getattr(np, name)).fit(rows), rows)
    edges = np.array([[1.0, -1.0, 0.0], [np.nextafter(1, 2), np.nextafter(1, 0), -0.5]])
    proven(FunctionTransformer(getattr(np, name)).fit(edges), edges)


@pytest.mark.parametrize("name", ["isnan", "isfinite", "isinf", "logical_not"])
def test_functions_that_give_bools(name):
    model = FunctionTransformer(getattr(np, name)).fit(HOLES)
    assert load(export_proven(model, HOLES).artifact.content).score(HOLES)["transform"].dtype == bool
    proven(make_pipeline(model, StandardScaler()).fit(HOLES), HOLES, exact=True)


@pytest.mark.parametrize("name", ["expit", "logit", "log_expit", "entr", "erf", "ndtr", "exp10"])
def test_functions_of_scipy(name):
    proven(FunctionTransformer(getattr(special, name)).fit(X), X)


@pytest.mark.parametrize("function", [np.add, np.subtract, np.multiply, np.divide, np.maximum, np.fmin, np.less])
def test_functions_of_a_number(function):
    for rows in (HOLES, X.astype(np.float32), np.round(X).astype(np.int64)):
        proven(FunctionTransformer(functools.partial(function, 2)).fit(rows), rows, exact=True)


def test_functions_of_a_number_that_have_no_graph():
    for function in (functools.partial(np.power, -1.0), functools.partial(np.add, np.ones(3)), np.hypot):
        with pytest.raises((ExportError, InputError)):
            export_proven(FunctionTransformer(function).fit(X), X)


@pytest.mark.parametrize("name", ["sum", "mean", "max", "min", "median"])
@pytest.mark.parametrize("width", [1, 2, 3])
def test_statistics_of_a_row(name, width):
    model = FunctionTransformer(getattr(np, name), kw_args={"axis": 1, "keepdims": True})
    proven(model.fit(HOLES[:, :width]), HOLES[:, :width])
    proven(make_pipeline(StandardScaler(), model).fit(X), X)


def test_other_axes():
    rows = np.hstack([X, X])[:, :6]
    proven(FunctionTransformer(np.reshape, kw_args={RESHAPE: (-1, 2, 3)}).fit(rows), rows, exact=True)
    halves = make_pipeline(FunctionTransformer(np.reshape, kw_args={RESHAPE: (-1, 3)}), StandardScaler()).fit(rows)
    scores = load(export_proven(halves, rows).artifact.content).score(rows)["transform"]
    np.testing.assert_array_equal(scores, halves.transform(rows))
    for shape in ((-1, 4), (len(rows), 6), (-1,)):
        with pytest.raises(ExportError, match="reshape"):
            export_proven(FunctionTransformer(np.reshape, kw_args={RESHAPE: shape}).fit(rows), rows)


@pytest.mark.parametrize("bias", [True, False])
def test_splines_of_a_column_of_one_value(bias):
    rows = np.column_stack([X[:, 1], np.full(len(X), 3.0)])
    for knots in ("uniform", "quantile"):
        proven(SplineTransformer(knots=knots, include_bias=bias).fit(rows), rows)
    with pytest.raises(ExportError, match="leave no room"):
        export_proven(SplineTransformer(extrapolation="linear").fit(rows), rows)
