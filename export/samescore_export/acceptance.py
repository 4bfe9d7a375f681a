"""What a model accepts in each column, found by asking it: missing values, infinities, strings it has not seen.

The graph cannot refuse anything, so the contract must refuse whatever scikit-learn would.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.exceptions import NotFittedError

from samescore_export.operations.categories import is_missing
from samescore_export.ordered import LARGEST
from samescore_export.sample import Sample
from samescore_runtime.errors import InputError

#: The largest float64 that rounds to a finite float32.
FLOAT32_LIMIT = 3.4028235677973362e38

#: The power of ten up to which a limit is found more finely.
ORDINARY = 12

#: Elements of an image that the model is asked about one by one.
MOST_ASKED = 32

#: Distinct strings up to which a column's values are listed as categories.
MOST_CATEGORIES = 1000


@dataclass(frozen=True, slots=True)
class Acceptance:
    """The contract's rules for one column (docs/contract.md)."""

    nullable: bool = False
    finite: bool = False
    limit: float | None = None
    range: tuple[float, float] | None = None
    categories: tuple[str, ...] | None = None
    closed: bool = False
    max_length: int | None = None
    optional: bool = False


def refusal(error: Exception) -> InputError:
    """The error to raise where the model itself refuses rows of the sample, or was not fitted; its own words are in it."""
    if isinstance(error, NotFittedError):
        return InputError("model", f"not fitted ({_words(error)})", "a fitted model")
    said = f"the model refuses it ({in_words(error)})"
    return InputError("sample", said, "rows that the model takes")


def check_taken(call: Callable[[Any], Any], sample: Sample) -> None:
    """Raises InputError unless the model takes the sample's first row or, where one row is too few for it, the sample."""
    for rows in (sample.take([0]), sample):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                call(rows.native())
        except Exception as error:
            refused = error
        else:
            return
    raise refusal(refused) from refused


def in_words(error: Exception) -> str:
    """What kind of error, and what it says."""
    return f"{type(error).__name__}: {_words(error)}"


def _words(error: Exception) -> str:
    """A message of several lines as one, as all of ours are, and not longer than a screen."""
    words = " ".join(str(error).split())
    return words if len(words) <= 400 else f"{words[:400]}…"


