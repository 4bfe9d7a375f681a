"""What flows between lowerings: numeric matrices, tables of mixed columns, and scores; each knows how exact it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from samescore_export.graph import Graph
from samescore_export.margins import Margin, nearest_of

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
class Entries:
    """The elements of a sparse matrix: column numbers int64 (rows, k >= 1) and values (rows, k), in scikit-learn's order.

    What fills a row up, or was dropped, has the matrix's width as its column number and the value 0.0. ``whole`` is the same matrix as one
    tensor: a Matrix with another value has lost its entries. ``counts`` says that all values are whole numbers, whatever their dtype.
    """

    columns: ir.Value
    values: ir.Value
    whole: ir.Value
    counts: bool = False


@dataclass(frozen=True, slots=True)
class Scaled:
    """Columns as a value (rows, width), of which each still has to lose a number and then be divided by one; None for neither."""

    value: ir.Value
    width: int
    divisor: NDArray[np.float64] | None = None
    centre: NDArray[np.float64] | None = None


@dataclass(frozen=True, slots=True)
class Coded:
    """Columns as codes int64 (rows, k): code c in position j stands for the row ``tables[j][c]`` (widths add up to the columns)."""

    codes: ir.Value
    tables: tuple[NDArray[np.float64], ...]

    @property
    def width(self) -> int:
        return sum(table.shape[1] for table in self.tables)


@dataclass(frozen=True, slots=True)
class Blocks:
    """How a matrix was made from simpler values, side by side: a sum over its columns need not write it out.

    ``whole`` is the matrix as one tensor: one with another value is no longer made from these.
    """

    parts: tuple[Scaled | Coded, ...]
    whole: ir.Value


@dataclass(frozen=True, slots=True)
class Matrix:
    """A numeric tensor of shape (rows, width), float64 unless ``dtype`` says float32.

    ``sparse`` says that scikit-learn has a sparse matrix here: it sums the elements of a row that are not zero in column
    order, one by one, where for a dense one BLAS chooses the order. ``integers`` says that its dtype is int64 there. ``margin``
    is that of the decisions between inexact numbers which the rows already hang on. ``entries`` are the elements of a matrix too wide to
    be written out for every step; ``value`` may be used all the same, but is refused in a finished graph beyond ``WIDEST`` columns.
    ``blocks`` say what simpler values it was made from. ``axes`` are the sizes of the axes behind the first of an array of more than
    two in scikit-learn, of which this is the same row by row; ``each`` is how many of its rows one of the model's input gives.
    """

    value: ir.Value
    width: int
    dtype: Literal["float64", "float32"] = "float64"
    origins: tuple[Origin | None, ...] = ()
    rounding: Rounding | None = None
    names: tuple[str, ...] | None = None
    sparse: bool = False
    integers: bool = False
    margin: Margin = None
    entries: Entries | None = None
    blocks: Blocks | None = None
    axes: tuple[int, ...] | None = None
    each: int = 1

    @property
    def made_from(self) -> tuple[Scaled | Coded, ...]:
        """The blocks; the matrix itself where it was made in another way."""
        if self.blocks is not None and self.blocks.whole is self.value:
            return self.blocks.parts
        return (Scaled(self.value, self.width),)

    @property
    def stored(self) -> Entries | None:
        """The entries, where they still are those of the value."""
        return self.entries if self.entries is not None and self.entries.whole is self.value else None

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


#: The most columns that the elements of a sparse matrix are written out to.
WIDEST = 2**16


def from_entries(
    graph: Graph, columns: ir.Value, values: ir.Value, width: int, like: Matrix | None = None, counts: bool = False
) -> Matrix:
    """A sparse matrix by its elements, as Entries has them; what else is known of it as in ``like``.

    The nodes that write it out are there for those who need them, and dropped with the graph's other unused nodes.
    """
    dtype: Literal["float64", "float32"] = like.dtype if like is not None else "float64"
    rows = graph.op("Shape", columns, start=0, end=1)
    shape = graph.op("Concat", rows, graph.constant([width + 1], np.int64), axis=0)
    zeros = graph.op("Expand", graph.constant(0.0, dtype), shape)
    if width > WIDEST:
        graph.wide[str(zeros.name)] = (graph.path, width)
    filled = graph.op("ScatterElements", zeros, columns, values, axis=1, reduction="add")
    axis, start = graph.constant([1], np.int64), graph.constant([0], np.int64)
    whole = graph.op("Slice", filled, start, graph.constant([width], np.int64), axis)
    plain = like or Matrix(whole, width, sparse=True)
    entries = Entries(columns, values, whole, counts)
    return replace(plain, value=whole, width=width, origins=(), names=None, entries=entries, sparse=True)


@dataclass(frozen=True, slots=True)
class Series:
    """One column of a table: position ``position`` on axis 1 of ``tensor``.

    ``type`` is the tensor's element type: float64, float32, int64, bool, string, text (int32 code points, its own
    tensor), list (strings, its own tensor) or object (no type of the contract, and no tensor: it must not be read). ``missing`` is a bool tensor with the same positions, None if the column
    cannot be missing; numbers carry NaN instead. ``column`` is the contract's column it is, None if it was made from one.
    """

    name: str
    type: Literal["float64", "float32", "int64", "bool", "string", "text", "list", "object"]
    tensor: ir.Value
    position: int
    width: int
    missing: ir.Value | None = None
    origin: Origin | None = None
    rounding: Rounding | None = None
    column: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of mixed types, as in a data frame; ``margin`` as a matrix has it."""

    series: tuple[Series, ...]
    margin: Margin = None

    @property
    def width(self) -> int:
        return len(self.series)

    def take(self, positions: Sequence[int]) -> Table:
        return Table(tuple(self.series[i] for i in positions), self.margin)

    @property
    def numeric(self) -> bool:
        return all(series.type in ("float64", "float32", "int64", "bool") for series in self.series)


