"""Proof: certificates on the finished file, and comparison with the original model on every probe, output by output."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from samescore_export.certificate import FinishedGraph, Verdict
from samescore_export.compiler import Compiled, single_threaded
from samescore_export.probes import Probes, make_probes
from samescore_export.sample import Sample
from samescore_export.values import Rounding, Score
from samescore_runtime.comparison import EXACT, Comparison, Tolerance, compare
from samescore_runtime.frames import encode_frame
from samescore_runtime.sessions import open_session

#: The oldest onnxruntime on which the suite is run (``make test-lowest``).
LOWEST_ONNXRUNTIME = "1.24.1"

#: Intra-op threads of the second session: a number of its own, so that the same export gives the same bytes on any machine.
THREADS = 2

#: Rows of the sample that the profile's output histograms are made from.
REFERENCE_ROWS = 10_000

#: Rows scored one at a time as well, since a batch and a single row may take different paths.
SINGLE_ROWS = 24


@dataclass(frozen=True, slots=True)
class OutputProof:
    """What was found for one output.

    Attributes:
        sameness: ``proven``, ``bit-equal`` or ``within N ulp``.
        tolerance: what a load-time check must hold it to.
        comparison: own session (one intra-op thread) against the original model, all probes.
        default_session: the same in a session with two intra-op threads and what else onnxruntime does by default.
        flips: labels that differ although the margin is beyond the rounding bound; a failure.
        within_bound: labels that differ with a margin inside the bound; scikit-learn flips such rows itself.
        reason: why it is not exact, None if it is.
    """

    sameness: str
    tolerance: Tolerance
    comparison: Comparison
    default_session: Comparison
    flips: int
    within_bound: int
    reason: str | None


@dataclass(frozen=True)
class Proof:
    """The evidence for one artifact; ``failures`` is empty if all of it holds.

    ``expected`` are the original model's answers on the probes, ``got`` the graph's. ``fit`` says which rows can be goldens: no label within the
    rounding bound of flipping, no scale far beyond the sample's. ``reference`` are the graph's scores on the sample itself, for the
    profile. ``answer`` gives the original model's answers for other rows: those of some models depend on the rest of the batch.
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

    def to_json(self) -> dict[str, Any]:
        """The entry ``samescore.proof`` (docs/artifact.md)."""
        kinds = self.probes.kinds
        contract = self.compiled.contract
        return {
            "format": 1,
            "seed": self.seed,
            "budget": self.budget,
            "outputs": {name: _output_json(item) for name, item in self.outputs.items()},
            "certificates": [
                {"at": c.at, "kind": c.kind, "claim": c.claim, "checked": verdict.checked, "scope": c.scope}
                for c, verdict in zip(self.compiled.certificates, self.verdicts, strict=True)
            ],
            "coverage": {
                "rows": len(kinds),
                "boundary_rows": int((kinds == "split").sum()),
                "splits": self.probes.splits[0],
                "splits_both_sides": self.probes.splits[1],
                "missing": {column.name: column.nullable for column in contract.columns},
                "categories": {
                    c.name: [_seen(self.probes, c), len(c.categories)] for c in contract.columns if c.categories
                },
                "unknown": {c.name: not c.closed for c in contract.columns if c.type == "string"},
            },
            "not_covered": sorted({c.scope for c in self.compiled.certificates if c.scope}),
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
        "default_session": {
            "bit_equal": item.default_session.bit_equal,
            "largest_ulp": item.default_session.largest_ulp,
        },
        "reason": item.reason,
    }


def _seen(probes: Probes, column: Any) -> int:
    values = probes.sample.columns[column.name]
    return len({value for value in values if isinstance(value, str)} & set(column.categories))


