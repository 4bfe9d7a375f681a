"""What a proof says: for each output how much the same it is, and the evidence for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from samescore_export.certificate import Verdict
from samescore_export.compiler import Compiled
from samescore_export.coverage import coverage
from samescore_export.probes import Probes
from samescore_export.sample import Sample
from samescore_runtime.comparison import Comparison, Tolerance

#: The oldest onnxruntime on which the suite is run (``make test-lowest``).
LOWEST_ONNXRUNTIME = "1.24.1"


@dataclass(frozen=True, slots=True)
class OutputProof:
    """What was found for one output.

    Attributes:
        sameness: ``proven``, ``bit-equal``, ``within N ulp``, ...
        tolerance: what a load-time check must hold it to.
        comparison: own session (one intra-op thread) against the original model, all probes.
        default_session: the same in a session with two intra-op threads and what else onnxruntime does by default; None where it was not run.
        flips: labels that differ although the margin is beyond the rounding bound; a failure.
        within_bound: values that differ in rows whose margin is inside the bound; scikit-learn flips such rows itself.
        reason: why it is not exact, None if it is.
        floors: of each probe's numbers, in the output's shape, what takes the place of the tolerance's floor; None where it is one for all.
    """

    sameness: str
    tolerance: Tolerance
    comparison: Comparison
    default_session: Comparison | None
    flips: int
    within_bound: int
    reason: str | None
    floors: NDArray[Any] | None = None


@dataclass(frozen=True)
class Proof:
    """The evidence for one file; ``failures`` is empty if all of it holds.

    Attributes:
        expected: the original model's answers on the probes.
        got: the graph's.
        fit: which rows can be goldens: no decision within the rounding bound of another, no scale far beyond the sample's.
        reference: the graph's scores on the sample itself, for the profile.
        answer: the original model's answers for other rows: those of some models depend on the rest of the batch.
        notes: what a reader should know and what is no failure.
        session: onnxruntime's, with one thread, over the graph that was proven; None for a graph of others.
    """

    seed: int
    budget: int
    probes: Probes
    outputs: Mapping[str, OutputProof]
    verdicts: tuple[Verdict, ...]
    compiled: Compiled
    expected: Mapping[str, NDArray[Any]]
    got: Mapping[str, NDArray[Any]]
    fit: NDArray[np.bool_]
    failures: tuple[str, ...]
    reference: Mapping[str, NDArray[Any]]
    answer: Callable[[str, Sample], NDArray[Any]] = field(repr=False, compare=False)
    notes: tuple[str, ...] = ()
    session: Any = field(default=None, repr=False, compare=False)

    def to_json(self) -> dict[str, Any]:
        """The entry ``samescore.proof`` (docs/artifact.md)."""
        return {
            "format": 1,
            "seed": self.seed,
            "budget": self.budget,
            "outputs": {name: _output_json(item) for name, item in self.outputs.items()},
            "certificates": [
                {"at": c.at, "kind": c.kind, "claim": c.claim, "checked": verdict.checked, "scope": c.scope}
                for c, verdict in zip(self.compiled.certificates, self.verdicts, strict=True)
            ],
            "coverage": coverage(self.probes, self.compiled.contract),
            "not_covered": sorted(
                {c.scope for c in self.compiled.certificates if c.scope}
                | {f"{at}, whose lowering states no certificate, beyond the probes" for at in self.compiled.uncertified}
            ),
            "onnxruntime": {"proven_on": onnxruntime.__version__, "lowest": LOWEST_ONNXRUNTIME},
        }


def _output_json(item: OutputProof) -> dict[str, Any]:
    return {
        "sameness": item.sameness,
        "rows": item.comparison.rows,
        "bit_equal": item.comparison.bit_equal,
        "largest_ulp": item.comparison.largest_ulp,
        "flips": item.flips,
        "within_bound": item.within_bound,
        "tolerance": item.tolerance.to_json(),
        "default_session": None
        if item.default_session is None
        else {"bit_equal": item.default_session.bit_equal, "largest_ulp": item.default_session.largest_ulp},
        "reason": item.reason,
    }
