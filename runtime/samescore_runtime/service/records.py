"""What is remembered of a request from its answer until it is counted and logged."""

from __future__ import annotations

from typing import NamedTuple

from samescore_runtime.service.scoring import Scored
from samescore_runtime.service.targets import Target


class Answered(NamedTuple):
    """One scoring request. ``at`` is the time of day, ``inference`` the seconds in the model; ``scored`` is kept for those who need it."""

    target: Target
    status: str
    at: float
    seconds: float
    rows: int
    inference: float
    answer_id: str
    traceparent: str | None
    scored: Scored | None


class Other(NamedTuple):
    """A request for something else than scores."""

    method: str
    path: str
    status: str
    at: float
    seconds: float
    answer_id: str
    traceparent: str | None
