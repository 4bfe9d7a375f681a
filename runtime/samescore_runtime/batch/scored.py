"""Chunks of rows to scores; rows that break the contract stop the run, or are set aside one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samescore_runtime.batch.readers import Chunk
from samescore_runtime.errors import ContractError, Problem
from samescore_runtime.model import Model, Outputs


@dataclass(frozen=True, slots=True)
class Scored:
    """A chunk's scores.

    Attributes:
        taken: positions in the chunk of the rows that were scored, ascending.
        rejected: (position, reason) of those that break the contract.
    """

    outputs: Outputs
    taken: NDArray[np.int64]
    rejected: tuple[tuple[int, str], ...]


def score_all(model: Model, chunk: Chunk, before: int) -> Outputs:
    """The scores of a chunk's rows.

    Raises:
        ContractError: rows that break the contract, numbered as in the input; ``before`` rows came before the chunk.
    """
    try:
        return model.score(chunk.data)
    except ContractError as error:
        raise ContractError([_moved(problem, before) for problem in error.problems], error.total) from None


def score_good(model: Model, chunk: Chunk, before: int) -> Scored:
    """The scores of the rows that keep the contract; the others with their reasons.

    Rows are parted in halves until those that break it stand alone: a few of them cost little.
    """
    rejected: list[tuple[int, str]] = []
    parts: list[tuple[Sequence[int], Outputs]] = []

    def go(rows: range) -> None:
        try:
            parts.append((rows, model.score(_rows(chunk, rows))))
        except ContractError as error:
            if any(problem.row is None for problem in error.problems):
                # A column that is not there at all is no matter of single rows.
                raise
            if len(rows) == 1:
                rejected.append((rows[0], "\n".join(_moved(one, before + rows[0]).message for one in error.problems)))
                return
            middle = len(rows) // 2
            go(rows[:middle])
            go(rows[middle:])

    go(range(chunk.rows))
    taken = np.array([row for rows, _ in parts for row in rows], np.int64)
    names: Mapping[str, Any] = parts[0][1] if parts else {}
    return Scored(
        {name: np.concatenate([outputs[name] for _, outputs in parts]) for name in names}, taken, tuple(rejected)
    )


def _rows(chunk: Chunk, rows: range) -> Any:
    """Some of a chunk's data: a list of rows, a dict of columns, or an Arrow record batch."""
    if len(rows) == chunk.rows:
        return chunk.data
    if isinstance(chunk.data, list):
        return chunk.data[rows.start : rows.stop]
    if isinstance(chunk.data, dict):
        return {name: values[rows.start : rows.stop] for name, values in chunk.data.items()}
    return chunk.data.slice(rows.start, len(rows))


def _moved(problem: Problem, before: int) -> Problem:
    if problem.row is None:
        return problem
    row = problem.row + before
    return replace(problem, row=row, message=problem.message.replace(f"rows[{problem.row}]", f"rows[{row}]", 1))
