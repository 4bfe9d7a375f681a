"""Proof: certificates on the finished file, and comparison with the original model on every probe, output by output."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from numpy.typing import NDArray

from samescore_export.certificate import FinishedGraph, Verdict
from samescore_export.compiler import Compiled, row_by_row, rows_together
from samescore_export.enumeration import enumerate_domain
from samescore_export.evidence import Evidence, gather
from samescore_export.judging import described, judged, reason, single_failures
from samescore_export.proof import OutputProof, Proof
from samescore_export.sample import Sample
from samescore_export.threads import single_threaded
from samescore_export.values import Score
from samescore_runtime.comparison import Comparison, compare
from samescore_runtime.errors import ArtifactError
from samescore_runtime.frames import encode_frame
from samescore_runtime.sessions import open_session

#: Intra-op threads of the second session: a number of its own, so that the same export gives the same bytes on any machine.
THREADS = 2

#: Rows of the sample that the profile's output histograms are made from.
REFERENCE_ROWS = 10_000


def prove(
    estimator: Any,
    compiled: Compiled,
    seed: int = 0,
    budget: int = 2000,
    evidence: Evidence | None = None,
    progress: Callable[[str], None] = lambda stage: None,
) -> Proof:
    """Check every certificate on the written graph and compare it with the original model on the probes.

    Never raises for a difference: it is in ``failures``, with output, row, expected, got and ulp. ``evidence`` gathered before for
    the same model, seed and budget is not gathered again.

    Raises:
        ArtifactError: onnxruntime cannot open or run the graph.
    """
    if evidence is None:
        progress("prove: the model's answers")
        evidence = gather(estimator, compiled, seed, budget)
    progress("prove: certificates")
    finished = FinishedGraph(compiled.model, compiled.used)
    verdicts = tuple(certificate.verify(finished) for certificate in compiled.certificates)
    failures = [failure for verdict in verdicts for failure in verdict.failures]
    progress("prove: a default session")
    content = compiled.model.SerializeToString()
    # One session at a time: that of a large forest takes as much memory as compiling it.
    default = _runner(compiled, open_session(content, "the compiled graph", THREADS))(evidence.probes.sample)
    progress("prove: scores")
    session = open_session(content, "the compiled graph")
    del content
    run = _runner(compiled, session)
    got = run(evidence.probes.sample)
    reference = run(compiled.sample.take(slice(0, REFERENCE_ROWS)))
    every = None
    if evidence.enumerated is not None:
        progress("prove: every category")
        every = enumerate_domain(evidence.enumerated.domain, evidence.enumerated.evidence, evidence, run)
        compiled = replace(compiled, certificates=(*compiled.certificates, every.certificate))
        verdicts = (*verdicts, every.verdict)
        failures += every.verdict.failures
    progress("prove: single rows")
    alone = {row: run(evidence.probes.sample.take([row])) for row in evidence.singles}
    outputs = {}
    for name, score in compiled.scores.items():
        tolerance, floor = evidence.tolerances[name], evidence.floor(name)
        comparison, within = judged(name, evidence, got[name], tolerance, floor)
        outputs[name] = OutputProof(
            sameness=found_sameness(
                comparison,
                "proven"
                if every is not None and name in every.every_input
                else sameness(score, tolerance.ulp, verdicts, compiled),
                any(verdict.failures for verdict in verdicts),
            ),
            tolerance=tolerance,
            comparison=comparison,
            default_session=compare(evidence.expected[name], default[name], tolerance, floor=floor),
            flips=comparison.beyond if score.labels and score.shape == () else 0,
            within_bound=within,
            reason=reason(score),
            # Where rows share an answer, they share its scale, which other rows beside them would change.
            floors=None if compiled.coupled else floor,
        )
        failures += described(name, comparison, evidence.probes)
        failures += single_failures(name, evidence, alone, tolerance)

    def answer(name: str, rows: Sample) -> NDArray[Any]:
        with single_threaded(estimator):
            return rows_together(compiled.expected(estimator, name, rows.native()), compiled.scores[name].each)

    return Proof(
        seed, budget, evidence.probes, outputs, verdicts, compiled, evidence.expected, got, evidence.fit,
        tuple(failures), reference, answer, session=session,
    )  # fmt: skip


def found_sameness(comparison: Comparison, stated: str, uncertain: bool) -> str:
    """The sameness that was reached: no more than the probes show where one differs, or where a certificate does not hold."""
    if not comparison.passed:
        return "differs"
    if uncertain and stated.startswith("proven"):
        return "bit-equal" if comparison.bit_equal == comparison.rows else "within the rounding bound"
    return stated


def _runner(compiled: Compiled, session: Any) -> Callable[[Sample], Mapping[str, NDArray[Any]]]:
    names = list(compiled.scores)

    def run(rows: Sample) -> Mapping[str, NDArray[Any]]:
        feed = encode_frame(compiled.contract, rows.native())
        try:
            found = session.run(names, feed)
        except Exception as error:  # onnxruntime raises a class of its own for each status, with no common base
            reason = str(error).strip().splitlines()[0]
            raise ArtifactError("contract_mismatch", "the graph", f"it does not run ({reason})", "a model") from error
        each = [compiled.scores[name].each for name in names]
        return dict(zip(names, map(row_by_row, found, each), strict=True))

    return run


def sameness(score: Score, ulp: float, verdicts: Sequence[Verdict], compiled: Compiled) -> str:
    """``proven`` if nothing but certified pieces and exact elementwise steps of our own made the output."""
    if score.rounding is not None:
        return f"within {ulp:g} ulp"
    if score.margin is not None:
        return "bit-equal" if compiled.uncertified else "proven beyond the rounding bound"
    if compiled.uncertified:
        return "bit-equal"
    certified = {"tree_splits", "categories"} & {certificate.kind for certificate in compiled.certificates}
    return "proven" if certified and not any(verdict.failures for verdict in verdicts) else "bit-equal"
