"""Every case, by family. A new lowering or option gets a line here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.ensemble import (
    AdaBoostClassifier,
    AdaBoostRegressor,
    BaggingClassifier,
    BaggingRegressor,
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.feature_selection import RFE, SelectFromModel, SelectKBest, VarianceThreshold
from sklearn.impute import SimpleImputer
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression, Ridge, RidgeClassifier, SGDClassifier
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV, TunedThresholdClassifierCV
from sklearn.naive_bayes import BernoulliNB, ComplementNB, GaussianNB, MultinomialNB
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    Binarizer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    RobustScaler,
    StandardScaler,
)
from sklearn.svm import SVC, SVR, LinearSVC, NuSVR, OneClassSVM
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier, ExtraTreeRegressor

from parity_tests.case import Case, Sameness
from parity_tests.data import amounts, fit, numbers, table, target, texts
from samescore_export.lowering.linear_model import LOWERINGS as LINEAR

NUMBERS, STRINGS = ["price", "weight", "stock", "open"], ["shop", "kind"]
ALL = ("predict", "predict_proba", "predict_log_proba")


def _model(make: Callable[[], Any], X: Callable[[], Any], y: Callable[[], Any]) -> Callable[[], tuple[Any, Any]]:
    def build() -> tuple[Any, Any]:
        rows = X()
        return fit(make(), rows, y()), rows

    return build


def _prepared(make: Callable[[], Any]) -> Callable[[], Any]:
    """The model behind imputer, scaler and one-hot encoder over the mixed table."""

    def pipeline() -> Any:
        columns = [
            ("num", make_pipeline(SimpleImputer(add_indicator=True), StandardScaler()), NUMBERS),
            ("cat", OneHotEncoder(handle_unknown="ignore"), STRINGS),
        ]
        return make_pipeline(ColumnTransformer(columns, sparse_threshold=0), make())

    return pipeline


def _scalers() -> Iterator[Case]:
    makers: dict[str, Callable[[], Any]] = {
        "standard": StandardScaler,
        "standard without mean": lambda: StandardScaler(with_mean=False),
        "standard without std": lambda: StandardScaler(with_std=False),
        "minmax": MinMaxScaler,
        "minmax clipped": lambda: MinMaxScaler((-1, 3), clip=True),
        "maxabs": MaxAbsScaler,
        "robust": RobustScaler,
        "robust without centering": lambda: RobustScaler(with_centering=False),
        "binarizer": lambda: Binarizer(threshold=0.25),
    }
    for name, make in makers.items():
        yield Case(f"scaler/{name}", _model(make, numbers, lambda: None), "bit-equal")
        forest = _model(lambda m=make: make_pipeline(m(), RandomForestRegressor(7, random_state=0)), numbers, amounts)
        yield Case(f"scaler/{name} before a forest", forest, "proven")


def _imputers() -> Iterator[Case]:
    def holes() -> Any:
        return numbers(missing=True)

    for strategy in ("mean", "median", "most_frequent"):
        yield Case(
            f"imputer/{strategy}",
            _model(lambda s=strategy: SimpleImputer(strategy=s), holes, lambda: None),
            "bit-equal",
        )
    constant = _model(
        lambda: SimpleImputer(strategy="constant", fill_value=-1.5, add_indicator=True), holes, lambda: None
    )
    yield Case("imputer/constant with indicator", constant, "bit-equal")
    marker = _model(lambda: SimpleImputer(missing_values=0.0), numbers, lambda: None)
    yield Case("imputer/a number as missing", marker, "bit-equal")
    strings = _model(
        lambda: make_pipeline(
            SimpleImputer(missing_values=None, strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")
        ),
        lambda: table()[STRINGS],
        lambda: None,
    )
    yield Case("imputer/strings", strings, "bit-equal")


def _encoders() -> Iterator[Case]:
    one_hot: dict[str, dict[str, Any]] = {
        "ignore": {"handle_unknown": "ignore"},
        "error": {},
        "drop first": {"drop": "first"},
        "drop if binary": {"drop": "if_binary", "handle_unknown": "ignore"},
        "infrequent": {"handle_unknown": "infrequent_if_exist", "min_frequency": 55},
        "dense": {"handle_unknown": "ignore", "sparse_output": False},
    }
    for name, options in one_hot.items():
        build = _model(lambda o=options: OneHotEncoder(**o), lambda: table()[STRINGS], lambda: None)
        yield Case(f"one-hot/{name}", build, "bit-equal")
    ordinal: dict[str, dict[str, Any]] = {
        "error": {},
        "unknown -1": {"handle_unknown": "use_encoded_value", "unknown_value": -1},
        "unknown nan, missing -2": {
            "handle_unknown": "use_encoded_value",
            "unknown_value": np.nan,
            "encoded_missing_value": -2,
        },
        "infrequent": {"handle_unknown": "use_encoded_value", "unknown_value": -1, "max_categories": 3},
    }
    for name, options in ordinal.items():
        build = _model(lambda o=options: OrdinalEncoder(**o), lambda: table()[STRINGS], lambda: None)
        yield Case(f"ordinal/{name}", build, "bit-equal")
    mixed = _model(
        lambda: OneHotEncoder(handle_unknown="ignore"), lambda: table()[["stock", "shop", "open"]], lambda: None
    )
    yield Case("one-hot/ints, strings and bools", mixed, "bit-equal")
    floats = _model(
        lambda: OneHotEncoder(handle_unknown="ignore"), lambda: np.round(numbers(missing=True)), lambda: None
    )
    yield Case("one-hot/floats with NaN", floats, "bit-equal")


def _columns() -> Iterator[Case]:
    forest = RandomForestClassifier(5, random_state=0)
    choices: dict[str, list[tuple[str, Any, Any]]] = {
        "names": [("n", SimpleImputer(), NUMBERS), ("c", OneHotEncoder(handle_unknown="ignore"), STRINGS)],
        "positions": [("n", SimpleImputer(), [0, 2]), ("c", OneHotEncoder(handle_unknown="ignore"), [4])],
        "slice": [("n", SimpleImputer(), slice("price", "stock"))],
        "mask": [("n", SimpleImputer(), [True, True, False, False, False, False])],
        "selector": [
            ("n", SimpleImputer(), make_column_selector(dtype_include=np.number)),
            (
                "c",
                OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
                make_column_selector(dtype_include=object),
            ),
        ],
    }
    for name, transformers in choices.items():
        build = _model(lambda t=transformers: make_pipeline(ColumnTransformer(t), forest), table, target)
        yield Case(f"columns/{name}", build, "proven")
    kept = _model(
        lambda: make_pipeline(
            ColumnTransformer([("c", OrdinalEncoder(), ["kind"]), ("d", "drop", ["shop"])], remainder="passthrough"),
            forest,
        ),
        table,
        target,
    )
    yield Case("columns/remainder passed through", kept, "proven")
    weighted = _model(
        lambda: ColumnTransformer(
            [("a", MinMaxScaler(), ["weight"]), ("b", "passthrough", ["stock", "open"])], transformer_weights={"a": 3.0}
        ),
        table,
        lambda: None,
    )
    yield Case("columns/weights", weighted, "bit-equal")
    union = _model(
        lambda: make_pipeline(FeatureUnion([("s", StandardScaler()), ("m", MinMaxScaler())]), forest), numbers, target
    )
    yield Case("columns/union", union, "proven")
    by_column = _model(_prepared(lambda: RandomForestClassifier(5, random_state=0)), table, target)
    yield Case("columns/one input a column", by_column, "proven", layout="columns")


def _linear() -> Iterator[Case]:
    for kind in LINEAR:
        if (
            hasattr(kind, "classes_")
            or kind.__name__.endswith(("Classifier", "ClassifierCV", "SVC", "Perceptron"))
            or "Logistic" in kind.__name__
        ):
            continue
        build = _model(lambda k=kind: make_pipeline(StandardScaler(), k()), numbers, amounts)
        yield Case(f"linear/{kind.__name__}", build, "within")
    classifiers: dict[str, tuple[Callable[[], Any], tuple[str, ...]]] = {
        "LogisticRegression": (lambda: LogisticRegression(max_iter=500), (*ALL, "decision_function")),
        "LogisticRegression liblinear": (lambda: LogisticRegression(solver="liblinear"), ALL),
        "LinearSVC": (LinearSVC, ("predict", "decision_function")),
        "RidgeClassifier": (RidgeClassifier, ("predict", "decision_function")),
        "SGDClassifier log loss": (lambda: SGDClassifier(loss="log_loss", random_state=0), ALL),
        "SGDClassifier hinge": (lambda: SGDClassifier(random_state=0), ("predict", "decision_function")),
    }
    for name, (make, methods) in classifiers.items():
        for classes in (2, 3):
            if classes == 3 and "liblinear" in name:
                continue
            build = _model(lambda m=make: make_pipeline(StandardScaler(), m()), numbers, lambda c=classes: target(c))
            yield Case(f"linear/{name}, {classes} classes", build, "within", methods)
    several = _model(
        lambda: make_pipeline(StandardScaler(), Ridge()), numbers, lambda: np.column_stack([amounts(), -amounts()])
    )
    yield Case("linear/two targets", several, "within")


def _trees() -> Iterator[Case]:
    for kind in (DecisionTreeRegressor, ExtraTreeRegressor):
        yield Case(f"tree/{kind.__name__}", _model(lambda k=kind: k(random_state=0), numbers, amounts), "proven")
    for kind in (DecisionTreeClassifier, ExtraTreeClassifier):
        build = _model(lambda k=kind: k(max_depth=4, random_state=0), numbers, lambda: target(3))
        yield Case(f"tree/{kind.__name__}", build, "proven", ("predict", "predict_proba"))
    best_first = _model(lambda: DecisionTreeClassifier(max_leaf_nodes=9, random_state=0), numbers, target)
    yield Case("tree/best first", best_first, "proven")
    stump = _model(lambda: DecisionTreeRegressor(max_depth=1), numbers, lambda: np.ones(len(amounts())))
    yield Case("tree/a single leaf", stump, "proven")
    with_nan = _model(lambda: DecisionTreeClassifier(random_state=0), lambda: numbers(missing=True), target)
    yield Case("tree/fitted with NaN", with_nan, "proven")
    small = _model(lambda: DecisionTreeRegressor(random_state=0), lambda: numbers().astype(np.float32), amounts)
    yield Case("tree/float32 input", small, "proven")


def _forests() -> Iterator[Case]:
    for kind in (RandomForestClassifier, ExtraTreesClassifier):
        for classes in (2, 3):
            for depth in (None, 3):
                build = _model(
                    lambda k=kind, d=depth: k(10, max_depth=d, random_state=0), numbers, lambda c=classes: target(c)
                )
                what = "impure" if depth else "pure"
                yield Case(
                    f"forest/{kind.__name__}, {classes} classes, {what}", build, "proven", ("predict", "predict_proba")
                )
    for labels in ("int", "bool", "float"):
        build = _model(lambda: RandomForestClassifier(4, random_state=0), numbers, lambda k=labels: target(2, k))
        yield Case(f"forest/{labels} labels, ties", build, "proven")
    for kind in (RandomForestRegressor, ExtraTreesRegressor):
        build = _model(lambda k=kind: k(10, random_state=0, n_jobs=2), lambda: numbers(missing=True), amounts)
        yield Case(f"forest/{kind.__name__} with NaN", build, "proven")
    yield Case(
        "forest/mixed table",
        _model(_prepared(lambda: RandomForestClassifier(8, random_state=0)), table, target),
        "proven",
    )


def _boosting() -> Iterator[Case]:
    raw = ("predict", "decision_function")
    for classes in (2, 3):
        build = _model(
            lambda: GradientBoostingClassifier(n_estimators=8, random_state=0), numbers, lambda c=classes: target(c)
        )
        yield Case(f"boosting/GradientBoostingClassifier, {classes} classes", build, "proven", raw)
        yield Case(f"boosting/its probabilities, {classes} classes", build, "within", ALL)
    exponential = _model(
        lambda: GradientBoostingClassifier(loss="exponential", n_estimators=8, random_state=0), numbers, target
    )
    yield Case("boosting/exponential loss", exponential, "within", (*raw, "predict_proba"))
    zero = _model(lambda: GradientBoostingRegressor(init="zero", n_estimators=8, random_state=0), numbers, amounts)
    yield Case("boosting/from zero", zero, "proven")
    yield Case(
        "boosting/GradientBoostingRegressor behind a mixed table",
        _model(_prepared(lambda: GradientBoostingRegressor(n_estimators=8, random_state=0)), table, amounts),
        "proven",
    )


def _histogram_boosting() -> Iterator[Case]:
    def holes() -> Any:
        return numbers(missing=True)

    losses: Mapping[str, Sameness] = {
        "squared_error": "proven",
        "absolute_error": "proven",
        "poisson": "within",
        "gamma": "within",
    }
    for loss, sameness in losses.items():
        build = _model(lambda o=loss: HistGradientBoostingRegressor(loss=o, max_iter=8), holes, amounts)
        yield Case(f"histogram/{loss}", build, sameness)
    quantile = _model(lambda: HistGradientBoostingRegressor(loss="quantile", quantile=0.9, max_iter=8), holes, amounts)
    yield Case("histogram/quantile", quantile, "proven")
    for classes in (2, 3):
        build = _model(lambda: HistGradientBoostingClassifier(max_iter=8), holes, lambda c=classes: target(c))
        yield Case(f"histogram/{classes} classes", build, "proven", ("predict", "decision_function"))
        yield Case(f"histogram/probabilities of {classes} classes", build, "within", ("predict", "predict_proba"))
    native = _model(
        lambda: HistGradientBoostingClassifier(max_iter=8, categorical_features="from_dtype"),
        lambda: table()[[*STRINGS, "price"]].astype(dict.fromkeys(STRINGS, "category")),
        target,
    )
    yield Case("histogram/native categories", native, "proven", ("predict", "decision_function"))
    codes = _model(
        lambda: make_pipeline(
            ColumnTransformer(
                [("c", OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan), STRINGS)],
                remainder="passthrough",
            ),
            HistGradientBoostingRegressor(max_iter=8, categorical_features=[0, 1]),
        ),
        table,
        amounts,
    )
    yield Case("histogram/encoded categories", codes, "proven")


def _text() -> Iterator[Case]:
    vectorizers: dict[str, Callable[[], Any]] = {
        "counts": CountVectorizer,
        "counts of pairs": lambda: CountVectorizer(ngram_range=(2, 2)),
        "presence": lambda: CountVectorizer(binary=True),
        "case kept": lambda: CountVectorizer(lowercase=False),
        "own vocabulary": lambda: CountVectorizer(vocabulary=["hello", "free", "absent"]),
        "tf-idf": TfidfVectorizer,
        "tf-idf l1": lambda: TfidfVectorizer(norm="l1"),
        "tf without idf and norm": lambda: TfidfVectorizer(use_idf=False, norm=None),
        "counts, then weights": lambda: make_pipeline(CountVectorizer(ngram_range=(1, 2)), TfidfTransformer()),
    }
    for name, make in vectorizers.items():
        yield Case(f"text/{name}", _model(make, texts, lambda: None), "bit-equal")
    spam = _model(lambda: make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression()), texts, target)
    yield Case("text/classified", spam, "bit-equal", ("predict", "decision_function"))
    yield Case("text/probabilities", spam, "within", ALL)
    three = _model(lambda: make_pipeline(TfidfVectorizer(), LogisticRegression()), texts, lambda: target(3))
    yield Case("text/three classes", three, "within", ALL)


def _ensembles_of_any() -> Iterator[Case]:
    def members() -> list[tuple[str, Any]]:
        return [
            ("tree", DecisionTreeClassifier(max_depth=3, random_state=0)),
            ("forest", RandomForestClassifier(4, random_state=0)),
        ]

    classifiers: dict[str, tuple[Callable[[], Any], Sameness]] = {
        "soft voting": (lambda: VotingClassifier(members(), voting="soft", weights=[1, 2]), "proven"),
        "hard voting": (lambda: VotingClassifier(members()), "proven"),
        "stacking": (lambda: StackingClassifier(members(), LogisticRegression(), cv=3), "within"),
        "bagging": (lambda: BaggingClassifier(n_estimators=4, max_features=0.5, random_state=0), "bit-equal"),
        "boosted stumps": (lambda: AdaBoostClassifier(n_estimators=4, random_state=0), "within"),
    }
    for name, (make, sameness) in classifiers.items():
        for classes in (2, 3):
            build = _model(make, numbers, lambda c=classes: target(c))
            yield Case(f"ensemble/{name}, {classes} classes", build, sameness)
    regressors: dict[str, tuple[Callable[[], Any], Sameness]] = {
        "voting": (lambda: VotingRegressor([("a", DecisionTreeRegressor(max_depth=3)), ("b", Ridge())]), "within"),
        "stacking": (lambda: StackingRegressor([("a", DecisionTreeRegressor(max_depth=3))], Ridge(), cv=3), "within"),
        "bagging": (lambda: BaggingRegressor(n_estimators=4, random_state=0), "bit-equal"),
        "boosted trees": (lambda: AdaBoostRegressor(n_estimators=4, random_state=0), "bit-equal"),
    }
    for name, (make, sameness) in regressors.items():
        yield Case(f"ensemble/{name} of regressors", _model(make, numbers, amounts), sameness)
    outliers = _model(lambda: IsolationForest(n_estimators=20, max_features=0.5, random_state=0), numbers, lambda: None)
    yield Case("ensemble/isolation forest", outliers, "within", ("predict", "decision_function", "score_samples"))


def _chosen() -> Iterator[Case]:
    search = _model(
        lambda: GridSearchCV(RandomForestClassifier(4, random_state=0), {"max_depth": [2, None]}, cv=3), numbers, target
    )
    yield Case("chosen/grid search", search, "proven")
    threshold = _model(
        lambda: FixedThresholdClassifier(RandomForestClassifier(4, random_state=0), threshold=0.75, pos_label="yes"),
        numbers,
        target,
    )
    yield Case("chosen/fixed threshold", threshold, "proven")
    tuned = _model(
        lambda: TunedThresholdClassifierCV(RandomForestClassifier(4, random_state=0), cv=3),
        numbers,
        lambda: target(2, "int"),
    )
    yield Case("chosen/tuned threshold", tuned, "proven")
    columns = _model(
        lambda: make_pipeline(SelectKBest(k=2), RandomForestClassifier(4, random_state=0)), numbers, target
    )
    yield Case("chosen/best columns", columns, "proven")
    eliminated = _model(lambda: RFE(RandomForestClassifier(4, random_state=0), n_features_to_select=2), numbers, target)
    yield Case("chosen/recursive elimination", eliminated, "proven")
    constant = _model(
        lambda: make_pipeline(VarianceThreshold(), SelectFromModel(DecisionTreeRegressor(random_state=0))),
        numbers,
        amounts,
    )
    yield Case("chosen/from a model", constant, "bit-equal", ("transform",))


def _probabilistic() -> Iterator[Case]:
    bayes: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
        "gaussian": (GaussianNB, numbers),
        "multinomial": (MultinomialNB, lambda: np.abs(numbers())),
        "complement": (ComplementNB, lambda: np.abs(numbers())),
        "bernoulli": (BernoulliNB, numbers),
    }
    for name, (make, X) in bayes.items():
        for classes in (2, 3):
            yield Case(f"bayes/{name}, {classes} classes", _model(make, X, lambda c=classes: target(c)), "within", ALL)
    words = _model(lambda: make_pipeline(CountVectorizer(), MultinomialNB()), texts, target)
    yield Case("bayes/counts of words", words, "within", ALL)
    for method in ("sigmoid", "isotonic"):
        for classes in (2, 3):
            build = _model(
                lambda m=method: CalibratedClassifierCV(RandomForestClassifier(4, random_state=0), method=m, cv=3),
                numbers,
                lambda c=classes: target(c),
            )
            yield Case(f"calibrated/{method}, {classes} classes", build, "within")
    isotonic = _model(lambda: IsotonicRegression(out_of_bounds="clip"), lambda: numbers()[:, [2]], amounts)
    yield Case("calibrated/isotonic regression", isotonic, "within", ("predict",))


def _vector_machines() -> Iterator[Case]:
    for kernel in ("rbf", "linear", "poly", "sigmoid"):
        for classes in (2, 3):
            build = _model(
                lambda k=kernel: make_pipeline(StandardScaler(), SVC(kernel=k)), numbers, lambda c=classes: target(c)
            )
            yield Case(f"svm/SVC {kernel}, {classes} classes", build, "within", ("predict", "decision_function"))
    ties = _model(lambda: make_pipeline(StandardScaler(), SVC(break_ties=True)), numbers, lambda: target(4))
    yield Case("svm/SVC breaking ties", ties, "within", ("predict", "decision_function"))
    for kind in (SVR, NuSVR):
        yield Case(
            f"svm/{kind.__name__}",
            _model(lambda k=kind: make_pipeline(StandardScaler(), k()), numbers, amounts),
            "within",
        )
    outliers = _model(lambda: make_pipeline(StandardScaler(), OneClassSVM(nu=0.2)), numbers, lambda: None)
    yield Case("svm/OneClassSVM", outliers, "within", ("predict", "decision_function", "score_samples"))


def _scenario(name: str) -> Callable[[], tuple[Any, Any]]:
    """A scenario trained on the real data where they are, else on its simulator."""

    def build() -> tuple[Any, Any]:
        from samescore_train import demand, purchases, spam

        module = {"demand": demand, "recommender": purchases, "spam": spam}[name]
        trained = module.fit(module.load(), sample_rows=400)
        sample = trained.sample["text"].tolist() if name == "spam" else trained.sample
        return trained.model, sample

    return build


def _scenarios() -> Iterator[Case]:
    yield Case("scenario/demand", _scenario("demand"), "proven")
    yield Case("scenario/recommender", _scenario("recommender"), "bit-equal")
    yield Case("scenario/spam", _scenario("spam"), "within")


def _catalogue() -> Iterator[Case]:
    for family in (
        _scalers, _imputers, _encoders, _columns, _linear, _trees, _forests, _boosting, _histogram_boosting, _text,
        _ensembles_of_any, _chosen, _probabilistic, _vector_machines, _scenarios,
    ):  # fmt: skip
        yield from family()


#: id -> case.
CASES: Mapping[str, Case] = MappingProxyType({case.id: case for case in _catalogue()})
