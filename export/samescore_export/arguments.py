"""What an export or a proof is asked for, checked before any work is done: the work may take minutes."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

from samescore_export.sample import Sample
from samescore_runtime.contract import Layout
from samescore_runtime.errors import InputError


def check_model(model: Any) -> None:
    """Raises InputError for what is no estimator: a class, a path, None."""
    if isinstance(model, type):
        raise InputError("model", f"the class {model.__name__}", "a fitted estimator")
    if not hasattr(model, "__sklearn_tags__"):
        raise InputError("model", f"a {type(model).__name__}", "a fitted scikit-learn estimator or pipeline")


def check_methods(methods: Sequence[str] | None) -> None:
    """Raises InputError for what is no list of names; whether the model has them shows later."""
    if methods is None:
        return
    accepted = "a list of names, such as ['predict', 'predict_proba'], or None for the usual ones"
    if isinstance(methods, str) or not all(isinstance(name, str) for name in methods):
        raise InputError("methods", repr(methods), accepted)
    if not methods:
        raise InputError("methods", "no name", accepted)


def check_settings(seed: int, budget: int, layout: str = "packed") -> None:
    """Raises InputError for a seed below 0, fewer than one probe, or a layout that does not exist."""
    if seed < 0:
        raise InputError("seed", str(seed), "0 or more")
    if budget < 1:
        raise InputError("budget", str(budget), "at least 1")
    if layout not in get_args(Layout):
        raise InputError("layout", repr(layout), " or ".join(get_args(Layout)))


def check_within(within: float | None) -> None:
    """Raises InputError for a largest difference that is none: below zero, infinite or NaN."""
    if within is not None and not 0.0 <= within < math.inf:
        raise InputError("--within", f"{within:g}", "a number from 0 on")


def check_descriptions(descriptions: Mapping[str, Any] | None) -> None:
    """Raises InputError for what is no pair of texts, either of which may be None."""
    for column, pair in (descriptions or {}).items():
        if (
            not isinstance(pair, tuple)
            or len(pair) != 2
            or not all(item is None or isinstance(item, str) for item in pair)
        ):
            raise InputError(f"descriptions[{column!r}]", repr(pair), "(unit, description), each a text or None")


def check_described(descriptions: Mapping[str, Any] | None, sample: Sample) -> None:
    """Raises InputError for a description of a column that the sample does not have; a name near it is told."""
    for column in descriptions or {}:
        if column not in sample.columns:
            near = get_close_matches(column, sample.columns, n=3) or list(sample.columns)[:5]
            accepted = f"a column of the sample, such as {', '.join(map(repr, near))}"
            raise InputError(f"descriptions[{column!r}]", "no such column", accepted)


def check_destination(path: Path | None, report: Path | None) -> None:
    """Raises InputError where the artifact or the report's folder cannot be written."""
    if path is not None:
        if path.is_dir():
            raise InputError(str(path), "a folder", "a file to write")
        if not path.parent.is_dir():
            raise InputError(str(path), f"no such folder: {path.parent}", "a file in a folder that exists")
        _check_writable(path.parent)
    if report is not None:
        # The folder is made if need be, below the first that exists.
        existing = next(folder for folder in (report, *report.absolute().parents) if folder.exists())
        if not existing.is_dir():
            raise InputError(str(report), f"{existing} is a file", "a folder for the report")
        _check_writable(existing)


def _check_writable(folder: Path) -> None:
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(str(folder), "a folder that must not be written", "a folder that can be")
