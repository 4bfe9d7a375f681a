"""Trees behind steps that are not bit-equal: rows within the bound of a split are named, all others are compared."""

import numpy as np
import onnxruntime
import pytest
from sklearn.ensemble import (
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import BernoulliRBM
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier

from samescore_export import export_proven
from samescore_export.graph import Graph
from samescore_export.operations.thresholds import near_thresholds
from samescore_export.values import Matrix, Rounding

X = np.random.default_rng(0).uniform(size=(200, 5))
BINARY = np.where(X[:, 0] + X[:, 1] > 1, "yes", "no")


@pytest.mark.parametrize(
    "model",
    [
        RandomForestClassifier(9, random_state=0),
        RandomForestRegressor(9, random_state=0),
        GradientBoostingRegressor(n_estimators=9, random_state=0),
        HistGradientBoostingClassifier(max_iter=9),
        DecisionTreeClassifier(random_state=0),
    ],
    ids=lambda model: type(model).__name__,
)
def test_trees_behind_a_sum_of_blas(model):
    y = X[:, 0] if "Regressor" in type(model).__name__ else BINARY
    exported = export_proven(make_pipeline(BernoulliRBM(4, n_iter=3, random_state=0), model).fit(X, y), X, budget=300)
    assert not exported.proof.failures
    assert all(output.sameness.startswith(("proven beyond", "within")) for output in exported.proof.outputs.values())
    assert exported.proof.fit.mean() > 0.9


def test_a_forest_on_probabilities():
    stacked = StackingClassifier(
        [("a", LogisticRegression()), ("b", LogisticRegression(C=0.1))],
        RandomForestClassifier(5, random_state=0),
        stack_method="predict",
        cv=2,
    )
    # The labels of the first two hang on sums too.
    numbers = (BINARY == "yes").astype(int)
    assert not export_proven(stacked.fit(X, numbers), X, budget=300).proof.failures


def test_the_margin_is_the_distance_to_the_nearest_threshold():
    graph = Graph()
    x = graph.input("x", "float64", ("rows", 2))
    rounding = Rounding(3.0, graph.constant(np.ones((1, 2))), "a test")
    margin = near_thresholds(graph, Matrix(x, 2, rounding=rounding), {1: np.array([0.5, -2.0, 4.0])})
    assert margin is not None
    model = graph.to_model({"margin": (margin[0], "float64", None)}, "test", "0")
    import onnx_ir

    session = onnxruntime.InferenceSession(onnx_ir.to_proto(model).SerializeToString())
    rows = np.array([[0.5, 0.75], [0.5, -1.5], [0.0, 100.0], [1.0, np.nan], [1.0, np.inf], [2.0, 0.5]])
    found = session.run(None, {"x": rows})[0]
    scale = np.maximum(1.0, np.abs(rows[:, 1]))
    np.testing.assert_allclose(found, np.array([0.25, 0.5, 96.0, np.inf, np.nan, 0.0]) / (3.0 * scale))
