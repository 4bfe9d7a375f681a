"""Lowerings: estimators turned into graph nodes, one module per module of scikit-learn."""

from __future__ import annotations

from samescore_export.lowering import (
    bagging,
    calibration,
    compose,
    ensemble,
    ensemble_meta,
    feature_selection,
    frozen,
    hist_gradient_boosting,
    impute,
    isolation_forest,
    isotonic,
    kernel_approximation,
    linear_model,
    model_selection,
    naive_bayes,
    neural_network,
    preprocessing,
    svm,
    text,
    tree,
)

#: Every built-in table, merged once by ``samescore_export.registry``.
TABLES = (
    bagging.LOWERINGS,
    calibration.LOWERINGS,
    compose.LOWERINGS,
    ensemble.LOWERINGS,
    ensemble_meta.LOWERINGS,
    feature_selection.LOWERINGS,
    frozen.LOWERINGS,
    hist_gradient_boosting.LOWERINGS,
    impute.LOWERINGS,
    isolation_forest.LOWERINGS,
    isotonic.LOWERINGS,
    kernel_approximation.LOWERINGS,
    linear_model.LOWERINGS,
    model_selection.LOWERINGS,
    naive_bayes.LOWERINGS,
    neural_network.LOWERINGS,
    preprocessing.LOWERINGS,
    svm.LOWERINGS,
    text.LOWERINGS,
    tree.LOWERINGS,
)
