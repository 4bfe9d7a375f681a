"""Numbers that several processes write and any of them can read: a slot of shared memory for each.

A process claims a slot by a lock that the kernel frees when it ends, however it ends; the next one to claim the slot goes on
with its counters, so that they never go back. Within a slot only its owner writes, so nothing needs a lock while counting.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import tempfile
import weakref
from collections.abc import Callable, Iterator

#: Series of a slot, and the bytes of their names. Pages that nobody writes to take no memory.
SERIES, NAMES = 16384, 4 << 20
_HEADER = 24
_STRIDE = _HEADER + 8 * SERIES + NAMES

#: Flags for all processes, in front of the slots.
_FLAGS = 16
DRAINING, STARTED, FAILED = 0, 1, 2


class Slots:
    """Shared memory for up to ``count`` processes; made by their common parent before it forks."""

    def __init__(self, count: int = 1) -> None:
        self.count = count
        self._memory = memoryview(mmap.mmap(-1, _FLAGS + count * _STRIDE))
        self._locks, name = tempfile.mkstemp(prefix="samescore-")
        os.unlink(name)
        weakref.finalize(self, os.close, self._locks)

    def flag(self, which: int) -> bool:
        return bool(self._memory[which])

    def raise_flag(self, which: int) -> None:
        self._memory[which] = 1

    def claim(self) -> Series:
        """A slot of this process's own.

        Raises:
            OSError: all are taken.
        """
        for index in range(self.count):
            try:
                fcntl.lockf(self._locks, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, index)
            except OSError:
                continue
            series = Series(self._slot(index), index)
            series.owner = os.getpid()
            return series
        raise OSError(f"monitor: {self.count} slots, all taken")

    def read(self) -> Iterator[tuple[bool, dict[str, float]]]:
        """Of each slot whether its owner lives, and its numbers by name."""
        for index in range(self.count):
            series = Series(self._slot(index), index)
            yield _lives(series.owner), series.read()

    def _slot(self, index: int) -> memoryview:
        start = _FLAGS + index * _STRIDE
        return self._memory[start : start + _STRIDE]


class Series:
    """One slot: ``values[index(name)] += 1``."""

    def __init__(self, memory: memoryview, number: int) -> None:
        self.number = number
        self._header = memory[:_HEADER].cast("Q")
        self.values = memory[_HEADER : _HEADER + 8 * SERIES].cast("d")
        self._names = memory[_HEADER + 8 * SERIES :]
        self._index = {name: index for index, name in enumerate(self._known())}

    @property
    def owner(self) -> int:
        """The process that writes here, or did last; 0 if there was none."""
        return int(self._header[2])

    @owner.setter
    def owner(self, pid: int) -> None:
        self._header[2] = pid

    def index(self, name: str) -> int:
        """Where the number of that name is kept; the last place of all once the slot is full, which nobody reads."""
        found = self._index.get(name)
        if found is not None:
            return found
        count, used = self._header[0], self._header[1]
        encoded = name.encode() + b"\n"
        if count >= SERIES - 1 or used + len(encoded) > NAMES:
            return SERIES - 1
        self._names[used : used + len(encoded)] = encoded
        # The name is there before it counts as known: a reader in another process never sees half of it.
        self._header[1] = used + len(encoded)
        self._header[0] = count + 1
        self._index[name] = int(count)
        return int(count)

    def run(self, names: list[str]) -> int:
        """The first of consecutive places for these names; they must all be new or all be known as such a run."""
        first = self.index(names[0])
        for offset, name in enumerate(names[1:], 1):
            if self.index(name) != first + offset:
                return SERIES - 1 - len(names)
        return first

    def add(self, name: str, amount: float = 1.0) -> None:
        self.values[self.index(name)] += amount

    def set(self, name: str, value: float) -> None:
        self.values[self.index(name)] = value

    def clear(self, chosen: Callable[[str], bool]) -> None:
        """Set the numbers with chosen names to 0: what was true of the process before."""
        for name, index in self._index.items():
            if chosen(name):
                self.values[index] = 0.0

    def read(self) -> dict[str, float]:
        return {name: self.values[index] for index, name in enumerate(self._known())}

    def _known(self) -> list[str]:
        count, used = self._header[0], self._header[1]
        return bytes(self._names[:used]).decode().split("\n")[:count]


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return pid != 0


def resident_bytes() -> float:
    """Memory of this process, in bytes; 0 where the system does not tell."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return float(int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE"))
    except OSError:
        return 0.0
