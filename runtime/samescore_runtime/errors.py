"""Errors of the runtime: typed, carrying what was found as data.

Messages read ``where: found; accepted``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

#: Problems written out in a message; the rest is counted.
SHOWN = 20


class SamescoreError(Exception):
    """The base of every error samescore raises on purpose.

    Attributes:
        where: the file, tensor, column or pipeline path concerned.
        found: what was there.
        accepted: what would have been accepted.
    """

    def __init__(self, where: str, found: str, accepted: str) -> None:
        super().__init__(f"{where}: {found}; {accepted}")
        self.where = where
        self.found = found
        self.accepted = accepted

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled with all its data, so that it comes whole out of another process (joblib, a pool of workers)."""
        return _remade, (type(self), self.args, self.__dict__)


def _remade(kind: type[SamescoreError], args: tuple[Any, ...], state: dict[str, Any]) -> SamescoreError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


class InputError(SamescoreError):
    """A file or value given by the user that cannot be read as what it should be."""


class ArtifactError(SamescoreError):
    """A file that must not be scored with.

    ``code`` is one of ``signature``, ``not_an_artifact``, ``unknown_format``, ``integrity``, ``contract_mismatch``, ``self_check``.
    """

    def __init__(self, code: str, where: str, found: str, accepted: str) -> None:
        super().__init__(where, found, accepted)
        self.code = code


class MissingExtraError(SamescoreError):
    """A command or format whose optional dependency is not installed; ``extra`` names it."""

    def __init__(self, where: str, package: str, extra: str) -> None:
        super().__init__(where, f"the package {package} is not installed", f'pip install "samescore[{extra}]"')
        self.extra = extra


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason why rows break the contract; ``row`` is None where it concerns all rows."""

    row: int | None
    column: str
    code: str
    message: str


class ContractError(SamescoreError):
    """Rows that break the contract: every problem of the batch, not just the first.

    Attributes:
        problems: at most the first ``SHOWN`` of each call, in row and column order.
        total: how many there are.
    """

    def __init__(self, problems: Sequence[Problem], total: int | None = None) -> None:
        self.problems = tuple(problems)
        self.total = len(self.problems) if total is None else total
        super().__init__("rows", f"{self.total} problem{'' if self.total == 1 else 's'}", "rows that keep the contract")

    def __str__(self) -> str:
        lines = [problem.message for problem in self.problems[:SHOWN]]
        hidden = self.total - len(lines)
        if hidden > 0:
            lines.append(f"... and {hidden} more")
        return "\n".join(lines)
