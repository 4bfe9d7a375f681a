"""Kernel machines."""

from __future__ import annotations

from collections.abc import Iterator

from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR, NuSVC, NuSVR, OneClassSVM

from parity_tests.case import Case
from parity_tests.data import amounts, numbers, target
from parity_tests.zoo.building import model


def cases() -> Iterator[Case]:
    for kernel in ("rbf", "linear", "poly", "sigmoid"):
        for classes in (2, 3):
            build = model(
                lambda k=kernel: make_pipeline(StandardScaler(), SVC(kernel=k)), numbers, lambda c=classes: target(c)
            )
            yield Case(f"svm/SVC {kernel}, {classes} classes", build, "within", ("predict", "decision_function"))
    by_share = model(lambda: make_pipeline(StandardScaler(), NuSVC(nu=0.3)), numbers, lambda: target(3))
    yield Case("svm/NuSVC", by_share, "within", ("predict", "decision_function"))
    ties = model(lambda: make_pipeline(StandardScaler(), SVC(break_ties=True)), numbers, lambda: target(4))
    yield Case("svm/SVC breaking ties", ties, "within", ("predict", "decision_function"))
    for kind in (SVR, NuSVR):
        yield Case(
            f"svm/{kind.__name__}",
            model(lambda k=kind: make_pipeline(StandardScaler(), k()), numbers, amounts),
            "within",
        )
    outliers = model(lambda: make_pipeline(StandardScaler(), OneClassSVM(nu=0.2)), numbers, lambda: None)
    yield Case("svm/OneClassSVM", outliers, "within", ("predict", "decision_function", "score_samples"))
