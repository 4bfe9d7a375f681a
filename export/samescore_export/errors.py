"""Errors of the exporter. Every problem of a model is listed at once, each by its path in the pipeline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from samescore_runtime.errors import SamescoreError


@dataclass(frozen=True, slots=True)
class Unsupported:
    """One part of a model that cannot be exported: its path (``steps.prep.num``), what was found, what is accepted."""

    path: str
    found: str
    accepted: str

    def __str__(self) -> str:
        return f"{self.path}: {self.found}; {self.accepted}"


class UnsupportedError(SamescoreError):
    """Raised by a lowering for what it cannot lower; the compiler collects these into one ExportError."""

    @property
    def problem(self) -> Unsupported:
        return Unsupported(self.where, self.found, self.accepted)


class ExportError(SamescoreError):
    """A model that cannot be exported; ``problems`` holds all that was found."""

    def __init__(self, problems: Sequence[Unsupported]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        super().__init__("model", f"{count} problem{'' if count == 1 else 's'}", "a model without them")

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))


class ProofError(SamescoreError):
    """The compiled graph does not give the model's scores; nothing was written. ``failures`` says where, in words."""

    def __init__(self, failures: Sequence[str]) -> None:
        self.failures = tuple(failures)
        super().__init__("proof", f"{len(self.failures)} failed", "the same scores for every probe and certificate")

    def __str__(self) -> str:
        return "\n".join(self.failures)
