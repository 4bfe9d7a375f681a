"""What a service should serve, read from disk: which files, under which versions and aliases. Nothing is loaded here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from samescore_runtime.repository import state as states
from samescore_runtime.repository.operations import DEFAULT_ALIAS
from samescore_runtime.repository.state import Split
from samescore_runtime.service.places import find


@dataclass(frozen=True)
class Wanted:
    """One model as it should be served.

    Attributes:
        files: version -> file.
        default: the version that is meant where none is named.
        aliases: alias -> version.
        digests: version -> the SHA-256 that was published; versions put there by hand have none.
        split, shadow: where part of the default version's traffic goes.
    """

    name: str
    files: Mapping[str, str]
    default: str
    aliases: Mapping[str, str] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)
    split: Split | None = None
    shadow: Split | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Wanted:
        parts = {key: None if data[key] is None else Split(**data[key]) for key in ("split", "shadow")}
        return Wanted(**{**data, **parts})


def plan(path: Path) -> dict[str, Wanted]:
    """The models at a path, by name: a file, or a folder of files and of a repository's models.

    A model with aliases is served in the versions that these name; one without in all.

    Raises:
        InputError: nothing to serve there, a name that does not fit, or a state that cannot be read.
    """
    files: dict[str, dict[str, str]] = {}
    for place in find(path):
        files.setdefault(place.name, {})[place.version] = str(place.path)
    return {name: _wanted(path, name, found) for name, found in files.items()}


def _wanted(root: Path, name: str, files: Mapping[str, str]) -> Wanted:
    state = states.read(root / name) if root.is_dir() else states.State()
    aliases = {alias: version for alias, version in state.current.items() if version in files}
    served = {version: files[version] for version in set(aliases.values())} if aliases else dict(files)
    default = aliases.get(DEFAULT_ALIAS, max(served, key=order))

    def known(part: Split | None) -> Split | None:
        return part if part is not None and part.alias in aliases else None

    digests = {version: digest for version, digest in state.digests.items() if version in served}
    return Wanted(name, served, default, aliases, digests, known(state.split), known(state.shadow))


def order(version: str) -> tuple[int, str]:
    """Sorts versions: numbers by size, others before them."""
    return (int(version), version) if version.isdecimal() else (-1, version)


def stamp(path: Path) -> tuple[Any, ...]:
    """Changes when a repository's state does; cheap enough to look at every second. Files without a state are not followed."""
    found = []
    for file in path.glob(f"*/{states.FILE}") if path.is_dir() else ():
        try:
            status = file.stat()
        except OSError:
            continue
        found.append((file.parent.name, status.st_mtime_ns, status.st_ino))
    return tuple(sorted(found))
