"""Loading and unloading on request, told to all processes by a small file that they look at."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from samescore_runtime.monitor.slots import Series, Slots
from samescore_runtime.repository.durable import replace

_APPLIED = "samescore_control_applied"


@dataclass(frozen=True)
class Asked:
    """What was asked for up to ``number``: models not to serve, and model -> the number of its last reload."""

    number: int = 0
    unloaded: frozenset[str] = frozenset()
    reloads: Mapping[str, int] = field(default_factory=dict)


class Control:
    """The requests to load and unload; ``folder`` is shared by the service's processes, None where there is one alone."""

    def __init__(self, folder: Path | None) -> None:
        self._path = None if folder is None else folder / "control.json"
        self._asked = Asked()
        self._seen = Asked()

    def read(self) -> Asked:
        if self._path is None:
            return self._asked
        try:
            data = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            return Asked()
        return Asked(data["number"], frozenset(data["unloaded"]), data["reloads"])

    def ask(self, name: str, load: bool) -> Asked:
        """Load (anew) or unload a model, in every process."""
        if self._path is None:
            self._asked = _next(self._asked, name, load)
            return self._asked
        lock = os.open(self._path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            asked = _next(self.read(), name, load)
            data = {"number": asked.number, "unloaded": sorted(asked.unloaded), "reloads": dict(asked.reloads)}
            replace(self._path, json.dumps(data).encode())
        finally:
            os.close(lock)
        return asked

    def changed(self) -> bool:
        """Whether there is a request that this process has not followed."""
        return self.read().number != self._seen.number

    def reloads(self, asked: Asked) -> frozenset[str]:
        """The models to read anew: those asked for since the last time."""
        return frozenset(name for name, number in asked.reloads.items() if number > self._seen.number)

    def applied(self, series: Series, asked: Asked) -> None:
        """Note that this process has followed."""
        self._seen = asked
        series.set(_APPLIED, asked.number)

    @staticmethod
    def wait(slots: Slots, asked: Asked, seconds: float) -> bool:
        """Whether all processes have followed within the time."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            working = [numbers for lives, numbers in slots.read() if lives and numbers.get("samescore_workers")]
            if all(numbers.get(_APPLIED, 0) >= asked.number for numbers in working):
                return True
            time.sleep(0.02)
        return False


def _next(asked: Asked, name: str, load: bool) -> Asked:
    number = asked.number + 1
    if load:
        return Asked(number, asked.unloaded - {name}, {**asked.reloads, name: number})
    return Asked(number, asked.unloaded | {name}, asked.reloads)
