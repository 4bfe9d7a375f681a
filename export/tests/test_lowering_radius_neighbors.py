"""Neighbours within a radius: rows without any, points on the border, weights."""

import warnings

import numpy as np
import onnxruntime
import pytest
from sklearn.neighbors import RadiusNeighborsClassifier, RadiusNeighborsRegressor, RadiusNeighborsTransformer

from samescore_export import ExportError, export_proven
from samescore_runtime.frames import encode_frame
from samescore_runtime.sessions import open_session

RNG = np.random.default_rng(0)
X = RNG.normal(size=(150, 3)) + 2
Y = np.array(["no", "yes", "maybe"])[(X[:, 0] * 3).astype(int) % 3]
AMOUNT = X[:, 0] * 2 + RNG.normal(size=150)
SEARCHES = [{}, {"algorithm": "brute"}, {"algorithm": "ball_tree", "metric": "canberra"}, {"p": 1}, {"p": 3}]


def proven(model, methods, rows=X, budget=300):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exported = export_proven(model, rows, methods=methods, budget=budget)
    assert not exported.proof.failures
    return exported.proof.outputs


@pytest.mark.parametrize("options", SEARCHES, ids=str)
@pytest.mark.parametrize("weights", ["uniform", "distance"])
def test_options(options, weights):
    for label in ("most_frequent", "yes", "none"):
        if label == "none" and options.get("algorithm") == "brute" and weights == "uniform":
            continue
        model = RadiusNeighborsClassifier(0.7, weights=weights, outlier_label=label, **options)
        try:
            model.fit(X, Y.astype("U12"))
        except TypeError:
            continue
        proven(model, ["predict", "predict_proba"])
    proven(RadiusNeighborsRegressor(0.7, weights=weights, **options).fit(X, AMOUNT), ["predict"])
    both = np.column_stack([AMOUNT, AMOUNT**2])
    proven(RadiusNeighborsRegressor(0.7, weights=weights, **options).fit(X, both), ["predict"])


def test_several_targets_and_numbers():
    target = np.column_stack([Y, np.where(X[:, 1] > 2, "up", "down")])
    proven(RadiusNeighborsClassifier(0.7, outlier_label="most_frequent").fit(X, target), ["predict", "predict_proba"])
    whole = (X[:, 0] > 2) * 5
    proven(RadiusNeighborsClassifier(0.7, outlier_label=-1).fit(X, whole), ["predict", "predict_proba"])


@pytest.mark.parametrize("metric", ["manhattan", "chebyshev", "canberra"])
@pytest.mark.parametrize("label", [-1, 0, 1, 5, "most_frequent"])
def test_brute_force_takes_the_label_for_a_position(metric, label):
    whole = (X[:, 0] > 2) * 5
    if label == 1:
        whole = whole // 5
    model = RadiusNeighborsClassifier(0.4, algorithm="brute", metric=metric, outlier_label=label).fit(X, whole)
    proven(model, ["predict", "predict_proba"], budget=150)


def test_the_border():
    grid = np.array([[i, j] for i in range(6) for j in range(6)], float)
    for options in SEARCHES:
        model = RadiusNeighborsClassifier(1.0, outlier_label=0, **options).fit(grid, np.arange(36) % 3)
        proven(model, ["predict", "predict_proba"], np.concatenate([grid, grid + 0.25]))


@pytest.mark.parametrize("mode", ["distance", "connectivity"])
@pytest.mark.parametrize("algorithm", ["kd_tree", "brute"])
def test_transformer(mode, algorithm):
    proven(RadiusNeighborsTransformer(radius=0.8, mode=mode, algorithm=algorithm).fit(X), ["transform"])


def test_no_neighbours_and_no_label_is_an_error_on_both_sides():
    model = RadiusNeighborsClassifier(2.5).fit(X, Y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exported = export_proven(model, X, methods=["predict", "predict_proba"], budget=200)
    assert not exported.proof.failures
    session = open_session(exported.artifact.content, "the graph")
    far = np.full((1, 3), -3.5)
    with pytest.raises(ValueError, match="No neighbors"):
        model.predict(far)
    with pytest.raises(onnxruntime.capi.onnxruntime_pybind11_state.InvalidArgument):
        session.run(None, dict(encode_frame(exported.artifact.contract, far)))


def test_whole_targets_are_refused():
    with pytest.raises(ExportError, match="whole numbers"):
        export_proven(RadiusNeighborsRegressor().fit(X, np.arange(150)), X)


def test_a_limit_is_found_among_ordinary_numbers():
    rows = np.random.default_rng(0).uniform(0, 17, size=(80, 2))
    model = RadiusNeighborsClassifier(60.0).fit(rows, rows[:, 0] > 8)
    contract = export_proven(model, rows, budget=100).artifact.contract
    assert all(40 < column.limit < 80 for column in contract.columns)
