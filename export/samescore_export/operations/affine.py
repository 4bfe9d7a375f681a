"""Matrix times coefficients plus intercept, in the order scikit-learn adds where it has one, and bounded where it has none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from samescore_export.certificate import Certificate, constants_certificate
from samescore_export.graph import Graph
from samescore_export.scope import Scope
from samescore_export.values import Coded, Entries, Matrix, Rounding, Scaled

BLAS = "BLAS does not fix the order of a sum; scikit-learn differs from itself between one row and many"

#: Elements of a row that the bound for a sum over sparse elements allows for, where their order is not known.
MOST_ELEMENTS = 2**12

#: Standard deviations from 0 up to which the centre of a column may go into the intercept instead of being subtracted first: what then cancels
#: is a few times the numbers themselves, and in the bound.
NEAR_ZERO = 4.0

#: Coefficients up to which several sums over a sparse matrix are written one by one.
MOST_PRODUCTS = 2**12


def affine(
    scope: Scope, x: Matrix, coefficients: NDArray[Any], intercept: NDArray[Any] | float, in_order: bool = False
) -> tuple[ir.Value, Rounding | None, Certificate]:
    """``x @ coefficients.T + intercept``: (rows, outputs) from coefficients (outputs, features).

    Over a sparse matrix with one output scikit-learn (scipy's csr_matvec) adds the products one by one in column order. CumSum
    does the same on any number of threads, and the zeros between do not change a sum: the same bits. For several outputs it takes a
    matrix of products a row, which is written where few numbers are multiplied and steps behind it may decide by its bits (``in_order``).

    Over a dense one BLAS decides the order, and differently for one row and for many: scikit-learn does not agree with
    itself. The bound is Higham's for any order of n products and n sums, on both sides.
    """
    graph = scope.graph
    weights = np.atleast_2d(np.asarray(coefficients, np.float64))
    offset = np.broadcast_to(np.asarray(intercept, np.float64), (weights.shape[0],))
    offset_constant = graph.constant(offset)
    features = weights.shape[1]
    if x.stored is not None:
        return _over_entries(scope, x, x.stored, weights, offset)
    if x.sparse and weights.shape[0] == 1 and x.rounding is None:
        row = graph.constant(weights)
        products = graph.op("Mul", x.value, row)
        running = graph.op("CumSum", products, graph.constant(1, np.int64))
        total = graph.op("Gather", running, graph.constant([features - 1], np.int64), axis=1)
        value = graph.op("Add", total, offset_constant)
        return (
            value,
            None,
            constants_certificate(graph.path, {"coef_": (row, weights), "intercept_": (offset_constant, offset)}),
        )
    transposed = np.ascontiguousarray(weights.T)
    if in_order and x.sparse and x.rounding is None and x.dtype == "float64" and weights.size <= MOST_PRODUCTS:
        table = graph.constant(transposed)
        deep = graph.op("Mul", graph.op("Unsqueeze", x.value, graph.constant([2], np.int64)), table)
        running = graph.op("CumSum", deep, graph.constant(1, np.int64))
        total = graph.op("Gather", running, graph.constant(features - 1, np.int64), axis=1)
        constants = {"coef_": (table, transposed), "intercept_": (offset_constant, offset)}
        return graph.op("Add", total, offset_constant), None, constants_certificate(graph.path, constants)
    # A sum's bound has room for the two roundings more of a coefficient that is divided before and not after.
    ulp = 2.0 * (features + 1) + 4.0
    reason = BLAS
    cancelled = 0.0
    if len(weights) == 1 and x.rounding is None and x.dtype == "float64" and x.blocks is not None:
        value, constants, cancelled = _over_blocks(graph, x.made_from, weights[0], offset)
    else:
        matrix = graph.constant(transposed)
        value = graph.op("Add", graph.op("MatMul", x.value, matrix), offset_constant)
        constants = {"coef_": (matrix, transposed), "intercept_": (offset_constant, offset)}
    size = graph.op("Abs", x.value)
    if x.rounding is not None:
        ulp += x.rounding.ulp
        size = graph.op("Max", size, x.rounding.scale or graph.constant(1.0))
        reason = x.rounding.reason
    sizes = graph.op("MatMul", size, graph.constant(np.abs(transposed)))
    scale = graph.op("Add", sizes, graph.constant(np.abs(offset) + 2 * cancelled))
    return value, Rounding(ulp, scale, reason), constants_certificate(graph.path, constants)


def _over_blocks(
    graph: Graph, parts: Sequence[Scaled | Coded], weights: NDArray[np.float64], offset: NDArray[np.float64]
) -> tuple[ir.Value, dict[str, tuple[ir.Value, NDArray[Any]]], float]:
    """(rows, 1): the sum block by block, without writing the matrix out; and the size of what cancels in it.

    Numbers still to be divided have their coefficients divided instead, and centres near zero go into the intercept: each term is then the
    term it was plus its share of the centres. Of a category's row of numbers only its product with the coefficients is looked up.
    """
    constants: dict[str, tuple[ir.Value, NDArray[Any]]] = {}

    def constant(name: str, array: NDArray[np.float64]) -> ir.Value:
        value = graph.constant(array)
        constants[f"{name} {len(constants)}"] = (value, array)
        return value

    numbers: list[tuple[ir.Value, NDArray[np.float64]]] = []
    cancelled = 0.0
    for part, own in zip(parts, _shares(parts, weights), strict=True):
        if isinstance(part, Scaled):
            divided = own if part.divisor is None else own / part.divisor
            value = part.value
            if part.centre is not None and part.divisor is not None:
                if (np.abs(part.centre) <= NEAR_ZERO * np.abs(part.divisor)).all():
                    offset = offset - part.centre @ divided
                    cancelled += float(np.abs(part.centre * divided).sum())
                else:
                    value = graph.op("Sub", value, constant("centre", part.centre))
            numbers.append((value, divided))
    total: ir.Value | None = None
    for part, own in zip(parts, _shares(parts, weights), strict=True):
        if isinstance(part, Coded):
            answers = [table @ share for table, share in zip(part.tables, _shares(part.tables, own), strict=True)]
            if total is None:
                # Every row has a code in the first position, so its answers carry the intercept.
                answers[0] = answers[0] + offset
            table = constant("coefficients by category", np.stack(answers, axis=1))
            found = graph.op("GatherElements", table, part.codes, axis=0)
            if len(answers) > 1:
                found = graph.op("ReduceSum", found, graph.constant([1], np.int64), keepdims=1)
            total = found if total is None else graph.op("Add", total, found)
    total = constant("intercept_", offset) if total is None else total
    for value, divided in numbers:
        total = graph.op("Gemm", value, constant("coef_", divided.reshape(-1, 1)), total)
    return total, constants, cancelled


def _shares(parts: Sequence[Any], weights: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """The coefficients of each part; parts are blocks or tables."""
    widths = [part.shape[1] if isinstance(part, np.ndarray) else part.width for part in parts]
    return np.split(weights, np.cumsum(widths)[:-1])


def _over_entries(
    scope: Scope, x: Matrix, entries: Entries, weights: NDArray[np.float64], offset: NDArray[np.float64]
) -> tuple[ir.Value, Rounding | None, Certificate]:
    """The same over the elements of a sparse matrix: a row of coefficients each, added one by one as csr_matvec(s) does."""
    graph = scope.graph
    rows = np.concatenate([weights.T, np.zeros((1, len(weights)))])
    table, offset_constant = graph.constant(rows), graph.constant(offset)
    found = graph.op("Gather", table, entries.columns, axis=0)
    values = graph.op("Unsqueeze", entries.values, graph.constant([2], np.int64))

    def total(products: ir.Value) -> ir.Value:
        running = graph.op("CumSum", products, graph.constant(1, np.int64))
        return graph.op("Gather", running, graph.constant(-1, np.int64), axis=1)

    value = graph.op("Add", total(graph.op("Mul", found, values)), offset_constant)
    certificate = constants_certificate(graph.path, {"coef_": (table, rows), "intercept_": (offset_constant, offset)})
    if x.sparse and x.rounding is None:
        return value, None, certificate
    ulp, reason, size = 2.0 * MOST_ELEMENTS, BLAS, graph.op("Abs", values)
    if x.rounding is not None:
        ulp, reason = ulp + x.rounding.ulp, x.rounding.reason
        size = graph.op("Max", size, graph.constant(1.0))
        if x.rounding.scale is not None:
            # One for a row: a scale for each of so many columns would be as wide as the matrix.
            largest = graph.op("ReduceMax", x.rounding.scale, graph.constant([1], np.int64), keepdims=1)
            size = graph.op("Max", size, graph.op("Unsqueeze", largest, graph.constant([2], np.int64)))
    scale = graph.op("Add", total(graph.op("Mul", graph.op("Abs", found), size)), graph.constant(np.abs(offset)))
    return value, Rounding(ulp, scale, reason), certificate
