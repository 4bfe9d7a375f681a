"""Sample rows in the form the model takes them: a data frame, an array, or a list of texts."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.feature_extraction import DictVectorizer, FeatureHasher

from samescore_export.operations.categories import is_missing
from samescore_runtime.contract import ColumnType
from samescore_runtime.errors import InputError

#: A half of what UTF-16 writes as two.
SURROGATE = "a lone surrogate, which is no text"

_LARGEST_INT = np.iinfo(np.int64).max

#: What the columns of a frame may hold.
COLUMNS = "columns of numbers, booleans, times, strings, or lists of strings, one type each"

#: The most numbers in a row of an array of more than two axes: each is a column of the contract.
LARGEST_ROW = 2**14

#: The name of the only column of a model over a list of texts.
TEXT = "text"


@dataclass(frozen=True)
class Sample:
    """Rows by column.

    Attributes:
        form: what the model takes.
        columns: name -> values (rows,): float64, float32, int64, bool, or object (strings, lists, missing values).
        types: name -> the contract's type.
        dtypes: name -> the pandas dtype to hand to the model; a frame's alone.
        absent: name -> what stands for a missing string in this column: None or NaN.
        categorical: whether the model is handed pandas categories as such, as the boosters want them; a string that is none of a column's
            categories is then missing. scikit-learn's encoders get strings.
        row_shape: the sizes of an array's axes behind the rows, where there are several: images.
        strange: name -> what its values are, for columns of no type of the contract; they are well where the model does not read them.
    """

    form: Literal["frame", "array", "texts", "labels", "dicts"]
    columns: Mapping[str, NDArray[Any]]
    types: Mapping[str, ColumnType]
    dtypes: Mapping[str, Any]
    absent: Mapping[str, Any]
    categorical: bool = False
    row_shape: tuple[int, ...] | None = None
    strange: Mapping[str, str] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        return len(next(iter(self.columns.values()))) if self.columns else 0

    def take(self, rows: Any) -> Sample:
        """The rows of these indices, in their order."""
        return replace(self, columns={name: values[rows] for name, values in self.columns.items()})

    def native(self) -> Any:
        """The rows as the model takes them."""
        if self.form == "texts":
            return self.columns[TEXT].tolist()
        if self.form == "labels":
            values = self.columns[TEXT]
            return values.tolist() if self.types[TEXT] == "list<string>" else values
        if self.form == "dicts":
            return self._dicts()
        if self.form == "array":
            arrays = list(self.columns.values())
            flat = np.column_stack(arrays) if arrays else np.zeros((self.rows, 0))
            return flat if self.row_shape is None else flat.reshape(self.rows, *self.row_shape)
        return pd.DataFrame({name: self._series(name) for name in self.columns})

    def _dicts(self) -> list[dict[str, Any]]:
        """Rows as dicts, without the keys that are missing."""
        rows: list[dict[str, Any]] = [{} for _ in range(self.rows)]
        for name, values in self.columns.items():
            for row, value in zip(rows, values.tolist(), strict=True):
                if isinstance(value, (list, tuple)) or not is_missing(value):
                    row[name] = value
        return rows

    def _series(self, name: str) -> Any:
        values, dtype = self.columns[name], self.dtypes[name]
        if name in self.strange:
            return pd.Series(values, dtype=dtype)
        if values.dtype == object and self.types[name] == "datetime":
            return pd.Series(pd.to_datetime(list(values)), dtype=dtype)
        if isinstance(dtype, pd.CategoricalDtype):
            if self.categorical:
                known = set(dtype.categories)
                return pd.Series([v if v in known else None for v in values], dtype=dtype)
            return pd.Series(values)
        return pd.Series(values, dtype=dtype)

    def sha256(self) -> str:
        """A hash of names, types and values; the same whatever the form."""
        sha = hashlib.sha256()
        for name, values in self.columns.items():
            sha.update(f"{name}\0{self.types.get(name, 'object')}\0".encode("utf-8", "surrogatepass"))
            if values.dtype == object:
                sha.update(
                    "\0".join("\1" if is_missing(value) else str(value) for value in values).encode(
                        "utf-8", "surrogatepass"
                    )
                )
            else:
                sha.update(np.ascontiguousarray(values).tobytes())
        return sha.hexdigest()


def read_sample(X: Any, dicts: bool = False) -> Sample:
    """Look at sample rows: a pandas or polars frame, an Arrow table, an array (also of images), or a list of texts.

    ``dicts`` says that the model takes a list of dicts as such.

    Raises:
        InputError: anything else, no rows, or a column of mixed or unknown type; all such columns are named.
    """
    if isinstance(X, np.ndarray) and X.ndim == 2:
        return _array(X)
    if isinstance(X, np.ndarray) and X.ndim > 2:
        return _images(X)
    if dicts and isinstance(X, (list, tuple)) and X and all(isinstance(row, Mapping) for row in X):
        return _keyed(X)
    if isinstance(X, (list, tuple)) and X and isinstance(X[0], Mapping):
        X = pd.DataFrame(list(X))
    if isinstance(X, Mapping):
        X = pd.DataFrame(dict(X))
    if isinstance(X, (list, tuple)) or (isinstance(X, (np.ndarray, pd.Series)) and X.ndim == 1):
        return _texts(X)
    if hasattr(X, "to_pandas"):
        X = X.to_pandas()
    if not isinstance(X, pd.DataFrame):
        raise InputError("sample", f"a {type(X).__name__}", "a data frame, a 2-D array or a list of texts")
    return _frame(X)


def takes_dicts(estimator: Any) -> bool:
    """Whether the model's first step reads dicts."""
    if isinstance(estimator, (DictVectorizer, FeatureHasher)):
        return not isinstance(estimator, FeatureHasher) or estimator.input_type == "dict"
    inside = (getattr(estimator, "best_estimator_", None), getattr(estimator, "estimator_", None))
    if getattr(estimator, "steps", None):
        inside = (estimator.steps[0][1], None)
    elif getattr(estimator, "transformer_list", None):
        inside = (estimator.transformer_list[0][1], None)
    return any(takes_dicts(item) for item in inside if item is not None and not isinstance(item, str))


