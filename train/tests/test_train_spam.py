"""The spam scenario: the published files, splits, and honest names for them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from samescore_runtime.errors import InputError
from samescore_train import spam
from samescore_train.saving import save_model
from samescore_train.snapshot import read_snapshot, simulated_snapshot
from samescore_train.spam_simulator import simulate_messages
from samescore_train.trained import Trained


@pytest.fixture(scope="module")
def trained() -> Trained:
    return spam.fit(spam.load(simulate=True))


def test_dated_messages_are_split_by_time_and_scored_by_month(trained: Trained) -> None:
    assert trained.scores.split.startswith("time split at 2014-")
    assert len(trained.scores.windows) > 2
    assert trained.scores.beaten_by() == []
    assert trained.holdout["timestamp"].is_monotonic_increasing
    assert not set(trained.holdout["text"]) & set(trained.sample["text"])
    assert trained.model.classes_.tolist() == ["ham", "spam"]


def test_messages_without_times_are_split_at_random_within_labels_and_say_so() -> None:
    frame = spam.tidy(simulate_messages(2, rows=400), "m").drop(columns="timestamp")
    first, second = (spam.fit(simulated_snapshot(frame, "m"), seed=seed) for seed in (0, 1))
    assert first.scores.split == "random split within each label (the file has no times)"
    assert first.scores.windows == ()
    share = (first.holdout["label"] == "spam").mean()
    assert share == pytest.approx((frame["label"] == "spam").mean(), abs=0.01)
    assert first.holdout["text"].tolist() != second.holdout["text"].tolist()


def test_the_same_data_and_seed_give_the_same_model(trained: Trained) -> None:
    again = spam.fit(spam.load(simulate=True))
    assert again.provenance == trained.provenance
    assert again.model[-1].coef_.tobytes() == trained.model[-1].coef_.tobytes()


def test_a_saved_model_comes_back_whole(trained: Trained, tmp_path: Path) -> None:
    from skops.io import get_untrusted_types, load

    file = tmp_path / "s.skops"
    save_model(trained.model, file)
    loaded = load(file, trusted=get_untrusted_types(file=file))
    texts = [*trained.holdout["text"].tolist(), "", "NAÏVE 你好 😀"]
    assert loaded.predict_proba(texts).tobytes() == trained.model.predict_proba(texts).tobytes()
    assert loaded.predict(texts).tolist() == trained.model.predict(texts).tolist()
    assert loaded.samescore_provenance_ == trained.provenance


def test_the_collection_as_published_has_tabs_and_no_header(tmp_path: Path) -> None:
    file = tmp_path / "SMSSpamCollection"
    file.write_bytes('ham\tHe said "ok\u0085then"\tand left\r\nspam\tWIN £5\nham\tcafé\n'.encode())
    table = spam.tidy(read_snapshot(file, spam.parse_messages).frame, file.name)
    assert table["label"].tolist() == ["ham", "spam", "ham"]
    assert table["text"].tolist() == ['He said "ok\u0085then"\tand left', "WIN £5", "café"]


def test_both_forms_of_dated_comments_are_read(tmp_path: Path) -> None:
    file = tmp_path / "y.csv"
    file.write_text(
        "row_id,timestamp,text,is_spam\n1,2014-02-01T00:00:00,b,1\n2,,undated,0\n3,2014-01-01T00:00:00.5,a,0\n4,2014-03-01,b,0\n5,2014-03-02,,0\n"
    )
    table = spam.tidy(read_snapshot(file, spam.parse_messages).frame, "y.csv")
    assert table[["text", "label"]].to_numpy().tolist() == [["a", "ham"], ["b", "spam"]]
    file.write_text("COMMENT_ID,AUTHOR,DATE,CONTENT,CLASS\nx,y,2014-02-01T00:00:00,null,1\n")
    table = spam.tidy(read_snapshot(file, spam.parse_messages).frame, "y.csv")
    assert table["text"].tolist() == ["null"]
    assert table["label"].tolist() == ["spam"]


def test_bad_messages_are_refused() -> None:
    with pytest.raises(InputError, match=r"m\.csv\.label: the labels None, eggs; ham and spam"):
        spam.tidy(pd.DataFrame({"label": ["ham", "eggs", ""], "text": ["a", "b", "c"]}), "m.csv")
    with pytest.raises(InputError, match="no columns label; "):
        spam.tidy(pd.DataFrame({"text": ["a"]}), "m.csv")
    with pytest.raises(InputError, match="both labels to train on"):
        spam.fit(simulated_snapshot(pd.DataFrame({"label": ["ham"] * 5, "text": list("abcde")}), "m.csv"))
    undated = simulate_messages(rows=20).assign(timestamp=np.datetime64("NaT"))
    with pytest.raises(InputError, match="0 messages to train on"):
        spam.fit(simulated_snapshot(undated, "m.csv"))
