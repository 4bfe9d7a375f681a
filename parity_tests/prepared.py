"""A case made ready to be compared: exported, with probe rows and what the original model gives for them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from parity_tests.case import Case, Sameness
from samescore_export import ProofError, export_proven
from samescore_export.artifact_writer import write_atomically
from samescore_export.goldens import golden_columns
from samescore_export.prover import Proof
from samescore_export.sample import Sample
from samescore_runtime.artifact import Artifact

#: How strong each sameness is; a case asks for at least one of these.
STRENGTH: Mapping[Sameness, int] = {"within": 0, "bit-equal": 1, "proven": 2}


@dataclass(frozen=True)
class Prepared:
    """An exported case.

    Attributes:
        name: file stem of the artifact, made from the case's id.
        path: the artifact.
        rows: the probes that are no near misses of a label, for which every backend must give the same.
        expected: the original model's answers for them.
    """

    case: Case
    name: str
    path: Path
    artifact: Artifact
    proof: Proof
    rows: Sample
    expected: Mapping[str, NDArray[Any]]


def prepare(case: Case, folder: Path, budget: int = 600) -> Prepared:
    """Build, export and prove a case into ``folder``: NAME.onnx, and NAME.rows.json for the JVM.

    Raises:
        ProofError: the export itself found a difference.
    """
    model, X = case.build()
    exported = export_proven(model, X, case.methods, layout=case.layout, budget=budget)
    if exported.proof.failures:
        raise ProofError(exported.proof.failures)
    name = "".join(c if c.isalnum() else "-" for c in case.id)
    path = folder / f"{name}.onnx"
    write_atomically(path, exported.artifact.content)
    fit = exported.proof.fit
    rows = exported.proof.probes.sample.take(fit)
    columns = golden_columns(rows, exported.artifact.contract)
    (folder / f"{name}.rows.json").write_text(json.dumps({"columns": columns}))
    expected = {output: values[fit] for output, values in exported.proof.expected.items()}
    return Prepared(case, name, path, exported.artifact, exported.proof, rows, expected)


def reached(prepared: Prepared) -> bool:
    """Whether every output is at least as much the same as the case asks."""
    found = [output.sameness for output in prepared.proof.outputs.values()]
    strengths = [2 if text.startswith("proven") else 1 if text == "bit-equal" else 0 for text in found]
    return min(strengths) >= STRENGTH[prepared.case.sameness]
