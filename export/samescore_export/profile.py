"""The profile: histograms of the sample and of the model's scores on it, for monitors to compare with later."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samescore_export.operations.categories import is_missing
from samescore_export.sample import TEXT, Sample
from samescore_runtime.contract import Contract

#: Bins of a numeric histogram, and values of a categorical one.
BINS, VALUES = 20, 50


def make_profile(sample: Sample, contract: Contract, outputs: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
    """The entry ``samescore.profile``; no raw rows."""
    columns = {column.name: _column(sample, column.name, column.type) for column in contract.columns}
    scores: dict[str, Any] = {}
    for output in contract.outputs:
        if output.name not in outputs:
            continue
        values = outputs[output.name]
        if values.ndim == 1:
            scores[output.name] = _histogram(values)
            continue
        labels = output.labels if output.labels is not None and len(output.labels) == values.shape[1] else None
        values = values.reshape(len(values), -1)
        # Very wide transforms say little column by column.
        for i in range(min(values.shape[1], VALUES)):
            scores[f"{output.name}[{labels[i] if labels else i}]"] = _histogram(values[:, i])
    return {"format": 1, "rows": sample.rows, "columns": columns, "outputs": scores}


def _column(sample: Sample, name: str, type_: str) -> dict[str, Any]:
    values = sample.columns[name]
    if type_ == "list<string>":
        return {**_numeric(np.array([len(cell) for cell in values], float), 0), "kind": "list"}
    if type_ == "string" and ((sample.form == "texts" and name == TEXT) or _is_text(values)):
        present = [value for value in values if not is_missing(value)]
        lengths = np.array([len(value) for value in present], float)
        return {**_numeric(lengths, len(values) - len(present)), "kind": "text"}
    if type_ == "datetime":
        missing = np.isnat(values)
        return _numeric(values[~missing].astype("datetime64[us]").astype(np.int64).astype(float), int(missing.sum()))
    return _histogram(values)


def _is_text(values: NDArray[Any]) -> bool:
    present = [value for value in values if not is_missing(value)]
    return len(set(present)) > len(present) // 2 and len(present) > VALUES


def _histogram(values: NDArray[Any]) -> dict[str, Any]:
    if values.dtype.kind == "f":
        missing = np.isnan(values)
        return _numeric(values[~missing].astype(float), int(missing.sum()))
    if values.dtype.kind in "iu":
        return _numeric(values.astype(float), 0)
    present = [value for value in values.tolist() if not is_missing(value)]
    if present and all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in present):
        return _numeric(np.array(present, float), len(values) - len(present))
    return _categorical(
        [str(value).lower() if isinstance(value, bool) else str(value) for value in present], len(values) - len(present)
    )


def _numeric(values: NDArray[np.float64], missing: int) -> dict[str, Any]:
    finite = values[np.isfinite(values)]
    edges = (
        np.unique(np.quantile(finite, np.linspace(0, 1, BINS + 1)[1:-1], method="inverted_cdf"))
        if len(finite)
        else np.zeros(0)
    )
    # side="left": counts[i] is the number of values in (edges[i-1], edges[i]].
    counts = np.bincount(np.searchsorted(edges, values, side="left"), minlength=len(edges) + 1)
    return {"kind": "numeric", "missing": missing, "edges": edges.tolist(), "counts": counts.tolist()}


def _categorical(values: list[str], missing: int) -> dict[str, Any]:
    most = sorted(Counter(values).items(), key=lambda item: (-item[1], item[0]))
    shown, rest = most[:VALUES], most[VALUES:]
    return {
        "kind": "categorical",
        "missing": missing,
        "values": [value for value, _ in shown],
        "counts": [count for _, count in shown],
        "other": sum(count for _, count in rest),
    }
