"""How a service was asked to run."""

from __future__ import annotations

import math
import os
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from samescore_runtime.service.access import TokenFiles
from samescore_runtime.service.limits import Limits
from samescore_runtime.signatures import Trust


@dataclass(frozen=True, slots=True)
class PredictionLog:
    """Where predictions are kept, and for how long.

    Attributes:
        folder: a file a process and span, ``predictions-TIME-SLOT.jsonl``.
        redacted: columns whose values are left out.
        file_bytes: a file that is longer is followed by a new one.
        files, days: older ones are deleted.
    """

    folder: Path
    redacted: Collection[str] = ()
    file_bytes: int = 64 << 20
    files: int = 100
    days: float = 30.0


@dataclass(frozen=True)
class Options:
    """Attributes:
    workers: processes that score.
    connections: open at once in each process; more are answered 503.
    threads: of each process; None for one a connection, so that no client that sends slowly keeps another waiting.
    drain: seconds between SIGTERM, from which on the service is not ready, and the end of taking requests.
    grace: seconds after that for what is in flight; a request that has not ended then never ends by itself.
    access_log: a file, ``-`` for standard output, or None.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    workers: int = 1
    connections: int = 1024
    threads: int | None = None
    drain: float = 0.0
    grace: int = 20
    limits: Limits = field(default_factory=Limits)
    tokens: TokenFiles = field(default_factory=TokenFiles)
    trust: Trust = field(default_factory=Trust)
    access_log: str | None = None
    prediction_log: PredictionLog | None = None


def processors(root: Path = Path("/sys/fs/cgroup")) -> int:
    """How many processes may run at once: the processors this one may use, cut to the quota of its control group, at least 1."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = _quota(root)
    return max(1, usable if quota is None else min(usable, math.floor(quota)))


def _quota(root: Path) -> float | None:
    """Processors' worth of time that the control group has (version 2, then 1); None without a limit."""
    for names in (("cpu.max",), ("cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us")):
        try:
            words = " ".join((root / name).read_text() for name in names).split()
        except OSError:
            continue
        if len(words) == 2 and words[0].isdecimal() and words[1].isdecimal() and int(words[1]) > 0:
            return int(words[0]) / int(words[1])
        return None
    return None