def columns_of(graph: Graph, series: Sequence[Series], missing: bool = False) -> ir.Value:
    """One tensor (rows, len(series)) from columns that live in the same tensor; no node if they are all of it.

    A column of no type of the contract is noted as used, and refused by the compiler.
    """
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
    single = bool(series) and all(item.type == "float32" for item in series)
    parts: list[ir.Value] = []
    roundings: list[tuple[Rounding | None, ir.Value, int]] = []
    start = 0
    while start < len(series):
        stop = start
        while stop < len(series) and series[stop].tensor is series[start].tensor:
            stop += 1
        run = series[start:stop]
        part = columns_of(graph, run)
        part = part if single else as_double(graph, part, run[0].type)
        rounding = _rounding_of(graph, run)
        if run[0].type == "float32" and not single:
            rounding = widened(graph, rounding)
        parts.append(part)
        roundings.append((rounding, part, len(run)))
        start = stop
    value = parts[0] if len(parts) == 1 else graph.op("Concat", *parts, axis=1)
    return Matrix(
        value,
        len(series),
        "float32" if single else "float64",
        tuple(item.origin for item in series),
        merge(graph, roundings),
        tuple(item.name for item in series),
        integers=bool(series) and all(item.type == "int64" for item in series),
        margin=inputs.margin,
    )


def _rounding_of(graph: Graph, run: Sequence[Series]) -> Rounding | None:
    """The rounding of some columns of one tensor: its scale for those positions."""
    rounding = next((item.rounding for item in run if item.rounding is not None), None)
    if rounding is None or rounding.scale is None:
        return rounding
    whole = graph.op("Expand", rounding.scale, graph.op("Shape", run[0].tensor))
    index = graph.constant([item.position for item in run], np.int64)
    return Rounding(rounding.ulp, graph.op("Gather", whole, index, axis=1), rounding.reason)


