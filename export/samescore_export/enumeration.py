"""Certificates by trying everything: where columns have finitely many values, each is put through the model and the file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samescore_export.certificate import Certificate, Verdict
from samescore_export.evidence import Evidence
from samescore_export.finite_domain import Domain
from samescore_export.judging import described, judged
from samescore_export.sample import Sample

#: What one string stands for.
UNKNOWN = "strings that are no category, of which one was tried: the file compares strings for equality alone"

#: Rows of a batch that takes the way of few rows through a graph that has two.
FEW = 200


@dataclass(frozen=True)
class Enumeration:
    """What trying every value showed.

    Attributes:
        certificate, verdict: the claim, and what was found.
        every_input: outputs whose answers to all possible inputs were compared and are the same, none within a rounding bound of another.
    """

    certificate: Certificate
    verdict: Verdict
    every_input: frozenset[str]


def enumerate_domain(
    domain: Domain, evidence: Evidence, tolerances: Evidence, run: Callable[[Sample], Mapping[str, NDArray[Any]]]
) -> Enumeration:
    """Compare the answers to the rows of a domain, in one batch and in batches of few rows.

    Args:
        evidence: the model's answers to the domain.
        tolerances: the evidence that says how far each output may be off.
        run: the file's answers to rows.
    """
    rows = domain.rows
    parts = [run(rows.take(slice(start, start + FEW))) for start in range(0, rows.rows, FEW)]
    batches = (run(rows), {name: np.concatenate([part[name] for part in parts]) for name in parts[0]})
    failures: list[str] = []
    found: list[str] = []
    same: set[str] = set()
    for name, expected in evidence.expected.items():
        tolerance = tolerances.tolerances[name]
        judgements = [judged(name, evidence, got[name], tolerance, evidence.floor(name)) for got in batches]
        for comparison, _ in judgements:
            failures += described(name, comparison, evidence.probes)[:3]
        equal = min(comparison.bit_equal for comparison, _ in judgements)
        inside = len(expected) - int(evidence.settled[name].sum()) if name in evidence.settled else 0
        largest = max(comparison.largest_ulp for comparison, _ in judgements)
        said = "bit-equal" if equal == len(expected) else f"at most {largest:,} ulp apart"
        found.append(f"{name} {said}{f', {inside:,} within a rounding bound' if inside else ''}")
        if tolerance.kind == "exact" and not inside:
            same.add(name)
    certificate = Certificate("model", *_claim(domain, "; ".join(found)), lambda _: verdict)
    verdict = Verdict(rows.rows * len(evidence.expected), tuple(failures[:10]))
    return Enumeration(certificate, verdict, frozenset(same if domain.whole and not failures else ()))


def _claim(domain: Domain, found: str) -> tuple[str, str, str]:
    """Kind, claim and scope."""
    columns = ", ".join(f"{name} ({count})" for name, count in domain.values.items())
    if domain.whole:
        return (
            "every_input",
            f"every input was tried, all {domain.rows.rows:,} combinations of the values of {columns}, missing and unknown among them: {found}",
            UNKNOWN,
        )
    return (
        "every_value",
        f"every value of {columns}, missing and unknown among them, was tried alone in rows of the sample: {found}",
        "combinations of categories with one another and with other columns, beyond the probes",
    )
