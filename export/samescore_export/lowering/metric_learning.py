"""Lowering for ``sklearn.neighbors.NeighborhoodComponentsAnalysis``."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.neighbors import NeighborhoodComponentsAnalysis

from samescore_export.operations.affine import affine
from samescore_export.operations.numeric import doubles
from samescore_export.scope import Lowered, Scope
from samescore_export.values import Matrix, Table


def lower_components(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
    """``X @ components_.T``."""
    if estimator.components_.dtype == np.float32:
        raise scope.refuse("NeighborhoodComponentsAnalysis fitted on float32", "a model fitted on float64")
    components = np.asarray(estimator.components_, np.float64)
    value, rounding, certificate = affine(scope, doubles(scope, inputs, estimator), components, 0.0)
    return Lowered(Matrix(value, len(components), rounding=rounding), certificates=(certificate,))


LOWERINGS = {NeighborhoodComponentsAnalysis: lower_components}
