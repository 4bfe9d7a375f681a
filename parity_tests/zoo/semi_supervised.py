"""Models fitted on some labels only, and embeddings that place new rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.manifold import Isomap, LocallyLinearEmbedding
from sklearn.semi_supervised import LabelPropagation, LabelSpreading, SelfTrainingClassifier

from parity_tests.case import Case
from parity_tests.zoo.building import PROBABILITIES, model
from parity_tests.zoo.neighbors import spread


def some_labels() -> NDArray[np.int64]:
    """Three classes by the sign of two columns, two of three labels unknown (-1)."""
    rows = spread()
    labels = (rows[:, 0] > 0).astype(np.int64) + (rows[:, 2] > 0)
    return np.where(np.arange(len(rows)) % 3 == 0, labels, -1)


EMBEDDINGS: Mapping[str, Callable[[], Any]] = {
    "Isomap": lambda: Isomap(),
    "Isomap manhattan": lambda: Isomap(n_neighbors=8, metric="manhattan", n_components=3),
    "Isomap brute": lambda: Isomap(neighbors_algorithm="brute"),
    "Isomap radius": lambda: Isomap(n_neighbors=None, radius=2.5),
    "LocallyLinearEmbedding": lambda: LocallyLinearEmbedding(random_state=0),
    "LocallyLinearEmbedding 12": lambda: LocallyLinearEmbedding(n_neighbors=12, reg=1e-2, random_state=0),
    "LocallyLinearEmbedding modified": lambda: LocallyLinearEmbedding(n_neighbors=8, method="modified", random_state=0),
    "LocallyLinearEmbedding hessian": lambda: LocallyLinearEmbedding(
        n_neighbors=8, method="hessian", eigen_solver="dense", random_state=0
    ),
    "LocallyLinearEmbedding ltsa": lambda: LocallyLinearEmbedding(method="ltsa", eigen_solver="dense", random_state=0),
}


def cases() -> Iterator[Case]:
    for kind in (LabelPropagation, LabelSpreading):
        for options in ({"gamma": 2.0}, {"gamma": 20.0}, {"kernel": "knn", "n_neighbors": 5}):
            build = model(lambda k=kind, o=options: k(**o), spread, some_labels)
            yield Case(f"semi_supervised/{kind.__name__} {options}", build, "within", ("predict", "predict_proba"))
    taught = model(lambda: SelfTrainingClassifier(LogisticRegression()), spread, some_labels)
    methods = (*PROBABILITIES, "decision_function")
    yield Case("semi_supervised/SelfTrainingClassifier", taught, "within", methods)
    for name, make in EMBEDDINGS.items():
        yield Case(f"manifold/{name}", model(make, spread, lambda: None), "within", ("transform",))
