"""The spam scenario: from messages to ham or spam, with real time where the file has it."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pandas as pd

from samescore_runtime.errors import InputError
from samescore_train.layouts import Layout, read_layout
from samescore_train.loading import load_data
from samescore_train.parsing import decode, parse_table, unpack
from samescore_train.scores import Scores
from samescore_train.snapshot import Snapshot
from samescore_train.spam_simulator import simulate_messages
from samescore_train.trained import Progress, Trained, finish, one_thread, silent, spread_rows

FILE = "sms_spam.csv"
LABELS = ("ham", "spam")
LABELLED = Layout("SMS messages", {"label": ("label", "string"), "text": ("text", "string")})
DATED = Layout(
    "dated comments",
    {"timestamp": ("timestamp", "time or missing"), "text": ("text", "string"), "is_spam": ("label", "flag")},
)
YOUTUBE = Layout(
    "UCI YouTube Spam Collection",
    {"DATE": ("timestamp", "time or missing"), "CONTENT": ("text", "string"), "CLASS": ("label", "flag")},
)
HOLDOUT = 0.3


def load(
    data: str | Path | None = None, seed: int = 0, simulate: bool = False, progress: Progress = silent
) -> Snapshot:
    """The messages named, or the public file, or a simulation."""
    return load_data(
        FILE, lambda: simulate_messages(seed), data=data, simulate=simulate, progress=progress, parse=parse_messages
    )


def parse_messages(name: str, content: bytes) -> pd.DataFrame:
    """A table of any known form, or the SMS collection as published: lines of label, tab, text, without a header or suffix."""
    plain, content = unpack(name, content)
    if not content.startswith((b"ham\t", b"spam\t")) and PurePosixPath(plain).suffix:
        return parse_table(plain, content)
    # Not splitlines: messages hold other characters that count as line ends there.
    pairs = [line.removesuffix("\r").partition("\t") for line in decode(name, content).split("\n") if line]
    return pd.DataFrame([(label, text) for label, _, text in pairs], columns=["label", "text"])


def tidy(frame: pd.DataFrame, where: str) -> pd.DataFrame:
    """Messages as text and label (str), with timestamp in time order if the file has it; every text once.

    Empty texts are left out, and in a dated file those without a time. Of equal texts the first is kept.

    Raises:
        InputError: missing columns, bad cells, or other labels than ham and spam.
    """
    layout, table = read_layout(frame, where, [LABELLED, DATED, YOUTUBE])
    if layout is LABELLED:
        strange = sorted({str(label) for label in table["label"]} - set(LABELS))
        if strange:
            raise InputError(f"{where}.label", f"the labels {', '.join(strange[:5])}", " and ".join(LABELS))
    else:
        table["label"] = np.where(table["label"], "spam", "ham").astype(object)
        table = table[table["timestamp"].notna()].sort_values("timestamp", kind="stable")
    return table[table["text"].notna()].drop_duplicates("text").reset_index(drop=True)


def build_model(seed: int) -> Any:
    """The unfitted Pipeline over a list of strings."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import Pipeline

    words = TfidfVectorizer(min_df=2, ngram_range=(1, 1))
    return Pipeline([("words", words), ("model", LogisticRegression(C=10.0, max_iter=1000, random_state=seed))])


def fit(snapshot: Snapshot, seed: int = 0, sample_rows: int = 2000, progress: Progress = silent) -> Trained:
    """Train on seven tenths of the messages, score on the rest.

    A dated file is split by time, and the holdout also scored by month, which shows drift. A file without times is split at random
    within each label, which says nothing about messages of tomorrow; the split's name says so.

    Args:
        snapshot: rows as published (``load``).
        seed: of the random split and the model.
        sample_rows: at most so many training messages in ``Trained.sample``.

    Raises:
        InputError: the rows are not as published, or the training part has one label only.
    """
    table = tidy(snapshot.frame, snapshot.source)
    train, test, split = _split(table, seed)
    if train["label"].nunique() < 2 or test.empty:
        found = f"{len(train)} messages to train on with {train['label'].nunique()} labels, {len(test)} to score"
        raise InputError(snapshot.source, found, "both labels to train on, and messages to score")
    progress(f"fit on {len(train):,} messages")
    model = build_model(seed)
    with one_thread():
        model.fit(train["text"].tolist(), train["label"].to_numpy(dtype=object))
        chance = model.predict_proba(test["text"].tolist())[:, 1]
    spam = (test["label"] == "spam").to_numpy()
    scores = Scores(
        split=split,
        train_rows=len(train),
        test_rows=len(test),
        model=_scores(spam, chance),
        # Both, since the majority of the past may be the minority of the future.
        baselines={
            "always ham": {"AUC": 0.5, "accuracy": float(np.mean(~spam))},
            "always spam": {"AUC": 0.5, "accuracy": float(np.mean(spam))},
        },
        windows=_windows(test, spam, chance) if "timestamp" in test else (),
    )
    sample = spread_rows(train[["text"]], sample_rows)
    return finish("spam", model, sample, test.reset_index(drop=True), scores, snapshot, seed)


def _split(table: pd.DataFrame, seed: int) -> tuple[pd.DataFrame, pd.DataFrame, str]:
    if "timestamp" in table:
        cut = table["timestamp"].iloc[int(len(table) * (1.0 - HOLDOUT))] if len(table) else pd.NaT
        later = table["timestamp"] >= cut
        return table[~later], table[later], f"time split at {cut:%Y-%m-%d %H:%M}" if len(table) else ""
    place = pd.Series(np.random.default_rng(seed).permutation(len(table)), index=table.index)
    rank = place.groupby(table["label"]).rank(method="first")
    held = rank <= (table.groupby("label")["text"].transform("size") * HOLDOUT).round()
    return table[~held], table[held], "random split within each label (the file has no times)"


def _scores(spam: Any, chance: Any) -> dict[str, float]:
    from sklearn.metrics import roc_auc_score

    both = 0 < spam.sum() < len(spam)
    auc = float(roc_auc_score(spam, chance)) if both else float("nan")
    return {"AUC": auc, "accuracy": float(np.mean((chance > 0.5) == spam))}


def _windows(test: pd.DataFrame, spam: Any, chance: Any) -> list[dict[str, Any]]:
    months = test["timestamp"].dt.to_period("M").astype(str).to_numpy()
    windows = []
    for month in sorted(set(months)):
        rows = months == month
        share = float(np.mean(spam[rows]))
        windows.append({"period": month, "rows": int(rows.sum()), "spam": share, **_scores(spam[rows], chance[rows])})
    return windows
