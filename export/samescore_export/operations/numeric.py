"""The inputs of an estimator that takes numbers, in float64 or in float32."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import onnx_ir as ir

from samescore_export.graph import Graph
from samescore_export.margins import Margin
from samescore_export.scope import Lowered, Lowering, Scope
from samescore_export.values import Matrix, Rounding, Score, Table, matrix_of, widened


def floats(scope: Scope, inputs: Matrix | Table, estimator: Any) -> Matrix:
    """The inputs as a matrix that is float32 where scikit-learn has float32; strings are refused by name.

    For estimators that validate with ``dtype=FLOAT_DTYPES`` and then compute in the dtype they were given.
    """
    if isinstance(inputs, Table) and not inputs.numeric:
        names = [series.name for series in inputs.series if series.type in ("string", "text", "list", "object")]
        raise scope.refuse(f"{type(estimator).__name__} over the string columns {names}", "numeric columns")
    return matrix_of(scope.graph, inputs)


def doubles(scope: Scope, inputs: Matrix | Table, estimator: Any) -> Matrix:
    """The inputs as a float64 matrix; strings are refused by name.

    float32 is widened, exactly: numpy does so wherever float32 rows meet float64 parameters.
    """
    return as_doubles(scope.graph, floats(scope, inputs, estimator))


def doubles_only(scope: Scope, inputs: Matrix | Table, estimator: Any) -> Matrix:
    """The inputs as a float64 matrix; float32 is refused by name, for estimators that then compute in float32."""
    x = floats(scope, inputs, estimator)
    if x.dtype == "float32":
        raise scope.refuse(f"{type(estimator).__name__} over float32 columns", "float64 columns")
    return x


def as_doubles(graph: Graph, x: Matrix) -> Matrix:
    """The same numbers in float64; a bound in spacings of float32 becomes one in spacings of float64."""
    if x.dtype == "float64":
        return x
    value = graph.op("Cast", x.value, to=int(ir.DataType.DOUBLE))
    return replace(x, value=value, dtype="float64", rounding=widened(graph, x.rounding))


def narrowed(graph: Graph, value: ir.Value) -> ir.Value:
    """float64 numbers rounded to float32, still as float64.

    A sum, difference, product or quotient of two float32 numbers that is made in float64 and rounded so has the bits of one made
    in float32: 53 bits are more than twice 24 and two.
    """
    return graph.op("Cast", graph.op("Cast", value, to=int(ir.DataType.FLOAT)), to=int(ir.DataType.DOUBLE))


def is_single(inputs: Matrix | Table) -> bool:
    """Whether all of it is float32, which many estimators then compute in."""
    if isinstance(inputs, Matrix):
        return inputs.dtype == "float32"
    return bool(inputs.series) and all(series.type == "float32" for series in inputs.series)


#: Spacings of float64 in one of float32.
SINGLE = 2.0**29


def singly(lowering: Lowering, sums: bool = False) -> Lowering:
    """A lowering in float64 for an estimator that computes in float32 over float32 rows.

    The graph stays in float64 and is rounded to float32 where scikit-learn's answer is. A bound counts roundings of the working precision, whichever
    that is; so the same count holds in spacings of float32, with one more for the cast. ``sums`` says that the lowering has scikit-learn's order of a
    sum where the rows are exact: in float32 that is no longer the same bits.
    """

    def lower(estimator: Any, inputs: Matrix | Table, scope: Scope) -> Lowered:
        if not is_single(inputs):
            return lowering(estimator, inputs, scope)
        graph = scope.graph
        x = floats(scope, inputs, estimator)
        wide = replace(x, value=_double(graph, x.value), dtype="float64")
        if sums and x.rounding is None:
            wide = replace(wide, rounding=Rounding(1.0, graph.op("Abs", wide.value), "sums of float32"))
        found = lowering(estimator, wide, scope)
        scores = {name: _single_score(graph, estimator, name, score, x.width) for name, score in found.scores.items()}
        transform = found.transform
        if isinstance(transform, Matrix) and transform.dtype == "float64" and not transform.integers:
            transform = in_single(graph, transform, answered_in(estimator, "transform", x.width) == np.float32)
            transform = replace(transform, margin=_coarser_margin(transform.margin))
        margins = tuple(_coarser_margin(margin) for margin in found.margins)
        return replace(found, transform=transform, scores=scores, margins=margins)

    return lower


def in_single(graph: Graph, x: Matrix, narrow: bool) -> Matrix:
    """What scikit-learn computed in float32 and gives so (``narrow``), or has put into float64; the bound of ``x`` counts roundings."""
    value = graph.op("Cast", x.value, to=int(ir.DataType.FLOAT)) if narrow else x.value
    rounding = _coarser(graph, x.value, x.rounding, narrow)
    return replace(x, value=value, dtype="float32" if narrow else "float64", rounding=rounding)


def counted(graph: Graph, score: Score, stepped: bool = True) -> Score:
    """A float32 score as float64, its bound still counted in roundings of float32; for :func:`counted_back` of what is made of it.

    An exact one gets a bound where steps follow that round (``stepped``), as they round in float32.
    """
    if score.type != "float32":
        return score
    value = _double(graph, score.value)
    own = Rounding(1.0, graph.op("Abs", value), "float32") if stepped else None
    return replace(score, value=value, type="float64", rounding=score.rounding or own)


def counted_back(graph: Graph, score: Score) -> Score:
    """What numpy computed in float32, as that; the bound counts roundings, of which this is one more."""
    rounding = _coarser(graph, score.value, score.rounding, True)
    value = graph.op("Cast", score.value, to=int(ir.DataType.FLOAT))
    return replace(score, value=value, type="float32", rounding=rounding, margin=_coarser_margin(score.margin))


def _double(graph: Graph, value: ir.Value) -> ir.Value:
    return graph.op("Cast", value, to=int(ir.DataType.DOUBLE))


def answered_in(estimator: Any, method: str, width: int) -> Any:
    """The dtype of what the estimator itself answers for a float32 row; None if it does not answer."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            answer = getattr(estimator, method)(np.ones((1, width), np.float32))
            return answer.dtype if hasattr(answer, "dtype") else np.asarray(answer).dtype
        except Exception:
            return None


def _coarser(graph: Graph, value: ir.Value, rounding: Rounding | None, narrow: bool) -> Rounding:
    known = rounding or Rounding(1.0, graph.op("Abs", value), "float32")
    return Rounding(known.ulp + 1 if narrow else known.ulp * SINGLE, known.scale, f"in float32: {known.reason}")


def _coarser_margin(margin: Margin) -> Margin:
    if margin is None:
        return None
    return margin[0], replace(margin[1], ulp=margin[1].ulp * SINGLE)


def _single_score(graph: Graph, estimator: Any, name: str, score: Score, width: int) -> Score:
    margin = _coarser_margin(score.margin)
    if score.type != "float64":
        return replace(score, margin=margin)
    narrow = answered_in(estimator, name, width) == np.float32
    rounding = _coarser(graph, score.value, score.rounding, narrow)
    if not narrow:
        return replace(score, rounding=rounding, margin=margin)
    value = graph.op("Cast", score.value, to=int(ir.DataType.FLOAT))
    return replace(score, value=value, type="float32", rounding=rounding, margin=margin)
