"""Detached Ed25519 signatures: 64 raw bytes in ``FILE.sig`` over the artifact's bytes as they are (docs/artifact.md).

They are checked before anything of the file is parsed. The package ``cryptography`` is imported when a key is used.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from samescore_runtime.errors import ArtifactError, InputError, MissingExtraError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

LENGTH = 64


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose signatures count: public keys (any one of them suffices), and whether a file without one is refused."""

    keys: tuple[Ed25519PublicKey, ...] = ()
    required: bool = False

    def check(self, name: str, content: bytes, signature: bytes | None) -> bool:
        """Whether the content is signed by a trusted key; False if it has no signature and needs none.

        A signature is only looked at where there are keys to hold it against.

        Raises:
            ArtifactError: ``signature``: it is missing, malformed, or none of the keys made it.
        """
        if signature is None or not self.keys:
            if self.required:
                raise ArtifactError("signature", name, "no signature", "a signature FILE.sig by a trusted key")
            return False
        if len(signature) != LENGTH:
            found = f"a signature of {len(signature)} bytes"
            raise ArtifactError("signature", name, found, f"the {LENGTH} bytes of an Ed25519 signature")
        from cryptography.exceptions import InvalidSignature

        for key in self.keys:
            try:
                key.verify(signature, content)
            except InvalidSignature:
                continue
            return True
        raise ArtifactError("signature", name, "a signature that no trusted key made", "the signed file, unchanged")


def trust(public_keys: Sequence[Path], required: bool = False) -> Trust:
    """The trust in the public keys of PEM files.

    Raises:
        InputError: a file that is no Ed25519 public key, or a signature required without a key.
        MissingExtraError: keys without the package that reads them.
    """
    if required and not public_keys:
        raise InputError("--require-signature", "no key to check it with", "--public-key FILE")
    return Trust(tuple(_public_key(path) for path in public_keys), required)


def beside(file: Path) -> bytes | None:
    """The signature next to a file, if it has one.

    Raises:
        InputError: one that cannot be read.
    """
    path = signature_path(file)
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InputError(str(path), (error.strerror or "unreadable").lower(), "a readable file") from error


def signature_path(file: Path) -> Path:
    """Where the signature of a file lies."""
    return file.with_name(file.name + ".sig")


def sign(content: bytes, key: Ed25519PrivateKey) -> bytes:
    """The 64 bytes of the signature."""
    return bytes(key.sign(content))


def make_keys(private: Path, public: Path) -> None:
    """Write a new pair of keys as PEM: PKCS 8 (readable by its owner alone) and SubjectPublicKeyInfo.

    Raises:
        InputError: one of the files exists.
    """
    serialization = _serialization()
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    shown = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    for path in (private, public):
        if path.exists():
            raise InputError(str(path), "exists", "a new file")
    for path, content, mode in ((private, secret, 0o600), (public, shown, 0o644)):
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content)


def private_key(path: Path) -> Ed25519PrivateKey:
    """The private key of a PEM file without a password.

    Raises:
        InputError: another file.
    """
    serialization = _serialization()
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    try:
        key = serialization.load_pem_private_key(_read(path), None)
    except (ValueError, TypeError) as error:
        raise InputError(str(path), "no private key", "an Ed25519 key in PEM, without a password") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise InputError(str(path), "a key of another kind", "an Ed25519 key in PEM, without a password")
    return key


def _public_key(path: Path) -> Ed25519PublicKey:
    serialization = _serialization()
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        key = serialization.load_pem_public_key(_read(path))
    except ValueError as error:
        raise InputError(str(path), "no public key", "an Ed25519 public key in PEM") from error
    if not isinstance(key, Ed25519PublicKey):
        raise InputError(str(path), "a key of another kind", "an Ed25519 public key in PEM")
    return key


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(str(path), (error.strerror or "unreadable").lower(), "a readable file") from error


def _serialization() -> Any:
    try:
        from cryptography.hazmat.primitives import serialization
    except ModuleNotFoundError as error:
        raise MissingExtraError("signatures", "cryptography", "sign") from error
    return serialization
