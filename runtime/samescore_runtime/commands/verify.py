"""``samescore verify``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from samescore_runtime.errors import InputError
from samescore_runtime.verification import Verification, verify


@click.command("verify")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object with every check of every file.")
def verify_command(files: tuple[Path, ...], as_json: bool) -> int:
    """Check artifacts on this machine: format, integrity, contract, goldens.

    Exit code 0 if every check of every file passed, 1 if one failed, 2 if a file cannot be read.

    \b
    Examples:
      samescore verify churn.onnx
      samescore verify models/*.onnx --json
    """
    results: list[Verification] = []
    unreadable: list[InputError] = []
    for file in files:
        try:
            results.append(verify(file))
        except InputError as error:
            unreadable.append(error)
            click.echo(f"samescore: {error}", err=True)
    if as_json:
        passed = not unreadable and all(result.passed for result in results)
        entries = [result.to_json() for result in results]
        click.echo(json.dumps({"passed": passed, "files": entries, "unreadable": [str(error) for error in unreadable]}))
    else:
        for result in results:
            click.echo(_page(result))
    if unreadable:
        return 2
    return 0 if all(result.passed for result in results) else 1


def _page(result: Verification) -> str:
    lines = [f"{result.name}: {'good' if result.passed else 'BAD'}"]
    if result.digest is not None:
        lines.append(f"  digest {result.digest}")
    width = max(len(check.name) for check in result.checks)
    lines += [f"  {check.name:<{width}}  {check.result:<7}  {check.reason}" for check in result.checks]
    return "\n".join(lines)
