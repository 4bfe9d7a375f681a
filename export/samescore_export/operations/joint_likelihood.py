"""From joint log likelihoods a class to log probabilities, probabilities and their evidence."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import onnx_ir as ir

from samescore_export.margins import Margin
from samescore_export.operations.bounded import Bounded
from samescore_export.operations.deciding import first_largest, lead, row_largest
from samescore_export.operations.link import exponential


@dataclass(frozen=True, slots=True)
class Likelihoods:
    """Joint log likelihoods (rows, classes) and what follows from them.

    Attributes:
        evidence: (rows, 1) their logsumexp.
        log_proba, proba: (rows, classes).
        index: (rows,) the first of the largest.
        margin: by how much that one leads.
    """

    joint: Bounded
    evidence: Bounded
    log_proba: Bounded
    proba: Bounded
    index: ir.Value
    margin: Margin


def _infinite_exactly(logs: Bounded) -> Bounded:
    """A class of prior 0 has minus infinity, exactly, which must not be the size of its row."""
    infinite = logs.graph.op("IsInf", logs.value)
    return replace(logs, size=logs.graph.op("Where", infinite, logs.graph.constant(0.0), logs.size))


def likelihoods(joint: Bounded, classes: int, reason: str) -> Likelihoods:
    """Normalised by logsumexp, the largest taken out first. logsumexp moves by no more than the largest of its arguments."""
    graph = joint.graph
    joint = _infinite_exactly(joint)
    top = row_largest(graph, joint.value)
    finite = graph.op("Where", graph.op("IsInf", top), graph.constant(0.0), top)
    powers = exponential(graph, graph.op("Sub", joint.value, finite))
    total = graph.op("ReduceSum", powers, graph.constant([1], np.int64), keepdims=1)
    norm = graph.op("Add", graph.op("Log", total), finite)
    size = graph.op("Add", row_largest(graph, joint.size), graph.op("Add", graph.op("Abs", norm), graph.constant(1.0)))
    evidence = Bounded(graph, norm, size, joint.ulp + 2.0 * (classes + 4))
    log_proba = _infinite_exactly(joint - evidence)
    rounding = joint.rounding(reason)
    margin = lead(graph, joint.value, rounding) if classes > 1 else None
    return Likelihoods(joint, evidence, log_proba, log_proba.exp(), first_largest(graph, joint.value), margin)
