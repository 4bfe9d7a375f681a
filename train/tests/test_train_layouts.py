"""Published columns, and what is said of files that lack them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from samescore_runtime.errors import InputError
from samescore_train.layouts import Layout, read_layout
from samescore_train.online_retail import ONLINE_RETAIL, clean_lines, daily_demand, interactions
from samescore_train.parsing import parse_table

LAYOUT = Layout(
    "test",
    {"Code": ("code", "string"), "N": ("n", "number"), "F": ("f", "flag"), "T": ("t", "time or missing")},
)
RETAIL = b"""InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
536365,85123a,WHITE HEART,6,12/1/2010 8:26,2.55,17850,United Kingdom
536366,85123A,WHITE HEART,2,12/1/2010 9:00,2.50,17850,United Kingdom
536366,22423,CAKESTAND,1,12/1/2010 9:00,12.75,,United Kingdom
C536367,22423,CAKESTAND,-1,12/1/2010 9:10,12.75,17850,United Kingdom
536368,POST,POSTAGE,1,12/1/2010 9:20,18.00,12583,France
536369,22423,CAKESTAND,5,12/3/2010 9:20,0,12583,France
536370,22423,CAKESTAND,3,12/3/2010 10:20,12.75,12583,France
"""


def test_cells_are_read_by_kind() -> None:
    frame = pd.DataFrame(
        {
            "Code": ["007", "", "x"],
            "N": ["1", "2.5", "-3"],
            "F": ["1", "FALSE", "true"],
            "T": ["", "2011-12-09T01:02:03.5", "2011-12-09"],
        }
    )
    layout, table = read_layout(frame, "file", [LAYOUT])
    assert layout is LAYOUT
    assert table["code"].tolist() == ["007", None, "x"]
    assert table["n"].tolist() == [1.0, 2.5, -3.0]
    assert table["f"].tolist() == [True, False, True]
    assert table["t"].isna().tolist() == [True, False, False]
    assert table.dtypes.astype(str).to_dict()["t"] == "datetime64[us]"


def test_typed_columns_are_read_too() -> None:
    frame = pd.DataFrame(
        {
            "Code": [17850.0, np.nan],
            "N": pd.array([1, 2], "Int64"),
            "F": [True, False],
            "T": pd.to_datetime(["2011-01-01", None]),
        }
    )
    table = read_layout(frame, "file", [LAYOUT])[1]
    assert table["code"].tolist() == ["17850", None]
    assert table["n"].tolist() == [1.0, 2.0]


def test_all_missing_columns_are_named_at_once() -> None:
    with pytest.raises(InputError) as refused:
        read_layout(pd.DataFrame({"Code": ["a"], "T": [""]}), "file.csv", [ONLINE_RETAIL, LAYOUT])
    assert str(refused.value).startswith("file.csv: no columns N, F; the columns InvoiceNo, ")
    assert "or Code, N, F, T (test)" in refused.value.accepted


def test_all_bad_columns_are_named_at_once() -> None:
    frame = pd.DataFrame({"Code": ["a", "b"], "N": ["1", "inf"], "F": ["2", ""], "T": ["", "soon"]})
    with pytest.raises(InputError) as refused:
        read_layout(frame, "file.csv", [LAYOUT])
    assert refused.value.found == (
        "N: 1 bad cells, the first 'inf' in row 2; F: 2 bad cells, the first '2' in row 1; "
        "T: 1 bad cells, the first 'soon' in row 2"
    )
    with pytest.raises(InputError, match=r"file\.csv: no rows"):
        read_layout(frame.iloc[:0], "file.csv", [LAYOUT])


def lines() -> pd.DataFrame:
    return read_layout(parse_table("retail.csv", RETAIL), "retail.csv", [ONLINE_RETAIL])[1]


def test_online_retail_is_cleaned() -> None:
    sold = clean_lines(lines())
    assert sold["item_id"].tolist() == ["85123A", "85123A", "22423", "22423"]
    assert sold["spend"].tolist() == [15.3, 5.0, 12.75, 38.25]


def test_online_retail_becomes_daily_demand_with_zeros() -> None:
    daily = daily_demand(lines())
    assert daily["units"].tolist() == [1.0, 8.0, 0.0, 0.0, 3.0, 0.0]
    assert daily["stock_code"].tolist() == ["22423", "85123A"] * 3
    assert daily["shop_open"].tolist() == [True, True, False, False, True, True]
    assert daily["orders"].tolist() == [1, 2, 0, 0, 1, 0]
    assert daily["description"].iloc[1] == "WHITE HEART"
    assert daily_demand(lines(), products=1)["stock_code"].unique().tolist() == ["22423"]


def test_online_retail_becomes_purchases_of_known_customers() -> None:
    bought = interactions(lines())
    assert bought[["customer_id", "item_id", "units"]].to_numpy().tolist() == [
        ["17850", "85123A", 8.0],
        ["12583", "22423", 3.0],
    ]
    assert bought["timestamp"].iloc[0] == pd.Timestamp("2010-12-01 08:26")
