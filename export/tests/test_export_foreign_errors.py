"""Silent errors of skl2onnx (docs/silent-errors.md): graphs that load and give other scores than the model; each is found, with a row that shows it."""

import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import numpy as np
import onnx
import pytest
from skl2onnx import to_onnx
from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType, StringTensorType
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import (
    BaggingClassifier,
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingRegressor,
)
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import DotProduct, Matern
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge, SGDClassifier
from sklearn.model_selection import TunedThresholdClassifierCV
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    Binarizer,
    KBinsDiscretizer,
    MinMaxScaler,
    Normalizer,
    PowerTransformer,
    StandardScaler,
)
from sklearn.svm import SVC, SVR, LinearSVC, NuSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from samescore_export import prove_file

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 4))
SINGLE = X.astype(np.float32)
Y = np.where(X[:, 0] + X[:, 1] * X[:, 2] > 0, "yes", "no")
FOUR = np.digitize(X[:, 0] + X[:, 3], [-1, 0, 1])
RNG_LABELS = np.random.default_rng(1).integers(0, 6, 300)
NOISY = (X[:, 0] + RNG.normal(size=300) > 1).astype(int)
COUNTS = RNG.integers(0, 5, (200, 6)).astype(float)
HOLES = np.where(RNG.random(X.shape) < 0.2, np.nan, X)
#: Seconds since 1970 beside ordinary numbers.
TIMES = X * [1e3, 1, 1, 1] + [1.7e9, 0, 0, 0]
FAR = X + 1e4
#: Numbers whose differences float32 loses.
NEAR = X + 3e4
LARGE = X * [300, 100, 30, 10]
WORDS = ["hello", "wörld", "İstanbul", "naïve", "x1", "FREE", "日本", "don't", "a"]
TEXTS = [" ".join(RNG.choice(WORDS, RNG.integers(1, 7))) for _ in range(120)] + ["two  spaces and\ttabs", "a\n b"]


@dataclass(frozen=True)
class Silent:
    """A model fitted, the rows it is given, and how skl2onnx is called."""

    fit: Callable[[], Any]
    rows: Callable[[], Any] = lambda: X
    options: Mapping[str, Any] = field(default_factory=dict)
    double: bool = False
    mapping: Mapping[str, str] = field(default_factory=dict)
    says: str = r"(probe|sample)"