def _keyed(rows: Sequence[Mapping[Any, Any]]) -> Sample:
    """Dicts as a column a key, in the order in which the keys are first seen; decision 0008."""
    keys = dict.fromkeys(key for row in rows for key in row)
    columns: dict[str, NDArray[Any]] = {}
    types: dict[str, ColumnType] = {}
    absent: dict[str, Any] = {}
    problems = [f"the key {key!r} ({type(key).__name__})" for key in keys if not isinstance(key, str)]
    for key in (key for key in keys if isinstance(key, str)):
        present = [row[key] for row in rows if key in row]
        plain = [value for value in present if not isinstance(value, (list, tuple))]
        if any(is_missing(value) for value in plain):
            problems.append(f"{key}: None or NaN, where a key that is not there can be left out")
        elif all(isinstance(value, str) for value in present):
            columns[key], types[key], absent[key] = _cells(rows, key, None), "string", None
            if not all(map(_is_text, present)):
                problems.append(f"{key}: {SURROGATE}")
        elif all(isinstance(value, (int, float, np.number, np.bool_)) for value in present):
            numbers = [float(row[key]) if key in row else np.nan for row in rows]
            columns[key], types[key], absent[key] = np.array(numbers), "float64", np.nan
        elif not plain and all(isinstance(item, str) for value in present for item in value):
            # A list that is not there gives what one without elements gives: nothing.
            columns[key], types[key], absent[key] = _cells(rows, key, ()), "list<string>", None
        else:
            kinds = sorted({type(value).__name__ for value in present})
            problems.append(f"{key}: values of the types {', '.join(kinds)}")
    if problems or not columns:
        raise InputError(
            "sample",
            "; ".join(problems) or "dicts without keys",
            "keys with numbers, strings, or lists of strings alone",
        )
    return Sample("dicts", columns, types, {}, absent)


def _cells(rows: Sequence[Mapping[Any, Any]], key: str, absent: Any) -> NDArray[Any]:
    values = np.empty(len(rows), dtype=object)
    for index, row in enumerate(rows):
        value = row.get(key, absent)
        values[index] = list(value) if isinstance(value, tuple) else value
    return values


def as_labels(sample: Sample) -> Sample:
    """A list of texts as labels, each a category of its own; an array of one column as the labels that it holds."""
    if sample.form == "array" and len(sample.columns) == 1:
        ((name, values),) = sample.columns.items()
        return Sample("labels", {TEXT: values}, {TEXT: sample.types[name]}, {}, {TEXT: sample.absent[name]})
    return replace(sample, form="labels") if sample.form == "texts" else sample


