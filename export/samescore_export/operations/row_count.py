"""The number of rows as a value, for answers that do not depend on them."""

from __future__ import annotations

import onnx_ir as ir

from samescore_export.scope import Scope
from samescore_export.values import Matrix, Table, columns_of


def row_count(scope: Scope, inputs: Matrix | Table) -> ir.Value:
    """int64 (1,): the rows of the inputs. Of a table one column is read, so that it stays an input."""
    if isinstance(inputs, Matrix):
        return scope.graph.op("Shape", inputs.value, start=0, end=1)
    if not inputs.series:
        raise scope.refuse("no columns", "at least one column")
    return scope.graph.op("Shape", columns_of(scope.graph, inputs.series[:1]), start=0, end=1)
