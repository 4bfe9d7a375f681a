"""What a report shows, gathered from a proof and its artifact; how it looks is the page's business."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samescore_export.proof import OutputProof, Proof
from samescore_runtime.artifact import Artifact
from samescore_runtime.comparison import Tolerance, ulp_distance
from samescore_runtime.contract import Column

#: Upper ends of the bins of a histogram of ULP distances; the last bin has none.
ULP_BINS = (0, 1, 2, 4, 8, 16, 64, 1024)

#: What each sameness means, in a sentence for people.
MEANINGS = {
    "proven": "the same for every input: certificates cover every split, category and leaf in the file, or all inputs there are",
    "proven beyond the rounding bound": "the same wherever the margin is beyond the rounding bound",
    "bit-equal": "equal to the last bit on every probe",
    "within the rounding bound": "the same on every probe but those within a rounding bound of another answer; certificates do not hold",
    "differs": "beyond the stated limit",
}


@dataclass(frozen=True)
class Bin:
    """One bar of a histogram: its label, how many values, and its share of the largest bar."""

    label: str
    count: int
    share: float


@dataclass(frozen=True)
class OutputContent:
    """One output in the report."""

    name: str
    sameness: str
    meaning: str
    proof: OutputProof
    largest: float | None
    bins: tuple[Bin, ...]
    worst: tuple[tuple[str, str, str, str], ...]


@dataclass(frozen=True)
class Content:
    """Everything a report shows."""

    name: str
    digest: str
    size: int
    estimator: str
    passed: bool
    failures: tuple[str, ...]
    notes: tuple[str, ...]
    outputs: tuple[OutputContent, ...]
    certificates: tuple[Mapping[str, Any], ...]
    not_covered: tuple[str, ...]
    kinds: tuple[tuple[str, int], ...]
    coverage: Mapping[str, Any]
    columns: tuple[tuple[Column, str, str], ...]
    provenance: Mapping[str, Any]
    onnxruntime: Mapping[str, str]
    seed: int


def counted(number: int) -> str:
    """A count with its thousands apart; one that nobody counts by hand in a form that fits a tile."""
    return f"{number:,}" if number < 10**7 else f"{number:.1e}"


def describe(proof: Proof, artifact: Artifact, name: str) -> Content:
    """Gather a report's content."""
    entry = proof.to_json()
    kinds, counts = np.unique(proof.probes.kinds, return_counts=True)
    verdicts = zip(entry["certificates"], proof.verdicts, strict=True)
    provenance = artifact.provenance or {}
    return Content(
        name=name,
        digest=artifact.digest,
        size=len(artifact.content),
        estimator=str(provenance.get("estimator", "")),
        passed=not proof.failures,
        failures=proof.failures,
        notes=proof.notes,
        outputs=tuple(_output(name, item, proof) for name, item in proof.outputs.items()),
        certificates=tuple({**certificate, "failures": verdict.failures} for certificate, verdict in verdicts),
        not_covered=tuple(entry["not_covered"]),
        kinds=tuple(zip(map(str, kinds), map(int, counts), strict=True)),
        coverage=entry["coverage"],
        columns=tuple((c, accepted(c), probed(c.name, entry["coverage"])) for c in artifact.contract.columns),
        provenance=provenance,
        onnxruntime=entry["onnxruntime"],
        seed=proof.seed,
    )


def accepted(column: Column) -> str:
    """What a column accepts, in a few words."""
    words: list[str] = [column.type]
    if column.nullable:
        words.append("may be absent" if column.optional else "may be missing")
    if column.finite:
        words.append("finite")
    if column.closed:
        words.append("known categories only")
    if column.max_length is not None:
        words.append(f"at most {column.max_length} elements")
    return ", ".join(words)


def _output(name: str, item: OutputProof, proof: Proof) -> OutputContent:
    expected, got = proof.expected[name], proof.got[name]
    meaning = MEANINGS[item.sameness] if item.sameness in MEANINGS else _within(item.tolerance, expected.dtype)
    largest = _largest(expected, got)
    worst = tuple(_worst(name, item, proof))
    return OutputContent(name, item.sameness, meaning, item, largest, _bins(expected, got), worst)


