"""Graphs that samescore did not write: which column goes into which input, and which output answers which method.

Made for what skl2onnx and hand-written exports look like: one tensor for all columns, one for the numbers and one for the strings, or one a
column; class probabilities as a tensor or as a sequence of dictionaries (ZipMap); numbers in float32.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samescore_export.operations.categories import is_missing
from samescore_export.sample import Sample
from samescore_runtime.errors import ArtifactError, InputError
from samescore_runtime.sessions import open_session

#: Element types of onnxruntime -> numpy's.
_DTYPES: Mapping[str, Any] = {
    "tensor(double)": np.float64,
    "tensor(float)": np.float32,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(bool)": np.bool_,
    "tensor(string)": object,
}

#: What skl2onnx and others call their outputs -> the methods they may be, the first that the model has.
_OUTPUT_NAMES: Mapping[str, tuple[str, ...]] = {
    "label": ("predict",),
    "output_label": ("predict",),
    "probabilities": ("predict_proba", "decision_function"),
    "output_probability": ("predict_proba", "decision_function"),
    "variable": ("predict", "transform"),
    "scores": ("decision_function", "score_samples", "transform"),
    "score_samples": ("score_samples",),
    "transformed": ("transform",),
    "GPmean": ("predict",),
}


@dataclass(frozen=True)
class ForeignInput:
    """One input: the sample's columns it takes, in order, as a matrix (rows, columns) or, for ``flat``, as (rows,)."""

    name: str
    dtype: Any
    columns: tuple[str, ...]
    flat: bool


@dataclass(frozen=True)
class ForeignGraph:
    """A graph opened as a scorer of the sample's columns.

    Attributes:
        where: the file's name, for messages.
        inputs: how it is fed.
        methods: output name -> method of the model it answers.
        single: whether some number goes in or out as float32.
    """

    where: str
    session: Any
    inputs: tuple[ForeignInput, ...]
    methods: Mapping[str, str]
    single: bool

    def run(self, rows: Sample, classes: Sequence[Any]) -> dict[str, NDArray[Any]]:
        """What each mapped output gives for the rows, by method; dictionaries are laid out in the order of ``classes``."""
        names = list(self.methods)
        feed = {item.name: _tensor(item, rows) for item in self.inputs}
        try:
            found = self.session.run(names, feed)
        except Exception as error:  # onnxruntime raises a class of its own for each status, with no common base
            reason = str(error).strip().splitlines()[0]
            raise ArtifactError(
                "contract_mismatch",
                self.where,
                f"it does not run ({reason})",
                "a graph that takes what the model takes",
            ) from error
        return {
            self.methods[name]: _unzipped(value, classes) if isinstance(value, list) else np.asarray(value)
            for name, value in zip(names, found, strict=True)
        }


def open_foreign(
    content: bytes, where: str, estimator: Any, sample: Sample, mapping: Mapping[str, str]
) -> ForeignGraph:
    """Open a graph for a model and a sample; ``mapping`` (output -> method) settles what names do not tell.

    Raises:
        ArtifactError: onnxruntime cannot open it.
        InputError: inputs that do not fit the sample's columns, outputs whose method is not known; all at once.
    """
    session = open_session(content, where)
    problems: list[str] = []
    inputs = tuple(_inputs(session.get_inputs(), sample, problems))
    outputs = {output.name: output for output in session.get_outputs()}
    methods = dict(_methods(outputs, estimator, mapping, problems))
    if problems:
        raise InputError(
            where, "; ".join(problems), "inputs for the sample's columns, and --map OUTPUT=METHOD for outputs"
        )
    numbers = [*(item.dtype for item in inputs), *(_DTYPES.get(outputs[name].type) for name in methods)]
    zipped = any("float" in outputs[name].type for name in methods)
    return ForeignGraph(where, session, inputs, methods, np.float32 in numbers or zipped)


def _inputs(nodes: Sequence[Any], sample: Sample, problems: list[str]) -> Iterator[ForeignInput]:
    names = list(sample.columns)
    by_name = {_plain(name): name for name in names}
    strings = [name for name in names if sample.types[name] == "string"]
    numbers = [name for name in names if name not in strings]
    for node in nodes:
        if node.type not in _DTYPES:
            problems.append(f"the input {node.name} is a {node.type}")
            continue
        dtype = _DTYPES[node.type]
        flat = len(node.shape) == 1
        width = None if flat or not isinstance(node.shape[-1], int) else node.shape[-1]
        if _plain(node.name) in by_name and width in (None, 1):
            columns = [by_name[_plain(node.name)]]
        else:
            columns = strings if dtype is object else numbers
            if len(nodes) == 1:
                columns = names
            if flat and len(columns) != 1:
                problems.append(f"the input {node.name} has one axis for {len(columns)} columns")
            elif width not in (None, len(columns)) and not (flat and len(columns) == 1):
                problems.append(
                    f"the input {node.name} takes {width} columns, the sample has {len(columns)} of its kind"
                )
        yield ForeignInput(node.name, dtype, tuple(columns), flat)


def _plain(name: str) -> str:
    """A name without the characters that converters replace."""
    return re.sub(r"\W", "_", name)


def _methods(
    outputs: Mapping[str, Any], estimator: Any, mapping: Mapping[str, str], problems: list[str]
) -> Iterator[tuple[str, str]]:
    known = ", ".join(outputs)
    problems += [f"--map names the output {name}, there is {known}" for name in mapping if name not in outputs]
    for name in outputs:
        wanted = (mapping[name],) if name in mapping else (name, *_OUTPUT_NAMES.get(name, ()))
        method = next((one for one in wanted if hasattr(estimator, one.partition(".")[0])), None)
        if method is not None:
            yield name, method
        elif name in mapping:
            problems.append(f"--map gives {name} the method {mapping[name]}, which the model has not")
        elif not mapping:
            problems.append(f"the output {name} tells no method")


def _tensor(item: ForeignInput, rows: Sample) -> NDArray[Any]:
    columns = [_converted(rows.columns[name], item.dtype) for name in item.columns]
    return columns[0] if item.flat else np.stack(columns, axis=1)


def _converted(values: NDArray[Any], dtype: Any) -> NDArray[Any]:
    """A column in a tensor's type, as a caller would convert it; missing strings are the empty string, numbers NaN."""
    if dtype is object:
        found = np.empty(len(values), dtype=object)
        found[:] = ["" if is_missing(value) else str(value) for value in values]
        return found
    if values.dtype == object:
        values = np.array([np.nan if is_missing(value) else float(value) for value in values])
    with np.errstate(over="ignore", invalid="ignore"):
        return values.astype(dtype)


def _unzipped(rows: Sequence[Mapping[Any, float]], classes: Sequence[Any]) -> NDArray[Any]:
    keys = {str(key): key for row in rows[:1] for key in row}
    found = [[row[keys[str(label)]] if str(label) in keys else np.nan for label in classes] for row in rows]
    return np.array(found, np.float32)