def _is_text(value: Any) -> bool:
    """False for a string that is none: one half of a pair of surrogates has no bytes in UTF-8."""
    try:
        return not isinstance(value, str) or value.encode() is not None
    except UnicodeEncodeError:
        return False


def _texts(X: Any) -> Sample:
    values = np.empty(len(X), dtype=object)
    for index, value in enumerate(X):
        values[index] = value
    if len(values) and all(isinstance(value, (list, tuple, set, frozenset)) for value in values):
        return _lists_of_labels(values)
    if len(values) and all(isinstance(value, (bool, int, float, np.bool_, np.number)) for value in values):
        numbers = np.asarray(X)
        kind: ColumnType = {"b": "bool", "f": "float64"}.get(numbers.dtype.kind, "int64")  # type: ignore[assignment]
        return Sample("labels", {TEXT: numbers.astype(kind)}, {TEXT: kind}, {}, {TEXT: np.nan})
    strange = [type(value).__name__ for value in values if not isinstance(value, str)]
    strange += [SURROGATE for value in values if not _is_text(value)][:1]
    if strange or not len(values):
        raise InputError("sample", f"a list with {strange[0] if strange else 'no element'}", "a list of strings")
    return Sample("texts", {TEXT: values}, {TEXT: "string"}, {}, {TEXT: None})


def _lists_of_labels(values: NDArray[Any]) -> Sample:
    strange = sorted({type(item).__name__ for value in values for item in value if not isinstance(item, str)})
    strange += [SURROGATE for value in values if not all(map(_is_text, value))][:1]
    if strange:
        raise InputError("sample", f"lists with {', '.join(strange)}", "lists of strings, or a 2-D array of numbers")
    lists = np.empty(len(values), dtype=object)
    for index, value in enumerate(values):
        lists[index] = sorted(value) if isinstance(value, (set, frozenset)) else list(value)
    return Sample("labels", {TEXT: lists}, {TEXT: "list<string>"}, {}, {TEXT: None})


def _array(X: NDArray[Any]) -> Sample:
    kinds: dict[str, ColumnType] = {"f4": "float32", "f8": "float64"}
    kind = "bool" if X.dtype == bool else "int64" if X.dtype.kind in "iu" else kinds.get(X.dtype.str[1:])
    if X.dtype.kind in "OU":
        frame = pd.DataFrame(X.astype(object), columns=[f"x{i}" for i in range(X.shape[1])]).infer_objects()
        read = _frame(frame)
        if read.strange:
            raise unreadable(read.strange)
        return replace(read, form="array", columns={n: v.astype(object) for n, v in read.columns.items()})
    if X.dtype == np.uint64 and X.size and int(X.max()) > _LARGEST_INT:
        raise InputError("sample", "a whole number beyond int64", "whole numbers within int64")
    if not X.shape[1]:
        raise InputError("sample", "no columns", "at least one column")
    if kind is None or not len(X):
        raise InputError("sample", f"an array of {X.dtype} with {len(X)} rows", "float64, float32, int or bool rows")
    names = [f"x{i}" for i in range(X.shape[1])]
    array = X.astype(kind)
    return Sample(
        "array",
        {name: np.ascontiguousarray(array[:, i]) for i, name in enumerate(names)},
        dict.fromkeys(names, kind),
        {},
        dict.fromkeys(names, np.nan),
    )


def _images(X: NDArray[Any]) -> Sample:
    """An array of more than two axes: a column for each element of a row, in row-major order, named by its place."""
    sizes = X.shape[1:]
    if not 0 < np.prod(sizes) <= LARGEST_ROW or X.dtype.kind not in "fiub":
        accepted = f"numbers, and at most {LARGEST_ROW} of them in a row"
        raise InputError("sample", f"an array of {X.dtype} with the shape {X.shape}", accepted)
    flat = _array(X.reshape(len(X), -1))
    names = [f"x[{','.join(map(str, place))}]" for place in np.ndindex(*sizes)]
    columns = dict(zip(names, flat.columns.values(), strict=True))
    types = dict(zip(names, flat.types.values(), strict=True))
    return Sample("array", columns, types, {}, dict.fromkeys(names, np.nan), row_shape=sizes)


