"""What flows between lowerings: numeric matrices, tables of mixed columns, and scores; each knows how exact it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from samescore_export.graph import Graph

Forward: TypeAlias = Callable[[NDArray[np.float64]], NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Rounding:
    """How far a value may be from scikit-learn's: ``ulp`` spacings of ``scale``, a graph value of the same shape.

    A missing Rounding means the same bits. ``scale`` None stands for 1.0. The bound is a-priori (Higham, "Accuracy and
    Stability of Numerical Algorithms", chapter 3), not a measurement; ``reason`` says where it comes from.
    """

    ulp: float
    scale: ir.Value | None
    reason: str


@dataclass(frozen=True, slots=True)
class Origin:
    """A column of the contract that a value is made from by ``forward``, elementwise and never decreasing.

    It lets probes beside a threshold deep in a pipeline be placed in the raw column.
    """

    column: str
    forward: Forward

    def then(self, step: Forward) -> Origin:
        before = self.forward
        return Origin(self.column, lambda x: step(before(x)))


def same(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """The identity, the ``forward`` of an untouched column."""
    return x


@dataclass(frozen=True, slots=True)
class Matrix:
    """A numeric tensor of shape (rows, width), float64 unless ``dtype`` says float32.

    ``sparse`` says that scikit-learn has a sparse matrix here: it sums the elements of a row that are not zero in column
    order, one by one, where for a dense one BLAS chooses the order. ``integers`` says that its dtype is int64 there.
    """

    value: ir.Value
    width: int
    dtype: Literal["float64", "float32"] = "float64"
    origins: tuple[Origin | None, ...] = ()
    rounding: Rounding | None = None
    names: tuple[str, ...] | None = None
    sparse: bool = False
    integers: bool = False

    def origin(self, position: int) -> Origin | None:
        return self.origins[position] if self.origins else None

    def mapped(
        self, value: ir.Value, forwards: Sequence[Forward] | None = None, rounding: Rounding | None = None
    ) -> Matrix:
        """The same columns after an elementwise step; ``forwards`` gives each column's function if it never decreases."""
        origins: tuple[Origin | None, ...] = ()
        if forwards is not None and self.origins:
            origins = tuple(
                None if origin is None else origin.then(step)
                for origin, step in zip(self.origins, forwards, strict=True)
            )
        return replace(
            self, value=value, dtype="float64", origins=origins, rounding=rounding or self.rounding, integers=False
        )


@dataclass(frozen=True, slots=True)
class Series:
    """One column of a table: position ``position`` on axis 1 of ``tensor``.

    ``type`` is the tensor's element type: float64, float32, int64, bool, string, text (int32 code points, its own
    tensor) or list (strings, its own tensor). ``missing`` is a bool tensor with the same positions, None if the column
    cannot be missing; numbers carry NaN instead. ``column`` is the contract's column it is, None if it was made from one.
    """

    name: str
    type: Literal["float64", "float32", "int64", "bool", "string", "text", "list"]
    tensor: ir.Value
    position: int
    width: int
    missing: ir.Value | None = None
    origin: Origin | None = None
    rounding: Rounding | None = None
    column: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of mixed types, as in a data frame."""

    series: tuple[Series, ...]

    @property
    def width(self) -> int:
        return len(self.series)

    def take(self, positions: Sequence[int]) -> Table:
        return Table(tuple(self.series[i] for i in positions))

    @property
    def numeric(self) -> bool:
        return all(series.type in ("float64", "float32", "int64", "bool") for series in self.series)


def columns_of(graph: Graph, series: Sequence[Series], missing: bool = False) -> ir.Value:
    """One tensor (rows, len(series)) from columns that live in the same tensor; no node if they are all of it."""
    tensor = series[0].missing if missing else series[0].tensor
    assert tensor is not None
    positions = [item.position for item in series]
    graph.used.update(item.column for item in series if item.column is not None)
    if positions == list(range(series[0].width)):
        return tensor
    return graph.op("Gather", tensor, graph.constant(positions, np.int64), axis=1)


def as_double(graph: Graph, value: ir.Value, type_: str) -> ir.Value:
    return value if type_ == "float64" else graph.op("Cast", value, to=int(ir.DataType.DOUBLE))


def matrix_of(graph: Graph, inputs: Matrix | Table) -> Matrix:
    """The inputs as one float64 matrix, as scikit-learn's ``check_array`` would make it.

    Columns that are all float32 stay float32, as scikit-learn keeps them. Strings must have been refused before.
    """
    if isinstance(inputs, Matrix):
        return inputs
    series = inputs.series
    if series and all(item.type == "float32" for item in series) and len({id(item.tensor) for item in series}) == 1:
        return Matrix(
            columns_of(graph, series),
            len(series),
            "float32",
            tuple(item.origin for item in series),
            merge(graph, [(item.rounding, 1) for item in series]),
            tuple(item.name for item in series),
        )
    parts: list[ir.Value] = []
    start = 0
    while start < len(series):
        stop = start
        while stop < len(series) and series[stop].tensor is series[start].tensor:
            stop += 1
        run = series[start:stop]
        parts.append(as_double(graph, columns_of(graph, run), run[0].type))
        start = stop
    value = parts[0] if len(parts) == 1 else graph.op("Concat", *parts, axis=1)
    return Matrix(
        value,
        len(series),
        "float64",
        tuple(item.origin for item in series),
        merge(
            graph,
            [(widened(graph, item.rounding) if item.type == "float32" else item.rounding, 1) for item in series],
        ),
        tuple(item.name for item in series),
        integers=all(item.type == "int64" for item in series),
    )


def table_of(inputs: Matrix | Table) -> Table:
    """The inputs column by column."""
    if isinstance(inputs, Table):
        return inputs
    names = inputs.names or tuple(f"x{i}" for i in range(inputs.width))
    return Table(
        tuple(
            Series(names[i], inputs.dtype, inputs.value, i, inputs.width, None, inputs.origin(i), inputs.rounding)
            for i in range(inputs.width)
        )
    )


def widened(graph: Graph, rounding: Rounding | None) -> Rounding | None:
    """A float32 value's rounding once the value is float64: 2**29 spacings of float64 are one of float32."""
    if rounding is None:
        return None
    scale = None if rounding.scale is None else graph.op("Cast", rounding.scale, to=int(ir.DataType.DOUBLE))
    return Rounding(rounding.ulp * 2.0**29, scale, rounding.reason)


def merge(graph: Graph, parts: Sequence[tuple[Rounding | None, int]]) -> Rounding | None:
    """The rounding of columns put side by side, given each part's and its width: the largest bound, scale by scale."""
    inexact = [rounding for rounding, _ in parts if rounding is not None]
    if not inexact:
        return None
    if all(rounding is inexact[0] for rounding, _ in parts) and len(parts) == 1:
        return inexact[0]
    ulp = max(rounding.ulp for rounding in inexact)
    scales = [rounding.scale for rounding in inexact if rounding.scale is not None]
    if not scales:
        return Rounding(ulp, None, inexact[0].reason)
    # One scale for the whole row: the largest of any part; coarser than needed, never too small.
    largest = [graph.op("ReduceMax", scale, graph.constant([1], np.int64), keepdims=1) for scale in scales]
    scale = largest[0] if len(largest) == 1 else graph.op("Max", *largest)
    return Rounding(ulp, graph.op("Max", scale, graph.constant(1.0)), inexact[0].reason)


@dataclass(frozen=True, slots=True)
class Score:
    """An output of a method: a tensor with scikit-learn's shape and dtype.

    Attributes:
        value: the tensor.
        type: its element type.
        shape: sizes after the rows: () for one value a row, (k,) for k.
        labels: for labels all possible values; for one column a class, the classes.
        rounding: how far it may be from scikit-learn's; None for the same bits. Labels have none.
        margin: for labels decided by comparing numbers that are not exact: the value (rows,) whose sign or size decides,
            and its rounding; a row whose margin is within it may go either way, in scikit-learn too.
        call: gives the expected values from the estimator and X; None for the estimator's method of the output's name (of
            ``predict_proba.1`` the second item of what the method gives).
    """

    value: ir.Value
    type: Literal["float64", "float32", "int64", "bool", "string"]
    shape: tuple[int | None, ...] = ()
    labels: tuple[Any, ...] | None = None
    rounding: Rounding | None = None
    margin: tuple[ir.Value, Rounding] | None = None
    call: Callable[[Any, Any], Any] | None = None


@dataclass(frozen=True, slots=True)
class Hint:
    """Values worth probing at the input of a lowering: boundaries of one column, on both sides of which answers differ.

    ``kind`` is ``split`` (numbers: the largest value of the lower side) or ``category`` or ``text`` (strings).
    """

    kind: Literal["split", "category", "text"]
    origin: Origin
    values: NDArray[Any] = field(repr=False)