def ask(call: Callable[[Any], Any], sample: Sample, max_length: dict[str, int]) -> dict[str, Acceptance]:
    """Try values of each kind in a row of the sample.

    Args:
        call: scores native rows with the original model; its exceptions are the answer.
        max_length: for list columns, how many elements the model takes.
    """
    row = sample.take([0])

    def accepted(names: Sequence[str], value: Callable[[str], Any]) -> set[str]:
        """The columns among ``names`` in which the model takes the value; all at once if it takes all."""
        if not names:
            return set()
        if _scores(call, _replaced(row, {name: value(name) for name in names})):
            return set(names)
        if len(names) == 1:
            return set()
        if sample.row_shape is not None and len(names) > MOST_ASKED:
            # An array is checked as a whole, so that a part of its elements tells for the others.
            asked = names[:: len(names) // MOST_ASKED]
            if not any(_scores(call, _replaced(row, {name: value(name)})) for name in asked):
                return set()
        return {name for name in names if _scores(call, _replaced(row, {name: value(name)}))}

    floats = [name for name, type_ in sample.types.items() if type_ in ("float64", "float32")]
    strings = [name for name, type_ in sample.types.items() if type_ == "string"]
    maybe_missing = [name for name in sample.types if name in floats or name in strings or _holds_missing(sample, name)]
    nullable = accepted(maybe_missing, lambda name: sample.absent[name])
    infinite = accepted(floats, lambda _: np.inf)
    doubles = [name for name in floats if sample.types[name] == "float64" and name not in infinite]
    boundless = accepted(doubles, lambda _: LARGEST)
    bounded = [name for name in doubles if name not in boundless]
    # A row of the sample with another row's number in it may be refused (no point is near it; it is beyond the last knot): what the
    # sample shows is taken.
    limits = {name: max(limit, _largest(sample, name)) for name, limit in _limits(call, row, bounded).items()}
    categorical = [name for name in strings if sample.form != "texts"]
    open_ = accepted(categorical, lambda name: "never seen: \u2603")
    return {
        name: replace(
            _observed(sample, name),
            nullable=name in nullable or sample.form == "dicts",
            finite=name in floats and name not in infinite,
            limit=limits.get(name),
            closed=name in categorical and name not in open_,
            max_length=max_length.get(name),
            optional=sample.form == "dicts",
        )
        for name in sample.types
    }


def _largest(sample: Sample, name: str) -> float:
    values = sample.columns[name]
    if values.dtype == object:  # one of an array of objects
        values = np.array([np.nan if is_missing(value) else float(value) for value in values])
    sizes = np.abs(values[np.isfinite(values)])
    return float(sizes.max(initial=0.0))


def _limits(call: Callable[[Any], Any], row: Sample, names: Sequence[str]) -> dict[str, float]:
    """The largest magnitude the model takes in each column; float32's for all if it takes that in all at once."""
    if all(_scores(call, _replaced(row, dict.fromkeys(names, sign * FLOAT32_LIMIT))) for sign in (1.0, -1.0)):
        return dict.fromkeys(names, FLOAT32_LIMIT)
    return {name: _limit(call, row, name) for name in names}


def _limit(call: Callable[[Any], Any], row: Sample, name: str) -> float:
    """The largest magnitude the model takes in a column: float32's, or else a power of ten not beyond it.

    Behind a scaler the overflow of float32 lies elsewhere for each column; a power of ten is near enough, as it refuses only
    numbers of a size that no data have. A sign that the model does not take well beyond the row's own numbers (counts, which
    must not be negative) has no limit to find.
    """
    floats = (other for other, type_ in row.types.items() if type_ in ("float64", "float32"))
    beyond = 1e3 * max([1.0, *(_largest(row, other) for other in floats)])
    signs = [sign for sign in (1.0, -1.0) if _scores(call, _replaced(row, {name: sign * beyond}))] or [1.0, -1.0]

    def takes(magnitude: float) -> bool:
        return all(_scores(call, _replaced(row, {name: sign * magnitude})) for sign in signs)

    if takes(FLOAT32_LIMIT) and not takes(1.0001 * FLOAT32_LIMIT):
        return FLOAT32_LIMIT
    low, high = 0, 309
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if takes(10.0**middle) else (low, middle)
    return 10.0**low if low > ORDINARY else _finer(takes, 10.0**low)


def _finer(takes: Callable[[float], bool], low: float) -> float:
    """A limit among numbers that data do have, which a power of ten would cut too soon: within 1 %, between ``low`` and ten times it."""
    high = 10.0 * low
    for _ in range(8):
        middle = float(np.sqrt(low * high))
        low, high = (middle, high) if takes(middle) else (low, middle)
    return low


def _scores(call: Callable[[Any], Any], sample: Sample) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            call(sample.native())
    except Exception:
        return False
    return True


def _replaced(row: Sample, values: dict[str, Any]) -> Sample:
    columns = dict(row.columns)
    for name, value in values.items():
        array = columns[name]
        if array.dtype.kind == "M":
            columns[name] = np.array(["NaT"], array.dtype)
        elif array.dtype.kind in "iub":
            columns[name] = np.array([float(value)])
        else:
            cell = np.empty(1, dtype=array.dtype)
            cell[0] = value
            columns[name] = cell
    return replace(row, columns=columns)


def _holds_missing(sample: Sample, name: str) -> bool:
    """Whether a column that is no float shows that it can be missing: pandas' nullable types, NaT."""
    values = sample.columns[name]
    if values.dtype.kind == "M":
        return bool(np.isnat(values).any())
    if sample.types[name] in ("int64", "bool"):
        return values.dtype == object
    return False


def _observed(sample: Sample, name: str) -> Acceptance:
    values, type_ = sample.columns[name], sample.types[name]
    if type_ == "string":
        distinct = sorted({value for value in values if not is_missing(value)})
        listed = sample.form != "texts" and len(distinct) <= MOST_CATEGORIES
        return Acceptance(categories=tuple(distinct) if listed else None)
    if type_ == "list<string>":
        return Acceptance()
    if type_ == "datetime":
        present = values[~np.isnat(values)].astype("datetime64[us]").astype(np.int64)
    else:
        numbers = (
            np.array([np.nan if is_missing(value) else float(value) for value in values])
            if values.dtype == object
            else values
        )
        present = numbers[np.isfinite(numbers)] if numbers.dtype.kind == "f" else numbers
    if not len(present):
        return Acceptance()
    return Acceptance(range=(_plain(present.min()), _plain(present.max())))


def _plain(value: Any) -> float:
    number = value.item()
    return int(number) if isinstance(number, bool) else number