CASES: dict[str, Silent] = {
    # trees fitted with missing values
    "NaN: DecisionTreeClassifier": Silent(lambda: DecisionTreeClassifier(random_state=0).fit(HOLES, Y), lambda: HOLES),
    "NaN: DecisionTreeRegressor": Silent(
        lambda: DecisionTreeRegressor(random_state=0).fit(HOLES, X[:, 0]), lambda: HOLES
    ),
    "NaN: RandomForestClassifier": Silent(
        lambda: RandomForestClassifier(9, random_state=0).fit(HOLES, Y), lambda: HOLES
    ),
    "NaN: RandomForestRegressor": Silent(
        lambda: RandomForestRegressor(9, random_state=0).fit(HOLES, X[:, 0]), lambda: HOLES
    ),
    "NaN: ExtraTreesClassifier": Silent(lambda: ExtraTreesClassifier(9, random_state=0).fit(HOLES, Y), lambda: HOLES),
    "NaN: ExtraTreesRegressor": Silent(
        lambda: ExtraTreesRegressor(9, random_state=0).fit(HOLES, X[:, 0]), lambda: HOLES
    ),
    "NaN that a forest never saw": Silent(
        lambda: RandomForestRegressor(10, random_state=0).fit(SINGLE, X[:, 1]), lambda: SINGLE
    ),
    # wrong formulas
    "distance weights: KNeighborsClassifier": Silent(lambda: KNeighborsClassifier(weights="distance").fit(X, Y)),
    "distance weights: KNeighborsRegressor": Silent(lambda: KNeighborsRegressor(weights="distance").fit(X, X[:, 0])),
    "probabilities of two classes: LDA": Silent(lambda: LinearDiscriminantAnalysis().fit(X, Y)),
    "class indices: OneVsOneClassifier": Silent(lambda: OneVsOneClassifier(LinearSVC()).fit(X, FOUR * 10)),
    "normalised decisions: OneVsRestClassifier(SVC)": Silent(lambda: OneVsRestClassifier(SVC()).fit(X, FOUR)),
    "rows lost: BaggingClassifier(SVC)": Silent(
        lambda: BaggingClassifier(SVC(), 5, random_state=0).fit(X, FOUR), says=r"shape"
    ),
    "threshold not applied: TunedThresholdClassifierCV": Silent(
        lambda: TunedThresholdClassifierCV(LogisticRegression(), cv=3).fit(X, NOISY)
    ),
    "ties: RandomForestClassifier": Silent(
        lambda: RandomForestClassifier(4, random_state=0).fit(SINGLE, Y), lambda: SINGLE
    ),
    "ties: ExtraTreesClassifier": Silent(
        lambda: ExtraTreesClassifier(4, random_state=0).fit(SINGLE, Y), lambda: SINGLE
    ),
    "break_ties: SVC": Silent(lambda: SVC(break_ties=True, gamma=0.1).fit(X, RNG_LABELS), options={"zipmap": False}),
    "argmax of clipped: SGDClassifier modified_huber": Silent(
        lambda: SGDClassifier(loss="modified_huber", random_state=0).fit(X, FOUR)
    ),
    "steps for lines: CalibratedClassifierCV isotonic": Silent(
        lambda: CalibratedClassifierCV(LinearSVC(), method="isotonic", cv=3).fit(X, Y)
    ),
    "signed maximum: Normalizer max": Silent(lambda: Normalizer(norm="max").fit(X)),
    "log(1 + tf): TfidfTransformer": Silent(lambda: TfidfTransformer(sublinear_tf=True).fit(COUNTS), lambda: COUNTS),
    "NaN filled: PowerTransformer": Silent(lambda: PowerTransformer().fit(HOLES), lambda: HOLES),
    "columns dropped: SimpleImputer add_indicator": Silent(
        lambda: SimpleImputer(add_indicator=True).fit(HOLES), lambda: HOLES, says=r"shape"
    ),
    "squared distance: GaussianProcessRegressor cdist": Silent(
        lambda: GaussianProcessRegressor(Matern(nu=1.5), optimizer=None).fit(X[:60], X[:60, 0]),
        options={"optim": "cdist"},
        double=True,
    ),
    "probabilities for decisions: SVC raw_scores": Silent(
        lambda: SVC(probability=True, random_state=0).fit(X, Y),
        options={"raw_scores": True, "zipmap": False},
        mapping={"probabilities": "decision_function"},
    ),
    "probabilities for decisions: NuSVC raw_scores": Silent(
        lambda: NuSVC(probability=True, random_state=0).fit(X, Y),
        options={"raw_scores": True, "zipmap": False},
        mapping={"probabilities": "decision_function"},
    ),
    "probabilities for decisions: GradientBoosting exponential raw_scores": Silent(
        lambda: GradientBoostingClassifier(loss="exponential", n_estimators=5).fit(X, Y),
        options={"raw_scores": True, "zipmap": False},
        mapping={"probabilities": "decision_function"},
    ),
    "columns exchanged: SVC of two classes": Silent(lambda: SVC().fit(X, Y), options={"zipmap": False}),
    "votes for fractions: tree of several targets": Silent(
        lambda: DecisionTreeClassifier(max_depth=2, random_state=0).fit(X, np.stack([FOUR % 2, NOISY], 1)),
        options={"zipmap": False},
        says=r"predict_proba.0: row .*(probe|sample)",
    ),
    "padded blocks: forest of several targets": Silent(
        lambda: RandomForestClassifier(5, max_depth=2, random_state=0).fit(X, np.stack([FOUR, NOISY], 1)),
        options={"zipmap": False},
        says=r"predict_proba.1: shape \(\d+, 4\), expected \(\d+, 2\)",
    ),
    # float32 on the way in
    "float32: StandardScaler": Silent(lambda: StandardScaler().fit(TIMES), lambda: TIMES),
    "float32: MinMaxScaler": Silent(lambda: MinMaxScaler().fit(TIMES), lambda: TIMES),
    "float32: LinearRegression": Silent(lambda: LinearRegression().fit(TIMES, X[:, 0]), lambda: TIMES),
    "float32: PCA": Silent(lambda: PCA(2).fit(TIMES), lambda: TIMES),
    "float32: GaussianNB": Silent(lambda: GaussianNB().fit(TIMES, Y), lambda: TIMES),
    "float32: LogisticRegression": Silent(
        lambda: make_pipeline(StandardScaler(), LogisticRegression()).fit(TIMES, Y), lambda: TIMES
    ),
    "float32: KMeans": Silent(lambda: KMeans(3, n_init=1, random_state=0).fit(FAR), lambda: FAR),
    "float32: SVC linear": Silent(lambda: SVC(kernel="linear", max_iter=2000).fit(LARGE, FOUR), lambda: LARGE),
    "float32: NuSVC": Silent(
        lambda: NuSVC(gamma=0.5).fit(NEAR, Y),
        lambda: NEAR,
        options={"raw_scores": True, "zipmap": False},
        mapping={"probabilities": "decision_function"},
    ),
    "float32: SVR linear": Silent(lambda: SVR(kernel="linear", C=0.01).fit(NEAR, X[:, 0]), lambda: NEAR),
    "float32: GaussianProcessRegressor dot product": Silent(
        lambda: GaussianProcessRegressor(DotProduct(), alpha=1e-2, optimizer=None).fit(NEAR[:60], X[:60, 0]),
        lambda: NEAR,
    ),
    "float32: KBinsDiscretizer": Silent(
        lambda: KBinsDiscretizer(5, encode="ordinal", quantile_method="averaged_inverted_cdf").fit(X)
    ),
    "float32: Binarizer": Silent(lambda: Binarizer(threshold=0.1).fit(X)),
    "float32: a scaler before a forest": Silent(
        lambda: make_pipeline(StandardScaler(), RandomForestRegressor(10, random_state=0)).fit(
            X * [1e6, 1, 1, 1], X[:, 1]
        ),
        lambda: X * [1e6, 1, 1, 1],
    ),
    # float64, where scikit-learn's trees round to float32
    "float64: RandomForestClassifier": Silent(
        lambda: RandomForestClassifier(9, max_depth=5, random_state=0).fit(X, FOUR),
        double=True,
        options={"zipmap": False},
    ),
    "float64: StackingRegressor": Silent(
        lambda: StackingRegressor(
            [("tree", DecisionTreeRegressor(max_depth=4, random_state=0)), ("ridge", Ridge())], LinearRegression(), cv=2
        ).fit(X, X[:, 1]),
        double=True,
    ),
    # text
    "sublinear: TfidfVectorizer": Silent(
        lambda: TfidfVectorizer(sublinear_tf=True, lowercase=False, token_pattern="[a-zA-Z0-9_]+").fit(TEXTS),
        lambda: TEXTS,
    ),
    "ASCII words: CountVectorizer": Silent(lambda: CountVectorizer(lowercase=False).fit(TEXTS), lambda: TEXTS),
    "two code points: İ": Silent(
        lambda: CountVectorizer(token_pattern=r"[\w_]{2,}").fit(TEXTS),
        lambda: TEXTS,
        options={"tokenexp": r"[\p{L}\p{N}_]{2,}", "locale": "C.UTF-8"},
    ),
    "blanks: CountVectorizer char": Silent(
        lambda: CountVectorizer(analyzer="char", ngram_range=(1, 2), lowercase=False).fit(TEXTS), lambda: TEXTS
    ),
}


