"""The models a service holds: which there are, under which names, versions and aliases. A snapshot; changing is replacing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

from samescore_runtime.model import Model, load
from samescore_runtime.repository.state import Split
from samescore_runtime.score_json import dumps
from samescore_runtime.service.failures import RequestError
from samescore_runtime.service.places import Place
from samescore_runtime.service.plan import Wanted, order


@dataclass(frozen=True, eq=False)
class Served:
    """A model that passed its self-check, under its name and version; ``signed`` by a key that is trusted."""

    name: str
    version: str
    model: Model
    signed: bool = False

    @cached_property
    def head(self) -> bytes:
        """An answer for people as far as it is always the same: up to the id."""
        head = dumps({"model": self.name, "version": self.version, "digest": self.model.digest, "id": ""})
        return head.removesuffix(b'""}')


@dataclass(frozen=True, eq=False)
class Entry:
    """All that is served under one name."""

    default: Served
    versions: Mapping[str, Served]
    aliases: Mapping[str, str] = field(default_factory=dict)
    split: Split | None = None
    shadow: Split | None = None

    def find(self, version: str | None) -> Served | None:
        """By version or alias; the default for None."""
        if version is None:
            return self.default
        return self.versions.get(self.aliases.get(version, version))

    @staticmethod
    def of(wanted: Wanted, versions: Mapping[str, Served]) -> Entry:
        return Entry(versions[wanted.default], versions, wanted.aliases, wanted.split, wanted.shadow)


class Models:
    """Named and versioned models; without a version, the default is meant: the champion, or the highest."""

    def __init__(self, served: Sequence[Served] = (), entries: Mapping[str, Entry] | None = None) -> None:
        if entries is None:
            found: dict[str, dict[str, Served]] = {}
            for one in sorted(served, key=lambda one: (one.name, order(one.version))):
                found.setdefault(one.name, {})[one.version] = one
            entries = {name: Entry(list(versions.values())[-1], versions) for name, versions in found.items()}
        self.entries: Mapping[str, Entry] = MappingProxyType(dict(sorted(entries.items())))

    def __iter__(self) -> Iterator[Served]:
        """The default version of each model, by name."""
        return (entry.default for entry in self.entries.values())

    @property
    def ready(self) -> bool:
        """Whether there is anything to serve; what is here has passed its self-check."""
        return bool(self.entries)

    def versions(self, name: str) -> list[str]:
        return sorted(self.entries[name].versions, key=order)

    def get(self, name: str, version: str | None = None) -> Served:
        """A model by name, and version or alias.

        Raises:
            RequestError: ``unknown_model``.
        """
        entry = self.entries.get(name)
        if entry is None:
            raise RequestError("unknown_model", "model", "no model of this name", f"one of {', '.join(self.entries)}")
        served = entry.find(version)
        if served is None:
            known = ", ".join([*self.versions(name), *entry.aliases])
            raise RequestError("unknown_model", f"model {name}", "no such version", f"one of {known}")
        return served


def load_models(places: Sequence[Place]) -> Models:
    """Load and self-check every artifact.

    Raises:
        InputError, ArtifactError: the first that must not be served.
    """
    return Models([Served(place.name, place.version, load(Path(place.path))) for place in places])
