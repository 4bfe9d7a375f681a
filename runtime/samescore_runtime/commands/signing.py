"""``samescore keygen``, ``sign`` and ``verify-signature``."""

from __future__ import annotations

from pathlib import Path

import click

from samescore_runtime import signatures
from samescore_runtime.artifact import read_content
from samescore_runtime.errors import ArtifactError
from samescore_runtime.repository import durable

_PATH = click.Path(path_type=Path)


@click.command("keygen")
@click.option("-o", "--output", "stem", required=True, type=_PATH, help="Writes OUTPUT.key and OUTPUT.pub.")
def keygen_command(stem: Path) -> int:
    """Make a pair of Ed25519 keys: OUTPUT.key, which signs and stays secret, and OUTPUT.pub, which checks.

    \b
    Examples:
      samescore keygen -o release
    """
    private, public = stem.with_name(stem.name + ".key"), stem.with_name(stem.name + ".pub")
    signatures.make_keys(private, public)
    click.echo(f"{private}\n{public}")
    return 0


@click.command("sign")
@click.argument("files", nargs=-1, required=True, type=_PATH, metavar="FILE...")
@click.option("--key", required=True, type=_PATH, help="The private key, as keygen wrote it.")
def sign_command(files: tuple[Path, ...], key: Path) -> int:
    """Sign artifacts: writes FILE.sig beside each.

    \b
    Examples:
      samescore sign churn.onnx --key release.key
    """
    secret = signatures.private_key(key)
    for file in files:
        _, content = read_content(file)
        durable.replace(signatures.signature_path(file), signatures.sign(content, secret))
        click.echo(str(signatures.signature_path(file)))
    return 0


@click.command("verify-signature")
@click.argument("files", nargs=-1, required=True, type=_PATH, metavar="FILE...")
@click.option("--public-key", "keys", required=True, multiple=True, type=_PATH, help="May be given more than once.")
def verify_signature_command(files: tuple[Path, ...], keys: tuple[Path, ...]) -> int:
    """Check that FILE.sig was made over FILE by one of the keys. Nothing of the file is parsed.

    Exit code 0 if every signature is good, 1 if one is missing or bad, 2 if a file or key cannot be read.

    \b
    Examples:
      samescore verify-signature churn.onnx --public-key release.pub
    """
    trusted = signatures.trust(keys, required=True)
    good = True
    for file in files:
        name, content = read_content(file)
        try:
            trusted.check(name, content, signatures.beside(file))
        except ArtifactError as error:
            good = False
            click.echo(f"samescore: {error}", err=True)
        else:
            click.echo(f"{name}: good")
    return 0 if good else 1
