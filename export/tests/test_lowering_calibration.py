"""Calibrated classifiers and isotonic regression."""

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from samescore_export import ExportError, Registry, export_proven
from samescore_export.lowering import TABLES, calibration, frozen, isotonic

REGISTRY = Registry([*TABLES, calibration.LOWERINGS, isotonic.LOWERINGS, frozen.LOWERINGS])
RNG = np.random.default_rng(0)
X = RNG.normal(size=(160, 4))
SCORE = X[:, 0] + X[:, 2] + RNG.normal(size=160)
BINARY = np.where(SCORE > 0, "yes", "no")
THREE = np.digitize(SCORE, [-0.7, 0.7])
BOTH = ["predict", "predict_proba"]


def proven(model, methods, rows=X, budget=400):
    exported = export_proven(model, rows, methods=methods, registry=REGISTRY, budget=budget)
    assert not exported.proof.failures
    return exported.proof.outputs


@pytest.mark.parametrize("method", ["sigmoid", "isotonic", "temperature"])
@pytest.mark.parametrize("ensemble", [True, False])
@pytest.mark.parametrize("target", [BINARY, THREE], ids=["two", "three"])
@pytest.mark.parametrize(
    "inner", [LinearSVC(), RandomForestClassifier(5, max_depth=3, random_state=0)], ids=["decisions", "probabilities"]
)
def test_calibrated(method, ensemble, target, inner):
    model = CalibratedClassifierCV(inner, method=method, ensemble=ensemble, cv=3).fit(X, target)
    outputs = proven(model, BOTH)
    assert outputs["predict"].flips == 0
    if method == "isotonic" and isinstance(inner, RandomForestClassifier):
        assert all(output.comparison.bit_equal == output.comparison.rows for output in outputs.values())


def test_calibrated_over_other_members():
    frozen_model = FrozenEstimator(make_pipeline(StandardScaler(), RidgeClassifier()).fit(X, THREE))
    proven(CalibratedClassifierCV(frozen_model, method="isotonic").fit(X, THREE), BOTH)
    boosted = GradientBoostingClassifier(n_estimators=4, random_state=0)
    outputs = proven(CalibratedClassifierCV(boosted, method="isotonic", cv=2).fit(X, BINARY), BOTH)
    assert all(output.comparison.bit_equal == output.comparison.rows for output in outputs.values())
    proven(CalibratedClassifierCV(LogisticRegression(), cv=2).fit(X, SCORE > 0), BOTH)


@pytest.mark.parametrize("out_of_bounds", ["nan", "clip"])
@pytest.mark.parametrize("increasing", [True, False, "auto"])
def test_isotonic_regression_is_exact(out_of_bounds, increasing):
    model = IsotonicRegression(out_of_bounds=out_of_bounds, increasing=increasing).fit(X[:, :1], SCORE)
    outputs = proven(model, ["predict", "transform"], X[:, :1])
    assert all(output.comparison.bit_equal == output.comparison.rows for output in outputs.values())


def test_isotonic_regression_at_its_thresholds():
    points = np.arange(20.0).reshape(-1, 1)
    model = IsotonicRegression(out_of_bounds="nan").fit(points, np.arange(20) % 7)
    rows = np.concatenate([points, np.nextafter(points, np.inf), np.nextafter(points, -np.inf)])
    assert proven(model, ["predict"], rows)["predict"].comparison.passed
    flat = IsotonicRegression(out_of_bounds="clip").fit([[1.0]], [3.0])
    proven(flat, ["predict"], rows)


def test_isotonic_regression_that_raises_is_refused():
    model = IsotonicRegression(out_of_bounds="raise").fit(X[:, :1], SCORE)
    with pytest.raises(ExportError, match="out_of_bounds='raise'"):
        export_proven(model, X[:, :1], registry=REGISTRY)
