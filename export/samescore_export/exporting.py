"""The whole of an export: compile, prove, write, and read back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import onnx
import sklearn

from samescore_export.artifact_writer import artifact_bytes, write_atomically
from samescore_export.compiler import Compiled, compile_model, method_of
from samescore_export.errors import ExportError, ProofError, Unsupported
from samescore_export.goldens import make_goldens
from samescore_export.profile import make_profile
from samescore_export.provenance import make_provenance
from samescore_export.prover import Proof, prove
from samescore_export.registry import Registry, standard_registry
from samescore_export.sample import read_sample
from samescore_runtime.artifact import Artifact, read_artifact
from samescore_runtime.contract import Layout
from samescore_runtime.model import load


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
        InputError: a sample that cannot be read.
    """
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
    table = registry if isinstance(registry, Registry) else standard_registry(registry or ())
    _check_version(model)
    sample = read_sample(X_sample)
    progress("compile")
    compiled = compile_model(model, sample, table, methods, layout, descriptions)
    progress("prove")
    proof = prove(model, compiled, seed, budget)
    progress("write")
    content = artifact_bytes(
        compiled.model,
        {
            "contract": compiled.contract.to_json(),
            "golden": make_goldens(proof),
            "proof": proof.to_json(),
            "profile": make_profile(sample, compiled.contract, proof.reference),
            "provenance": make_provenance(model, sample, commit),
        },
    )
    if proof.failures:
        return Exported(read_artifact(content), proof, compiled)
    # Loading scores the goldens: what is written has passed the check that every reader makes.
    return Exported(load(content).artifact, proof, compiled)


def prove_file(
    path: str | Path,
    model: Any,
    X_sample: Any,
    registry: Registry | Iterable[Mapping[type, Any]] | None = None,
    *,
    seed: int = 0,
    budget: int = 2000,
    progress: Callable[[str], None] = lambda stage: None,
) -> tuple[Proof, Artifact]:
    """Prove a written artifact against the model it is said to be made from.

    The model is lowered again to know what must be in the file; certificates and probes then go against the file's own graph.

    Raises:
        ArtifactError, InputError: a file that is no sound artifact.
        ExportError: a model that cannot be lowered.
    """
    artifact = read_artifact(path)
    table = registry if isinstance(registry, Registry) else standard_registry(registry or ())
    methods = tuple(dict.fromkeys(method_of(output.name) for output in artifact.contract.outputs))
    progress("compile")
    compiled = compile_model(model, read_sample(X_sample), table, methods, artifact.contract.layout)
    written = onnx.ModelProto.FromString(artifact.content)
    progress("prove")
    return prove(model, replace(compiled, model=written, contract=artifact.contract), seed, budget), artifact


def _check_version(model: Any) -> None:
    """Refuse a model that another scikit-learn fitted: its attributes may mean something else there."""
    fitted = getattr(model, "_sklearn_version", None) or model.__dict__.get("_sklearn_version")
    if fitted is not None and fitted.split(".")[:2] != sklearn.__version__.split(".")[:2]:
        raise ExportError(
            [
                Unsupported(
                    "model", f"fitted with scikit-learn {fitted}", f"scikit-learn {sklearn.__version__}, as installed"
                )
            ]
        )
