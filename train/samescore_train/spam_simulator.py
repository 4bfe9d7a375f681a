"""A seeded stand-in for dated messages: spam and ham with their own words, and new spam words halfway, so that they drift."""

from __future__ import annotations

import numpy as np
import pandas as pd

# Split into words when a message is made.
_SHARED = "the you and to for my is at on we this just now please call me time good new ok"
_HAM = "love song home lunch café later school work friend sorry tomorrow listen naïve best voice dinner bus 你好"
_SPAM = "free win cash prize claim urgent subscribe channel click www offer ££ 0800 txt reply winner"
_LATER = "crypto gift-card followers giveaway promo link bio dm vip bonus"
_ENDS = ("", "!", "!!!", ".", "?", " :)", " 😀")


def simulate_messages(seed: int = 0, rows: int = 1500, days: int = 400) -> pd.DataFrame:
    """Messages in time order, columns as in youtube_spam_dated.csv.

    Returns:
        timestamp (datetime64), text (str, some twice), is_spam (int64, 0 or 1).
    """
    random = np.random.default_rng(seed)
    start = pd.Timestamp("2014-01-01")
    times = np.sort(random.integers(0, days * 24 * 60, rows))
    spam = random.random(rows) < 0.45
    texts = [_message(random, bool(is_spam), index > rows // 2) for index, is_spam in enumerate(spam)]
    return pd.DataFrame(
        {"timestamp": start + pd.to_timedelta(times, unit="min"), "text": texts, "is_spam": spam.astype(np.int64)}
    )


def _message(random: np.random.Generator, spam: bool, later: bool) -> str:
    chosen = (_LATER if later and random.random() < 0.5 else _SPAM) if spam else _HAM
    own, shared = chosen.split(), _SHARED.split()
    words = [str(random.choice(own if random.random() < 0.35 else shared)) for _ in range(int(random.integers(2, 15)))]
    text = " ".join(words)
    if random.random() < 0.2:
        text = text.upper()
    return text + str(random.choice(np.array(_ENDS)))
