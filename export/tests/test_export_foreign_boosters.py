"""Silent errors of onnxmltools' converters for LightGBM and XGBoost (docs/silent-errors.md): each is found, with a row that shows it."""

import re
import warnings

import numpy as np
import pytest
from lightgbm import LGBMClassifier, LGBMRegressor
from onnxmltools import convert_lightgbm
from onnxmltools.convert.common.data_types import FloatTensorType
from onnxmltools.convert.xgboost.operator_converters.XGBoost import convert_xgboost
from skl2onnx import to_onnx, update_registered_converter
from skl2onnx.common.data_types import FloatTensorType as SklearnFloatTensorType
from skl2onnx.common.shape_calculator import calculate_linear_regressor_output_shapes
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from xgboost import XGBRegressor

from samescore_export import prove_file

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 4))
THREE = np.digitize(X[:, 0] + X[:, 3], [-1, 1])


def failures_of(tmp_path, graph, model, rows):
    path = tmp_path / "foreign.onnx"
    path.write_bytes(graph.SerializeToString())
    return list(prove_file(path, model, rows, budget=600)[0].failures)


def lightgbm(model, target):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(X, target)
        types = [("X", FloatTensorType([None, X.shape[1]]))]
        return convert_lightgbm(model, initial_types=types, target_opset=15, zipmap=False)


CASES = {
    "sum divided twice: rf": (
        LGBMRegressor(n_estimators=10, boosting_type="rf", bagging_freq=1, bagging_fraction=0.6, verbose=-1),
        X[:, 0] * X[:, 1],
    ),
    "sigmoids left out: multiclassova": (LGBMClassifier(n_estimators=10, objective="multiclassova", verbose=-1), THREE),
    "float64 splits: LGBMRegressor": (LGBMRegressor(n_estimators=10, verbose=-1), X[:, 0] * X[:, 1]),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.filterwarnings("ignore")
def test_a_silent_error_is_found_with_a_row_that_shows_it(tmp_path, name):
    model, target = CASES[name]
    found = failures_of(tmp_path, lightgbm(model, target), model, X)
    kinds = r"a split probe" if "splits" in name else r"(probe|sample)"
    assert any(re.search(kinds, line) and "expected" in line for line in found), found


@pytest.mark.filterwarnings("ignore")
def test_a_scaler_in_float32_before_xgboost_moves_rows_over_splits(tmp_path):
    rows = X * [1e4, 1, 1, 1] + [1e6, 0, 0, 0]
    model = make_pipeline(StandardScaler(), XGBRegressor(n_estimators=20)).fit(rows, X[:, 0])
    update_registered_converter(
        XGBRegressor, "XGBoostXGBRegressor", calculate_linear_regressor_output_shapes, convert_xgboost
    )
    graph = to_onnx(
        model,
        initial_types=[("X", SklearnFloatTensorType([None, 4]))],
        target_opset={"": 21, "ai.onnx.ml": 3},
    )
    found = failures_of(tmp_path, graph, model, rows)
    assert any("expected" in line for line in found), found
