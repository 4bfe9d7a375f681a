"""The whole of an export: compile, prove, write, and read back."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import onnx
import sklearn
from google.protobuf.message import DecodeError

from samescore_export.arguments import (
    check_descriptions,
    check_destination,
    check_methods,
    check_model,
    check_settings,
    check_within,
)
from samescore_export.artifact_writer import artifact_bytes, write_atomically
from samescore_export.certificate import FinishedGraph
from samescore_export.compiler import Compiled, compile_model, method_of
from samescore_export.errors import ExportError, ProofError, Unsupported
from samescore_export.foreign_proof import prove_foreign
from samescore_export.goldens import make_goldens
from samescore_export.graph_certificate import differences, graph_certificate
from samescore_export.metadata_certificate import contract_certificate, goldens_certificate
from samescore_export.outputs import PRODUCER
from samescore_export.profile import make_profile
from samescore_export.proof import Proof
from samescore_export.provenance import make_provenance
from samescore_export.prover import prove
from samescore_export.registry import Registry, standard_registry
from samescore_export.sample import read_sample, takes_dicts
from samescore_runtime import __version__
from samescore_runtime.artifact import Artifact, read_artifact, read_content
from samescore_runtime.contract import Layout
from samescore_runtime.errors import ArtifactError
from samescore_runtime.model import Model
from samescore_runtime.self_check import compare_goldens, require_same

#: Said of an artifact that other versions made.
OTHER_MAKERS = "made by other versions than those installed: certificates and probes were checked, but not the whole graph bit by bit"


@dataclass(frozen=True)
class Exported:
    """A proven artifact: its bytes as an Artifact, the proof, and what was compiled."""

    artifact: Artifact
    proof: Proof
    compiled: Compiled


def export(
    model: Any,
    X_sample: Any,
    path: str | Path | None = None,
    methods: Sequence[str] | None = None,
    report: str | Path | None = None,
    registry: Registry | Iterable[Mapping[type, Any]] | None = None,
    *,
    layout: Layout = "packed",
    descriptions: Mapping[str, tuple[str | None, str | None]] | None = None,
    seed: int = 0,
    budget: int = 2000,
    commit: str | None = None,
    progress: Callable[[str], None] = lambda stage: None,
) -> Artifact:
    """Compile a fitted model to one .onnx file, prove that it gives the same scores, and write it.

    Args:
        model: a fitted scikit-learn estimator or pipeline.
        X_sample: rows as the model takes them: a data frame, a 2-D array, or a list of texts. They fix names, types and
            observed ranges, and are the ground that probes are made from; a few hundred typical rows are enough.
        path: where to write; None writes nothing.
        methods: outputs; None for labels and probabilities, predictions, or the transform.
        report: a folder for the proof's report (HTML, Markdown, JUnit XML, JSON); None for none.
        registry: a Registry, or tables of lowerings of your own to add to the built-in ones.
        layout: ``packed``, one input a dtype, or ``columns``, one a column.
        descriptions: column -> (unit, description), for people.
        seed, budget: of the probes.
        commit: of the code that trained the model, for the provenance.
        progress: called with the name of each stage as it begins.

    Returns:
        The artifact, read back from its bytes and self-checked.

    Raises:
        ExportError: every part that cannot be exported, at once.
        ProofError: the graph differs from the model; nothing was written.
        InputError: a sample that cannot be read or that the model refuses, a model that is not fitted, a place that cannot be written.
    """
    check_destination(None if path is None else Path(path), None if report is None else Path(report))
    exported = export_proven(
        model,
        X_sample,
        methods,
        registry,
        layout=layout,
        descriptions=descriptions,
        seed=seed,
        budget=budget,
        commit=commit,
        progress=progress,
    )
    if report is not None:
        from samescore_export.report import write_report

        progress("report")
        write_report(exported.proof, exported.artifact, Path(report), "model" if path is None else Path(path).name)
    if exported.proof.failures:
        raise ProofError(exported.proof.failures)
    if path is not None:
        write_atomically(Path(path), exported.artifact.content)
    return exported.artifact


def export_proven(
    model: Any,
    X_sample: Any,
    methods: Sequence[str] | None = None,
    registry: Registry | Iterable[Mapping[type, Any]] | None = None,
    *,
    layout: Layout = "packed",
    descriptions: Mapping[str, tuple[str | None, str | None]] | None = None,
    seed: int = 0,
    budget: int = 2000,
    commit: str | None = None,
    progress: Callable[[str], None] = lambda stage: None,
) -> Exported:
    """As :func:`export`, with the proof, and without writing or raising for a failed proof."""
    check_model(model)
    check_methods(methods)
    check_settings(seed, budget, layout)
    check_descriptions(descriptions)
    table = registry if isinstance(registry, Registry) else standard_registry(registry or ())
    _check_version(model)
    sample = read_sample(X_sample, takes_dicts(model))
    progress("compile")
    compiled = compile_model(model, sample, table, methods, layout, descriptions)
    proof = prove(model, compiled, seed, budget, progress=progress)
    progress("write")
    content = artifact_bytes(
        compiled.model,
        {
            "contract": compiled.contract.to_json(),
            "golden": make_goldens(proof),
            "proof": proof.to_json(),
            "profile": make_profile(compiled.sample, compiled.contract, proof.reference),
            "provenance": make_provenance(model, sample, commit),
        },
    )
    artifact = read_artifact(content)
    if not proof.failures:
        # What is written has passed the checks that every reader makes; the session over its graph is open already.
        require_same(artifact, compare_goldens(artifact, Model(artifact, session=proof.session).run))
    return Exported(artifact, replace(proof, session=None), compiled)


def prove_file(
    path: str | Path,
    model: Any,
    X_sample: Any,
    registry: Registry | Iterable[Mapping[type, Any]] | None = None,
    *,
    mapping: Mapping[str, str] | None = None,
    within: float | None = None,
    seed: int = 0,
    budget: int = 2000,
    progress: Callable[[str], None] = lambda stage: None,
) -> tuple[Proof, Artifact]:
    """Prove a file against the model it is said to be made from: an artifact, or any other ONNX graph.

    The model is lowered again to know what must be in an artifact: its contract and goldens must be the model's, its graph the compiled one
    bit by bit (if this samescore and these packages made it), and certificates and probes go against the file's own graph. A graph made by others is held to the
    model's answers on the same probes; ``mapping`` (output -> method) and ``within`` as :func:`prove_foreign` has them.

    Raises:
        ArtifactError, InputError: a file that is no sound model.
        ExportError: an artifact of a model that cannot be lowered.
        ProofError: an artifact with other inputs or outputs than the model's, which cannot be fed with its rows.
    """
    check_model(model)
    check_settings(seed, budget)
    check_within(within)
    name, content = read_content(Path(path))
    table = registry if isinstance(registry, Registry) else standard_registry(registry or ())
    sample = read_sample(X_sample, takes_dicts(model))
    written = _parsed(name, content)
    provenance = make_provenance(model, sample, None)
    if "samescore.contract" in {item.key for item in written.metadata_props}:
        artifact = read_artifact(content)
        methods = tuple(dict.fromkeys(method_of(output.name) for output in artifact.contract.outputs))
        progress("compile")
        compiled = compile_model(model, sample, table, methods, artifact.contract.layout)
        same_makers = all((artifact.provenance or {}).get(key) == provenance[key] for key in ("samescore", "packages"))
        contract = contract_certificate(artifact, compiled)
        if _ends(written) != _ends(compiled.model):
            lines = [
                line
                for line in differences(written, compiled.model)
                if line.startswith(("graph: input", "graph: output"))
            ]
            raise ProofError([*lines, *contract.verify(FinishedGraph(written)).failures])
        certificates = (contract, goldens_certificate(artifact, compiled, model), *compiled.certificates)
        subject = replace(compiled, certificates=certificates)
        return _prove_written(model, subject, written, same_makers, seed, budget, progress), artifact
    if written.producer_name == PRODUCER:
        # An artifact that lost its metadata: still to be what compiling gives.
        methods = tuple(dict.fromkeys(method_of(output.name) for output in written.graph.output))
        single = len(written.graph.input) == len(sample.columns) > 1
        compiled = compile_model(model, sample, table, methods, "columns" if single else "packed")
        proof = _prove_written(model, compiled, written, True, seed, budget, progress)
        proof = replace(proof, notes=(f"{name}: samescore's metadata is lost; samescore export writes it",))
    else:
        progress("prove: the model's answers")
        proof = prove_foreign(name, content, model, sample, table, mapping or {}, within, seed, budget)
    digest = hashlib.sha256(content).hexdigest()
    return proof, Artifact(name, content, digest, proof.compiled.contract, {}, None, None, provenance)


def _prove_written(
    model: Any,
    compiled: Compiled,
    written: onnx.ModelProto,
    same_makers: bool,
    seed: int,
    budget: int,
    progress: Callable[[str], None],
) -> Proof:
    """A written graph against what compiling gives; bit by bit where the same versions made both."""
    certificates = compiled.certificates
    if same_makers:
        certificates = (graph_certificate(compiled.model, __version__), *certificates)
    subject = replace(compiled, model=written, certificates=certificates)
    proof = prove(model, subject, seed, budget, progress=progress)
    return proof if same_makers else replace(proof, notes=(*proof.notes, OTHER_MAKERS))


def _ends(model: onnx.ModelProto) -> list[tuple[str, int]]:
    """Names and element types of a graph's inputs and outputs."""
    return [(item.name, item.type.tensor_type.elem_type) for item in (*model.graph.input, *model.graph.output)]


def _parsed(name: str, content: bytes) -> onnx.ModelProto:
    try:
        return onnx.ModelProto.FromString(content)
    except DecodeError as error:
        raise ArtifactError("not_an_artifact", name, "no ONNX model", "an .onnx file") from error


def _check_version(model: Any) -> None:
    """Refuse a model that another scikit-learn fitted: its attributes may mean something else there."""
    fitted = getattr(model, "_sklearn_version", None)
    if fitted is not None and fitted.split(".")[:2] != sklearn.__version__.split(".")[:2]:
        raise ExportError(
            [
                Unsupported(
                    "model", f"fitted with scikit-learn {fitted}", f"scikit-learn {sklearn.__version__}, as installed"
                )
            ]
        )
