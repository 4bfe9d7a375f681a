"""Rows as JSON values under the contract's rules, for HTTP."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from samescore_export.operations.categories import is_missing
from samescore_export.sample import Sample
from samescore_runtime.contract import Contract


def json_rows(rows: Sample, contract: Contract) -> list[dict[str, Any]]:
    """One dict a row: null for missing, infinities by name."""
    columns = {
        column.name: [_cell(value, column.type) for value in rows.columns[column.name]] for column in contract.columns
    }
    return [{name: values[i] for name, values in columns.items()} for i in range(rows.rows)]


def _cell(value: Any, type_: str) -> Any:
    if type_ == "list<string>":
        return [str(item) for item in value]
    if type_ == "datetime":
        return None if np.isnat(value) else int(value.astype("datetime64[us]").astype(np.int64))
    if is_missing(value) or (isinstance(value, np.floating) and np.isnan(value)):
        return None
    plain = value.item() if hasattr(value, "item") else value
    if isinstance(plain, float) and math.isinf(plain):
        return "Infinity" if plain > 0 else "-Infinity"
    return plain
