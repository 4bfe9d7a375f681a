"""assert_same_scores and the fixture of the pytest plugin."""

import subprocess
import sys

import numpy as np
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeRegressor

from samescore_export.testing import assert_same_scores

X = np.random.default_rng(0).normal(size=(60, 3))


class Odd(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X):
        return X * 2


def test_a_model_that_is_the_same_gives_its_artifact():
    artifact = assert_same_scores(
        DecisionTreeRegressor(random_state=0).fit(X, X[:, 0]), X, at_least="proven", budget=200
    )
    assert artifact.contract.outputs[0].name == "predict"


def test_less_than_asked_fails_with_the_reason():
    with pytest.raises(AssertionError, match=r"predict: within .* ulp \(BLAS.*; at least bit-equal"):
        assert_same_scores(Ridge().fit(X, X[:, 0]), X, at_least="bit-equal", budget=200)


def test_a_model_that_cannot_be_exported_fails_by_name():
    with pytest.raises(AssertionError, match=r"does not export:\nsteps\.odd"):
        assert_same_scores(make_pipeline(Odd(), Ridge()).fit(X, X[:, 0]), X)


def test_a_wrong_lowering_fails_with_a_row():
    from samescore_export import Lowered
    from samescore_export.values import matrix_of

    def tripled(estimator, inputs, scope):
        x = matrix_of(scope.graph, inputs)
        return Lowered(x.mapped(scope.graph.op("Mul", x.value, scope.graph.constant(3.0))))

    with pytest.raises(AssertionError, match=r"not the same:\ntransform: row"):
        assert_same_scores(Odd().fit(X), X, registry=[{Odd: tripled}], budget=100)


def test_the_fixture_writes_a_report_per_test(tmp_path):
    (tmp_path / "test_model.py").write_text(
        "import numpy as np\nfrom sklearn.tree import DecisionTreeRegressor\n"
        "def test_mine(same_scores):\n"
        "    X = np.arange(20.0).reshape(10, 2)\n"
        "    same_scores(DecisionTreeRegressor().fit(X, X[:, 0]), X, budget=50)\n"
    )
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--samescore-report",
        "out",
        "test_model.py",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "out" / "test_mine" / "report.html").is_file()
