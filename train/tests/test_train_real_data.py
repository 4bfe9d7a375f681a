"""The public files, where they are: sanity of the scores, not targets."""

from __future__ import annotations

from pathlib import Path

import pytest

from samescore_train import demand, purchases, spam
from samescore_train.snapshot import read_snapshot
from samescore_train.sources import reference_file


def real(name: str) -> Path:
    file = reference_file(name)
    if file is None:
        pytest.skip(f"REAL DATA ABSENT: {name} is neither in $SAMESCORE_DATA nor in ../shared/data")
    return file


def test_demand_beats_last_week_on_every_metric() -> None:
    scores = demand.fit(demand.load(real(demand.FILE))).scores
    assert scores.train_rows > 20_000
    assert {name for _, name in scores.beaten_by()} <= {"mean of open days"}
    assert scores.model["RMSLE"] < 1.2


def test_the_recommender_beats_popularity() -> None:
    scores = purchases.fit(purchases.load(real(purchases.FILE))).scores
    assert scores.beaten_by() == []
    assert scores.model["hit@10"] > 0.35


def test_sms_spam_is_told_from_ham() -> None:
    scores = spam.fit(spam.load(real(spam.FILE))).scores
    assert scores.model["AUC"] > 0.97
    assert scores.beaten_by() == []


def test_dated_comments_are_told_apart_in_time() -> None:
    trained = spam.fit(read_snapshot(real("youtube_spam_dated.csv"), spam.parse_messages))
    assert trained.scores.split.startswith("time split at 2015-")
    assert trained.scores.model["AUC"] > 0.9
