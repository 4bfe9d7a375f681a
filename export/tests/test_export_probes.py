"""What the probes cover is counted on the rows that were compared, and probes that are not compared are counted by cause."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from catboost import CatBoostRegressor
from jsonschema import Draft202012Validator
from lightgbm import LGBMRegressor
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import MiniBatchNMF
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, OrdinalEncoder, PowerTransformer, StandardScaler
from sklearn.tree import DecisionTreeClassifier
from xgboost import XGBRegressor

from samescore_export import Lowered, export_proven
from samescore_export.operations.tree_ensemble import bisection, tree_ensemble
from samescore_export.probes import Beside, make_probes
from samescore_export.report import write_report
from samescore_export.values import Score, matrix_of

X = np.random.default_rng(0).uniform(1, 5, (300, 3))
Y = X[:, 0] * X[:, 1] > X[:, 2] * 3
SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "artifact.schema.json").read_text())


def covered(model, rows, **options):
    proof = export_proven(model, rows, **options).proof
    assert not proof.failures
    entry = proof.to_json()
    Draft202012Validator({**SCHEMA, "type": "object", "required": [], "$ref": "#/$defs/proof"}).validate(entry)
    return entry["coverage"], proof


def test_probes_that_the_model_refuses_are_counted_with_its_own_words(tmp_path):
    exported = export_proven(PowerTransformer("box-cox").fit(X), X)
    found = exported.proof.to_json()["coverage"]["refused"]
    assert any("strictly positive" in item["cause"] and item["kind"] == "special" for item in found)
    assert sum(item["rows"] for item in found) >= 3
    assert len(found) == len({(item["cause"], item["kind"]) for item in found}) <= 3
    write_report(exported.proof, exported.artifact, tmp_path, "box-cox")
    assert "strictly positive" in (tmp_path / "report.html").read_text()
    assert "not compared: " in (tmp_path / "report.md").read_text()
    assert json.loads((tmp_path / "report.json").read_text())["coverage"]["refused"] == found


def test_probes_left_out_for_the_batch_they_would_drown_are_counted():
    model = MiniBatchNMF(2, random_state=0, max_iter=400, tol=1e-2).fit(X)
    found, _ = covered(model, X)
    assert any("drown" in item["cause"] for item in found["refused"])


def test_a_model_that_takes_everything_refuses_nothing():
    found, _ = covered(DecisionTreeClassifier(random_state=0).fit(X, Y), X)
    assert found["refused"] == []


def frame():
    rows = pd.DataFrame(X, columns=["a", "b", "c"])
    rows["kind"] = np.where(X[:, 1] > 3, "x", "y").astype(object)
    rows.loc[::7, "kind"] = None
    rows.loc[::9, "a"] = np.nan
    return rows


MODELS = {
    "a forest": (lambda: RandomForestRegressor(5, max_depth=4, random_state=0).fit(X, X[:, 0]), lambda: X),
    "histogram boosting": (lambda: HistGradientBoostingClassifier(max_iter=5).fit(X, Y), lambda: X),
    "LightGBM": (lambda: LGBMRegressor(n_estimators=5, verbose=-1).fit(X, X[:, 0]), lambda: X),
    "XGBoost": (lambda: XGBRegressor(n_estimators=5, max_depth=3).fit(X, X[:, 0]), lambda: X),
    "CatBoost": (
        lambda: CatBoostRegressor(iterations=5, depth=3, verbose=False, allow_writing_files=False).fit(X, X[:, 0]),
        lambda: X,
    ),
    "bins": (
        lambda: KBinsDiscretizer(4, encode="ordinal", quantile_method="averaged_inverted_cdf").fit(X),
        lambda: X,
    ),
    "a scaler before a tree": (
        lambda: make_pipeline(StandardScaler(), DecisionTreeClassifier(max_depth=4, random_state=0)).fit(X, Y),
        lambda: X,
    ),
}


@pytest.mark.parametrize("case", MODELS)
def test_every_split_within_the_budget_has_a_probe_on_both_sides(case):
    make, rows = MODELS[case]
    found, proof = covered(make(), rows())
    assert found["splits"] > 5
    assert found["splits_both_sides"] == found["splits"]
    assert found["boundary_rows"] == int((proof.probes.kinds == "split").sum()) >= 2 * found["splits"]


class Stump(RegressorMixin, BaseEstimator):
    """One for whatever is above 2.5 in the second column, else zero."""

    def fit(self, X, y=None):
        self.n_features_in_ = X.shape[1]
        return self

    def predict(self, X):
        return np.where(np.asarray(X)[:, 1] <= 2.5, 0.0, 1.0)


def lower_stump(estimator, inputs, scope):
    x = matrix_of(scope.graph, inputs)
    trees = bisection(np.array([2.5]), feature=1)
    found = scope.graph.op(
        "Reshape",
        tree_ensemble(scope.graph, x.value, trees, trees.threshold, 1),
        scope.graph.constant([-1], np.int64),
    )
    return Lowered(None, {"predict": Score(found, "float64")})


def test_splits_of_a_lowering_that_gave_no_hints_are_read_from_the_graph():
    exported = export_proven(Stump().fit(X), X, registry=[{Stump: lower_stump}])
    assert not exported.proof.failures
    found = exported.proof.to_json()["coverage"]
    assert (found["splits"], found["splits_both_sides"]) == (1, 1)
    split = exported.proof.probes.kinds == "split"
    assert {2.5, np.nextafter(2.5, 3)} <= set(exported.proof.probes.sample.columns["x1"][split].tolist())


def test_a_budget_too_small_for_all_splits_says_how_many_it_had():
    model = RandomForestRegressor(30, random_state=0).fit(X, X[:, 0])
    found, proof = covered(model, X, budget=200)
    assert 0 < found["splits_both_sides"] < found["splits"]
    assert len(proof.probes.kinds) <= 200


def test_missing_and_unknown_are_what_the_rows_have():
    columns = ColumnTransformer(
        [
            (
                "k",
                OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2),
                ["kind"],
            )
        ],
        remainder="passthrough",
    )
    rows = frame()
    model = make_pipeline(columns, DecisionTreeClassifier(max_depth=3, random_state=0)).fit(rows, Y)
    found, proof = covered(model, rows)
    assert found["missing"] == {"kind": True, "a": True, "b": True, "c": True}
    assert found["missing_rows"]["a"] == int(np.isnan(proof.probes.sample.columns["a"]).sum()) > 1
    assert found["categories"] == {"kind": [2, 2]}
    assert found["unknown"] == {"kind": True}


def test_codes_of_categories_are_probed_at_their_edges():
    codes = np.column_stack([np.random.default_rng(1).integers(0, 6, 300), X[:, 0]])
    model = LGBMRegressor(n_estimators=5, min_child_samples=5, min_data_per_group=5, cat_smooth=1, verbose=-1)
    model.fit(codes, np.sin(codes[:, 0] * 9), categorical_feature=[0])
    found, proof = covered(model, codes)
    assert found["splits_both_sides"] == found["splits"]
    probed = set(proof.probes.sample.columns["x0"][proof.probes.kinds == "split"].tolist())
    assert {3.0, float(np.nextafter(3.0, 0))} <= probed


def test_splits_with_the_same_whole_neighbours_are_probed_together():
    rows = pd.DataFrame(
        {"n": np.random.default_rng(2).integers(0, 20, 400), "x": np.random.default_rng(3).normal(size=400)}
    )
    target = np.sin(rows.n) + rows.x
    model = make_pipeline(StandardScaler(), RandomForestRegressor(10, random_state=0)).fit(rows, target)
    found, proof = covered(model, rows, budget=400)
    whole = next(item for item in proof.probes.beside if item.column == "n")
    assert len(whole.splits) > len(set(whole.below.tolist()))
    assert found["splits_both_sides"] >= len(whole.splits)
    # No room is left over while there are splits to probe.
    assert found["rows"] >= 395


def test_a_side_whose_probe_was_refused_no_longer_counts():
    model = DecisionTreeClassifier(max_depth=2, random_state=0).fit(X, Y)
    exported = export_proven(model, X)
    probes = make_probes(exported.compiled.sample, exported.compiled.contract, exported.compiled.hints)
    assert probes.both_sides == probes.splits > 1
    (gone, *_) = next(item.below for item in probes.beside if isinstance(item, Beside) and len(item.below))
    column = next(item.column for item in probes.beside if gone in item.below)
    rest = probes.kept(probes.sample.columns[column] != gone, lambda row: "for the test")
    assert rest.both_sides == probes.splits - 1
    assert {item.cause for item in rest.refused} == {"for the test"}
