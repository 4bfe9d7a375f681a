"""Arithmetic on values that carry a bound of how far they may be from scikit-learn's.

The rules are the first-order ones of Higham, "Accuracy and Stability of Numerical Algorithms", chapters 2 and 3. Each counts the
rounding of both sides. What is computed for a bound is in the proof's copy of the graph alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from samescore_export.graph import Graph
from samescore_export.operations.deciding import sized
from samescore_export.operations.link import exponential
from samescore_export.values import Matrix, Rounding

#: The unit roundoff of float64.
UNIT = 2.0**-53

#: Beyond this a size would overflow in a later product; nothing is compared at such magnitudes.
_LARGEST = 1e300


@dataclass(frozen=True, slots=True)
class Bounded:
    """``value`` is within ``ulp`` units of 2**-53 of ``size`` of what scikit-learn has; ``ulp`` 0 means the same bits.

    ``size`` has the value's shape and is nowhere below its magnitude.
    """

    graph: Graph
    value: ir.Value
    size: ir.Value
    ulp: float

    @property
    def exact(self) -> bool:
        return self.ulp == 0.0

    def _elementwise(self, op: str, other: ir.Value) -> ir.Value:
        return self.graph.op(op, self.value, other)

    def _of(self, value: ir.Value, size: ir.Value | None = None, own: float = 2.0) -> Bounded:
        """The result of one more rounding; an exact value stays exact under an operation that IEEE 754 fixes."""
        if self.exact:
            return Bounded(self.graph, value, self.graph.op("Abs", value), 0.0)
        magnitude = self.graph.op("Abs", value)
        return Bounded(
            self.graph, value, self.graph.op("Max", magnitude, self.size if size is None else size), self.ulp + own
        )

    def plus(self, numbers: Any) -> Bounded:
        """The sum with constants."""
        return self._of(self._elementwise("Add", self.graph.constant(np.asarray(numbers, np.float64))))

    def minus(self, numbers: Any) -> Bounded:
        """The difference to constants."""
        return self._of(self._elementwise("Sub", self.graph.constant(np.asarray(numbers, np.float64))))

    def times(self, numbers: Any) -> Bounded:
        """The product with constants."""
        factor = np.asarray(numbers, np.float64)
        size = self.graph.op("Mul", self.size, self.graph.constant(np.abs(factor)))
        return self._of(self._elementwise("Mul", self.graph.constant(factor)), size)

    def over(self, numbers: Any) -> Bounded:
        """The quotient by constants."""
        divisor = np.asarray(numbers, np.float64)
        size = self.graph.op("Div", self.size, self.graph.constant(np.abs(divisor)))
        return self._of(self._elementwise("Div", self.graph.constant(divisor)), size)

    def negated(self) -> Bounded:
        return Bounded(self.graph, self.graph.op("Neg", self.value), self.size, self.ulp)

    def _two(self, other: Bounded, op: str) -> Bounded:
        graph = self.graph
        value = graph.op(op, self.value, other.value)
        if self.exact and other.exact:
            return Bounded(graph, value, graph.op("Abs", value), 0.0)
        if self.exact or other.exact:
            rough = other if self.exact else self
            return Bounded(graph, value, graph.op("Max", graph.op("Abs", value), rough.size), rough.ulp + 2)
        return Bounded(graph, value, graph.op("Add", self.size, other.size), max(self.ulp, other.ulp) + 2)

    def __add__(self, other: Bounded) -> Bounded:
        return self._two(other, "Add")

    def __sub__(self, other: Bounded) -> Bounded:
        return self._two(other, "Sub")

    def __mul__(self, other: Bounded) -> Bounded:
        graph = self.graph
        value = graph.op("Mul", self.value, other.value)
        if self.exact and other.exact:
            return Bounded(graph, value, graph.op("Abs", value), 0.0)
        return Bounded(graph, value, graph.op("Mul", self.size, other.size), self.ulp + other.ulp + 3)

    def __truediv__(self, other: Bounded) -> Bounded:
        """The quotient; a divisor that may be 0 within its bound gives a size beyond all use."""
        graph = self.graph
        value = graph.op("Div", self.value, other.value)
        if self.exact and other.exact:
            return Bounded(graph, value, graph.op("Abs", value), 0.0)
        grown = graph.op("Add", self.size, graph.op("Mul", graph.op("Abs", value), other.size))
        sure = graph.op("Max", graph.op("Sub", graph.op("Abs", other.value), other.error()), graph.constant(1e-300))
        size = graph.op("Min", graph.op("Div", grown, sure), graph.constant(_LARGEST))
        return Bounded(graph, value, size, max(self.ulp, other.ulp) + 3)

    def matmul(self, weights: NDArray[np.float64]) -> Bounded:
        """value @ weights for constants (n, k): any order of n products, on both sides."""
        graph = self.graph
        matrix = np.ascontiguousarray(weights, np.float64)
        value = graph.op("MatMul", self.value, graph.constant(matrix))
        size = graph.op("MatMul", self.size, graph.constant(np.abs(matrix)))
        return Bounded(graph, value, size, self.ulp + 2.0 * (len(matrix) + 1))

    def summed(self, axis: int, count: int, keepdims: int = 1) -> Bounded:
        """The sum over an axis of ``count`` numbers, in any order."""
        graph = self.graph
        where = graph.constant([axis], np.int64)
        value = graph.op("ReduceSum", self.value, where, keepdims=keepdims)
        size = graph.op("ReduceSum", self.size, where, keepdims=keepdims)
        return Bounded(graph, value, size, self.ulp + 2.0 * count)

    def error(self) -> ir.Value:
        """The largest absolute error."""
        return self.graph.op("Mul", self.size, self.graph.constant(self.ulp * UNIT))

    def squared(self) -> Bounded:
        """value * value."""
        return self * self

    def lipschitz(self, value: ir.Value, factor: float, own: float, largest: float = 1.0) -> Bounded:
        """``value`` = f(this) for an f whose slope is at most ``factor``, computed within ``own`` units of ``largest``."""
        graph = self.graph
        size = graph.op("Max", graph.op("Mul", self.size, graph.constant(factor)), graph.constant(largest))
        if self.exact:
            size = graph.op(
                "Add", graph.op("Mul", graph.op("Abs", value), graph.constant(0.0)), graph.constant(largest)
            )
        return Bounded(graph, value, size, self.ulp + own)

    def exp(self) -> Bounded:
        """The exponential: it moves by at most its largest possible value times the argument's error."""
        graph = self.graph
        value = exponential(graph, self.value)
        highest = exponential(graph, graph.op("Add", self.value, self.error()))
        size = graph.op("Mul", highest, graph.op("Max", self.size, graph.constant(1.0)))
        return Bounded(graph, value, graph.op("Min", size, graph.constant(_LARGEST)), self.ulp + 6)

    def log(self) -> Bounded:
        """The natural logarithm."""
        graph = self.graph
        value = graph.op("Log", self.value)
        lowest = graph.op("Max", graph.op("Sub", self.value, self.error()), graph.constant(1e-323))
        moved = graph.op("Min", graph.op("Div", self.size, lowest), graph.constant(_LARGEST))
        magnitude = graph.op("Abs", value)
        size = magnitude if self.exact else graph.op("Max", magnitude, moved)
        return Bounded(graph, value, size, self.ulp + 4)

    def sqrt(self) -> Bounded:
        """The square root of what is not negative: at 0 it moves by the root of the error."""
        graph = self.graph
        value = graph.op("Sqrt", self.value)
        if self.exact:
            return Bounded(graph, value, graph.op("Abs", value), 0.0)
        usual = graph.op("Div", self.size, graph.op("Max", value, graph.constant(1e-300)))
        least = graph.op("Sqrt", graph.op("Div", self.size, graph.constant(self.ulp * UNIT)))
        return Bounded(graph, value, graph.op("Max", value, graph.op("Min", usual, least)), self.ulp + 2)

    def power(self, exponent: float) -> Bounded:
        """value ** exponent; exact only for 1 and 2, which are no powers but the value and its square."""
        graph = self.graph
        if exponent == 1.0:
            return self
        if exponent == 2.0:
            return self.squared()
        value = graph.op("Pow", self.value, graph.constant(float(exponent)))
        magnitude, error = graph.op("Abs", self.value), self.error()
        if exponent >= 1.0 or exponent == 0.0:
            base = graph.op("Add", magnitude, error)
        else:
            # The slope grows towards 0: it is taken at the smallest possible base.
            base = graph.op("Max", graph.op("Sub", magnitude, error), graph.constant(1e-300))
        slope = graph.op("Mul", graph.constant(abs(exponent)), graph.op("Pow", base, graph.constant(exponent - 1.0)))
        moved = graph.op("Min", graph.op("Mul", slope, self.size), graph.constant(_LARGEST))
        if 0.0 < exponent < 1.0 and not self.exact:
            root = graph.op("Pow", error, graph.constant(float(exponent)))
            moved = graph.op("Min", moved, graph.op("Div", root, graph.constant(self.ulp * UNIT)))
        size = (
            graph.op("Abs", value) if self.exact or exponent == 0.0 else graph.op("Max", graph.op("Abs", value), moved)
        )
        return Bounded(graph, value, size, self.ulp + 8)

    def largest(self, number: float) -> Bounded:
        """max(value, number), elementwise."""
        graph = self.graph
        value = graph.op("Max", self.value, graph.constant(number))
        return Bounded(graph, value, graph.op("Max", self.size, graph.constant(abs(number))), self.ulp)

    def column(self, position: int) -> Bounded:
        """(rows, 1): one column."""
        graph = self.graph
        index = graph.constant([position], np.int64)
        return Bounded(
            graph, graph.op("Gather", self.value, index, axis=1), graph.op("Gather", self.size, index, axis=1), self.ulp
        )

    def reshaped(self, *shape: int) -> Bounded:
        graph = self.graph
        target = graph.constant(list(shape), np.int64)
        return Bounded(graph, graph.op("Reshape", self.value, target), graph.op("Reshape", self.size, target), self.ulp)

    def rounding(self, reason: str) -> Rounding | None:
        """As a matrix or a score carries it."""
        return None if self.exact else Rounding(self.ulp, self.size, reason)


def bounded(graph: Graph, x: Matrix) -> Bounded:
    """A matrix with the bound it has."""
    if x.rounding is None:
        return Bounded(graph, x.value, graph.op("Abs", x.value), 0.0)
    return Bounded(graph, x.value, sized(graph, x.value, x.rounding), x.rounding.ulp)


def side_by_side(parts: list[Bounded]) -> Bounded:
    """Columns put side by side; a part with a smaller bound gets a smaller size instead."""
    graph, ulp = parts[0].graph, max(part.ulp for part in parts)
    if len(parts) == 1:
        return parts[0]
    sizes = []
    for part in parts:
        share = graph.constant(part.ulp / ulp if ulp else 1.0)
        size = graph.op("Max", graph.op("Mul", part.size, share), graph.op("Abs", part.value))
        sizes.append(size)
    values = [part.value for part in parts]
    return Bounded(graph, graph.op("Concat", *values, axis=1), graph.op("Concat", *sizes, axis=1), ulp)
