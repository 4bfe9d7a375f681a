"""The zoo: every case, a module per module of scikit-learn. A new lowering or option gets a line there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from parity_tests.case import Case
from parity_tests.zoo import (
    compose,
    ensemble,
    feature_extraction,
    impute,
    linear_model,
    preprocessing,
    probabilities,
    scenarios,
    selection,
    svm,
    tree,
)

FAMILIES = (
    compose,
    ensemble,
    feature_extraction,
    impute,
    linear_model,
    preprocessing,
    probabilities,
    scenarios,
    selection,
    svm,
    tree,
)


def _catalogue() -> Iterator[Case]:
    for family in FAMILIES:
        yield from family.cases()


#: id -> case.
CASES: Mapping[str, Case] = MappingProxyType({case.id: case for case in _catalogue()})
