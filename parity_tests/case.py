"""A case of the parity suite: a fitted model, rows for it, and how much the same its scores must be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from samescore_runtime.contract import Layout

Sameness = Literal["proven", "bit-equal", "within"]


@dataclass(frozen=True, slots=True)
class Case:
    """One model to export and compare everywhere.

    Attributes:
        id: ``family/what``; unique.
        build: fits the model and gives it with its sample; seeded, and under a second.
        sameness: the least that every output must reach: ``within`` is a stated bound, with its reason in the proof.
        methods: the outputs; None for the exporter's own choice.
        layout: of the inputs.
    """

    id: str
    build: Callable[[], tuple[Any, Any]]
    sameness: Sameness
    methods: tuple[str, ...] | None = None
    layout: Layout = "packed"
