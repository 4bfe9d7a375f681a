"""Trees."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier, ExtraTreeRegressor

from parity_tests.case import Case
from parity_tests.data import amounts, numbers, target
from parity_tests.zoo.building import model


def cases() -> Iterator[Case]:
    for kind in (DecisionTreeRegressor, ExtraTreeRegressor):
        yield Case(f"tree/{kind.__name__}", model(lambda k=kind: k(random_state=0), numbers, amounts), "proven")
    for kind in (DecisionTreeClassifier, ExtraTreeClassifier):
        build = model(lambda k=kind: k(max_depth=4, random_state=0), numbers, lambda: target(3))
        yield Case(f"tree/{kind.__name__}", build, "proven", ("predict", "predict_proba"))
    best_first = model(lambda: DecisionTreeClassifier(max_leaf_nodes=9, random_state=0), numbers, target)
    yield Case("tree/best first", best_first, "proven")
    stump = model(lambda: DecisionTreeRegressor(max_depth=1), numbers, lambda: np.ones(len(amounts())))
    yield Case("tree/a single leaf", stump, "proven")
    with_nan = model(lambda: DecisionTreeClassifier(random_state=0), lambda: numbers(missing=True), target)
    yield Case("tree/fitted with NaN", with_nan, "proven")
    small = model(lambda: DecisionTreeRegressor(random_state=0), lambda: numbers().astype(np.float32), amounts)
    yield Case("tree/float32 input", small, "proven")
