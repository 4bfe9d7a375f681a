"""What any graph of a model is held to: probes, the model's answers for them, and how exact each answer is.

Gathered once for a model, whatever graphs are then judged by it.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samescore_export.acceptance import in_words, refusal
from samescore_export.compiler import Compiled, row_by_row
from samescore_export.finite_domain import Domain, finite_domain
from samescore_export.graph_splits import graph_split_hints
from samescore_export.probes import COMBINATION, Probes, Refused, make_probes
from samescore_export.sample import Sample
from samescore_export.threads import single_threaded
from samescore_export.values import Hint, Rounding
from samescore_runtime.comparison import EXACT, Tolerance
from samescore_runtime.frames import encode_frame
from samescore_runtime.sessions import open_session

#: Rows scored one at a time as well, since a batch and a single row may take different paths.
SINGLE_ROWS = 24

#: And of a model whose graph is larger than this many bytes: a forest of 500 deep trees takes 20 ms for a row alone.
FEW_SINGLE_ROWS, LARGE = 8, 2**24
#: Numbers of an output of all probes together, and the rows that there are at least: a row of patches may hold half a million.
MOST_NUMBERS, LEAST_ROWS = 2**24, 32

#: A probe whose scale is this many times that of any row of the sample is compared under its own, and is no golden.
FAR = 16.0


#: Why a probe with a number far beyond the sample's is no probe of a model whose rows share an answer.
HUGE = "a number far beyond the sample's, which would drown the other rows of its batch"


@dataclass(frozen=True)
class Evidence:
    """By output name, where not said otherwise.

    Attributes:
        expected: the original model's answers on the probes.
        singles: row -> its answers for that row alone.
        tolerances: the a-priori bound at the largest scale of rows like the sample's.
        scales: the scale of each answer, where one is known; its own bound is at that.
        settled: (rows,), or of the output's shape, whether every decision behind an answer is beyond its rounding bound; absent where
            all are exact.
        fit: (rows,) settled in all outputs, and of a scale like the sample's.
        enumerated: the same for every value of the columns with finitely many; None where there is no such column.
    """

    probes: Probes
    expected: Mapping[str, NDArray[Any]]
    singles: Mapping[int, Mapping[str, NDArray[Any]]]
    tolerances: Mapping[str, Tolerance]
    scales: Mapping[str, NDArray[Any]]
    settled: Mapping[str, NDArray[np.bool_]]
    fit: NDArray[np.bool_]
    enumerated: Enumerated | None = None

    def held(self, output: str, expected: NDArray[Any], got: NDArray[Any], rows: slice = slice(None)) -> NDArray[Any]:
        """What ``got`` is held to: the expected answers for these rows where they are settled, and itself elsewhere."""
        if output not in self.settled or expected.shape != got.shape:
            return expected
        sure = self.settled[output][rows]
        return np.where(sure.reshape(*sure.shape, *(1,) * (expected.ndim - sure.ndim)), expected, got)

    def floor(self, output: str, rows: slice = slice(None)) -> NDArray[Any] | None:
        """The scales in the output's own shape."""
        if output not in self.scales:
            return None
        shape = self.expected[output][rows].shape
        scale = self.scales[output][rows]
        return scale.reshape(shape) if scale.size == np.prod(shape) else np.broadcast_to(scale, shape)


@dataclass(frozen=True)
class Enumerated:
    """A domain, and the evidence for its rows."""

    domain: Domain
    evidence: Evidence


