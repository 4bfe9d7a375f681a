"""Distances between rows of yes and no: every number that is not zero is a yes. They are ratios of counts, which are exact."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from samescore_export.graph import Graph
from samescore_export.operations.distances import UNIT, Distances, Way, unchanged
from samescore_export.values import Matrix

#: From the counts "both", "one of them" and the width to numerator and denominator.
Ratio = Callable[[Graph, ir.Value, ir.Value, ir.Value], "tuple[ir.Value, ir.Value]"]


def _jaccard(graph: Graph, both: ir.Value, one: ir.Value, width: ir.Value) -> tuple[ir.Value, ir.Value]:
    return one, graph.op("Add", both, one)


def _matching(graph: Graph, both: ir.Value, one: ir.Value, width: ir.Value) -> tuple[ir.Value, ir.Value]:
    return one, width


def _dice(graph: Graph, both: ir.Value, one: ir.Value, width: ir.Value) -> tuple[ir.Value, ir.Value]:
    return one, graph.op("Add", graph.op("Mul", graph.constant(2.0), both), one)


def _rogers_tanimoto(graph: Graph, both: ir.Value, one: ir.Value, width: ir.Value) -> tuple[ir.Value, ir.Value]:
    return graph.op("Mul", graph.constant(2.0), one), graph.op("Add", width, one)


def _russell_rao(graph: Graph, both: ir.Value, one: ir.Value, width: ir.Value) -> tuple[ir.Value, ir.Value]:
    return graph.op("Sub", width, both), width


def _sokal_sneath(graph: Graph, both: ir.Value, one: ir.Value, width: ir.Value) -> tuple[ir.Value, ir.Value]:
    return one, graph.op("Add", graph.op("Mul", graph.constant(0.5), both), one)


BOOLEAN: Mapping[str, Ratio] = {
    "jaccard": _jaccard,
    "matching": _matching,
    "dice": _dice,
    "rogerstanimoto": _rogers_tanimoto,
    "sokalmichener": _rogers_tanimoto,
    "russellrao": _russell_rao,
    "sokalsneath": _sokal_sneath,
    "yule": _jaccard,
}


def boolean(graph: Graph, x: Matrix, points: NDArray[np.float64], metric: str, way: Way) -> Distances:
    """(rows, points). Nothing in either is 0 for jaccard, and 0 / 0 for dice and sokalsneath, as in scikit-learn."""
    double = int(ir.DataType.DOUBLE)
    yes = graph.op("Cast", graph.op("Not", graph.op("Equal", x.value, graph.constant(0.0))), to=double)
    no = graph.op("Sub", graph.constant(1.0), yes)
    theirs = np.ascontiguousarray((points != 0).T.astype(np.float64))
    both = graph.op("MatMul", yes, graph.constant(theirs))
    ours_alone = graph.op("MatMul", yes, graph.constant(1.0 - theirs))
    theirs_alone = graph.op("MatMul", no, graph.constant(theirs))
    width = graph.constant(float(x.width))
    one = graph.op("Add", ours_alone, theirs_alone)
    above, below = BOOLEAN[metric](graph, both, one, width)
    if metric == "yule":
        # 2 R / (both * neither + R) with R = ours alone * theirs alone; 0 where R is.
        apart = graph.op("Mul", ours_alone, theirs_alone)
        neither = graph.op("Sub", graph.op("Sub", width, both), one)
        above = graph.op("Mul", graph.constant(2.0), apart)
        below = graph.op("Add", graph.op("Mul", both, neither), apart)
        below = graph.op("Where", graph.op("Equal", apart, graph.constant(0.0)), graph.constant(1.0), below)
    value = graph.op("Div", above, below)
    if metric == "jaccard":
        value = graph.op("Where", graph.op("Equal", below, graph.constant(0.0)), graph.constant(0.0), value)
    error = None if way == "tree" else graph.op("Mul", value, graph.constant(8 * UNIT))
    return Distances(value, error, unchanged, undefined=metric in ("dice", "sokalsneath"))