def table_of(inputs: Matrix | Table) -> Table:
    """The inputs column by column."""
    if isinstance(inputs, Table):
        return inputs
    names = inputs.names or tuple(f"x{i}" for i in range(inputs.width))
    return Table(
        tuple(
            Series(names[i], inputs.dtype, inputs.value, i, inputs.width, None, inputs.origin(i), inputs.rounding)
            for i in range(inputs.width)
        ),
        inputs.margin,
    )


def widened(graph: Graph, rounding: Rounding | None) -> Rounding | None:
    """A float32 value's rounding once the value is float64: 2**29 spacings of float64 are one of float32."""
    if rounding is None:
        return None
    scale = None if rounding.scale is None else graph.op("Cast", rounding.scale, to=int(ir.DataType.DOUBLE))
    return Rounding(rounding.ulp * 2.0**29, scale, rounding.reason)


def merge(graph: Graph, parts: Sequence[tuple[Rounding | None, ir.Value, int]]) -> Rounding | None:
    """The rounding of columns put side by side, given each part's rounding, value and width; exact parts have a scale of 0."""
    inexact = [rounding for rounding, _, _ in parts if rounding is not None]
    if not inexact:
        return None
    if len(parts) == 1:
        return inexact[0]
    ulp = max(rounding.ulp for rounding in inexact)
    if all(rounding is not None and rounding.scale is None for rounding, _, _ in parts):
        return Rounding(ulp, None, inexact[0].reason)
    scales = []
    for rounding, value, _ in parts:
        scale = graph.constant(0.0)
        if rounding is not None:
            # All columns share one number of ulp; a part that has fewer gets a smaller scale instead.
            scale = graph.op("Cast", rounding.scale or graph.constant(1.0), to=int(ir.DataType.DOUBLE))
            scale = graph.op("Mul", scale, graph.constant(rounding.ulp / ulp)) if rounding.ulp != ulp else scale
        scales.append(graph.op("Expand", scale, graph.op("Shape", value)))
    return Rounding(ulp, graph.op("Concat", *scales, axis=1), inexact[0].reason)


@dataclass(frozen=True, slots=True)
class Score:
    """An output of a method: a tensor with scikit-learn's shape and dtype.

    Attributes:
        value: the tensor.
        type: its element type.
        shape: sizes after the rows: () for one value a row, (k,) for k.
        labels: for labels all possible values; for one column a class, the classes.
        rounding: how far it may be from scikit-learn's; None for the same bits. Labels have none.
        margin: for what hangs on comparing numbers that are not exact: the value (rows,) whose sign or size decides, and its
            rounding; a row whose margin is within it may go either way, in scikit-learn too. One of the output's own shape (rows, k), k > 1,
            holds for each number by itself.
        call: gives the expected values from the estimator and X; None for the estimator's method of the output's name (of
            ``predict_proba.1`` the second item of what the method gives).
        each: how many rows one of the model's input gives.
    """

    value: ir.Value
    type: Literal["float64", "float32", "int64", "bool", "string"]
    shape: tuple[int | None, ...] = ()
    labels: tuple[Any, ...] | None = None
    rounding: Rounding | None = None
    margin: Margin = None
    call: Callable[[Any, Any], Any] | None = None
    each: int = 1


def also_hanging_on(graph: Graph, score: Score, margin: Margin) -> Score:
    """The same score where an earlier decision counts as well."""
    if margin is None:
        return score
    return replace(score, margin=nearest_of(graph, [score.margin, margin]))


@dataclass(frozen=True, slots=True)
class Hint:
    """Values worth probing at the input of a lowering: boundaries of one column, on both sides of which answers differ.

    ``kind`` is ``split`` (numbers: the largest value of the lower side) or ``category`` or ``text`` (strings).
    """

    kind: Literal["split", "category", "text"]
    origin: Origin
    values: NDArray[Any] = field(repr=False)