def _within(tolerance: Tolerance, dtype: Any) -> str:
    """A tolerance as a size that people know: so many spacings of numbers of the output's scale."""
    floor = np.asarray(tolerance.floor, dtype if dtype.kind == "f" else np.float64)
    size = tolerance.ulp * float(np.spacing(floor))
    return (
        f"at most {size:.2g} from the original model's answer, {tolerance.ulp:g} ulp of numbers of the size {floor:.3g}"
    )


def _largest(expected: NDArray[Any], got: NDArray[Any]) -> float | None:
    """The largest finite difference of a number; None for labels, and where there is none."""
    if expected.dtype.kind != "f" or expected.shape != got.shape or got.dtype.kind != "f":
        return None
    with np.errstate(invalid="ignore", over="ignore"):
        apart = np.abs(expected - got)
    return float(apart[np.isfinite(apart)].max(initial=0.0)) or None


def probed(name: str, coverage: Mapping[str, Any]) -> str:
    """What a column was probed with, in a few words, from the proof's coverage."""
    made = coverage["probes"][name]
    words = [
        f"{made[kind]:,} {what}"
        for kind, what in (("split", "beside splits"), ("special", "special values"))
        if kind in made
    ]
    if (count := coverage["missing_rows"][name]) > 0:
        words.append(f"missing in {count:,} row{'s' if count > 1 else ''}")
    if name in coverage["categories"]:
        seen, known = coverage["categories"][name]
        words.append(f"{seen:,} of {known:,} categories")
    if coverage["unknown"].get(name):
        words.append("unknown values")
    return ", ".join(words) or "–"


def _bins(expected: NDArray[Any], got: NDArray[Any]) -> tuple[Bin, ...]:
    if expected.shape != got.shape or expected.dtype != got.dtype or expected.size == 0:
        return ()
    if expected.dtype.kind != "f":
        equal = int((expected == got).sum())
        counts = [equal, expected.size - equal]
        return tuple(
            Bin(label, count, count / max(counts)) for label, count in zip(("equal", "different"), counts, strict=True)
        )
    place = np.searchsorted(np.array(ULP_BINS, np.float64), ulp_distance(expected, got).astype(np.float64).ravel())
    counts = np.bincount(place, minlength=len(ULP_BINS) + 1).tolist()
    names = [
        "equal",
        "1 ulp",
        *(f"{a + 1} to {b}" if b > a + 1 else f"{b} ulp" for a, b in pairwise(ULP_BINS[1:])),
        "more",
    ]
    last = max((i for i, count in enumerate(counts) if count), default=0)
    shown = list(zip(names, counts, strict=True))[: max(last + 1, 3)]
    return tuple(Bin(label, count, count / max(counts)) for label, count in shown)


def _worst(name: str, item: OutputProof, proof: Proof, most: int = 5) -> Sequence[tuple[str, str, str, str]]:
    """The rows furthest apart, whether beyond the tolerance or not: cause, expected, got, distance."""
    expected, got = proof.expected[name], proof.got[name]
    if expected.dtype.kind != "f" or expected.shape != got.shape or expected.size == 0:
        return [(_cause(proof, d.row), repr(d.expected), repr(d.got), "") for d in item.comparison.differences[:most]]
    distance = ulp_distance(expected, got).astype(np.float64)
    order = np.argsort(-distance, axis=None, kind="stable")[:most]
    cells = [np.unravel_index(int(flat), expected.shape) for flat in order if distance.flat[flat] > 0]
    return [
        (
            _cause(proof, int(cell[0])),
            repr(float(expected[cell])),
            repr(float(got[cell])),
            f"{counted(int(distance[cell]))} ulp" if distance[cell] < 2**63 else "NaN against a number",
        )
        for cell in cells
    ]


def _cause(proof: Proof, row: int) -> str:
    column = str(proof.probes.columns[row])
    if not column:
        return f"row {row}, of the sample"
    value = proof.probes.sample.columns[column][row]
    shown = repr(value if isinstance(value, str) else value.item() if hasattr(value, "item") else value)
    return f"row {row}, {proof.probes.kinds[row]} probe {column} = {shown[:60]}"