def converted(case: Silent, model: Any, rows: Any) -> onnx.ModelProto:
    tensor = StringTensorType if isinstance(rows, list) else DoubleTensorType if case.double else FloatTensorType
    width = 1 if isinstance(rows, list) else rows.shape[1]
    name = "text" if isinstance(rows, list) else "X"
    options = {id(model): dict(case.options)} if case.options else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return to_onnx(
            model,
            initial_types=[(name, tensor([None, width]))],
            options=options,
            target_opset={"": 21, "ai.onnx.ml": 3},
        )


def failures_of(tmp_path, case: Silent, graph: onnx.ModelProto, model: Any, rows: Any) -> list[str]:
    path = tmp_path / "foreign.onnx"
    path.write_bytes(graph.SerializeToString())
    return list(prove_file(path, model, rows, mapping=case.mapping, budget=600)[0].failures)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.filterwarnings("ignore")
def test_a_silent_error_is_found_with_a_row_that_shows_it(tmp_path, name):
    case = CASES[name]
    model, rows = case.fit(), case.rows()
    found = failures_of(tmp_path, case, converted(case, model, rows), model, rows)
    assert any(re.search(case.says, line) for line in found), found


def _hist(rows: Any, target: Any, **options: Any) -> Any:
    return HistGradientBoostingRegressor(max_iter=5, **options).fit(rows, target)


