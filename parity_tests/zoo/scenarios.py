"""The three scenarios."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from parity_tests.case import Case


def _scenario(name: str) -> Callable[[], tuple[Any, Any]]:
    """A scenario trained on the real data where they are, else on its simulator."""

    def build() -> tuple[Any, Any]:
        from samescore_train import demand, purchases, spam

        module = {"demand": demand, "recommender": purchases, "spam": spam}[name]
        trained = module.fit(module.load(), sample_rows=400)
        sample = trained.sample["text"].tolist() if name == "spam" else trained.sample
        return trained.model, sample

    return build


def cases() -> Iterator[Case]:
    yield Case("scenario/demand", _scenario("demand"), "proven")
    yield Case("scenario/recommender", _scenario("recommender"), "bit-equal")
    yield Case("scenario/spam", _scenario("spam"), "within")
