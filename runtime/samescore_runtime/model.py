"""A model that passed its self-check: rows in, scores out."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samescore_runtime.artifact import Artifact, Source, read_artifact
from samescore_runtime.contract import Contract, Output
from samescore_runtime.frames import encode_frame
from samescore_runtime.one_row import OneRow, can_bind
from samescore_runtime.packing import groups
from samescore_runtime.rows import RowEncoder, Rows
from samescore_runtime.self_check import compare_goldens, require_same
from samescore_runtime.sessions import bare, check_session, open_session

Outputs = dict[str, NDArray[Any]]


class Model:
    """An artifact with an open session. Any number of threads may score with it at once.

    Build one with :func:`load`, which checks what it opens; the constructor checks the contract against the session,
    but scores no golden. ``session`` is one that is open over the same graph already.

    Raises:
        ArtifactError: ``contract_mismatch``.
    """

    def __init__(self, artifact: Artifact, threads: int = 1, session: Any = None) -> None:
        self.artifact = artifact
        self._session = open_session(artifact.content, artifact.name, threads) if session is None else session
        check_session(self._session, artifact.contract, artifact.name)
        self._answer = bare(self._session).run
        self._one_row = OneRow(self._session, artifact.contract) if can_bind(artifact.contract) else None
        self._parts = groups(artifact.contract)
        self._encode_rows = RowEncoder(artifact.contract)
        self._names = [output.name for output in artifact.contract.outputs]
        companions = {output.index for output in artifact.contract.outputs}
        self._shown = [name for name in self._names if name not in companions]
        self._nothing = {output.name: _no_rows(output) for output in artifact.contract.outputs}

    @property
    def contract(self) -> Contract:
        return self.artifact.contract

    @property
    def digest(self) -> str:
        """SHA-256 of the artifact's bytes, in hex."""
        return self.artifact.digest

    @cached_property
    def output_names(self) -> tuple[str, ...]:
        """The outputs that :meth:`score` gives: all but the companions that only the JVM needs."""
        return tuple(self._shown)

    def run(self, tensors: Mapping[str, NDArray[Any]]) -> Outputs:
        """All outputs for input tensors, companions included; the tensors are not checked against the contract."""
        rows = len(next(iter(tensors.values())))
        if rows == 0:
            # Some operators refuse a batch without rows; the answer is known without them.
            return dict(self._nothing)
        if rows == 1 and self._one_row is not None:
            outputs = self._one_row.run(tensors)
            if outputs is not None:
                return outputs
        feed = tensors if isinstance(tensors, dict) else dict(tensors)
        return dict(zip(self._names, self._answer(self._names, feed, None), strict=True))

    def score(self, data: Any) -> Outputs:
        """The scores of data in any form: output name -> array ``[rows]`` or ``[rows, ...]``.

        An output of which a row gives several (``Output.each``: patches of an image) has rows times that many, row after row.

        Floats keep the dtype of the original model's scores, strings come as object arrays of str. No rows give
        outputs with no rows.

        Args:
            data: a pandas or polars DataFrame, an Arrow table, a 2-D array, a dict of columns, a list of dicts, or for
                a text model a list of strings; for a model of images an array of the contract's ``row_shape`` a row.

        Raises:
            ContractError: with every problem of the batch.
            InputError: data of another form.
        """
        return self.score_tensors(self.tensors_of(data))

    def score_rows(self, rows: Rows) -> Outputs:
        """The scores of rows given as mappings from column name to value; the quick way for few rows."""
        return self.score_tensors(self._encode_rows(rows))

    def tensors_of_rows(self, rows: Rows) -> dict[str, NDArray[Any]]:
        """The input tensors of rows that keep the contract; :meth:`score_rows` in two steps, for who needs them in between."""
        return self._encode_rows(rows)

    def tensors_of(self, data: Any) -> dict[str, NDArray[Any]]:
        """The input tensors of data in any form of :meth:`score`."""
        return encode_frame(self.contract, data, self._parts)

    def score_tensors(self, tensors: Mapping[str, NDArray[Any]]) -> Outputs:
        """The scores of tensors made by :meth:`tensors_of_rows` or :meth:`tensors_of`."""
        outputs = self.run(tensors)
        return {name: outputs[name] for name in self._shown}


def _no_rows(output: Output) -> NDArray[Any]:
    dtype = object if output.type == "string" else output.type
    return np.empty((0, *(size or 0 for size in output.shape[1:])), dtype)


def load(source: Source, threads: int = 1) -> Model:
    """Open an artifact after all its checks: format, integrity, contract, and its goldens scored on this machine.

    Args:
        source: a path, or the file's bytes.
        threads: intra-op threads of the session. With more than one, onnxruntime may add in another order, and scores
            may differ from what was proven.

    Raises:
        InputError: a file that cannot be read.
        ArtifactError: a file that must not be scored with; ``code`` says which check failed.
    """
    artifact = read_artifact(source)
    model = Model(artifact, threads)
    require_same(artifact, compare_goldens(artifact, model.run))
    return model
