"""The demand scenario: features that know nothing of the day, a model that is the same every time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from samescore_runtime.errors import InputError
from samescore_train import demand
from samescore_train.demand_features import FEATURES, STRINGS, category_of, demand_features
from samescore_train.demand_simulator import simulate_demand
from samescore_train.saving import save_model
from samescore_train.snapshot import simulated_snapshot
from samescore_train.trained import Trained


@pytest.fixture(scope="module")
def trained() -> Trained:
    return demand.fit(demand.load(simulate=True), seed=3)


def test_features_use_nothing_of_the_day_itself_but_the_calendar() -> None:
    daily = demand.tidy(simulate_demand(1, products=3, days=80), "test")
    table = demand_features(daily)
    last = daily["date"].max()
    changed = daily.copy()
    changed.loc[changed["date"] == last, ["units", "revenue"]] = [9999.0, 1.0]
    again = demand_features(changed)
    pd.testing.assert_frame_equal(again[list(FEATURES)], table[list(FEATURES)])
    assert (again.loc[again["date"] == last, "units"] == 9999.0).all()


def test_lags_means_and_prices_are_what_they_say() -> None:
    daily = demand.tidy(simulate_demand(1, products=2, days=80), "test")
    code = daily["stock_code"].iloc[1]
    rows = daily[daily["stock_code"] == code].reset_index(drop=True)
    table = demand_features(daily)
    table = table[table["stock_code"] == code].reset_index(drop=True)
    assert table.loc[60, "units_lag_7"] == rows.loc[53, "units"]
    assert table.loc[60, "units_mean_28"] == pytest.approx(rows.loc[32:59, "units"].mean(), abs=1e-6)
    opened = rows.loc[32:59].loc[lambda part: part["shop_open"]]
    assert table.loc[60, "units_open_mean_28"] == pytest.approx(opened["units"].mean(), abs=1e-6)
    sold = rows.loc[:59].loc[lambda part: part["units"] > 0].iloc[-1]
    assert table.loc[60, "last_price"] == sold["revenue"] / sold["units"]
    assert np.isnan(table.loc[6, "units_lag_7"])
    closed = int(np.flatnonzero(~rows["shop_open"])[0])
    assert table.loc[closed + 1, "days_closed_before"] >= 1
    assert table.loc[closed, "days_closed_before"] == 0


def test_missing_days_count_as_closed_and_unsold() -> None:
    daily = demand.tidy(simulate_demand(1, products=2, days=80), "test")
    gap = daily["date"].iloc[0] + pd.Timedelta(days=30)
    table = demand_features(daily[daily["date"] != gap])
    assert not table.loc[table["date"] == gap, "shop_open"].any()
    assert (table.loc[table["date"] == gap + pd.Timedelta(days=7), "units_lag_7"] == 0.0).all()


def test_the_table_has_every_kind_of_column_and_gaps(trained: Trained) -> None:
    kinds = {name: trained.sample[name].dtype.kind for name in FEATURES}
    assert kinds["weekday"] == "i"
    assert kinds["shop_open"] == "b"
    assert kinds["units_lag_7"] == "f"
    assert all(isinstance(value, str) for value in trained.sample["stock_code"])
    assert trained.sample["category"].isna().any()
    assert trained.sample["units_lag_28"].isna().any()
    assert category_of("JUMBO BAG RED") == "bag"
    assert category_of("GAME") is None


def test_the_same_data_and_seed_give_the_same_model(trained: Trained) -> None:
    again = demand.fit(demand.load(simulate=True), seed=3)
    assert again.provenance == trained.provenance
    rows = trained.holdout[list(FEATURES)]
    assert again.model.predict(rows).tobytes() == trained.model.predict(rows).tobytes()


def test_the_model_beats_last_week_on_the_simulator(trained: Trained) -> None:
    assert not [pair for pair in trained.scores.beaten_by() if pair[1] == "last week same day"]
    assert trained.holdout["date"].min() > pd.Timestamp("2011-06-01")


@pytest.mark.parametrize("kind", ["boosting", "forest"])
def test_a_saved_model_comes_back_whole(kind: demand.Kind, tmp_path: Path) -> None:
    from skops.io import get_untrusted_types, load

    trained = demand.fit(demand.load(simulate=True), kind=kind, sample_rows=100)
    file = tmp_path / "m.skops"
    save_model(trained.model, file)
    loaded = load(file, trusted=get_untrusted_types(file=file))
    assert loaded.samescore_provenance_ == trained.provenance
    rows = trained.holdout[list(FEATURES)].copy()
    rows.loc[0, list(STRINGS)] = "never seen"
    assert loaded.predict(rows).tobytes() == trained.model.predict(rows).tobytes()
    assert len(trained.sample) == 100
    assert list(tmp_path.iterdir()) == [file]


def test_bad_demand_is_refused_with_all_its_problems() -> None:
    frame = simulate_demand(1, products=2, days=80)
    frame.loc[0, "units"] = -1
    frame = pd.concat([frame, frame.iloc[5:7]])
    with pytest.raises(InputError) as refused:
        demand.tidy(frame, "daily.csv")
    assert refused.value.found == "1 rows with units below zero; 2 rows of a product and day seen before"
    with pytest.raises(InputError, match=r"daily\.csv: 20 days"):
        demand.tidy(simulate_demand(1, days=20), "daily.csv")
    closed = simulate_demand(1, products=2, days=80).assign(shop_open=0)
    with pytest.raises(InputError, match="no open day from"):
        demand.fit(simulated_snapshot(closed, "closed"))
