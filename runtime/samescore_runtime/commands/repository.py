"""``samescore publish``, ``promote``, ``rollback``, ``split``, ``shadow`` and ``list``."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import click

from samescore_runtime import signatures
from samescore_runtime.errors import ArtifactError
from samescore_runtime.repository import operations
from samescore_runtime.repository.operations import DEFAULT_ALIAS, Listed
from samescore_runtime.repository.state import ConflictError, State

_PATH = click.Path(path_type=Path)

_root = click.option(
    "--repository", "root", required=True, type=_PATH, envvar="SAMESCORE_REPOSITORY", help="The folder."
)
_by = click.option("--by", default=operations.user, show_default="the user", help="Who does it, for the history.")
_reason = click.option("--reason", help="Why, for the history.")
_alias = click.option("--alias", default=DEFAULT_ALIAS, show_default=True)
_expect = click.option("--expect", type=click.IntRange(min=0), help="Only if the generation is still this one.")


@click.command("publish")
@click.argument("name")
@click.argument("file", type=_PATH)
@_root
@click.option("--alias", help="Promote the new version to this alias at once.")
@click.option("--public-key", "keys", multiple=True, type=_PATH, help="Keys that a signature FILE.sig is held against.")
@click.option("--require-signature", is_flag=True, help="Refuse a file without a good signature.")
@_by
@_reason
def publish_command(
    name: str,
    file: Path,
    root: Path,
    alias: str | None,
    keys: tuple[Path, ...],
    require_signature: bool,
    by: str,
    reason: str | None,
) -> int:
    """Copy an artifact into the repository as the next version of NAME, after all its checks.

    Exit code 0 if it is published, 1 if the artifact is bad, 2 for misuse or a disk that refuses.

    \b
    Examples:
      samescore publish churn churn.onnx --repository models/ --alias champion
    """
    trusted = signatures.trust(keys, require_signature)
    try:
        version = operations.publish(root, name, file, partial(_check, trusted, str(file)), by, reason)
    except ArtifactError as error:
        click.echo(f"samescore: {error}", err=True)
        return 1
    if alias is not None:
        operations.promote(root, name, version, alias, by, reason)
    click.echo(version)
    return 0


def _check(trusted: signatures.Trust, name: str, content: bytes, signature: bytes | None) -> None:
    from samescore_runtime.model import load

    trusted.check(name, content, signature)
    load(content)


def _told(step: Callable[[], State]) -> int:
    try:
        state = step()
    except ConflictError as error:
        click.echo(f"samescore: {error}", err=True)
        return 1
    event = state.history[-1]
    parts = [event.action, event.alias or "", f"{event.old or 'nothing'} -> {event.new or 'nothing'}"]
    click.echo(f"generation {state.generation}: {' '.join(part for part in parts if part)}")
    return 0


@click.command("promote")
@click.argument("name")
@click.argument("version")
@_root
@_alias
@_expect
@_by
@_reason
def promote_command(
    name: str, version: str, root: Path, alias: str, expect: int | None, by: str, reason: str | None
) -> int:
    """Point an alias of NAME at VERSION; a running service follows.

    Exit code 0 if it is done, 1 if the generation is not the expected one any more, 2 for misuse.

    \b
    Examples:
      samescore promote churn 4 --repository models/ --reason "wins on the holdout"
    """
    return _told(lambda: operations.promote(root, name, version, alias, by, reason, expect))


@click.command("rollback")
@click.argument("name")
@_root
@_alias
@_expect
@_by
@_reason
def rollback_command(name: str, root: Path, alias: str, expect: int | None, by: str, reason: str | None) -> int:
    """Point an alias of NAME at the version that it had before.

    Exit code 0 if it is done, 1 if the generation is not the expected one any more, 2 for misuse.

    \b
    Examples:
      samescore rollback churn --repository models/
    """
    return _told(lambda: operations.rollback(root, name, alias, by, reason, expect))


def _divert_command(action: str, what: str) -> click.Command:
    @click.command(action, help=what)
    @click.argument("name")
    @_root
    @click.option("--alias", default="challenger", show_default=True)
    @click.option("--percent", type=float, default=100.0 if action == "shadow" else 10.0, show_default=True)
    @click.option("--off", is_flag=True, help="End it.")
    @_by
    @_reason
    def command(name: str, root: Path, alias: str, percent: float, off: bool, by: str, reason: str | None) -> int:
        target = None if off else alias
        return _told(lambda: operations.divert(root, name, action, target, percent, by, reason))

    return command


split_command = _divert_command(
    "split",
    """Send a percentage of NAME's requests to another alias.

    Requests with the same header X-Samescore-Key always go the same way.

    \b
    Examples:
      samescore split churn --repository models/ --percent 5
      samescore split churn --repository models/ --off
    """,
)
shadow_command = _divert_command(
    "shadow",
    """Let another alias score a percentage of NAME's requests unseen, and count where its answers differ.

    \b
    Examples:
      samescore shadow churn --repository models/
      samescore shadow churn --repository models/ --off
    """,
)


@click.command("list")
@click.argument("name", required=False)
@_root
@click.option("--history", is_flag=True, help="Every change, oldest first.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def list_command(name: str | None, root: Path, history: bool, as_json: bool) -> int:
    """Show models, versions, aliases and, if asked for, their history.

    \b
    Examples:
      samescore list --repository models/ --history
    """
    models = [model for model in operations.list_models(root) if name in (None, model.name)]
    if name is not None and not models:
        click.echo(f"samescore: model {name}: not in the repository; a published model", err=True)
        return 2
    if as_json:
        click.echo(json.dumps({"models": [_as_json(model, history) for model in models]}))
        return 0
    for model in models:
        click.echo("\n".join(_page(model, history)))
    return 0


def _as_json(model: Listed, history: bool) -> dict[str, Any]:
    state = model.state
    entry: dict[str, Any] = {
        "name": model.name,
        "generation": state.generation,
        "versions": {version: state.digests.get(version) for version in model.versions},
        "aliases": state.current,
        "split": None if state.split is None else asdict(state.split),
        "shadow": None if state.shadow is None else asdict(state.shadow),
    }
    if history:
        entry["history"] = [asdict(event) for event in state.history]
    return entry


def _page(model: Listed, history: bool) -> list[str]:
    state = model.state
    named: dict[str, list[str]] = {}
    for alias, version in state.current.items():
        named.setdefault(version, []).append(alias)
    lines = [f"{model.name} (generation {state.generation})"]
    for version in model.versions:
        digest = (state.digests.get(version) or "")[:12]
        lines.append(f"  {version:>4}  {digest:<12}  {', '.join(named.get(version, []))}".rstrip())
    for word, part in (("split", state.split), ("shadow", state.shadow)):
        if part is not None:
            lines.append(f"  {word}: {part.percent:g} % to {part.alias}")
    if history:
        for event in state.history:
            change = f"{event.old or '-'} -> {event.new or '-'}"
            why = f" ({event.reason})" if event.reason else ""
            alias = f" {event.alias}" if event.alias else ""
            lines.append(f"  {event.generation:>4}  {event.at}  {event.by}: {event.action}{alias} {change}{why}")
    return lines
