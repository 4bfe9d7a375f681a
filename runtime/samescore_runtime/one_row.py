"""One row through memory that is bound to a session once: a service's usual call, without onnxruntime's arrays made anew for it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samescore_runtime.contract import Contract, Output, Tensor
from samescore_runtime.sessions import bare

#: Bytes of a row, in and out, that are worth copying and keeping for each thread.
LARGEST = 2**16


class OneRow(threading.local):
    """Buffers of one row bound to a session, a set for each calling thread.

    Binding once saves 1 to 2 us of the 4 to 9 that a row takes (``make bench``). It takes tensors whose size a row is known and that are no strings:
    onnxruntime keeps those in objects of its own.
    """

    def __init__(self, session: Any, contract: Contract) -> None:
        inputs = {tensor.name: _row(tensor) for tensor in contract.tensors}
        outputs = {output.name: _row(output) for output in contract.outputs}
        binding = session.io_binding()
        for name, row in inputs.items():
            binding.bind_input(name, "cpu", 0, row.dtype.type, row.shape, row.ctypes.data)
        for name, row in outputs.items():
            binding.bind_output(name, "cpu", 0, row.dtype.type, row.shape, row.ctypes.data)
        # In one attribute, as each look into a thread's own costs as much as the copy of a row.
        self._bound = (
            [(name, row, row.shape, row.dtype) for name, row in inputs.items()],
            bare(session).run_with_iobinding,
            bare(binding),
            outputs,
        )

    def run(self, tensors: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]] | None:
        """The outputs for one row; None if the tensors are not just the session's, so that the session itself may say what is wrong."""
        inputs, run, binding, outputs = self._bound
        if len(tensors) != len(inputs):
            return None
        for name, row, shape, dtype in inputs:
            tensor = tensors.get(name)
            # Assigning would cast and broadcast without a word.
            if tensor is None or tensor.shape != shape or tensor.dtype is not dtype:
                return None
            row[...] = tensor
        run(binding, None)
        return {name: output.copy() for name, output in outputs.items()}


def can_bind(contract: Contract) -> bool:
    """Whether :class:`OneRow` takes the artifact: no strings, no size that is known only at run time, and not so much that copying costs more."""
    tensors: list[Tensor | Output] = [*contract.tensors, *contract.outputs]
    if any(tensor.type == "string" or None in tensor.shape[1:] for tensor in tensors):
        return False
    return sum(_row(tensor).nbytes for tensor in tensors) <= LARGEST


def _row(tensor: Tensor | Output) -> NDArray[Any]:
    rows = tensor.each if isinstance(tensor, Output) else 1
    return np.empty([rows, *(size or 0 for size in tensor.shape[1:])], tensor.type)
