"""Scores of a model beside those of naive baselines, for people and for machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Metrics of which less is better; of all others more is.
ERRORS = frozenset({"RMSE", "MAE", "RMSLE"})


@dataclass(frozen=True)
class Scores:
    """Scores on rows the model never saw.

    Attributes:
        split: how those rows were chosen, in words.
        train_rows: rows the model was fitted on.
        test_rows: rows it was scored on.
        model: metric -> value; NaN where it cannot be told.
        baselines: name -> metric -> value, on the same rows.
        windows: the holdout's periods in time order: ``period``, ``rows`` and metrics; empty where there are none.
    """

    split: str
    train_rows: int
    test_rows: int
    model: Mapping[str, float]
    baselines: Mapping[str, Mapping[str, float]]
    windows: Sequence[Mapping[str, Any]] = ()

    def beaten_by(self) -> list[tuple[str, str]]:
        """The (metric, baseline) pairs in which the baseline is as good as the model or better."""
        return [
            (metric, name)
            for name, values in self.baselines.items()
            for metric, value in values.items()
            if (self.model[metric] >= value if metric in ERRORS else self.model[metric] <= value)
        ]

    def to_json(self) -> dict[str, Any]:
        """Plain values, rounded to 6 places so that a last bit of another machine does not show."""
        return {
            "split": self.split,
            "train_rows": self.train_rows,
            "test_rows": self.test_rows,
            "model": _rounded(self.model),
            "baselines": {name: _rounded(values) for name, values in self.baselines.items()},
            "windows": [_rounded(window) for window in self.windows],
        }

    def lines(self) -> list[str]:
        """For people; the last line says it all."""
        names = {key: None for window in self.windows for key in window}
        lines = ["  ".join(f"{key} {_shown(window.get(key))}" for key in names) for window in self.windows]
        parts = []
        for metric, value in self.model.items():
            rivals = [f"{name} {_shown(values[metric])}" for name, values in self.baselines.items() if metric in values]
            parts.append(f"{metric} {_shown(value)} ({', '.join(rivals)})")
        worse = self.beaten_by()
        verdict = "better than every baseline"
        if worse:
            verdict = "NOT better on " + ", ".join(f"{metric} than {name}" for metric, name in worse)
        count = f"{self.test_rows:,} held out, {self.train_rows:,} trained on"
        return [*lines, f"{self.split}; {count}: {', '.join(parts)}: {verdict}"]


def regression_scores(expected: NDArray[np.float64], predicted: NDArray[np.float64]) -> dict[str, float]:
    """RMSE, MAE and RMSLE in units of the target; predictions below zero count as zero, as nobody orders less."""
    predicted = np.maximum(predicted, 0.0)
    logs = np.log1p(predicted) - np.log1p(expected)
    return {
        "RMSE": float(np.sqrt(np.mean((predicted - expected) ** 2))),
        "MAE": float(np.mean(np.abs(predicted - expected))),
        "RMSLE": float(np.sqrt(np.mean(logs**2))),
    }


def _rounded(values: Mapping[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, float):
            plain[key] = None if np.isnan(value) else round(value, 6)
        else:
            plain[key] = value
    return plain


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return "-" if np.isnan(value) else f"{value:.4g}" if abs(value) >= 1 else f"{value:.3f}"
    return str(value)
