"""The models a service holds: which there are, under which name and version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

from samescore_runtime.model import Model, load
from samescore_runtime.service.failures import RequestError
from samescore_runtime.service.places import Place


@dataclass(frozen=True)
class Served:
    """A model that passed its self-check, under its name and version."""

    name: str
    version: str
    model: Model


class Models:
    """Named and versioned models; without a version, the highest one is meant."""

    def __init__(self, served: Sequence[Served]) -> None:
        found: dict[str, dict[str, Served]] = {}
        for one in sorted(served, key=lambda one: (one.name, _order(one.version))):
            found.setdefault(one.name, {})[one.version] = one
        self._found: Mapping[str, Mapping[str, Served]] = MappingProxyType(found)

    def __iter__(self) -> Iterator[Served]:
        """The current version of each model, by name."""
        return (list(versions.values())[-1] for versions in self._found.values())

    @cached_property
    def ready(self) -> bool:
        """Whether there is anything to serve; what is here has passed its self-check."""
        return bool(self._found)

    def versions(self, name: str) -> list[str]:
        return list(self._found[name])

    def get(self, name: str, version: str | None = None) -> Served:
        """A model by name and version.

        Raises:
            RequestError: ``unknown_model``.
        """
        versions = self._found.get(name)
        if versions is None:
            raise RequestError("unknown_model", "model", "no model of this name", f"one of {', '.join(self._found)}")
        if version is None:
            return list(versions.values())[-1]
        if version not in versions:
            raise RequestError("unknown_model", f"model {name}", "no such version", f"one of {', '.join(versions)}")
        return versions[version]


def _order(version: str) -> tuple[int, str]:
    return (int(version), version) if version.isdecimal() else (-1, version)


def load_models(places: Sequence[Place]) -> Models:
    """Load and self-check every artifact.

    Raises:
        InputError, ArtifactError: the first that must not be served.
    """
    return Models([Served(place.name, place.version, load(place.path)) for place in places])