CODES = np.concatenate([RNG.integers(0, 8, (300, 1)).astype(float), X[:, 1:]], axis=1)

#: Graphs that skl2onnx writes where protobuf is older than 7; with 7 it writes none.
HISTOGRAM: dict[str, Silent] = {
    "NaN and float64 splits: HistGradientBoostingRegressor": Silent(lambda: _hist(HOLES, X[:, 0]), lambda: HOLES),
    "float64 splits: HistGradientBoostingClassifier": Silent(
        lambda: HistGradientBoostingClassifier(max_iter=5).fit(X, Y)
    ),
    "categories as numbers: HistGradientBoosting": Silent(
        lambda: _hist(CODES, np.sin(CODES[:, 0] * 9), categorical_features=[0]), lambda: CODES
    ),
    "no exponential: poisson": Silent(lambda: _hist(X, np.exp(X[:, 0]), loss="poisson")),
    "no exponential: gamma": Silent(lambda: _hist(X, np.exp(X[:, 0]), loss="gamma")),
}


@pytest.mark.parametrize("name", HISTOGRAM)
def test_histogram_boosting_does_not_convert_under_protobuf_7(name):
    case = HISTOGRAM[name]
    with pytest.raises(ValueError, match="Unable to create node") as caught:
        converted(case, case.fit(), case.rows())
    assert "Expected an int, got a boolean" in str(caught.value.__cause__)


_make_attribute = onnx.helper.make_attribute


def _with_whole_numbers(key: str, value: Any, *rest: Any, **options: Any) -> onnx.AttributeProto:
    """As protobuf took them before 7: bools in a list of integers."""
    if isinstance(value, list) and any(isinstance(item, (bool, np.bool_)) for item in value):
        value = [int(item) for item in value]
    return _make_attribute(key, value, *rest, **options)


@pytest.mark.parametrize("name", HISTOGRAM)
def test_what_it_wrote_under_protobuf_6_is_found_wrong(tmp_path, name):
    case = HISTOGRAM[name]
    model, rows = case.fit(), case.rows()
    with mock.patch("onnx.helper.make_attribute", _with_whole_numbers):
        graph = converted(case, model, rows)
    found = failures_of(tmp_path, case, graph, model, rows)
    assert any(re.search(case.says, line) and "expected" in line for line in found), found


def test_a_column_for_each_class_is_a_matter_of_axes(tmp_path):
    """raw_scores of two classes: [-s, s], of which the second column is what scikit-learn calls the decision."""
    model = LogisticRegression().fit(X, Y)
    case = Silent(
        lambda: model,
        options={"raw_scores": True, "zipmap": False},
        mapping={"probabilities": "decision_function"},
    )
    path = tmp_path / "foreign.onnx"
    path.write_bytes(converted(case, model, X).SerializeToString())
    proof, _ = prove_file(path, model, X, mapping=case.mapping, budget=600)
    assert not [line for line in proof.failures if line.startswith("decision_function")]
    assert any("a column for each class" in note for note in proof.notes)
