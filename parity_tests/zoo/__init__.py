"""The zoo: every case, a module per module of scikit-learn. A new lowering or option gets a line there."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from parity_tests.case import Case
from parity_tests.zoo import (
    boosters,
    cluster,
    compose,
    decomposition,
    dicts,
    ensemble,
    feature_extraction,
    images,
    impute,
    kernels,
    labels,
    linear_model,
    mixture,
    model_imputers,
    neighbors,
    preprocessing,
    probabilities,
    scenarios,
    selection,
    semi_supervised,
    single,
    svm,
    targets,
    transforms,
    tree,
)

FAMILIES = (
    boosters,
    cluster,
    compose,
    decomposition,
    dicts,
    ensemble,
    feature_extraction,
    images,
    impute,
    model_imputers,
    kernels,
    labels,
    linear_model,
    mixture,
    neighbors,
    preprocessing,
    probabilities,
    scenarios,
    selection,
    semi_supervised,
    single,
    svm,
    targets,
    transforms,
    tree,
)


def _catalogue() -> Mapping[str, Case]:
    found: dict[str, Case] = {}
    for family in FAMILIES:
        for case in family.cases():
            if case.id in found:
                raise ValueError(f"{case.id}: two cases; one case an id")
            found[case.id] = case
    return MappingProxyType(found)


#: id -> case.
CASES: Mapping[str, Case] = _catalogue()
