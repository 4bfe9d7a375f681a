"""What the probes of a proof cover, counted on the rows that were compared: the entry ``coverage`` of ``samescore.proof``."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samescore_export.operations.categories import is_missing
from samescore_export.probes import Probes
from samescore_runtime.contract import Contract


def coverage(probes: Probes, contract: Contract) -> dict[str, Any]:
    """Rows, splits with a probe on either side, what each column was probed with, and the probes that were refused, by cause."""
    missing = {column.name: _missing(probes.sample.columns[column.name]) for column in contract.columns}
    present = {
        column.name: {value for value in probes.sample.columns[column.name] if isinstance(value, str)}
        for column in contract.columns
        if column.type == "string"
    }
    why = Counter(zip(probes.columns.tolist(), probes.kinds.tolist(), strict=True))
    known = {column.name: set(column.categories) for column in contract.columns if column.categories}
    return {
        "rows": len(probes.kinds),
        "boundary_rows": int((probes.kinds == "split").sum()),
        "splits": probes.splits,
        "splits_both_sides": probes.both_sides,
        "missing": {name: bool(rows.any()) for name, rows in missing.items()},
        "missing_rows": {name: int(rows.sum()) for name, rows in missing.items()},
        "categories": {name: [len(present[name] & values), len(values)] for name, values in known.items()},
        "unknown": {name: bool(values - known.get(name, set())) for name, values in present.items()},
        "probes": {
            column.name: {kind: count for (name, kind), count in sorted(why.items()) if name == column.name}
            for column in contract.columns
        },
        "refused": [{"cause": item.cause, "kind": item.kind, "rows": item.rows} for item in probes.refused],
    }


def _missing(values: NDArray[Any]) -> NDArray[np.bool_]:
    missing: Any = np.zeros(len(values), bool)
    if values.dtype.kind == "M":
        missing = np.isnat(values)
    elif values.dtype.kind == "f":
        missing = np.isnan(values)
    elif values.dtype.kind == "O":
        missing = np.array([is_missing(value) for value in values], bool)
    return np.asarray(missing, bool)
