"""Writing what training gives: the model and sample rows."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pandas as pd

from samescore_runtime.errors import InputError


def save_model(model: Any, path: str | Path) -> None:
    """Write a fitted model as .skops; the file appears whole or not at all.

    Raises:
        InputError: another suffix, or a folder that is not there.
    """
    from skops.io import dump

    target = writable(path, (".skops",))
    partial = target.with_name(f".{target.name}.partial")
    try:
        dump(model, partial)
        os.replace(partial, target)
    finally:
        partial.unlink(missing_ok=True)


def save_sample(sample: pd.DataFrame, path: str | Path) -> None:
    """Write sample rows as .parquet, or as .csv, which keeps no types and takes no lists.

    Raises:
        InputError: another suffix, a folder that is not there, or lists for a .csv.
    """
    target = check_sample_path(path)
    if target.suffix == ".parquet":
        sample.to_parquet(target, index=False)
        return
    lists = [name for name in sample.columns if isinstance(sample[name].iloc[0], list)]
    if lists:
        raise InputError(target.name, f"the columns {', '.join(lists)} of lists", "a .parquet file")
    sample.to_csv(target, index=False)


def check_sample_path(path: str | Path) -> Path:
    """The path, if a sample can be written there; raises InputError otherwise."""
    return writable(path, (".parquet", ".csv"))


def writable(path: str | Path, suffixes: tuple[str, ...]) -> Path:
    """The path, if it ends in one of the suffixes and its folder is there; raises InputError otherwise."""
    target = Path(path)
    if target.suffix not in suffixes:
        raise InputError(target.name, f"the suffix {target.suffix!r}", " or ".join(suffixes))
    if not target.parent.is_dir():
        raise InputError(target.parent.name, "no such folder", "a folder that is there")
    return target
