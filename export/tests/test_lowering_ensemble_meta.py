"""Voting, stacking, bagging and AdaBoost over exact and inexact members."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    AdaBoostClassifier,
    AdaBoostRegressor,
    BaggingClassifier,
    BaggingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.multioutput import MultiOutputClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from samescore_export import Registry, export_proven
from samescore_export.lowering import TABLES, bagging, ensemble_meta

REGISTRY = Registry([*TABLES, ensemble_meta.LOWERINGS, bagging.LOWERINGS])
PROBABILITIES = ["predict", "predict_proba"]
RNG = np.random.default_rng(0)
X = RNG.normal(size=(150, 4))
SCORE = X[:, 0] + X[:, 2] + RNG.normal(size=150)
BINARY = np.where(SCORE > 0, "yes", "no")
THREE = np.digitize(SCORE, [-0.7, 0.7]) * 10
BOOL = SCORE > 0
NUMBERS = SCORE * 3


def proven(model, target, methods, rows=X, budget=400):
    exported = export_proven(model.fit(rows, target), rows, methods=methods, registry=REGISTRY, budget=budget)
    assert not exported.proof.failures
    return exported.proof.outputs


def exact(output):
    return output.comparison.bit_equal == output.comparison.rows


def trees(count=4):
    return [(f"t{i}", DecisionTreeClassifier(max_depth=2 + i % 3, random_state=i)) for i in range(count)]


MIXED = [*trees(2), ("l", LogisticRegression()), ("f", RandomForestClassifier(4, random_state=0))]


@pytest.mark.parametrize("target", [BINARY, THREE, BOOL], ids=["strings", "ints", "bools"])
@pytest.mark.parametrize("weights", [None, [1, 2, 2, 1], [0.3, 0.1, 0.25, 0.4]], ids=["plain", "tied", "weighted"])
def test_voting_over_trees_is_exact(target, weights):
    soft = proven(VotingClassifier(trees(), voting="soft", weights=weights), target, [*PROBABILITIES, "transform"])
    assert all(exact(output) for output in soft.values())
    hard = proven(VotingClassifier(trees(), weights=weights), target, ["predict", "transform"])
    assert all(exact(output) for output in hard.values())
    assert hard["predict"].sameness == "proven"


@pytest.mark.parametrize("target", [BINARY, THREE], ids=["strings", "ints"])
@pytest.mark.parametrize("voting", ["soft", "hard"])
def test_voting_over_mixed_members(target, voting):
    methods = [*PROBABILITIES, "transform"] if voting == "soft" else ["predict", "transform"]
    outputs = proven(VotingClassifier(MIXED, voting=voting), target, methods)
    assert outputs["predict"].flips == 0


def test_voting_with_rows_on_the_second_axis_has_an_output_an_estimator():
    model = VotingClassifier(trees(), voting="soft", flatten_transform=False).fit(X, BINARY)
    exported = export_proven(model, X, methods=["predict", "transform"], registry=REGISTRY)
    assert not exported.proof.failures
    assert {f"transform.{i}" for i in range(len(trees()))} < set(exported.proof.outputs)


@pytest.mark.parametrize("weights", [None, [1, 2, 3]])
def test_voting_regressors(weights):
    members = [("a", DecisionTreeRegressor(max_depth=3)), ("b", RandomForestRegressor(3, random_state=0))]
    third = [("c", DecisionTreeRegressor(max_depth=2))]
    assert all(exact(o) for o in proven(VotingRegressor(members + third, weights=weights), NUMBERS, None).values())
    inexact = VotingRegressor([*members, ("c", Ridge())], weights=weights)
    proven(inexact, NUMBERS, ["predict", "transform"])


def test_many_voting_regressors_and_a_dropped_one():
    members = [(f"m{i}", DecisionTreeRegressor(max_depth=1 + i % 4, random_state=i)) for i in range(11)]
    members[3] = ("m3", "drop")
    proven(VotingRegressor(members), NUMBERS, ["predict", "transform"])


@pytest.mark.parametrize("passthrough", [False, True])
@pytest.mark.parametrize("target", [BINARY, THREE, BOOL], ids=["strings", "ints", "bools"])
def test_stacking_classifiers(passthrough, target):
    model = StackingClassifier(MIXED, LogisticRegression(), cv=2, passthrough=passthrough)
    outputs = proven(model, target, [*PROBABILITIES, "decision_function", "transform"])
    assert outputs["predict"].flips == 0


@pytest.mark.parametrize("targets", [2, 3])
@pytest.mark.parametrize("passthrough", [False, True])
def test_stacking_over_several_labels_a_row(targets, passthrough):
    labels = (X[:, :targets] + RNG.normal(size=(150, targets)) > 0).astype(int)
    members = [
        ("forest", RandomForestClassifier(4, random_state=0)),
        ("neighbors", KNeighborsClassifier()),
        ("network", MLPClassifier((4,), max_iter=400, tol=0.1, random_state=0)),
        ("each", MultiOutputClassifier(LogisticRegression())),
    ]
    for final in (DecisionTreeClassifier(max_depth=3), KNeighborsClassifier(3)):
        model = StackingClassifier(members, final, cv=2, passthrough=passthrough)
        proven(model, labels, [*PROBABILITIES, "transform"])
    network = StackingClassifier(members, MLPClassifier((4,), max_iter=400, tol=0.1, random_state=0), cv=2)
    proven(network, labels, ["predict"])


def test_stacking_with_trees_only_is_exact():
    model = StackingClassifier(trees(3), RandomForestClassifier(4, random_state=0), cv=2, passthrough=True)
    outputs = proven(model, THREE, [*PROBABILITIES, "transform"])
    assert all(exact(output) for output in outputs.values())
    votes = StackingClassifier(trees(3), DecisionTreeClassifier(), cv=2, stack_method="predict")
    assert exact(proven(votes, BINARY, PROBABILITIES)["predict_proba"])


def test_stacking_over_inexact_labels_hangs_on_their_margins():
    model = StackingClassifier(MIXED, LogisticRegression(), cv=2, stack_method="predict").fit(X, BINARY)
    exported = export_proven(model, X, budget=300)
    assert not exported.proof.failures
    assert exported.compiled.scores["predict_proba"].margin is not None


@pytest.mark.parametrize("passthrough", [False, True])
def test_stacking_regressors(passthrough):
    members = [("a", DecisionTreeRegressor(max_depth=3)), ("b", LinearRegression())]
    proven(StackingRegressor(members, Ridge(), cv=2, passthrough=passthrough), NUMBERS, ["predict", "transform"])


def test_stacking_on_a_frame_with_strings():
    frame = pd.DataFrame({"n": X[:, 0], "s": np.where(X[:, 1] > 0, "a", "b")})
    columns = ColumnTransformer([("n", StandardScaler(), ["n"]), ("s", OneHotEncoder(), ["s"])])
    members = [("p", make_pipeline(columns, LogisticRegression())), ("t", make_pipeline(columns, MIXED[0][1]))]
    proven(StackingClassifier(members, LogisticRegression(), cv=2), BINARY, PROBABILITIES, frame)
    proven(VotingClassifier(members, voting="soft"), BINARY, PROBABILITIES, frame)


@pytest.mark.parametrize(
    "options", [{}, {"max_features": 0.5}, {"max_features": 3, "bootstrap_features": True}], ids=str
)
@pytest.mark.parametrize("target", [BINARY, THREE], ids=["strings", "ints"])
def test_bagged_trees_are_exact(options, target):
    model = BaggingClassifier(DecisionTreeClassifier(max_depth=3), n_estimators=6, random_state=0, **options)
    outputs = proven(model, target, [*PROBABILITIES, "predict_log_proba"])
    assert exact(outputs["predict"])
    assert exact(outputs["predict_proba"])
    regressor = BaggingRegressor(DecisionTreeRegressor(max_depth=3), n_estimators=6, random_state=0, **options)
    assert exact(proven(regressor, NUMBERS, ["predict"])["predict"])


@pytest.mark.parametrize("target", [BINARY, THREE], ids=["strings", "ints"])
def test_bagging_of_other_members(target):
    logistic = BaggingClassifier(LogisticRegression(), n_estimators=4, random_state=0, max_features=0.5)
    proven(logistic, target, [*PROBABILITIES, "predict_log_proba", "decision_function"])
    votes = BaggingClassifier(LinearSVC(), n_estimators=4, random_state=0)
    proven(votes, target, [*PROBABILITIES, "decision_function"])


def test_bagging_with_missing_values_and_rare_classes():
    rows = X.copy()
    rows[::5, 1] = np.nan
    target = np.array(["a"] * 73 + ["b"] * 74 + ["c"] * 3)
    # A pipeline takes no sample weights, so its members see only the rows they drew.
    member = make_pipeline(StandardScaler(), DecisionTreeClassifier(max_depth=3))
    model = BaggingClassifier(member, n_estimators=8, max_samples=0.2, random_state=1)
    assert any(len(member.classes_) < 3 for member in model.fit(rows, target).estimators_)
    assert exact(proven(model, target, PROBABILITIES, rows)["predict_proba"])


@pytest.mark.parametrize("target", [BINARY, THREE, BOOL], ids=["strings", "ints", "bools"])
def test_ada_boost_classifiers(target):
    model = AdaBoostClassifier(DecisionTreeClassifier(max_depth=2), n_estimators=8, random_state=0)
    outputs = proven(model, target, [*PROBABILITIES, "decision_function", "predict_log_proba"])
    assert exact(outputs["predict"])
    assert exact(outputs["decision_function"])
    inexact = AdaBoostClassifier(LogisticRegression(), n_estimators=5, random_state=0)
    proven(inexact, target, [*PROBABILITIES, "decision_function"])


@pytest.mark.parametrize("loss", ["linear", "square", "exponential"])
def test_ada_boost_regressors(loss):
    model = AdaBoostRegressor(DecisionTreeRegressor(max_depth=3), n_estimators=9, loss=loss, random_state=0)
    assert exact(proven(model, NUMBERS, ["predict"])["predict"])
    proven(AdaBoostRegressor(Ridge(), n_estimators=6, loss=loss, random_state=0), NUMBERS, ["predict"])
