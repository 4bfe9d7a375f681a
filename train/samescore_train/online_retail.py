"""The Online Retail file of the UCI repository (no. 352) as published, cleaned into daily demand or purchases.

Cancellations (invoice numbers with a C), quantities and prices that are not above zero, and codes that are no product (postage,
fees, vouchers; a product's code begins with five digits) are left out.
"""

from __future__ import annotations

import pandas as pd

from samescore_train.layouts import Layout

ONLINE_RETAIL = Layout(
    "UCI Online Retail",
    {
        "InvoiceNo": ("invoice", "string"),
        "StockCode": ("item_id", "string"),
        "Description": ("description", "string"),
        "Quantity": ("units", "number"),
        "InvoiceDate": ("timestamp", "time"),
        "UnitPrice": ("price", "number"),
        "CustomerID": ("customer_id", "string"),
        "Country": ("country", "string"),
    },
)
_PRODUCT = r"\d{5}[A-Z]*"


def clean_lines(lines: pd.DataFrame) -> pd.DataFrame:
    """The invoice lines that are sales of products, with product codes in capitals and a column ``spend`` (GBP)."""
    codes = lines["item_id"].astype("string").str.strip().str.upper()
    cancelled = lines["invoice"].astype("string").str.upper().str.startswith("C").fillna(False).astype(bool)
    product = codes.str.fullmatch(_PRODUCT).fillna(False).astype(bool)
    kept = product & ~cancelled & (lines["units"] > 0) & (lines["price"] > 0)
    sold = lines.assign(item_id=codes.astype(object), spend=(lines["units"] * lines["price"]).round(2))
    return sold[kept].reset_index(drop=True)


def daily_demand(lines: pd.DataFrame, products: int = 60) -> pd.DataFrame:
    """Units per product and day for the products sold on most days, with zeros; columns as in retail_daily_top60.csv.

    A day on which the shop sold nothing at all counts as closed.
    """
    sold = clean_lines(lines)
    sold["date"] = sold["timestamp"].dt.normalize()
    days_sold = sold.groupby("item_id")["date"].nunique()
    order = days_sold.reset_index().sort_values(["date", "item_id"], ascending=[False, True])
    top = sorted(order["item_id"].head(products))
    open_days = pd.DatetimeIndex(sold["date"].unique())
    days = pd.date_range(open_days.min(), open_days.max(), freq="D")
    rows = sold[sold["item_id"].isin(top)]
    names = rows.groupby("item_id")["description"].agg(_most_frequent)
    grid = pd.MultiIndex.from_product([days, top], names=["date", "item_id"])
    daily = rows.groupby(["date", "item_id"]).agg(
        units=("units", "sum"), orders=("invoice", "nunique"), revenue=("spend", "sum")
    )
    daily = daily.reindex(grid, fill_value=0).reset_index().rename(columns={"item_id": "stock_code"})
    daily["description"] = daily["stock_code"].map(names)
    daily["shop_open"] = daily["date"].isin(open_days)
    return daily


def interactions(lines: pd.DataFrame) -> pd.DataFrame:
    """Purchases of known customers: one row per customer, item and day; columns as in retail_interactions.csv."""
    sold = clean_lines(lines)
    sold = sold[sold["customer_id"].notna()]
    sold = sold.assign(day=sold["timestamp"].dt.normalize())
    bought = sold.groupby(["customer_id", "item_id", "day"], as_index=False).agg(
        timestamp=("timestamp", "min"), units=("units", "sum"), spend_gbp=("spend", "sum")
    )
    return bought.drop(columns="day").sort_values(["timestamp", "customer_id", "item_id"]).reset_index(drop=True)


def _most_frequent(texts: pd.Series) -> str | None:
    """The text that occurs most, the first in alphabetical order among equals; None if all are missing."""
    counts = texts.value_counts().sort_index()
    return str(counts.idxmax()) if len(counts) else None