def prove(estimator: Any, compiled: Compiled, seed: int = 0, budget: int = 2000) -> Proof:
    """Check every certificate on the written graph and compare it with the original model on the probes.

    Never raises for a difference: it is in ``failures``, with output, row, expected, got and ulp.
    """
    finished = FinishedGraph(compiled.model, compiled.used)
    verdicts = tuple(certificate.verify(finished) for certificate in compiled.certificates)
    failures = [failure for verdict in verdicts for failure in verdict.failures]
    probes = make_probes(compiled.sample, compiled.contract, compiled.hints, seed, budget)
    with single_threaded(estimator):
        probes, expected = _answered(estimator, compiled, probes)
    native = probes.sample.native()
    content = compiled.model.SerializeToString()
    feed = encode_frame(compiled.contract, native)
    # One session at a time: that of a large forest takes as much memory as compiling it.
    got_default = _run(open_session(content, "the compiled graph", threads=THREADS), feed)
    bounds = {}
    if any("#" in output.name for output in compiled.bounds.graph.output):
        bounds = _run(open_session(compiled.bounds.SerializeToString(), "the graph with bounds"), feed)
    session = open_session(content, "the compiled graph")
    got = _run(session, feed)
    reference = _run(session, encode_frame(compiled.contract, compiled.sample.take(slice(0, REFERENCE_ROWS)).native()))
    with single_threaded(estimator):
        singles = _singles(estimator, compiled, probes, session)
    outputs = {}
    fit = np.ones(len(probes.kinds), bool)
    for name in compiled.scores:
        if f"{name}#scale" in bounds:
            fit &= ordinary(bounds[f"{name}#scale"], probes.kinds)
    settled = {
        name: ~_inside(score.margin[1], bounds[f"{name}#margin"], bounds.get(f"{name}#margin_scale"))
        for name, score in compiled.scores.items()
        if score.margin is not None
    }
    for rows in settled.values():
        fit &= rows
    for name, score in compiled.scores.items():
        proof, failed = _judge(
            name, score, expected[name], got[name], got_default[name], bounds, settled.get(name), probes
        )
        outputs[name] = replace(proof, sameness=_sameness(score, proof, finished, verdicts, compiled))
        failures += failed
        failures += _judge_singles(name, score, singles, bounds, probes)

    def answer(name: str, rows: Sample) -> NDArray[Any]:
        with single_threaded(estimator):
            return compiled.expected(estimator, name, rows.native())

    return Proof(
        seed, budget, probes, outputs, verdicts, compiled, expected, got, fit, tuple(failures), reference, answer
    )


def _answered(estimator: Any, compiled: Compiled, probes: Probes) -> tuple[Probes, dict[str, NDArray[Any]]]:
    """The probes less those that the original model refuses (a negative number where it wants counts, say), and its answers.

    Rows of the sample stay: a model that refuses these has the wrong sample, and its own error says so.
    """
    if compiled.coupled:
        probes = _kept(probes, ~_huge(probes))
    whole = _answers(estimator, compiled, probes.sample)
    if whole is not None:
        return probes, whole
    refused = [
        row
        for row in np.flatnonzero(probes.kinds != "sample")
        if _answers(estimator, compiled, probes.sample.take([int(row)])) is None
    ]
    probes = _kept(probes, ~np.isin(np.arange(len(probes.kinds)), refused))
    native = probes.sample.native()
    return probes, {name: compiled.expected(estimator, name, native) for name in compiled.scores}


def _kept(probes: Probes, rows: NDArray[np.bool_]) -> Probes:
    return replace(probes, sample=probes.sample.take(rows), kinds=probes.kinds[rows], columns=probes.columns[rows])


def _huge(probes: Probes) -> NDArray[np.bool_]:
    """Probes with a number far beyond the sample's; where rows share an answer, it would drown all the others."""
    usual = probes.kinds == "sample"
    huge = np.zeros(len(usual), bool)
    for values in probes.sample.columns.values():
        if values.dtype.kind == "f":
            size = np.abs(values)
            huge |= size > FAR * max(1.0, float(np.nanmax(size[usual], initial=0.0)))
    return huge


def _answers(estimator: Any, compiled: Compiled, rows: Sample) -> dict[str, NDArray[Any]] | None:
    """The original model's answers by output; None if it refuses the rows."""
    native = rows.native()
    try:
        return {name: compiled.expected(estimator, name, native) for name in compiled.scores}
    except Exception:
        return None


def _run(session: Any, feed: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, dict(feed)), strict=True))


#: A probe whose scale is this many times that of any row of the sample is compared under its own, and is no golden.
FAR = 16.0


def tolerance_of(
    score: Score, bounds: Mapping[str, NDArray[Any]], name: str, kinds: NDArray[np.str_]
) -> tuple[Tolerance, NDArray[Any] | None]:
    """The tolerance of an output: the a-priori bound at the largest scale of ordinary rows, and each row's own scale.

    The scale of a probe with huge numbers would be a floor under which everything passes, so it is left out.
    """
    rounding = score.rounding
    if rounding is None:
        return EXACT, None
    scale = bounds.get(f"{name}#scale")
    if scale is None:
        return Tolerance("ulp", rounding.ulp, 1.0), None
    largest = scale.reshape(len(scale), -1).max(axis=1)
    return Tolerance("ulp", rounding.ulp, float(largest[ordinary(scale, kinds)].max(initial=0.0))), scale


def ordinary(scale: NDArray[Any], kinds: NDArray[np.str_]) -> NDArray[np.bool_]:
    """Rows whose scale is like that of the sample's rows."""
    largest = scale.reshape(len(scale), -1).max(axis=1)
    usual = largest[(kinds == "sample") & np.isfinite(largest)].max(initial=0.0)
    # FAR times the largest float64 is infinite.
    mask: NDArray[np.bool_] = (largest <= FAR * usual) & np.isfinite(largest)
    return mask