def _frame(frame: pd.DataFrame) -> Sample:
    if not len(frame):
        raise InputError("sample", "no rows", "at least one row")
    columns: dict[str, NDArray[Any]] = {}
    types: dict[str, ColumnType] = {}
    absent: dict[str, Any] = {}
    strange: dict[str, str] = {}
    if not frame.shape[1]:
        raise InputError("sample", "no columns", "at least one column")
    twice = [name for name, count in Counter(map(str, frame.columns)).items() if count > 1]
    if twice:
        raise InputError("sample", f"several columns named {', '.join(map(repr, twice))}", "a name of its own for each")
    for label in frame.columns:
        name = str(label)
        try:
            columns[name], types[name], absent[name] = _column(frame[label])
        except ValueError as error:
            columns[name], strange[name] = frame[label].to_numpy(dtype=object), str(error)
    if not types:
        raise unreadable(strange)
    dtypes = {str(label): _roomy(frame[label].dtype) for label in frame.columns}
    return Sample("frame", columns, types, dtypes, absent, strange=strange)


def unreadable(strange: Mapping[str, str]) -> InputError:
    """The error for columns of no type of the contract, by what their values are."""
    return InputError("sample", "; ".join(f"{name}: {why}" for name, why in strange.items()), COLUMNS)


def _roomy(dtype: Any) -> Any:
    """The dtype in which a column is handed to the model: whole numbers as int64, since probes need not fit into fewer bits."""
    if getattr(dtype, "kind", "") not in ("i", "u"):
        return dtype
    return np.dtype(np.int64) if isinstance(dtype, np.dtype) else pd.Int64Dtype()


def _column(series: Any) -> tuple[NDArray[Any], ColumnType, Any]:
    dtype = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        series = series.astype(object)
        dtype = series.dtype
    if isinstance(dtype, pd.DatetimeTZDtype) or dtype.kind == "M":
        return series.to_numpy(dtype="datetime64[us]"), "datetime", None
    if isinstance(dtype, np.dtype) and dtype.kind == "f":
        kind: ColumnType = "float32" if dtype.itemsize <= 4 else "float64"
        return series.to_numpy(dtype=kind), kind, np.nan
    if isinstance(dtype, np.dtype) and dtype.kind in "iu":
        if dtype == np.uint64 and int(series.max()) > _LARGEST_INT:
            raise ValueError("a whole number beyond int64")
        return series.to_numpy(dtype=np.int64), "int64", None
    if isinstance(dtype, np.dtype) and dtype.kind == "b":
        return series.to_numpy(dtype=bool), "bool", None
    if getattr(dtype, "kind", "") == "O" or str(dtype).startswith("str"):
        return _objects(series)
    kind_of = getattr(dtype, "kind", "?")
    if kind_of in "iub":  # pandas' nullable integers and bools
        values = series.astype(object).to_numpy()
        if kind_of == "u" and any(value > _LARGEST_INT for value in values if not is_missing(value)):
            raise ValueError("a whole number beyond int64")
        return values, "bool" if kind_of == "b" else "int64", pd.NA
    if kind_of == "f":
        return series.to_numpy(dtype=np.float64, na_value=np.nan), "float64", np.nan
    raise ValueError(f"the dtype {dtype}")


def _objects(series: Any) -> tuple[NDArray[Any], ColumnType, Any]:
    values = series.astype(object).to_numpy()
    present = [value for value in values if isinstance(value, (list, tuple, np.ndarray)) or not is_missing(value)]
    missing = {
        None if value is None else "nan"
        for value in values
        if not isinstance(value, (list, tuple, np.ndarray)) and is_missing(value)
    }
    if len(missing) > 1:
        raise ValueError("both None and NaN stand for missing, which scikit-learn tells apart; only one of them")
    absent = None if missing == {None} else np.nan
    if all(isinstance(value, str) for value in present):
        if not all(map(_is_text, present)):
            raise ValueError(SURROGATE)
        return values, "string", absent
    if all(isinstance(value, (list, tuple, np.ndarray)) for value in present):
        if not all(_is_text(item) for value in present for item in value):
            raise ValueError(SURROGATE)
        return values, "list<string>", None
    if all(isinstance(value, (bool, np.bool_)) for value in present):
        return values, "bool", absent
    if all(isinstance(value, (int, float, np.number)) for value in present):
        try:
            numbers = [np.nan if is_missing(value) else float(value) for value in values]
        except OverflowError as error:
            raise ValueError("a whole number too large for float64") from error
        return np.array(numbers), "float64", np.nan
    kinds = sorted({type(value).__name__ for value in present})
    raise ValueError(f"values of the types {', '.join(kinds)} together")
