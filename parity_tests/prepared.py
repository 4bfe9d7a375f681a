"""A case made ready to be compared: exported, with probe rows and what the original model gives for them."""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import TimeoutError as TookTooLongError
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from pebble import ProcessExpired, ProcessPool

from parity_tests.case import Sameness
from parity_tests.ordinary import ordinary_rows
from parity_tests.parts import parts
from parity_tests.zoo import CASES
from samescore_export import ExportError, ProofError, export_proven
from samescore_export.artifact_writer import write_atomically
from samescore_export.compiler import rows_together
from samescore_export.goldens import golden_columns
from samescore_export.proof import OutputProof
from samescore_export.sample import Sample, read_sample, takes_dicts
from samescore_runtime.contract import Contract

#: How strong each sameness is; a case asks for at least one of these.
STRENGTH: Mapping[Sameness, int] = {"within": 0, "bit-equal": 1, "proven": 2}


@dataclass(frozen=True, slots=True)
class Size:
    """How much is compared: rows of the sample (few are grown, ``parity_tests.ordinary``), and rows in all, probes included."""

    rows: int = 0
    budget: int = 600


#: What ``make test`` compares, and what ``make test-full`` does.
BRIEF, FULL = Size(), Size(rows=2000, budget=8000)


@dataclass(frozen=True)
class Prepared:
    """An exported case.

    Attributes:
        name: file stem of the artifact, made from the case's id.
        path: the artifact.
        rows: the probes that are no near misses of a label, for which every backend must give the same.
        expected: the original model's answers for them.
        floors: by output, the floor of each of these where one is known.
        outputs: what the export proved.
        parts: the estimators that the model is made of, and their options.
    """

    case_id: str
    name: str
    path: Path
    contract: Contract
    rows: Sample
    expected: Mapping[str, NDArray[Any]]
    floors: Mapping[str, NDArray[Any]]
    outputs: Mapping[str, OutputProof]
    parts: tuple[tuple[str, Mapping[str, str]], ...]

    @property
    def reached(self) -> bool:
        """Whether every output is at least as much the same as the case asks."""
        found = [output.sameness for output in self.outputs.values()]
        strengths = [2 if text.startswith("proven") else 1 if text == "bit-equal" else 0 for text in found]
        return min(strengths) >= STRENGTH[CASES[self.case_id].sameness]


def prepare(case_id: str, folder: Path, size: Size = BRIEF) -> Prepared:
    """Build, export and prove a case into ``folder``: NAME.onnx, and NAME.rows.json for the JVM.

    Raises:
        ProofError: the export itself found a difference.
    """
    case = CASES[case_id]
    model, X = case.build()
    if size.rows:
        # Categories stay categories, as the case's own rows had them.
        grown = ordinary_rows(read_sample(X, takes_dicts(model)), size.rows)
        X = replace(grown, categorical=True).native()
    exported = export_proven(model, X, case.methods, layout=case.layout, budget=size.budget)
    if exported.proof.failures:
        raise ProofError(exported.proof.failures)
    name = "".join(c if c.isalnum() else "-" for c in case_id)
    path = folder / f"{name}.onnx"
    write_atomically(path, exported.artifact.content)
    fit = exported.proof.fit
    rows = exported.proof.probes.sample.take(fit)
    contract = exported.artifact.contract
    (folder / f"{name}.rows.json").write_text(json.dumps({"columns": golden_columns(rows, contract)}))
    expected = {output: exported.proof.answer(output, rows) for output in exported.proof.expected}
    outputs = exported.proof.outputs
    each = {output.name: output.each for output in contract.outputs}
    floors = {
        name: rows_together(item.floors[fit], each[name]) for name, item in outputs.items() if item.floors is not None
    }
    return Prepared(case_id, name, path, contract, rows, expected, floors, outputs, tuple(parts(model)))


def prepare_all(
    ids: Sequence[str], folder: Path, size: Size, seconds: float, progress: Callable[[str], None]
) -> tuple[list[Prepared], dict[str, str]]:
    """Prepare cases in a process a core, each within a time limit.

    Returns:
        What was prepared, in the order of ``ids``; and for each case that could not be, why.
    """
    prepared: list[Prepared] = []
    broken: dict[str, str] = {}
    # Forked workers would inherit locks of the numerical libraries' threads.
    context = multiprocessing.get_context("spawn")
    with ProcessPool(max_workers=os.cpu_count() or 1, context=context) as pool:
        futures = {case_id: pool.schedule(prepare, (case_id, folder, size), timeout=seconds) for case_id in ids}
        for case_id, future in futures.items():
            try:
                prepared.append(future.result())
            except (ExportError, ProofError) as error:
                broken[case_id] = str(error)
            except TookTooLongError:
                broken[case_id] = f"no end within {seconds:.0f} s"
            except ProcessExpired as error:
                broken[case_id] = f"the process ended with {error.exitcode}"
            except Exception as error:  # a case that cannot even be fitted fails by itself, not the suite
                broken[case_id] = f"{type(error).__name__}: {error}"
            progress(case_id)
    return prepared, broken
