"""What keeps a model from being exported whatever its parts are: columns that do not fit, labels that no output can hold."""

from __future__ import annotations

from typing import Any

import numpy as np

from samescore_export.errors import Unsupported
from samescore_export.sample import Sample


def sample_problems(estimator: Any, sample: Sample) -> list[Unsupported]:
    """Columns of the sample that the model was not fitted on, and those that it lacks."""
    fitted = [str(name) for name in getattr(estimator, "feature_names_in_", [])]
    if not fitted or sample.form in ("texts", "labels"):
        return []
    extra = [name for name in sample.columns if name not in fitted]
    lost = [name for name in fitted if name not in sample.columns]
    if sample.form == "array":
        width = f"an array of {len(sample.columns)} columns for a model fitted on named columns"
        return [Unsupported("sample", width, f"a data frame with the columns {', '.join(fitted)}")]
    return [
        *(
            Unsupported(
                f"sample.{name}", "a column that the model was not fitted on; is it the target?", "the model's columns"
            )
            for name in extra
        ),
        *(Unsupported(f"sample.{name}", "no such column", "all columns that the model was fitted on") for name in lost),
    ]


def label_problems(estimator: Any) -> list[Unsupported]:
    """Labels that no output can hold: bytes and times, and whole numbers beyond int64."""
    classes = getattr(estimator, "classes_", None)
    arrays = [array for array in (classes if isinstance(classes, list) else [classes]) if isinstance(array, np.ndarray)]
    largest = np.iinfo(np.int64).max
    strange = [
        Unsupported("model", f"labels of the type {array.dtype}", "strings, whole numbers, floats or bools")
        for array in arrays
        if array.dtype.kind not in "UObiuf"
    ]
    wide = [
        Unsupported("model", f"the label {array.max()}", "whole numbers within int64")
        for array in arrays
        if array.dtype == np.uint64 and array.size and array.max() > largest
    ]
    return [*strange, *wide]
