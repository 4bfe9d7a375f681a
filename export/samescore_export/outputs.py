"""The outputs of a compiled graph: as the contract lists them, and as the graph writes them, those for the proof included."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import onnx
import onnx_ir as ir

from samescore_export.graph import Graph
from samescore_export.operations.categories import strings_to_codes
from samescore_export.values import Rounding, Score
from samescore_runtime import __version__
from samescore_runtime.contract import Output

#: The producer's name in every artifact.
PRODUCER = "samescore"


def _travels_badly(label: Any) -> bool:
    """Whether the JVM binding breaks a label: a character beyond the Basic Multilingual Plane, or U+0000."""
    return isinstance(label, str) and any(ord(c) > 0xFFFF or c == "\0" for c in label)


def contract_outputs(scores: Mapping[str, Score]) -> tuple[Output, ...]:
    """The outputs as the contract lists them; labels that travel badly have a companion with their index."""
    outputs = []
    for name, score in scores.items():
        labels = score.type == "string" and score.labels is not None
        index = f"{name}.index" if labels and any(map(_travels_badly, score.labels or ())) else None
        outputs.append(Output(name, score.type, (None, *score.shape), score.labels, index, score.each))
        if index is not None:
            outputs.append(Output(index, "int64", (None, *score.shape), None, None, score.each))
    return tuple(outputs)


def written(graph: Graph, scores: Mapping[str, Score]) -> onnx.ModelProto:
    """The graph with its outputs, and with ``NAME#scale``, ``#margin`` and ``#margin_scale`` for the proof."""
    outputs: dict[str, tuple[ir.Value, str, Sequence[int | str] | None]] = {}
    for name, score in scores.items():
        rows = "rows" if score.each == 1 else f"{name}.rows"
        shape = (rows, *(f"{name}.size" if size is None else size for size in score.shape))
        outputs[name] = (score.value, score.type, shape)
        if score.type == "string" and any(map(_travels_badly, score.labels or ())):
            labels = [str(label) for label in score.labels or ()]
            outputs[f"{name}.index"] = (strings_to_codes(graph, score.value, labels, -1), "int64", shape)
    for name, score in scores.items():
        bounds: list[tuple[str, Rounding | None]] = [("scale", score.rounding)]
        if score.margin is not None:
            outputs[f"{name}#margin"] = (score.margin[0], "float64", None)
            bounds.append(("margin_scale", score.margin[1]))
        for what, rounding in bounds:
            if rounding is not None and rounding.scale is not None:
                outputs[f"{name}#{what}"] = (rounding.scale, "float64", None)
    return ir.to_proto(graph.to_model(outputs, PRODUCER, __version__))
