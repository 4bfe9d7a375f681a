"""onnxruntime sessions as samescore opens them, and the check that a session is what the contract says."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import onnxruntime

from samescore_runtime.contract import Contract
from samescore_runtime.errors import ArtifactError

#: onnxruntime's names of element types -> the contract's.
_TYPES = {
    "tensor(double)": "float64",
    "tensor(float)": "float32",
    "tensor(int64)": "int64",
    "tensor(int32)": "int32",
    "tensor(bool)": "bool",
    "tensor(string)": "string",
}
_ERROR = 3


def open_session(content: bytes, where: str, threads: int = 1) -> Any:
    """A session over an artifact's bytes with ``threads`` intra-op threads: one, unless sums may change their order.

    Raises:
        ArtifactError: ``contract_mismatch`` if this onnxruntime cannot open the model.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = _ERROR
    # The arena keeps the memory of the largest batch ever seen; a service wants it back.
    options.enable_cpu_mem_arena = False
    options.enable_mem_pattern = False
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises a class of its own for each status, with no common base
        reason = str(error).strip().splitlines()[0]
        raise ArtifactError(
            "contract_mismatch", where, f"onnxruntime {onnxruntime.__version__} cannot open it ({reason})", "a model"
        ) from error


def bare(thing: Any) -> Any:
    """The library's own object behind a session or a binding, which has the same methods.

    onnxruntime's Python classes look their arguments over before the library does so itself: 0.3 to 0.8 us of the 4 to 9 that one row takes
    (all versions from 1.24 to 1.32 have the objects; where one is missing the class itself serves).
    """
    return getattr(thing, "_sess", None) or getattr(thing, "_iobinding", None) or thing


def check_session(session: Any, contract: Contract, where: str) -> None:
    """Compare a session's inputs and outputs with the contract by name, type and rank.

    Raises:
        ArtifactError: ``contract_mismatch``.
    """
    sides = (
        ("input", session.get_inputs(), contract.tensors),
        ("output", session.get_outputs(), contract.outputs),
    )
    for side, actual, stated in sides:
        got = {node.name: _shown(_TYPES.get(node.type, node.type), len(node.shape)) for node in actual}
        want = {tensor.name: _shown(tensor.type, len(tensor.shape)) for tensor in stated}
        if got != want:
            raise ArtifactError(
                "contract_mismatch", where, f"{side}s {_listed(got.items())}", f"{side}s {_listed(want.items())}"
            )


def _shown(kind: str, rank: int) -> str:
    return f"{kind} of rank {rank}"


def _listed(items: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{name} ({text})" for name, text in items) or "none"
