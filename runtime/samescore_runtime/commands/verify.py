"""``samescore verify``."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import click

from samescore_runtime import signatures
from samescore_runtime.artifact import read_content
from samescore_runtime.errors import ArtifactError, InputError
from samescore_runtime.verification import STEPS, Check, Verification, verify


@click.command("verify")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object with every check of every file.")
@click.option(
    "--public-key", "keys", multiple=True, type=click.Path(path_type=Path), help="Keys that FILE.sig is held against."
)
@click.option("--require-signature", is_flag=True, help="A file without a good signature is bad.")
def verify_command(files: tuple[Path, ...], as_json: bool, keys: tuple[Path, ...], require_signature: bool) -> int:
    """Check artifacts on this machine: signature, format, integrity, contract, goldens.

    Exit code 0 if every check of every file passed, 1 if one failed, 2 if a file cannot be read.

    \b
    Examples:
      samescore verify churn.onnx
      samescore verify models/*.onnx --json
    """
    trusted = signatures.trust(keys, require_signature)
    results: list[Verification] = []
    unreadable: list[InputError] = []
    for file in files:
        try:
            results.append(_verified(file, trusted))
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


def _verified(file: Path, trusted: signatures.Trust) -> Verification:
    """All checks; behind a signature that fails, nothing of the file is read."""
    if not trusted.keys:
        return verify(file)
    name, content = read_content(file)
    try:
        signed = trusted.check(name, content, signatures.beside(file))
    except ArtifactError as error:
        failed = Check("signature", "failed", f"{error.found}; {error.accepted}", error.code)
        skipped = (Check(step, "skipped", "a check before it failed") for step in STEPS)
        return Verification(name, None, (failed, *skipped))
    result = verify(content)
    reason = "made by a trusted key" if signed else "none, and none is required"
    return replace(result, name=name, checks=(Check("signature", "passed", reason), *result.checks))


def _page(result: Verification) -> str:
    lines = [f"{result.name}: {'good' if result.passed else 'BAD'}"]
    if result.digest is not None:
        lines.append(f"  digest {result.digest}")
    width = max(len(check.name) for check in result.checks)
    lines += [f"  {check.name:<{width}}  {check.result:<7}  {check.reason}" for check in result.checks]
    return "\n".join(lines)
