"""One column of a data frame or array, whatever library it comes from, as plain numpy values.

Data frames are read through their own methods: no data frame library is imported here, and none needs to be installed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Cells:
    """The values of a column (1-D) and where they are missing.

    Integers stay integers where values are missing: a double does not hold every int64.
    """

    values: NDArray[Any]
    missing: NDArray[np.bool_]

    def value(self, row: int) -> Any:
        """One value as a Python object; NaN where a float is missing, None where anything else is."""
        value = self.values[row]
        if self.values.dtype.kind == "M":
            value = value.astype("datetime64[us]")
        if isinstance(value, np.generic):
            value = value.item()
        if self.missing[row]:
            return value if isinstance(value, float) and value != value else None
        return value


def cells(column: Any) -> Cells:
    """The cells of a numpy array, a list, a pandas or polars Series, or an Arrow array."""
    if isinstance(column, np.ndarray):
        return _from_array(column)
    if hasattr(column, "to_pylist"):
        return _from_arrow(column)
    if hasattr(column, "isna"):
        return _from_pandas(column)
    if hasattr(column, "is_null"):
        return _from_polars(column)
    return _from_array(_objects(list(column)))


def _objects(values: list[Any]) -> NDArray[Any]:
    array = np.empty(len(values), object)
    for index, value in enumerate(values):
        array[index] = value
    return array


def _from_array(values: NDArray[Any], missing: Any = None) -> Cells:
    """Cells of an array; ``missing`` adds to what the values themselves say (NaN, NaT, None)."""
    if values.dtype.kind in "fM":
        own = np.isnan(values) if values.dtype.kind == "f" else np.isnat(values)
    elif values.dtype.kind == "O":
        own = np.fromiter(map(_is_missing, values.tolist()), np.bool_, len(values))
    else:
        own = np.zeros(len(values), np.bool_)
    return Cells(values, own if missing is None else own | np.asarray(missing, np.bool_))


def _is_missing(value: Any) -> bool:
    if value is None:
        return True
    if isinstance(value, (str, list, tuple, np.ndarray)):
        return False
    try:
        return bool(value != value)
    except (TypeError, ValueError):
        # pandas.NA answers no comparison with true or false.
        return type(value).__name__ == "NAType"


def _from_pandas(series: Any) -> Cells:
    missing = np.asarray(series.isna(), dtype=bool)
    dtype = series.dtype
    if hasattr(series, "cat"):
        known = cells(series.cat.categories)
        codes = series.cat.codes.to_numpy()
        if len(known.values) == 0:
            return Cells(np.full(len(missing), None, object), missing)
        return Cells(known.values[np.where(missing, 0, codes)], missing)
    kind = getattr(dtype, "kind", "O")
    if kind == "M":
        # Aware times come out as UTC; `to_numpy` alone would give an object per time.
        return Cells(series.to_numpy(dtype="datetime64[us]", na_value=np.datetime64("NaT")), missing)
    if isinstance(dtype, np.dtype):
        return Cells(series.to_numpy(), missing)
    if kind in "iub":
        exact = {"i": "int64", "u": "uint64", "b": "bool"}[kind]
        return Cells(series.to_numpy(dtype=exact, na_value=False if kind == "b" else 0), missing)
    if kind == "f":
        return _from_array(series.to_numpy(dtype="float64", na_value=np.nan), missing)
    return Cells(series.to_numpy(dtype=object, na_value=None), missing)


def _from_polars(series: Any) -> Cells:
    missing = series.is_null().to_numpy()
    dtype = series.dtype
    if str(dtype).startswith(("List", "Array")):
        return Cells(_objects(series.to_list()), missing)
    if missing.any() and (dtype.is_integer() or str(dtype) == "Boolean"):
        series = series.fill_null(0) if dtype.is_integer() else series.fill_null(value=False)
    return _from_array(series.to_numpy(), missing)


def _from_arrow(array: Any) -> Cells:
    missing = np.asarray(array.is_null().to_numpy(zero_copy_only=False), np.bool_)
    kind = str(array.type)
    if kind.startswith("dictionary"):
        return cells(array.cast(array.type.value_type))
    if kind.startswith(("list", "large_list", "fixed_size_list")):
        return Cells(_objects(array.to_pylist()), missing)
    if missing.any() and (kind == "bool" or kind.removeprefix("u").startswith("int")):
        array = array.fill_null(False if kind == "bool" else 0)
    return _from_array(array.to_numpy(zero_copy_only=False), missing)
