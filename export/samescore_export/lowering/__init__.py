"""Lowerings: estimators turned into graph nodes, one module per module of scikit-learn."""

from __future__ import annotations

from samescore_export.lowering import (
    compose,
    ensemble,
    hist_gradient_boosting,
    impute,
    linear_model,
    preprocessing,
    text,
    tree,
)

#: Every built-in table, merged once by ``samescore_export.registry``.
TABLES = (
    compose.LOWERINGS,
    ensemble.LOWERINGS,
    hist_gradient_boosting.LOWERINGS,
    impute.LOWERINGS,
    linear_model.LOWERINGS,
    preprocessing.LOWERINGS,
    text.LOWERINGS,
    tree.LOWERINGS,
)
