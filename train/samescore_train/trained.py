"""A trained model with its sample, holdout, scores and provenance."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import pandas as pd

from samescore_train.scores import Scores
from samescore_train.snapshot import Snapshot

#: Called with one line of text when a step begins.
Progress = Callable[[str], None]


def silent(_: str) -> None:
    """No progress."""


def one_thread() -> AbstractContextManager[Any]:
    """Keep OpenMP and BLAS to one thread: sums over threads depend on how many there are, and a model should not."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    limits: AbstractContextManager[Any] = threadpool_limits(limits=1)
    return limits


@dataclass(frozen=True)
class Trained:
    """What training one scenario gives.

    Attributes:
        scenario: ``demand``, ``recommender`` or ``spam``.
        model: the fitted estimator, with ``samescore_provenance_``. It is the one that was scored: it saw no row of the holdout.
        sample: rows of the training part, as the model takes them; for spam one column ``text``.
        holdout: the rows it was scored on, with their keys, times and targets.
        scores: the model's and the baselines' scores on the holdout.
        provenance: the same dict as ``model.samescore_provenance_``.
    """

    scenario: str
    model: Any
    sample: pd.DataFrame
    holdout: pd.DataFrame
    scores: Scores
    provenance: dict[str, Any]


def finish(
    scenario: str,
    model: Any,
    sample: pd.DataFrame,
    holdout: pd.DataFrame,
    scores: Scores,
    snapshot: Snapshot,
    seed: int,
) -> Trained:
    """Put the provenance on the model, and everything together."""
    provenance = {
        "scenario": scenario,
        "snapshot": snapshot.provenance(),
        "seed": seed,
        "rows": scores.train_rows,
        "scores": scores.to_json(),
    }
    model.samescore_provenance_ = provenance
    return Trained(scenario, model, sample, holdout, scores, provenance)


def spread_rows(frame: pd.DataFrame, rows: int) -> pd.DataFrame:
    """At most ``rows`` rows, evenly spread over the frame and in its order, so that early gaps are among them."""
    if len(frame) <= rows:
        return frame.reset_index(drop=True)
    places = [index * len(frame) // rows for index in range(rows)]
    return frame.iloc[places].reset_index(drop=True)
