"""Provenance names the packages that the file hangs on, and no others that happen to be installed."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from samescore_export.provenance import make_provenance
from samescore_export.sample import read_sample

X = np.random.default_rng(0).normal(size=(30, 2))
SAMPLE = read_sample(X)


def test_a_booster_is_named_where_the_model_has_one():
    lightgbm = pytest.importorskip("lightgbm", reason="the boosters are an extra")
    plain = make_provenance(make_pipeline(StandardScaler(), Ridge()).fit(X, X[:, 0]), SAMPLE, None)
    boosted = make_pipeline(StandardScaler(), lightgbm.LGBMRegressor(verbose=-1)).fit(X, X[:, 0])
    assert "lightgbm" not in plain["packages"]
    assert make_provenance(boosted, SAMPLE, None)["packages"]["lightgbm"] == lightgbm.__version__


def test_no_clock_and_no_path():
    model = Ridge().fit(X, X[:, 0])
    assert make_provenance(model, SAMPLE, "abc") == make_provenance(model, SAMPLE, "abc")
    assert make_provenance(model, SAMPLE, "abc")["estimator"] == "sklearn.linear_model.Ridge"
