"""Where columns have finitely many values, all of them are tried; what that proves, and what it does not, is said."""

from dataclasses import replace

import numpy as np
import onnx
import pandas as pd
import pytest
from lightgbm import LGBMClassifier
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from xgboost import XGBClassifier, XGBRegressor

from samescore_export import Lowered, export_proven
from samescore_export.evidence import gather
from samescore_export.finite_domain import finite_domain
from samescore_export.prover import prove
from samescore_export.values import matrix_of

RNG = np.random.default_rng(0)
ROWS = pd.DataFrame(
    {
        "a": RNG.choice(["x", "y", "z"], 300).astype(object),
        "b": RNG.choice(["p", "q", None], 300).astype(object),
        "c": RNG.random(300) > 0.5,
    }
)
Y = (ROWS.a == "x").to_numpy() ^ ROWS.c.to_numpy()


def encoded(model, columns=("a", "b"), **options):
    encoder = OneHotEncoder(**{"handle_unknown": "ignore", "sparse_output": False} | options)
    return make_pipeline(make_column_transformer((encoder, list(columns)), remainder="passthrough"), model)


def certificates(proof):
    return {item["kind"]: item for item in proof.to_json()["certificates"]}


@pytest.mark.parametrize("model", [DecisionTreeClassifier(random_state=0), LogisticRegression(), SVC()])
def test_every_input_of_a_model_over_categories_alone_is_tried(model):
    fitted = encoded(model).fit(ROWS, Y)
    exported = export_proven(fitted, ROWS)
    proof = exported.proof
    assert not proof.failures
    found = certificates(proof)["every_input"]
    # Each column of strings: x, y, z, p, q, which share a look-up, one that is none of them, and missing; two bools.
    assert "all 98 combinations" in found["claim"]
    assert found["checked"] == 98 * len(proof.outputs)
    assert proof.outputs["predict"].sameness == "proven"
    assert "strings that are no category" in " ".join(proof.to_json()["not_covered"])


def test_a_closed_contract_has_no_unknown_to_try():
    fitted = encoded(DecisionTreeClassifier(random_state=0), handle_unknown="error").fit(ROWS, Y)
    domain = finite_domain(export_proven(fitted, ROWS).compiled, 2000)
    assert domain.whole
    assert domain.values == {"a": 3, "b": 3, "c": 2}
    assert domain.rows.rows == 18
    assert len({tuple(map(str, row)) for row in zip(*domain.rows.columns.values(), strict=True)}) == 18


def test_sums_are_within_their_bound_on_every_input():
    fitted = encoded(Ridge()).fit(ROWS, Y.astype(float))
    proof = export_proven(fitted, ROWS).proof
    assert proof.outputs["predict"].sameness.startswith("within")
    assert "every input was tried" in certificates(proof)["every_input"]["claim"]


def test_beside_numbers_each_value_is_tried_alone_and_the_proof_says_so():
    rows = ROWS.assign(n=RNG.normal(size=300))
    proof = export_proven(encoded(DecisionTreeClassifier(random_state=0)).fit(rows, Y), rows).proof
    found = certificates(proof)
    assert "every_input" not in found
    assert "tried alone" in found["every_value"]["claim"]
    assert any("combinations of categories" in line for line in proof.to_json()["not_covered"])


def test_more_combinations_than_the_budget_are_tried_alone():
    fitted = encoded(DecisionTreeClassifier(random_state=0)).fit(ROWS, Y)
    assert not finite_domain(export_proven(fitted, ROWS).compiled, 9).whole
    assert finite_domain(export_proven(fitted, ROWS).compiled, 10).whole


def test_a_model_without_categories_has_no_domain():
    X = RNG.normal(size=(50, 2))
    assert finite_domain(export_proven(Ridge().fit(X, X[:, 0]), X).compiled, 2000) is None


def test_text_is_no_finite_domain():
    from sklearn.feature_extraction.text import CountVectorizer

    texts = ["a bc d", "bc bc", "d e f"] * 5
    assert finite_domain(export_proven(CountVectorizer().fit(texts), texts).compiled, 2000) is None


def _swapped(model: onnx.ModelProto) -> onnx.ModelProto:
    """Two codes of the first look-up exchanged."""
    mutant = onnx.ModelProto()
    mutant.CopyFrom(model)
    node = next(node for node in mutant.graph.node if node.op_type == "LabelEncoder")
    values = next(item for item in node.attribute if item.name == "values_tensor")
    array = onnx.numpy_helper.to_array(values.t).copy()
    array[[0, -1]] = array[[-1, 0]]
    values.t.CopyFrom(onnx.numpy_helper.from_array(array))
    return mutant


@pytest.mark.parametrize("numbers", [False, True])
def test_a_wrong_code_is_found_by_trying_alone(numbers):
    """Without any other certificate, and with one probe, which is a row of the sample."""
    rows = ROWS.assign(n=RNG.normal(size=300)) if numbers else ROWS
    fitted = encoded(DecisionTreeClassifier(random_state=0)).fit(rows, Y)
    compiled = export_proven(fitted, rows).compiled
    evidence = gather(fitted, compiled, 0, 40)
    wrong = prove(fitted, replace(compiled, model=_swapped(compiled.model), certificates=()), 0, 40, evidence)
    assert any("the row a = " in line for line in wrong.failures), wrong.failures
    assert wrong.outputs["predict"].sameness != "proven" or wrong.failures


@pytest.mark.parametrize(
    "model",
    [
        LGBMClassifier(n_estimators=5, min_child_samples=5, verbose=-1),
        XGBClassifier(n_estimators=5, enable_categorical=True),
        XGBRegressor(n_estimators=5, enable_categorical=True),
    ],
    ids=lambda model: type(model).__name__,
)
def test_string_categories_of_boosters_have_certificates(model):
    rows = ROWS.assign(a=ROWS.a.astype("category"), b=ROWS.b.astype("category"), n=RNG.normal(size=300))
    fitted = model.fit(rows, Y)
    exported = export_proven(fitted, rows)
    proof, compiled = exported.proof, exported.compiled
    assert not proof.failures
    kinds = [item["kind"] for item in proof.to_json()["certificates"]]
    assert kinds.count("categories") == 2
    mutant = _swapped(compiled.model)
    wrong = prove(fitted, replace(compiled, model=mutant), 0, 100)
    assert any("values_tensor" in line for line in wrong.failures), wrong.failures


class Doubled(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X):
        return np.asarray(X, float) * 2


def lower_doubled(estimator, inputs, scope):
    x = matrix_of(scope.graph, inputs)
    return Lowered(x.mapped(scope.graph.op("Mul", x.value, scope.graph.constant(2.0))))


def test_a_lowering_without_a_certificate_is_not_proven_by_its_neighbours():
    X = RNG.normal(size=(200, 2))
    model = make_pipeline(Doubled(), DecisionTreeClassifier(random_state=0)).fit(X, X[:, 0] > 0)
    proof = export_proven(model, X, registry=[{Doubled: lower_doubled}]).proof
    assert not proof.failures
    assert {output.sameness for output in proof.outputs.values()} == {"bit-equal"}
    assert any(line.startswith("steps.doubled, whose lowering") for line in proof.to_json()["not_covered"])


def test_its_categories_can_still_be_tried_one_and_all():
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    model = make_pipeline(encoder, Doubled(), DecisionTreeClassifier(random_state=0)).fit(ROWS[["a", "b"]], Y)
    proof = export_proven(model, ROWS[["a", "b"]], registry=[{Doubled: lower_doubled}]).proof
    assert {output.sameness for output in proof.outputs.values()} == {"proven"}
