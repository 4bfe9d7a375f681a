"""The self-check: score an artifact's goldens on this machine and compare each output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from samescore_runtime.arrays import decode_array
from samescore_runtime.artifact import Artifact
from samescore_runtime.comparison import Comparison, Tolerance, compare
from samescore_runtime.errors import ArtifactError, InputError
from samescore_runtime.packing import encode_golden

#: Differing values shown in a refusal.
SHOWN = 5


def compare_goldens(artifact: Artifact, run: Any) -> dict[str, Comparison]:
    """Compare what ``run(tensors) -> {output: array}`` gives for the goldens with what they say, output by output.

    Raises:
        ArtifactError: ``not_an_artifact`` if the goldens are unreadable, ``self_check`` if they cannot be scored.
    """
    where = f"{artifact.name}: samescore.golden"
    try:
        tensors = encode_golden(artifact.contract, artifact.golden["columns"])
        expected = {name: read_expected(item, name) for name, item in artifact.golden["outputs"].items()}
    except (KeyError, TypeError, ValueError, AttributeError, InputError) as error:
        raise ArtifactError(
            "not_an_artifact", where, f"unreadable ({type(error).__name__}: {error})", "docs/artifact.schema.json"
        ) from error
    outputs = _run(run, tensors, where)
    unknown = set(expected) - set(outputs)
    if unknown or not expected:
        raise ArtifactError("self_check", where, f"outputs {', '.join(sorted(unknown)) or 'none'}", "the contract's")
    return {
        name: compare(array, outputs[name], tolerance, SHOWN, floors)
        for name, (array, tolerance, floors) in expected.items()
    }


def read_expected(item: Mapping[str, Any], name: str) -> tuple[NDArray[Any], Tolerance, NDArray[Any] | None]:
    """The scores of one golden output, how near to them a score must come, and the floor of each where the file says it.

    Raises:
        InputError: floors that are not of the scores' dtype and shape.
        ArtifactError: ``unknown_format`` for a kind of tolerance that this version does not know.
    """
    scores, tolerance = decode_array(item, name), Tolerance.from_json(item["tolerance"])
    if "floors" not in item:
        return scores, tolerance, None
    floors = decode_array(item["floors"], f"{name}.floors")
    if floors.shape != scores.shape or floors.dtype != scores.dtype or floors.dtype.kind != "f":
        found = f"{floors.dtype.name} {floors.shape}"
        raise InputError(f"{name}.floors", found, f"floats in the scores' {scores.dtype.name} {scores.shape}")
    return scores, tolerance, floors


def _run(run: Any, tensors: Mapping[str, NDArray[Any]], where: str) -> Mapping[str, NDArray[Any]]:
    try:
        outputs: Mapping[str, NDArray[Any]] = run(tensors)
    except Exception as error:  # onnxruntime raises a class of its own for each status, with no common base
        reason = str(error).strip().splitlines()[0]
        raise ArtifactError("self_check", where, f"scoring the goldens failed ({reason})", "scores") from error
    return outputs


def require_same(artifact: Artifact, comparisons: Mapping[str, Comparison]) -> None:
    """Raises ArtifactError (``self_check``) with the first rows that differ, unless every comparison passed."""
    for name, comparison in comparisons.items():
        if not comparison.passed:
            raise ArtifactError(
                "self_check", f"{artifact.name}: {name}", str(comparison), "the scores of the original model"
            )
