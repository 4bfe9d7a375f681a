"""The columns a data file may have, and how its cells are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from samescore_runtime.errors import InputError

Kind = Literal["string", "number", "flag", "time", "time or missing"]
MEANING: Mapping[Kind, str] = {
    "string": "strings",
    "number": "finite numbers",
    "flag": "0 and 1, or false and true",
    "time": "times (2011-12-09, 2011-12-09 12:50:00 or 12/9/2011 12:50)",
    "time or missing": "times (2011-12-09T12:50:00) or nothing",
}
_FLAGS = {"0": False, "1": True, "false": False, "true": True, "0.0": False, "1.0": True}


@dataclass(frozen=True)
class Layout:
    """One published form of a data file.

    Attributes:
        name: the form's name.
        columns: the file's column -> (our name for it, how its cells are read). Further columns are ignored.
    """

    name: str
    columns: Mapping[str, tuple[str, Kind]]


def read_layout(frame: pd.DataFrame, where: str, layouts: Sequence[Layout]) -> tuple[Layout, pd.DataFrame]:
    """The first layout whose columns are all there, and the table with our names and types.

    Strings come as object, missing ones (also empty cells) as None; numbers float64; flags bool; times datetime64[us].

    Raises:
        InputError: columns are missing (all are named, for the layout that comes nearest), cells cannot be read (each such
            column is named), or there are no rows.
    """
    found = set(map(str, frame.columns))
    nearest = min(layouts, key=lambda layout: len(set(layout.columns) - found))
    absent = [name for name in nearest.columns if name not in found]
    if absent:
        choices = "; or ".join(f"{', '.join(layout.columns)} ({layout.name})" for layout in layouts)
        raise InputError(where, f"no columns {', '.join(absent)}", f"the columns {choices}")
    if frame.empty:
        raise InputError(where, "no rows", "at least one row")
    columns: dict[str, pd.Series] = {}
    problems: list[str] = []
    accepted: list[str] = []
    for name, (ours, kind) in nearest.columns.items():
        columns[ours], bad = _read(frame[name], kind)
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            problems.append(
                f"{name}: {int(bad.sum())} bad cells, the first {_shown(frame[name].iloc[row])} in row {row + 1}"
            )
            accepted.append(f"{name}: {MEANING[kind]}")
    if problems:
        raise InputError(where, "; ".join(problems), "; ".join(accepted))
    return nearest, pd.DataFrame(columns).reset_index(drop=True)


def _read(series: pd.Series, kind: Kind) -> tuple[pd.Series, Any]:
    """The cells as their kind, and which of them are bad."""
    series = series.reset_index(drop=True)
    none = pd.Series(np.zeros(len(series), dtype=bool))
    if kind == "string":
        return _strings(series), none
    if kind == "number":
        numbers = pd.to_numeric(series, errors="coerce").astype(np.float64)
        return numbers, ~np.isfinite(numbers)
    if kind == "flag":
        flags = series.astype(object).map(lambda value: _FLAGS.get(str(value).lower()))
        return flags.eq(True), flags.isna()
    times = _times(series)
    empty = _strings(series).isna()
    return times, times.isna() & ~empty if kind == "time or missing" else times.isna()


def _strings(series: pd.Series) -> pd.Series:
    return pd.Series([_text(value) for value in series.astype(object)], dtype=object)


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return value or None
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return None
    # A spreadsheet or a column with gaps makes 17850.0 of the code 17850.
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _times(series: pd.Series) -> pd.Series:
    """Times in UTC without a zone; those without one are taken as they are."""
    times = pd.to_datetime(series.astype(object), errors="coerce", format="ISO8601", utc=True)
    if times.isna().all():
        times = pd.to_datetime(series.astype(object), errors="coerce", format="%m/%d/%Y %H:%M", utc=True)
    return times.dt.tz_localize(None).dt.as_unit("us")


def _shown(value: Any) -> str:
    return "an empty cell" if _text(value) is None else repr(str(value)[:40])
