"""Tables, arrays and texts that the cases are fitted on: small, seeded, and awkward on purpose."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

ROWS = 240
WORDS = (
    "Hello",
    "wörld",
    "FREE",
    "win",
    "won't",
    "İstanbul",
    "ΛΌΓΟΣ",
    "σίσυφοσ",
    "日本",
    "привет",
    "😀",
    "x1",
    "a",
    "e-mail",
    "naïve",
)


def numbers(columns: int = 4, missing: bool = False) -> NDArray[np.float64]:
    """(ROWS, columns): one column far from zero with a small spread, one of few distinct values, the rest normal."""
    rng = np.random.default_rng(columns)
    X = rng.normal(size=(ROWS, columns))
    X[:, 0] = 1e6 + X[:, 0]
    X[:, 1] = np.round(X[:, 1])
    if missing:
        X[rng.random(X.shape) < 0.1] = np.nan
    return X


def table(missing: bool = True) -> pd.DataFrame:
    """Floats, ints, bools and strings (as objects and as pandas' str), with missing values where asked."""
    rng = np.random.default_rng(7)
    frame = pd.DataFrame(
        {
            "price": rng.normal(1e6, 1, ROWS),
            "weight": rng.lognormal(size=ROWS),
            "stock": rng.integers(0, 40, ROWS),
            "open": rng.random(ROWS) > 0.5,
            "shop": pd.Series(rng.choice(["east", "wést", "😀", "a\0b", ""], ROWS), dtype=object),
            "kind": rng.choice(["x", "east", "y"], ROWS),
        }
    )
    if missing:
        frame.loc[::7, "price"] = np.nan
        frame.loc[::11, "shop"] = None
    return frame


def texts() -> list[str]:
    """ROWS texts of odd words."""
    rng = np.random.default_rng(3)
    return [" ".join(rng.choice(WORDS, rng.integers(0, 9))) for _ in range(ROWS)]


def target(classes: int = 2, labels: str = "string") -> NDArray[Any]:
    """Labels of ``classes`` classes, with ties in any feature: ``string``, ``int``, ``bool`` or ``float``."""
    code = np.arange(ROWS) * 7919 % 101 % classes
    kinds: dict[str, Any] = {
        "string": np.array(["no", "yes", "maybe", "later"])[code],
        "int": code * 10 - 5,
        "bool": code.astype(bool),
        "float": code * 2.0,
    }
    return np.asarray(kinds[labels])


def amounts() -> NDArray[np.float64]:
    """A numeric target, positive."""
    return 1.0 + np.arange(ROWS) * 7919 % 101 / 7


def fit(model: Any, X: Any, y: Any = None) -> Any:
    """Fit without the chatter of small data."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(X, y)
