"""Lowerings for ``sklearn.frozen``."""

from __future__ import annotations

from typing import Any

from sklearn.frozen import FrozenEstimator

from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Table


def lower_frozen(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """FrozenEstimator: every method is the inner estimator's."""
    child = scope.lower(estimator.estimator, inputs, "estimator")
    return Lowered(child.transform, child.scores).with_evidence(child)


LOWERINGS = {FrozenEstimator: lower_frozen}
