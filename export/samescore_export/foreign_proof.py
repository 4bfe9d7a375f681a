"""The proof of a graph that samescore did not write: the same probes, the model's own answers, and a stated limit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from samescore_export.acceptance import ask
from samescore_export.compiler import Compiled, compile_model, method_of, row_by_row
from samescore_export.errors import ExportError
from samescore_export.evidence import Enumerated, Evidence, gather
from samescore_export.foreign import ForeignGraph, open_foreign
from samescore_export.graph import Graph
from samescore_export.graph_splits import graph_split_hints
from samescore_export.inputs import make_inputs
from samescore_export.judging import described, judged, reason
from samescore_export.proof import OutputProof, Proof
from samescore_export.registry import Registry
from samescore_export.sample import Sample
from samescore_export.threads import single_threaded
from samescore_export.values import Score
from samescore_runtime.comparison import Comparison, Tolerance
from samescore_runtime.contract import Contract, Output

#: What a graph that computes in float32 may be off by, relative to an output's scale, unless told otherwise.
SINGLE = 1e-5


def prove_foreign(
    name: str,
    content: bytes,
    model: Any,
    sample: Sample,
    registry: Registry,
    mapping: Mapping[str, str],
    within: float | None = None,
    seed: int = 0,
    budget: int = 2000,
) -> Proof:
    """Judge any ONNX graph against the fitted model.

    Args:
        mapping: output -> method, where names do not tell.
        within: the largest difference accepted, relative to each output's scale on the sample. None: 1e-5 for a graph that takes or gives
            float32; for one in float64 the rounding bound of our own lowering of the model, and nothing where that is exact.

    Returns:
        The proof, without certificates. Types and trailing axes that differ are in its ``notes``, apart from the values.

    Raises:
        ArtifactError: onnxruntime cannot open it. InputError: inputs or outputs that fit neither sample nor model.
    """
    graph = open_foreign(content, name, model, sample, mapping)
    methods = tuple(dict.fromkeys(method_of(method) for method in graph.methods.values()))
    compiled = _compiled(model, sample, registry, methods)
    columns = {item.name: item.columns for item in graph.inputs}
    moved = graph_split_hints(onnx.ModelProto.FromString(content), columns, compiled.hints)
    compiled = replace(compiled, hints=(*compiled.hints, *moved))
    evidence = gather(model, compiled, seed, budget)
    classes = getattr(model, "classes_", ())
    found = _by_output(graph.run(evidence.probes.sample, classes), evidence.expected)
    within = SINGLE if within is None and graph.single else within
    outputs: dict[str, OutputProof] = {}
    notes, failures = [], []
    got: dict[str, NDArray[Any]] = {}
    evidence = replace(evidence, expected={name: _wide(values) for name, values in evidence.expected.items()})
    for output in found:
        rows = row_by_row(found[output], compiled.scores[output].each)
        got[output], remarks = _as_expected(output, rows, evidence.expected[output])
        notes += [f"{output}: {remark}" for remark in remarks]
        tolerance, floor = _limit(output, evidence, within)
        comparison, inside = judged(output, evidence, got[output], tolerance, floor)
        labels = evidence.expected[output].dtype.kind != "f"
        outputs[output] = OutputProof(
            sameness=_sameness(comparison, within, tolerance),
            tolerance=tolerance,
            comparison=comparison,
            default_session=None,
            flips=comparison.beyond if labels else 0,
            within_bound=inside,
            reason=reason(compiled.scores[output]),
        )
        failures += described(output, comparison, evidence.probes)
    if evidence.enumerated is not None:
        said, wrong = _every_value(graph, evidence, evidence.enumerated, classes, within)
        notes.append(said)
        failures += wrong
    return Proof(
        seed, budget, evidence.probes, outputs, (), replace(compiled, certificates=()), evidence.expected, got,
        evidence.fit, tuple(failures), {}, lambda output, rows: compiled.expected(model, output, rows.native()), tuple(notes),
    )  # fmt: skip


def _every_value(
    graph: ForeignGraph, evidence: Evidence, every: Enumerated, classes: Sequence[Any], within: float | None
) -> tuple[str, list[str]]:
    """The rows that go through the columns with finitely many values: in words what they are, and the failures."""
    found = _by_output(graph.run(every.domain.rows, classes), every.evidence.expected)
    failures = []
    for output, values in found.items():
        expected = _wide(every.evidence.expected[output])
        own = replace(every.evidence, expected={output: expected})
        tolerance, floor = _limit(output, evidence, within)
        comparison, _ = judged(
            output,
            own,
            _as_expected(output, values, expected)[0],
            tolerance,
            None if floor is None else own.floor(output),
        )
        failures += described(output, comparison, every.evidence.probes)[:5]
    how = "all combinations of the values" if every.domain.whole else "every value alone"
    return f"{how} of {', '.join(every.domain.values)} compared as well, in {every.domain.rows.rows:,} rows", failures


def _compiled(model: Any, sample: Sample, registry: Registry, methods: Sequence[str]) -> Compiled:
    """The model compiled, for its hints and bounds; a model that we cannot lower without either."""
    try:
        return compile_model(model, sample, registry, methods)
    except ExportError:
        order = list(sample.columns)
        calls = [getattr(model, method) for method in methods]

        def call(native: Any) -> None:
            for each in calls:
                each(native)

        with single_threaded(model):
            acceptance = ask(call, sample, {})
            answers = {name: found for method in methods for name, found in _answers(model, method, sample)}
        graph = Graph()
        inputs = make_inputs(graph, sample, order, frozenset(order), frozenset(), acceptance, "packed", {})
        nothing = graph.constant(0.0)
        scores = {method: Score(nothing, _type(found), found.shape[1:]) for method, found in answers.items()}
        outputs = tuple(Output(name, score.type, (None, *score.shape), None, None) for name, score in scores.items())
        contract = Contract("packed", inputs.columns, inputs.tensors, outputs)
        empty = onnx.ModelProto()
        return Compiled(empty, empty, frozenset(), contract, scores, (), (), sample)


def _answers(model: Any, method: str, sample: Sample) -> Iterator[tuple[str, NDArray[Any]]]:
    """What the model gives by output: a list, as for several targets, is an output each."""
    found = getattr(model, method)(sample.native())
    for name, values in (
        [(f"{method}.{i}", one) for i, one in enumerate(found)] if isinstance(found, list) else [(method, found)]
    ):
        array = np.asarray(values.toarray() if hasattr(values, "toarray") else values)
        yield name, array.astype(object) if array.dtype.kind == "U" else array


def _by_output(found: Mapping[str, NDArray[Any]], expected: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """A graph's answers by output; those of a method that gives a result for each target are taken apart, the targets on the first axis."""
    outputs: dict[str, NDArray[Any]] = {}
    for name, values in found.items():
        parts = [name] if name in expected else [part for part in expected if method_of(part) == name]
        apart = len(parts) > 1 and values.ndim == 3 and len(values) == len(parts)
        outputs |= {part: values[i] if apart else values for i, part in enumerate(parts)}
    return outputs


