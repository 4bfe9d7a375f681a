"""IsolationForest: labels without exception, scores to the last bits of a power."""

import numpy as np
import pytest
from sklearn.ensemble import IsolationForest

from samescore_export import Registry, export_proven
from samescore_export.lowering import TABLES, isolation_forest

REGISTRY = Registry([*TABLES, isolation_forest.LOWERINGS])
ALL = ["predict", "decision_function", "score_samples"]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"contamination": 0.1},
        {"max_features": 0.5},
        {"max_features": 2, "bootstrap": True, "max_samples": 0.5},
        {"max_samples": 1},
        {"max_samples": 2, "contamination": 0.3},
    ],
    ids=str,
)
def test_isolation_forest(options):
    X = np.random.default_rng(0).normal(size=(150, 4))
    X[:5] *= 6
    model = IsolationForest(n_estimators=20, random_state=0, **options).fit(X)
    exported = export_proven(model, X, methods=ALL, registry=REGISTRY, budget=900)
    assert not exported.proof.failures
    assert exported.proof.outputs["predict"].sameness == "proven"
    assert exported.proof.outputs["score_samples"].comparison.largest_ulp <= 2


def test_missing_and_infinite_values():
    X = np.random.default_rng(0).normal(size=(150, 3))
    X[::7, 1] = np.nan
    model = IsolationForest(n_estimators=10, random_state=0, contamination=0.2).fit(X)
    exported = export_proven(model, X, methods=ALL, registry=REGISTRY, budget=900)
    assert not exported.proof.failures
    column = exported.compiled.contract.columns[1]
    assert column.nullable