def gather(estimator: Any, compiled: Compiled, seed: int = 0, budget: int = 2000) -> Evidence:
    """Make probes, ask the original model, and run the compiled graph's bounds."""
    widest = max(score.each * math.prod(size or 1 for size in score.shape) for score in compiled.scores.values())
    fewer = min(budget, max(LEAST_ROWS, MOST_NUMBERS // max(1, widest)))
    probes = make_probes(compiled.sample, compiled.contract, _hints(compiled), seed, fewer)
    with single_threaded(estimator):
        probes, expected = _answered(estimator, compiled, probes)
        singles, refused = _singles(estimator, compiled, probes)
        domain = finite_domain(compiled, budget)
        answers = None if domain is None else _answers(estimator, compiled, domain.rows)
    probes = replace(probes, refused=(*probes.refused, *refused))
    if domain is None or answers is None:
        return _held(compiled, probes, expected, singles)
    if isinstance(answers, Exception):
        lost = Refused(in_words(answers), COMBINATION, domain.rows.rows)
        return _held(compiled, replace(probes, refused=(*probes.refused, lost)), expected, singles)
    count = domain.rows.rows
    rows = Probes(domain.rows, np.full(count, COMBINATION), np.full(count, ""), 0, ())
    every = Enumerated(domain, _held(compiled, rows, answers, {}))
    return replace(_held(compiled, probes, expected, singles), enumerated=every)


def _hints(compiled: Compiled) -> tuple[Hint, ...]:
    """The lowerings' hints, and splits of the graph that a lowering of somebody else's, or a converter, gave no hint of."""
    if not compiled.uncertified:
        return compiled.hints
    columns: dict[str, list[str]] = {tensor.name: [] for tensor in compiled.contract.tensors}
    for column in sorted(compiled.contract.columns, key=lambda column: column.place.position):
        columns[column.place.tensor].append(column.name)
    return (*compiled.hints, *graph_split_hints(compiled.model, columns, compiled.hints))


def _held(
    compiled: Compiled,
    probes: Probes,
    expected: Mapping[str, NDArray[Any]],
    singles: Mapping[int, Mapping[str, NDArray[Any]]],
) -> Evidence:
    """Rows and the model's answers, with their bounds."""
    bounds = _bounds(compiled, probes)
    scales = {name: bounds[f"{name}#scale"] for name in compiled.scores if f"{name}#scale" in bounds}
    settled = {
        name: ~_inside(
            score.margin[1], bounds[f"{name}#margin"], bounds.get(f"{name}#margin_scale"), expected[name].shape
        )
        for name, score in compiled.scores.items()
        if score.margin is not None and f"{name}#margin" in bounds
    }
    tolerances = {
        name: EXACT if score.rounding is None else _tolerance(score.rounding, scales.get(name), probes.kinds)
        for name, score in compiled.scores.items()
    }
    fit = np.ones(len(probes.kinds), bool)
    for scale in scales.values():
        fit &= _ordinary(scale, probes.kinds)
    for sure in settled.values():
        fit &= sure.reshape(len(fit), -1).all(axis=1)
    return Evidence(probes, expected, singles, tolerances, scales, settled, fit)


def _answered(estimator: Any, compiled: Compiled, probes: Probes) -> tuple[Probes, dict[str, NDArray[Any]]]:
    """The probes less those that the original model refuses (a negative number where it wants counts, say), and its answers.

    Rows of the sample stay: a model that refuses these has the wrong sample, and its own error says so.
    """
    if compiled.coupled:
        probes = probes.kept(~_huge(probes), lambda row: HUGE)
    whole = _answers(estimator, compiled, probes.sample)
    if not isinstance(whole, Exception):
        return probes, whole
    probes = _without_refused(estimator, compiled, probes, [])
    if compiled.coupled and isinstance(_answers(estimator, compiled, probes.sample), Exception):
        # Where rows share an answer, a probe may be taken alone and refused for what it does among the sample's.
        probes = _without_refused(estimator, compiled, probes, np.flatnonzero(probes.kinds == "sample").tolist())
        together = _answers(estimator, compiled, probes.sample)
        if isinstance(together, Exception):
            said = f"taken one by one, refused together ({in_words(together)})"
            probes = probes.kept(probes.kinds == "sample", lambda row: said)
    native = probes.sample.native()
    try:
        return probes, {name: compiled.expected(estimator, name, native) for name in compiled.scores}
    except Exception as error:
        raise refusal(error) from error


def _without_refused(estimator: Any, compiled: Compiled, probes: Probes, beside: list[int]) -> Probes:
    """The probes less those refused when they are scored with the rows ``beside`` them; each counts for what the model says."""
    said: dict[int, str] = {}
    first: dict[str, str] = {}
    for row in np.flatnonzero(probes.kinds != "sample").tolist():
        answers = _answers(estimator, compiled, probes.sample.take([*beside, row]))
        if isinstance(answers, Exception):
            words = in_words(answers)
            # What differs in a number or a name alone is one cause, in the words that came first.
            said[row] = first.setdefault(re.sub(r"'[^']*'|\"[^\"]*\"|\[.*?\]|[-+.\d]+(e[-+]?\d+)?", "#", words), words)
    rows = ~np.isin(np.arange(len(probes.kinds)), list(said))
    return probes.kept(rows, lambda row: said[row])


def _huge(probes: Probes) -> NDArray[np.bool_]:
    """Probes with a number far beyond the sample's; where rows share an answer, it would drown all the others."""
    usual = probes.kinds == "sample"
    huge = np.zeros(len(usual), bool)
    for values in probes.sample.columns.values():
        if values.dtype.kind == "f":
            size = np.abs(values)
            huge |= size > FAR * max(1.0, float(np.nanmax(size[usual], initial=0.0)))
    return huge


def _answers(estimator: Any, compiled: Compiled, rows: Sample) -> dict[str, NDArray[Any]] | Exception:
    """The original model's answers by output; what it says if it refuses the rows."""
    native = rows.native()
    try:
        return {name: compiled.expected(estimator, name, native) for name in compiled.scores}
    except Exception as error:
        return error


def _singles(
    estimator: Any, compiled: Compiled, probes: Probes
) -> tuple[dict[int, Mapping[str, NDArray[Any]]], tuple[Refused, ...]]:
    """Answers for rows alone, and those refused alone though taken among others (MiniBatchNMF looks at the mean of the batch)."""
    most = FEW_SINGLE_ROWS if compiled.model.ByteSize() > LARGE else SINGLE_ROWS
    rows = np.linspace(0, probes.sample.rows - 1, min(most, probes.sample.rows)).astype(int)
    found = {int(row): _answers(estimator, compiled, probes.sample.take([int(row)])) for row in np.unique(rows)}
    refused = Counter(in_words(answers) for answers in found.values() if isinstance(answers, Exception))
    taken: dict[int, Mapping[str, NDArray[Any]]] = {
        row: answers for row, answers in found.items() if not isinstance(answers, Exception)
    }
    return taken, tuple(Refused(cause, "single", count) for cause, count in refused.items())


def _bounds(compiled: Compiled, probes: Probes) -> dict[str, NDArray[Any]]:
    names = [output.name for output in compiled.bounds.graph.output if "#" in output.name]
    if not names:
        return {}
    session = open_session(compiled.bounds.SerializeToString(), "the graph with bounds")
    feed = encode_frame(compiled.contract, probes.sample.native())
    each = [compiled.scores[name.partition("#")[0]].each for name in names]
    return dict(zip(names, map(row_by_row, session.run(names, feed), each), strict=True))


def _tolerance(rounding: Rounding, scale: NDArray[Any] | None, kinds: NDArray[np.str_]) -> Tolerance:
    """The scale of a probe with huge numbers would be a floor under which everything passes, so it is left out."""
    if scale is None:
        return Tolerance("ulp", rounding.ulp, 1.0)
    largest = scale.reshape(len(scale), -1).max(axis=1)
    return Tolerance("ulp", rounding.ulp, float(largest[_ordinary(scale, kinds)].max(initial=0.0)))


def _ordinary(scale: NDArray[Any], kinds: NDArray[np.str_]) -> NDArray[np.bool_]:
    """Rows whose scale is like that of the sample's rows."""
    largest = scale.reshape(len(scale), -1).max(axis=1)
    usual = largest[np.isin(kinds, ("sample", COMBINATION)) & np.isfinite(largest)].max(initial=0.0)
    # FAR times the largest float64 is infinite.
    mask: NDArray[np.bool_] = (largest <= FAR * usual) & np.isfinite(largest)
    return mask


def _inside(
    rounding: Rounding, margin: NDArray[Any], scale: NDArray[Any] | None, shape: tuple[int, ...]
) -> NDArray[np.bool_]:
    """Rows, or numbers of an output of that shape, whose margin is smaller than the error either side may have made in it."""
    if margin.shape == shape and margin.ndim == 2 and margin.shape[1] > 1:
        own = np.ones(1) if scale is None else scale
        # Of several rows for one, a scale may stand in a column of its own.
        own = own.reshape(margin.shape) if own.size == margin.size else own
        each: NDArray[np.bool_] = np.abs(margin) <= 2 * rounding.ulp * np.spacing(own)
        return each
    flat = np.abs(margin.reshape(len(margin), -1).min(axis=1))
    sizes = np.ones(len(flat)) if scale is None else scale.reshape(len(scale), -1).max(axis=1)
    inside: NDArray[np.bool_] = flat <= 2 * rounding.ulp * np.spacing(sizes)
    return inside