def _type(array: NDArray[Any]) -> Any:
    return {"O": "string", "i": "int64", "u": "int64", "b": "bool"}.get(array.dtype.kind, array.dtype.name)


def _wide(values: NDArray[Any]) -> NDArray[Any]:
    return values.astype(np.float64) if values.dtype.kind == "f" else values


def _as_expected(output: str, found: NDArray[Any], expected: NDArray[Any]) -> tuple[NDArray[Any], list[str]]:
    """An answer brought to the type and the axes of the model's, and in words what that took."""
    remarks = []
    if found.ndim == expected.ndim + 1 and found.shape[-1] == 1:
        remarks.append(f"shape {found.shape}; {expected.shape}")
        found = found[..., 0]
    elif found.ndim == expected.ndim - 1 and expected.shape[-1] == 1:
        remarks.append(f"shape {found.shape}; {expected.shape}")
        found = found[..., None]
    elif method_of(output) == "decision_function" and found.shape == (*expected.shape, 2):
        remarks.append(
            f"shape {found.shape}, a column for each class; {expected.shape}, which the second column was compared with"
        )
        found = found[..., 1]
    if found.dtype.kind == "U":
        found = found.astype(object)
    if found.dtype != expected.dtype and found.dtype.kind in "fiub" and expected.dtype.kind in "fiub":
        remarks.append(f"{found.dtype.name}; {expected.dtype.name}, as the model gives it")
        found = found.astype(expected.dtype)
    return found, remarks


def _limit(output: str, evidence: Evidence, within: float | None) -> tuple[Tolerance, NDArray[Any] | None]:
    """Our own bound, or ``within`` of the output's largest value on rows of the sample."""
    expected = evidence.expected[output]
    if within is None or expected.dtype.kind != "f":
        return evidence.tolerances[output], evidence.floor(output)
    usual = np.abs(expected[evidence.probes.kinds == "sample"])
    scale = float(usual[np.isfinite(usual)].max(initial=0.0))
    # A spacing of x is at most 2**-52 x, so nothing further than ``within`` passes.
    return Tolerance("ulp", within * 2.0**52, scale), None


def _sameness(comparison: Comparison, within: float | None, tolerance: Tolerance) -> str:
    if not comparison.passed:
        return "differs"
    if comparison.bit_equal == comparison.rows:
        return "bit-equal"
    return f"within {within:g} of the scale" if within is not None else f"within {tolerance.ulp:g} ulp"
