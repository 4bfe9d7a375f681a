"""The state of one model in the repository: its aliases, how its traffic is split, and everything that happened to it.

It is one JSON file, ``NAME/samescore.json``, replaced as a whole. Each change raises ``generation`` by one and adds one event,
so the history is a line without forks, and a caller that states the generation it has seen changes nothing it has not seen.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from samescore_runtime.errors import InputError, SamescoreError
from samescore_runtime.repository import durable

FILE = "samescore.json"
FORMAT = 1
#: Earlier versions that an alias remembers for rolling back.
REMEMBERED = 100


class ConflictError(SamescoreError):
    """Somebody else changed the model first; nothing was done."""


@dataclass(frozen=True, slots=True)
class Event:
    """One change: the generation that it made, when (UTC), by whom, and why."""

    generation: int
    at: str
    by: str
    action: str
    alias: str | None = None
    old: str | None = None
    new: str | None = None
    digest: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Split:
    """``percent`` of the requests to the default alias go to ``alias`` instead."""

    alias: str
    percent: float


@dataclass(frozen=True)
class State:
    """Attributes:
    aliases: alias -> its versions, oldest first; the last one is meant.
    digests: published version -> SHA-256 of its file.
    split, shadow: where part of the traffic goes, and which alias scores along unseen.
    """

    generation: int = 0
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)
    split: Split | None = None
    shadow: Split | None = None
    history: tuple[Event, ...] = ()

    @property
    def current(self) -> dict[str, str]:
        """Alias -> version."""
        return {alias: versions[-1] for alias, versions in self.aliases.items()}

    def pointed(self, alias: str, version: str) -> State:
        """The state with an alias moved on to a version."""
        trail = (*self.aliases.get(alias, ()), version)[-REMEMBERED:]
        return replace(self, aliases={**self.aliases, alias: trail})

    def told(self, by: str, action: str, **more: Any) -> State:
        """The state one generation on, with the event that led there."""
        event = Event(self.generation + 1, datetime.now(UTC).isoformat(timespec="milliseconds"), by, action, **more)
        return replace(self, generation=event.generation, history=(*self.history, event))


def read(folder: Path) -> State:
    """The state of the model in a folder; an empty one if it has none.

    Raises:
        InputError: a file that is no state, or cannot be read.
    """
    path = folder / FILE
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return State()
    except OSError as error:
        raise InputError(str(path), (error.strerror or "unreadable").lower(), "a readable file") from error
    try:
        data = json.loads(text)
        if data["format"] != FORMAT:
            raise InputError(str(path), f"format {data['format']!r}", f"format {FORMAT}")
        return State(
            generation=int(data["generation"]),
            aliases={alias: tuple(versions) for alias, versions in data["aliases"].items() if versions},
            digests=dict(data["digests"]),
            split=None if data["split"] is None else Split(**data["split"]),
            shadow=None if data["shadow"] is None else Split(**data["shadow"]),
            history=tuple(Event(**event) for event in data["history"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(str(path), f"unreadable ({type(error).__name__})", "docs/repository.md") from error


def change(folder: Path, step: Callable[[State], State], expected: int | None = None) -> State:
    """Change the state under the model's lock; ``step`` gives the new one.

    Args:
        expected: the generation that the caller has seen; None changes whatever is there.

    Raises:
        ConflictError: the generation is another one.
        OSError: nothing was changed.
    """
    with durable.locked(folder):
        before = read(folder)
        if expected is not None and before.generation != expected:
            raise ConflictError(folder.name, f"generation {before.generation}", f"generation {expected}, as expected")
        after = step(before)
        durable.replace(folder / FILE, json.dumps({"format": FORMAT, **asdict(after)}, indent=1).encode("ascii"))
        return after
