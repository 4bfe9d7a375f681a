"""Data frames of every kind give the tensors that the same rows give."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samescore_runtime.cells import Refused, reader
from samescore_runtime.contract import Column, Contract, Place
from samescore_runtime.errors import ContractError, InputError
from samescore_runtime.frames import encode_frame
from samescore_runtime.packing import groups, pack
from samescore_runtime.rows import encode_rows

ROWS: list[dict[str, Any]] = [
    {
        "price": 1.5,
        "count": 2**53 + 1,
        "stock": None,
        "open": True,
        "shop": "east",
        "colour": None,
        "day": datetime(2020, 1, 2, 3, 4, 5, 678901),
        "ratio": 0.1,
        "text": "h\U0001f600",
        "items": ["a", "b"],
    },
    {
        "price": None,
        "count": -5,
        "stock": 7,
        "open": False,
        "shop": "west",
        "colour": "red",
        "day": datetime(1969, 12, 31),
        "ratio": -2.0,
        "text": "",
        "items": [],
    },
]


@pytest.fixture(scope="module")
def contract(mixed: Any) -> Contract:
    return Contract.from_json(mixed.contract)


def assert_same(got: dict[str, Any], want: dict[str, Any]) -> None:
    assert set(got) == set(want)
    for name, array in want.items():
        assert got[name].dtype == array.dtype, name
        np.testing.assert_array_equal(got[name], array, err_msg=name)


def pandas_nullable() -> pd.DataFrame:
    frame = pd.DataFrame(ROWS)
    frame["stock"] = pd.array([None, 7], "Int64")
    frame["open"] = frame["open"].astype("boolean")
    frame["count"] = frame["count"].astype("Int64")
    frame["price"] = frame["price"].astype("Float64")
    return frame


def pandas_category() -> pd.DataFrame:
    frame = pd.DataFrame(ROWS)
    for name in ("shop", "colour", "count", "ratio"):
        frame[name] = frame[name].astype("category")
    return frame


def pandas_aware() -> pd.DataFrame:
    frame = pd.DataFrame(ROWS)
    frame["day"] = frame["day"].dt.tz_localize("UTC").dt.tz_convert(timezone(timedelta(hours=5)))
    return frame


def pandas_object() -> pd.DataFrame:
    frame = pd.DataFrame(ROWS).astype(object)
    frame.loc[0, "colour"] = float("nan")
    frame.loc[0, "stock"] = pd.NA
    return frame


def pandas_arrow() -> pd.DataFrame:
    return pa.Table.from_pylist(ROWS).to_pandas(types_mapper=pd.ArrowDtype)


def polars_frame() -> pl.DataFrame:
    return pl.DataFrame(ROWS, schema_overrides={"shop": pl.Categorical, "colour": pl.Enum(["red", "blue"])})


def arrow_table() -> pa.Table:
    table = pa.Table.from_pylist(ROWS)
    place = table.column_names.index("shop")
    return table.set_column(place, "shop", table.column("shop").dictionary_encode())


def object_array() -> np.ndarray[Any, Any]:
    array = np.empty((len(ROWS), len(ROWS[0])), object)
    for row, values in enumerate(ROWS):
        for position, value in enumerate(values.values()):
            array[row, position] = value
    return array


FORMS = {
    "pandas": lambda: pd.DataFrame(ROWS),
    "pandas with an extra column, reordered": lambda: pd.DataFrame(ROWS).assign(more=1)[["more", *reversed(ROWS[0])]],
    "pandas nullable": pandas_nullable,
    "pandas category": pandas_category,
    "pandas aware times": pandas_aware,
    "pandas object": pandas_object,
    "pandas arrow": pandas_arrow,
    "polars": polars_frame,
    "arrow table": arrow_table,
    "arrow batch": lambda: pa.RecordBatch.from_pylist(ROWS),
    "object array": object_array,
    "columns": lambda: {name: [row[name] for row in ROWS] for name in ROWS[0]},
    "rows": lambda: ROWS,
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_tensors_of_the_rows(contract: Contract, form: str) -> None:
    assert_same(encode_frame(contract, FORMS[form]()), encode_rows(contract, ROWS))


@pytest.mark.parametrize("form", FORMS)
def test_every_form_may_have_no_rows(contract: Contract, form: str) -> None:
    whole = FORMS[form]()
    empty = {name: [] for name in whole} if isinstance(whole, dict) else whole[:0]
    got = encode_frame(contract, empty)
    assert {name: array.shape[0] for name, array in got.items()} == dict.fromkeys(got, 0)
    assert {name: array.dtype for name, array in got.items()} == {
        name: array.dtype for name, array in encode_rows(contract, ROWS).items()
    }


def one(kind: str, **changes: Any) -> Contract:
    column: dict[str, Any] = {
        "name": "x", "type": kind, "nullable": False, "finite": False, "limit": None, "range": None,
        "categories": None, "closed": False, "max_length": None, "unit": None, "description": None,
        "place": {"tensor": "t", "position": 0}, **changes,
    }  # fmt: skip
    held = {"datetime": "int64"}.get(kind, kind)
    if changes.get("nullable") and kind in ("int64", "bool", "datetime"):
        held = "float64"
    tensor = {"name": "t", "type": held, "shape": [None, 1], "missing": None}
    return Contract.from_json(
        {"format": 1, "layout": "packed", "columns": [column], "tensors": [tensor], "outputs": []}
    )


def messages(contract: Contract, data: Any) -> list[str]:
    with pytest.raises(ContractError) as caught:
        encode_frame(contract, data)
    return [problem.message for problem in caught.value.problems]


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "i1", "i4", "i8", "u1", "u8"])
def test_any_number_is_accepted_for_a_float(dtype: str) -> None:
    got = encode_frame(one("float64"), np.array([[3], [4]], dtype))
    assert got["t"].dtype == np.float64
    assert got["t"].tolist() == [[3.0], [4.0]]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_times_of_any_unit(unit: str) -> None:
    moments = np.array(["2020-01-02T03:04:05"], f"datetime64[{unit}]")
    expected = [[1_577_934_245_000_000]]
    for data in ({"x": moments}, pd.DataFrame({"x": moments}), pl.DataFrame({"x": moments.astype("datetime64[us]")})):
        assert encode_frame(one("datetime"), data)["t"].tolist() == expected


def test_dates_and_aware_times_as_objects() -> None:
    plus_two = timezone(timedelta(hours=2))
    values = [
        date(1970, 1, 2),
        datetime(1970, 1, 1, 2, tzinfo=plus_two),
        datetime(1970, 1, 1, tzinfo=UTC),
        "1970-01-01",
    ]
    assert encode_frame(one("datetime"), {"x": values})["t"].ravel().tolist() == [86_400_000_000, 0, 0, 0]


def test_missing_times() -> None:
    contract = one("datetime", nullable=True)
    for data in (
        pd.DataFrame({"x": pd.to_datetime(["1970-01-01T00:00:01", None])}),
        pl.DataFrame({"x": [datetime(1970, 1, 1, 0, 0, 1), None]}),
        pa.table({"x": [datetime(1970, 1, 1, 0, 0, 1), None]}),
        [{"x": datetime(1970, 1, 1, 0, 0, 1)}, {"x": pd.NaT}],
    ):
        np.testing.assert_array_equal(encode_frame(contract, data)["t"], [[1_000_000.0], [np.nan]])
    assert messages(one("datetime"), pd.DataFrame({"x": pd.to_datetime([None])})) == [
        "rows[0].x: null; a date or time in ISO 8601, or microseconds since 1970 UTC"
    ]


def test_large_integers_never_pass_through_doubles() -> None:
    large = [2**63 - 1, -(2**63), 2**53 + 1]
    for data in (
        {"x": large},
        pd.DataFrame({"x": pd.array(large, "Int64")}),
        pd.DataFrame({"x": large}, dtype="int64[pyarrow]"),
        pl.DataFrame({"x": large}),
        pa.table({"x": large}),
        np.array([[value] for value in large]),
    ):
        assert encode_frame(one("int64"), data)["t"].ravel().tolist() == large


def test_problems_of_vectors_have_the_words_of_rows() -> None:
    whole = "an integer from -9223372036854775808 to 9223372036854775807"
    assert messages(one("int64"), np.array([[1.5], [2.0], [2.0**53 + 2], [1e300], [np.inf]])) == [
        "rows[0].x: the number 1.5; an integer",
        "rows[2].x: the number 9007199254740994.0; an integer",
        f"rows[3].x: the number 1e+300; {whole}",
        "rows[4].x: Infinity; an integer",
    ]
    assert messages(one("int64"), np.array([[2**63]], np.uint64)) == [f"rows[0].x: the number {2**63}; {whole}"]
    assert messages(one("int64"), np.array([[True]])) == ["rows[0].x: true; an integer"]
    assert messages(one("float64"), np.array([[np.nan], [1.0]])) == ["rows[0].x: NaN; a number"]
    assert messages(one("float64", finite=True, nullable=True), np.array([[np.nan], [-np.inf]])) == [
        "rows[1].x: -Infinity; a finite number or null"
    ]
    assert messages(one("float32"), np.array([[1e39]])) == ["rows[0].x: the number 1e+39; a number"]
    assert messages(one("bool"), np.array([[1]])) == ["rows[0].x: the number 1; true or false"]
    assert messages(one("float64"), np.array([["a"]])) == ['rows[0].x: the string "a"; a number']
    assert messages(one("string"), pd.DataFrame({"x": ["a", None]})) == ["rows[1].x: null; a string"]
    assert messages(one("string"), np.array([[1.0]])) == ["rows[0].x: the number 1.0; a string"]


def test_only_the_first_problems_are_told_and_all_are_counted() -> None:
    with pytest.raises(ContractError) as caught:
        encode_frame(one("float64"), np.full((10_000, 1), np.nan))
    assert caught.value.total == 10_000
    assert len(caught.value.problems) == 20
    assert str(caught.value).endswith("... and 9980 more")


def test_a_column_absent_from_a_frame_concerns_all_rows() -> None:
    with pytest.raises(ContractError) as caught:
        encode_frame(one("float64"), pd.DataFrame({"y": [1.0, 2.0]}))
    problem = caught.value.problems[0]
    assert (problem.row, problem.code) == (None, "missing_column")
    assert problem.message == "rows.x: no such column; a number"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (np.zeros((2, 3)), "array: 3 columns; 1 columns: x"),
        (np.zeros((2, 2, 2)), "data: a ndarray"),
        (5, "data: a int"),
        ("text", "data: a str"),
        (None, "data: a NoneType"),
        ([1.0, 2.0], "data: values without columns"),
        ([{"x": 1.0}, 5], "rows\\[1\\]: the number 5"),
        (pd.DataFrame([[1.0, 2.0]], columns=["x", "x"]), "x: several columns"),
    ],
)
def test_data_of_another_form_is_refused(data: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        encode_frame(one("float64"), data)


def test_columns_of_unequal_length_are_refused() -> None:
    column = one("float64")
    other = Column(**{**_fields(column.columns[0]), "name": "y", "place": Place("t", 1)})
    two = Contract("packed", (*column.columns, other), column.tensors, ())
    with pytest.raises(InputError, match="lengths 1, 2"):
        encode_frame(two, {"x": [1.0], "y": [1.0, 2.0]})


def _fields(column: Column) -> dict[str, Any]:
    return {name: getattr(column, name) for name in Column.__dataclass_fields__}


@pytest.mark.parametrize(
    "texts", [["a", "bc"], ("a", "bc"), np.array(["a", "bc"]), pd.Series(["a", "bc"]), pl.Series(["a", "bc"]),
              pa.array(["a", "bc"])],
    ids=["list", "tuple", "array", "pandas", "polars", "arrow"],
)  # fmt: skip
def test_a_model_of_one_string_column_takes_strings(texts: Any) -> None:
    assert encode_frame(one("string"), texts)["t"].tolist() == [["a"], ["bc"]]


CELLS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=3),
    st.sampled_from(["NaN", "Infinity", "a", "1970-01-01", "\ud83d"]), st.lists(st.text(max_size=2), max_size=3),
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(CELLS, min_size=1, max_size=5), st.sampled_from(["float64", "float32", "int64", "bool", "datetime"]),
       st.booleans(), st.booleans())  # fmt: skip
def test_the_quick_ways_decide_as_the_cell_readers_do(
    values: list[Any], kind: str, nullable: bool, finite: bool
) -> None:
    contract = one(kind, nullable=nullable, finite=finite)
    read, expected, refused = reader(contract.columns[0]), [], []
    for value in values:
        try:
            expected.append(read(value))
        except Refused as refusal:
            refused.append(refusal.code)
    rows = [{"x": value} for value in values]
    if refused:
        with pytest.raises(ContractError) as caught:
            encode_rows(contract, rows)
        assert [problem.code for problem in caught.value.problems] == refused
    else:
        assert_same(encode_rows(contract, rows), pack(groups(contract), {"x": expected}, len(values)))
        if not any(isinstance(value, float) and value != value for value in values) or kind.startswith("float"):
            assert_same(encode_frame(contract, {"x": values}), encode_rows(contract, rows))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(st.none(), st.floats(), st.integers(-5, 5)), min_size=0, max_size=6))
def test_float_rows_and_float_arrays_agree(values: list[Any]) -> None:
    contract = one("float64", nullable=True)
    rows = [{"x": value} for value in values]
    array = np.array([[np.nan if value is None else value] for value in values], np.float64).reshape(-1, 1)
    assert_same(encode_rows(contract, rows), encode_frame(contract, array))
