"""Several binary estimators as one, several targets, targets taken back, and answers that do not depend on the row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.compose import TransformedTargetRegressor
from sklearn.decomposition import PCA
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    RandomTreesEmbedding,
)
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier, OutputCodeClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier, MultiOutputRegressor, RegressorChain
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from parity_tests.case import Case, Sameness
from parity_tests.data import amounts, numbers, target
from parity_tests.zoo.building import model


def _labels() -> NDArray[np.int64]:
    code = np.arange(len(amounts())) * 7919 % 101
    return np.column_stack([code % 2, code % 3 == 0, code > 40]).astype(np.int64)


def _two_numbers() -> NDArray[np.float64]:
    return np.column_stack([amounts(), amounts() ** 2])


def _two_strings() -> NDArray[Any]:
    return np.column_stack([target(3), target(2)])


def _scaled(make: Callable[[], Any]) -> Callable[[], Any]:
    return lambda: make_pipeline(StandardScaler(), make())


def _together() -> Iterator[Case]:
    bases: dict[str, tuple[Callable[[], Any], Sameness]] = {
        "LogisticRegression": (LogisticRegression, "within"),
        "SVC": (SVC, "within"),
        "tree": (lambda: DecisionTreeClassifier(max_depth=3, random_state=0), "within"),
    }
    for name, (base, least) in bases.items():
        for classes in (2, 3):
            rest = model(_scaled(lambda b=base: OneVsRestClassifier(b())), numbers, lambda c=classes: target(c))
            yield Case(f"one-vs-rest/{name}, {classes} classes", rest, least)
            pairs = model(_scaled(lambda b=base: OneVsOneClassifier(b())), numbers, lambda c=classes: target(c))
            yield Case(f"one-vs-one/{name}, {classes} classes", pairs, least)
        codes = model(_scaled(lambda b=base: OutputCodeClassifier(b(), random_state=0)), numbers, lambda: target(3))
        yield Case(f"output-code/{name}", codes, least, ("predict",))
        several = model(_scaled(lambda b=base: OneVsRestClassifier(b())), numbers, _labels)
        yield Case(f"one-vs-rest/{name}, labels of several columns", several, least)
        beside = model(_scaled(lambda b=base: MultiOutputClassifier(b())), numbers, _two_strings)
        yield Case(f"multioutput/{name}", beside, "bit-equal" if name == "tree" else least)
        chain = model(_scaled(lambda b=base: ClassifierChain(b(), order=[2, 0, 1])), numbers, _labels)
        yield Case(f"chain/{name}", chain, least, ("predict",))
    for method in ("predict_proba", "predict_log_proba", "decision_function"):
        chain = model(_scaled(lambda m=method: ClassifierChain(LogisticRegression(), chain_method=m)), numbers, _labels)
        yield Case(f"chain/handing on {method}", chain, "within", ("predict", "predict_proba"))
    regressors: dict[str, tuple[Callable[[], Any], Sameness]] = {
        "Ridge": (Ridge, "within"),
        "tree": (lambda: DecisionTreeRegressor(max_depth=3, random_state=0), "bit-equal"),
    }
    for name, (base, least) in regressors.items():
        beside = model(_scaled(lambda b=base: MultiOutputRegressor(b())), numbers, _two_numbers)
        yield Case(f"multioutput/{name}, numbers", beside, least)
        chain = model(_scaled(lambda b=base: RegressorChain(b(), order=[1, 0])), numbers, _two_numbers)
        yield Case(f"chain/{name}, numbers", chain, least)


def _trees() -> Iterator[Case]:
    forest = model(lambda: RandomForestRegressor(5, max_depth=5, random_state=0), numbers, _two_numbers)
    yield Case("several targets/RandomForestRegressor", forest, "proven")
    tree = model(lambda: DecisionTreeRegressor(max_depth=5, random_state=0), numbers, _two_numbers)
    yield Case("several targets/DecisionTreeRegressor", tree, "proven")
    makers: dict[str, Callable[[], Any]] = {
        "DecisionTreeClassifier": lambda: DecisionTreeClassifier(max_depth=3, random_state=0),
        "RandomForestClassifier": lambda: RandomForestClassifier(5, max_depth=3, random_state=0),
        "ExtraTreesClassifier": lambda: ExtraTreesClassifier(5, random_state=0),
    }
    for name, make in makers.items():
        yield Case(
            f"several targets/{name}", model(make, numbers, _two_strings), "proven", ("predict", "predict_proba")
        )
    for sparse in (True, False):
        leaves = model(lambda s=sparse: RandomTreesEmbedding(5, random_state=0, sparse_output=s), numbers, lambda: None)
        yield Case(f"leaves as columns/{'sparse' if sparse else 'dense'}", leaves, "proven")
    inits: dict[str, Callable[[], Any]] = {
        "LinearRegression": LinearRegression,
        "tree": lambda: DecisionTreeRegressor(max_depth=2),
    }
    for name, init in inits.items():
        build = model(
            _scaled(lambda i=init: GradientBoostingRegressor(init=i(), n_estimators=5, random_state=0)),
            numbers,
            amounts,
        )
        yield Case(f"boosting begins at/{name}", build, "bit-equal" if name == "tree" else "within")
    logistic = model(
        _scaled(lambda: GradientBoostingClassifier(init=LogisticRegression(), n_estimators=5, random_state=0)),
        numbers,
        lambda: target(3),
    )
    yield Case("boosting begins at/LogisticRegression", logistic, "within", ("predict", "predict_proba"))
    behind = model(
        lambda: make_pipeline(
            PCA(3), GradientBoostingClassifier(init=LogisticRegression(), n_estimators=5, random_state=0)
        ),
        numbers,
        lambda: target(3),
    )
    yield Case("boosting begins at/LogisticRegression, behind PCA", behind, "within", ("predict", "predict_proba"))


def _taken_back() -> Iterator[Case]:
    transformers: dict[str, Callable[[], Any]] = {
        "nothing": lambda: None,
        "standard": StandardScaler,
        "minmax": MinMaxScaler,
        "maxabs": MaxAbsScaler,
        "robust": RobustScaler,
        "yeo-johnson": PowerTransformer,
        "box-cox": lambda: PowerTransformer("box-cox"),
        "quantiles": lambda: QuantileTransformer(n_quantiles=40),
        "normal quantiles": lambda: QuantileTransformer(n_quantiles=40, output_distribution="normal"),
        "log1p": lambda: FunctionTransformer(np.log1p, inverse_func=np.expm1),
        "log, standard": lambda: make_pipeline(FunctionTransformer(np.log, inverse_func=np.exp), StandardScaler()),
    }
    for name, make in transformers.items():
        build = model(_scaled(lambda m=make: TransformedTargetRegressor(Ridge(), transformer=m())), numbers, amounts)
        yield Case(f"target/{name}", build, "within")
    both = model(
        _scaled(lambda: TransformedTargetRegressor(Ridge(), transformer=StandardScaler())), numbers, _two_numbers
    )
    yield Case("target/two", both, "within")
    forest = model(
        lambda: TransformedTargetRegressor(RandomForestRegressor(3, random_state=0), transformer=StandardScaler()),
        numbers,
        amounts,
    )
    yield Case("target/of a forest", forest, "proven")


def _dummies() -> Iterator[Case]:
    for strategy in ("most_frequent", "prior"):
        build = model(lambda s=strategy: DummyClassifier(strategy=s), numbers, lambda: target(3))
        yield Case(f"dummy/{strategy}", build, "bit-equal")
    constant = model(lambda: DummyClassifier(strategy="constant", constant="yes"), numbers, lambda: target(3))
    yield Case("dummy/constant label", constant, "bit-equal")
    strategies: dict[str, dict[str, Any]] = {
        "mean": {},
        "median": {"strategy": "median"},
        "quantile": {"strategy": "quantile", "quantile": 0.3},
        "constant": {"strategy": "constant", "constant": 2.5},
    }
    for name, options in strategies.items():
        yield Case(f"dummy/{name}", model(lambda o=options: DummyRegressor(**o), numbers, amounts), "bit-equal")
    several = model(DummyRegressor, numbers, _two_numbers)
    yield Case("dummy/two targets", several, "bit-equal")


def cases() -> Iterator[Case]:
    yield from _together()
    yield from _trees()
    yield from _taken_back()
    yield from _dummies()
