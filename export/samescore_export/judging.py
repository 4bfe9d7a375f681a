"""Holding a graph's answers to the evidence, output by output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samescore_export.evidence import Evidence
from samescore_export.probes import COMBINATION, Probes
from samescore_export.values import Score
from samescore_runtime.comparison import Comparison, Tolerance, compare


def judged(
    name: str, evidence: Evidence, got: NDArray[Any], tolerance: Tolerance, floor: NDArray[Any] | None
) -> tuple[Comparison, int]:
    """The comparison of one output, and how many values are beyond the tolerance in rows that are not settled: they count for neither side."""
    expected = evidence.expected[name]
    comparison = compare(expected, got, tolerance, floor=floor)
    if name not in evidence.settled or comparison.mismatch is not None or not comparison.beyond:
        return comparison, 0
    settled = compare(evidence.held(name, expected, got), got, tolerance, floor=floor)
    return settled, comparison.beyond - settled.beyond


def single_failures(
    name: str, evidence: Evidence, alone: Mapping[int, Mapping[str, NDArray[Any]]], tolerance: Tolerance
) -> list[str]:
    """What differs where a row is scored by itself."""
    failures = []
    for row, answers in evidence.singles.items():
        here = slice(row, row + 1)
        expected = evidence.held(name, answers[name], alone[row][name], here)
        comparison = compare(expected, alone[row][name], tolerance, floor=evidence.floor(name, here))
        failures += [f"{line} (scored alone, row {row})" for line in described(name, comparison, evidence.probes)[:1]]
    return failures


def described(name: str, comparison: Comparison, probes: Probes) -> list[str]:
    """A failed comparison in words: the worst rows, and why each was probed."""
    if comparison.passed:
        return []
    if comparison.mismatch is not None:
        return [f"{name}: {comparison.mismatch}; the original model's shape and dtype"]
    lines = [f"{name}: {d}; {cause(probes, d.row)}" for d in comparison.differences[:10]]
    return [*lines, f"{name}: {_values(comparison.beyond)} beyond the tolerance in {comparison.rows} rows; none"]


def cause(probes: Probes, row: int) -> str:
    """Why a row is among the probes."""
    column = str(probes.columns[row])
    if probes.kinds[row] == COMBINATION:
        return (
            f"the row {', '.join(f'{name} = {_shown(values[row])}' for name, values in probes.sample.columns.items())}"
        )
    if not column:
        return "a row of the sample"
    return f"a {probes.kinds[row]} probe, {column} = {_shown(probes.sample.columns[column][row])}"


def _shown(value: Any) -> str:
    return repr(value.item() if isinstance(value, np.generic) else value)


def _values(count: int) -> str:
    return f"{count} value{'' if count == 1 else 's'}"


def reason(score: Score) -> str | None:
    """Why an output is not exact; None if it is."""
    if score.margin is not None:
        return score.margin[1].reason
    return score.rounding.reason if score.rounding else None
