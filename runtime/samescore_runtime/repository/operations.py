"""What can be done to a repository: publish, promote, roll back, split, shadow, list."""

from __future__ import annotations

import getpass
import hashlib
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from samescore_runtime.artifact import read_content
from samescore_runtime.errors import InputError
from samescore_runtime.repository import durable
from samescore_runtime.repository.state import Split, State, change, read

MODEL, SIGNATURE = "model.onnx", "model.onnx.sig"
DEFAULT_ALIAS = "champion"

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_ALIAS = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class Listed:
    """A model of the repository; ``versions`` in ascending order."""

    name: str
    versions: tuple[str, ...]
    state: State


def versions(folder: Path) -> tuple[str, ...]:
    """The published versions of a model, lowest first."""
    found = {path.parent.name for path in folder.glob(f"*/{MODEL}") if path.parent.name.isdecimal()}
    return tuple(sorted(found, key=int))


def user() -> str:
    """Who does it, for the history."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container without a name for its user
        return str(os.getuid())


def publish(
    root: Path, name: str, file: Path, check: Callable[[bytes, bytes | None], None], by: str, reason: str | None = None
) -> str:
    """Copy an artifact into the repository under the next version, and its signature ``FILE.sig`` with it.

    The version appears whole or not at all. The same bytes published again keep the version that they have.

    Args:
        check: raises for bytes (and signature) that must not be published.

    Returns:
        The version.

    Raises:
        InputError: a name that does not fit, or a file that cannot be read.
        OSError: the disk is full, for example; nothing was published.
    """
    _fit(name, _NAME, "model", "letters, digits, _ . -")
    _, content = read_content(file)
    signature_file = file.with_name(file.name + ".sig")
    signature = signature_file.read_bytes() if signature_file.is_file() else None
    check(content, signature)
    digest = hashlib.sha256(content).hexdigest()
    folder = root / name
    folder.mkdir(parents=True, exist_ok=True)
    taken: list[str] = []

    def step(state: State) -> State:
        there = versions(folder)
        known = next(
            (version for version, known in state.digests.items() if known == digest and version in there), None
        )
        if known is not None:
            taken.append(known)
            return state
        version = str(int(there[-1]) + 1 if there else 1)
        _place(folder, version, content, signature)
        taken.append(version)
        published = replace(state, digests={**state.digests, version: digest})
        return published.told(by, "publish", new=version, digest=digest, reason=reason)

    change(folder, step)
    return taken[0]


def _place(folder: Path, version: str, content: bytes, signature: bytes | None) -> None:
    staging = folder / f".staging-{os.getpid()}"
    shutil.rmtree(staging, ignore_errors=True)
    try:
        staging.mkdir()
        durable.write_new(staging / MODEL, content)
        if signature is not None:
            durable.write_new(staging / SIGNATURE, signature)
        durable.sync_folder(staging)
        os.rename(staging, folder / version)
        durable.sync_folder(folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def promote(
    root: Path, name: str, version: str, alias: str, by: str, reason: str | None = None, expected: int | None = None
) -> State:
    """Point an alias at a version.

    Raises:
        InputError: no such model or version, or a word that is no alias.
        ConflictError: ``expected`` is not the generation any more.
    """
    folder = _model(root, name)
    _fit(alias, _ALIAS, "alias", "letters, digits, _ -, not beginning with a digit")
    there = versions(folder)
    if version not in there:
        raise InputError(f"{name}: version {version}", "not published", f"one of {', '.join(there)}")

    def step(state: State) -> State:
        old = state.current.get(alias)
        digest = state.digests.get(version)
        moved = state.pointed(alias, version) if old != version else state
        return moved.told(by, "promote", alias=alias, old=old, new=version, digest=digest, reason=reason)

    return change(folder, step, expected)


def rollback(
    root: Path, name: str, alias: str, by: str, reason: str | None = None, expected: int | None = None
) -> State:
    """Point an alias at the version that it had before; again, at the one before that.

    Raises:
        InputError: no such model or alias, or nothing before it.
        ConflictError: ``expected`` is not the generation any more.
    """
    folder = _model(root, name)

    def step(state: State) -> State:
        trail = state.aliases.get(alias)
        if trail is None:
            raise InputError(f"{name}: alias {alias}", "no such alias", _aliases(state))
        if len(trail) < 2:
            raise InputError(f"{name}: alias {alias}", "no version before this one", "an alias that was moved")
        moved = replace(state, aliases={**state.aliases, alias: trail[:-1]})
        digest = state.digests.get(trail[-2])
        return moved.told(by, "rollback", alias=alias, old=trail[-1], new=trail[-2], digest=digest, reason=reason)

    return change(folder, step, expected)


def divert(
    root: Path, name: str, action: str, alias: str | None, percent: float, by: str, reason: str | None = None
) -> State:
    """Split (``action="split"``) or shadow (``"shadow"``) a part of the traffic; alias None ends it.

    Raises:
        InputError: no such model or alias, or no percentage.
    """
    folder = _model(root, name)
    if not 0 <= percent <= 100:
        raise InputError(f"{name}: percent", str(percent), "a number from 0 to 100")

    def step(state: State) -> State:
        if alias is not None and alias not in state.aliases:
            raise InputError(f"{name}: alias {alias}", "no such alias", _aliases(state))
        part = None if alias is None else Split(alias, percent)
        changed = replace(state, split=part) if action == "split" else replace(state, shadow=part)
        shown = None if alias is None else f"{percent:g} %"
        return changed.told(by, action, alias=alias, new=shown, reason=reason)

    return change(folder, step)


def list_models(root: Path) -> list[Listed]:
    """The models of a repository, by name.

    Raises:
        InputError: no such folder, or a state that cannot be read.
    """
    if not root.is_dir():
        raise InputError(str(root), "no such folder", "a repository")
    folders = [folder for folder in sorted(root.iterdir()) if folder.is_dir() and _NAME.fullmatch(folder.name)]
    return [Listed(folder.name, versions(folder), read(folder)) for folder in folders if versions(folder)]


def _model(root: Path, name: str) -> Path:
    folder = root / name
    if not _NAME.fullmatch(name) or not versions(folder):
        raise InputError(f"model {name}", "not in the repository", "a published model")
    return folder


def _fit(text: str, pattern: re.Pattern[str], what: str, accepted: str) -> None:
    if not pattern.fullmatch(text):
        raise InputError(f"{what} {text!r}", "a name that does not fit into an address", accepted)


def _aliases(state: State) -> str:
    return f"one of {', '.join(state.aliases)}" if state.aliases else "an alias made by promote"