def _judge(
    name: str,
    score: Score,
    expected: NDArray[Any],
    got: NDArray[Any],
    got_default: NDArray[Any],
    bounds: Mapping[str, NDArray[Any]],
    settled: NDArray[np.bool_] | None,
    probes: Probes,
) -> tuple[OutputProof, list[str]]:
    tolerance, scale = tolerance_of(score, bounds, name, probes.kinds)
    comparison = compare(expected, got, tolerance, floor=_shaped(scale, expected))
    default = compare(expected, got_default, tolerance, floor=_shaped(scale, expected))
    reason = score.rounding.reason if score.rounding else None
    within = 0
    if score.margin is not None and settled is not None:
        reason = score.margin[1].reason
        if comparison.mismatch is None and comparison.beyond:
            rows = settled.reshape(-1, *(1 for _ in score.shape))
            within = int(((expected != got) & ~rows).sum())
            comparison = compare(np.where(rows, expected, got), got, tolerance, floor=_shaped(scale, expected))
    proof = OutputProof(
        "",
        tolerance,
        comparison,
        default,
        comparison.beyond if score.labels and score.shape == () else 0,
        within,
        reason,
    )
    return proof, _describe(name, comparison, probes)


def _shaped(scale: NDArray[Any] | None, expected: NDArray[Any]) -> NDArray[Any] | None:
    if scale is None:
        return None
    return scale.reshape(expected.shape) if scale.size == expected.size else np.broadcast_to(scale, expected.shape)


def _inside(rounding: Rounding, margin: NDArray[Any], scale: NDArray[Any] | None) -> NDArray[np.bool_]:
    """Rows whose margin is smaller than the error either side may have made in it."""
    flat = np.abs(margin.reshape(len(margin), -1).min(axis=1))
    sizes = np.ones(len(flat)) if scale is None else scale.reshape(len(scale), -1).max(axis=1)
    inside: NDArray[np.bool_] = flat <= 2 * rounding.ulp * np.spacing(sizes)
    return inside


def _describe(name: str, comparison: Comparison, probes: Probes) -> list[str]:
    if comparison.passed:
        return []
    if comparison.mismatch is not None:
        return [f"{name}: {comparison.mismatch}; the original model's shape and dtype"]
    lines = [f"{name}: {d}; {_cause(probes, d.row)}" for d in comparison.differences[:10]]
    return [*lines, f"{name}: {comparison.beyond} values differ in {comparison.rows} rows; none beyond the tolerance"]


def _cause(probes: Probes, row: int) -> str:
    column = str(probes.columns[row])
    if not column:
        return "a row of the sample"
    return f"a {probes.kinds[row]} probe, {column} = {probes.sample.columns[column][row]!r}"


def _singles(
    estimator: Any, compiled: Compiled, probes: Probes, session: Any
) -> list[tuple[int, dict[str, NDArray[Any]], dict[str, NDArray[Any]]]]:
    rows = np.linspace(0, probes.sample.rows - 1, min(SINGLE_ROWS, probes.sample.rows)).astype(int)
    found = []
    for row in np.unique(rows):
        alone = probes.sample.take([int(row)])
        expected = _answers(estimator, compiled, alone)
        # None: taken among others and refused alone (MiniBatchNMF looks at the mean of the batch).
        if expected is not None:
            found.append((int(row), expected, _run(session, encode_frame(compiled.contract, alone.native()))))
    return found


def _judge_singles(
    name: str,
    score: Score,
    singles: Sequence[tuple[int, dict[str, NDArray[Any]], dict[str, NDArray[Any]]]],
    bounds: Mapping[str, NDArray[Any]],
    probes: Probes,
) -> list[str]:
    tolerance, scale = tolerance_of(score, bounds, name, probes.kinds)
    failures = []
    for row, expected, got in singles:
        own = None if scale is None else _shaped(scale[row : row + 1], expected[name])
        comparison = compare(expected[name], got[name], tolerance, floor=own)
        if score.margin is not None and not comparison.passed:
            margin_scale = bounds.get(f"{name}#margin_scale")
            part = None if margin_scale is None else margin_scale[row : row + 1]
            if _inside(score.margin[1], bounds[f"{name}#margin"][row : row + 1], part).all():
                continue
        failures += [f"{line} (scored alone, row {row})" for line in _describe(name, comparison, probes)[:1]]
    return failures


def _sameness(
    score: Score, proof: OutputProof, finished: FinishedGraph, verdicts: Sequence[Verdict], compiled: Compiled
) -> str:
    """``proven`` if nothing but certified pieces and exact elementwise steps made the output."""
    if score.rounding is not None:
        return f"within {proof.tolerance.ulp:g} ulp"
    if score.margin is not None:
        return "proven beyond the rounding bound"
    certified = {"tree_splits", "categories"} & {certificate.kind for certificate in compiled.certificates}
    return "proven" if certified and not any(verdict.failures for verdict in verdicts) else "bit-equal"
