"""One thread for the original model: on several a forest adds its trees in any order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np


@contextmanager
def single_threaded(estimator: Any) -> Iterator[None]:
    """``n_jobs=1`` in the estimator and all that it holds: on several threads a forest adds its trees in any order."""
    changed: list[tuple[Any, Any]] = []
    seen: set[int] = set()
    pending = [estimator]
    while pending:
        item = pending.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, Mapping):
            pending.extend(item.values())
        elif isinstance(item, (list, tuple)) or (
            isinstance(item, np.ndarray) and item.dtype == object and item.size < 10_000
        ):
            pending.extend(item)
        elif hasattr(item, "get_params") and hasattr(item, "__dict__"):
            if getattr(item, "n_jobs", 1) not in (None, 1):
                changed.append((item, item.n_jobs))
                item.n_jobs = 1
            pending.extend(vars(item).values())
    try:
        yield
    finally:
        for item, jobs in changed:
            item.n_jobs = jobs
