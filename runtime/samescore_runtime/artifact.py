"""The artifact as read from disk: bytes, digest and the JSON entries of its metadata (docs/artifact.md)."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samescore_runtime import integrity
from samescore_runtime.contract import Contract
from samescore_runtime.errors import ArtifactError, InputError

Source = str | os.PathLike[str] | bytes

#: Metadata entries and the format numbers of each that this version knows.
FORMATS: Mapping[str, tuple[int, ...]] = {
    "samescore.contract": (1,),
    "samescore.golden": (1,),
    "samescore.proof": (1,),
    "samescore.profile": (1,),
    "samescore.provenance": (1,),
    integrity.INTEGRITY_KEY: (1,),
}
#: Without these a file cannot be checked or scored with; the others are information.
_REQUIRED = ("samescore.contract", "samescore.golden")


@dataclass(frozen=True)
class Artifact:
    """A file that was read and whose integrity holds.

    Attributes:
        name: the file's path as given, or ``artifact`` for bytes.
        content: the file's bytes.
        digest: SHA-256 of the bytes, in hex.
        contract: what it takes and gives.
        golden, proof, profile, provenance: the parsed metadata entries; None if the file has none.
    """

    name: str
    content: bytes
    digest: str
    contract: Contract
    golden: Mapping[str, Any]
    proof: Mapping[str, Any] | None
    profile: Mapping[str, Any] | None
    provenance: Mapping[str, Any] | None


def read_content(source: Source) -> tuple[str, bytes]:
    """The name and the bytes of a source.

    Raises:
        InputError: a file that cannot be read.
    """
    if isinstance(source, bytes):
        return "artifact", source
    path = Path(source)
    try:
        return str(path), path.read_bytes()
    except OSError as error:
        reason = (error.strerror or "unreadable").lower()
        raise InputError(str(path), reason, "a readable .onnx file that samescore wrote") from error


def read_entries(content: bytes, name: str) -> tuple[str, dict[str, dict[str, Any]]]:
    """The checksum of the bytes and the known metadata entries, parsed: step 1 of loading.

    Raises:
        ArtifactError: ``not_an_artifact``, ``unknown_format``.
    """
    checksum, metadata = integrity.read(content, name)
    for key in _REQUIRED:
        if key not in metadata:
            raise ArtifactError("not_an_artifact", name, f"no metadata entry {key}", "a file that samescore wrote")
    return checksum, {key: _parse(key, metadata[key], name) for key in FORMATS if key in metadata}


def _parse(key: str, text: str, name: str) -> dict[str, Any]:
    try:
        entry = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ArtifactError("not_an_artifact", f"{name}: {key}", "no JSON", "docs/artifact.schema.json") from error
    number = entry.get("format") if isinstance(entry, dict) else None
    if type(number) is not int:
        raise ArtifactError("not_an_artifact", f"{name}: {key}", "no format number", "docs/artifact.schema.json")
    if number not in FORMATS[key]:
        known = ", ".join(map(str, FORMATS[key]))
        raise ArtifactError("unknown_format", f"{name}: {key}", f"format {number}", f"format {known}")
    return dict(entry)


def check_integrity(checksum: str, entries: Mapping[str, Mapping[str, Any]], name: str) -> None:
    """Step 2 of loading.

    Raises:
        ArtifactError: ``integrity`` if the checksum is absent or another.
    """
    stated = entries.get(integrity.INTEGRITY_KEY, {}).get("sha256")
    if stated != checksum:
        found = "no checksum" if stated is None else "content that its checksum does not cover: the file was changed"
        raise ArtifactError("integrity", name, found, "the file as samescore wrote it")


def build(name: str, content: bytes, entries: Mapping[str, Mapping[str, Any]]) -> Artifact:
    """The artifact of parsed entries."""
    return Artifact(
        name=name,
        content=content,
        digest=hashlib.sha256(content).hexdigest(),
        contract=Contract.from_json(entries["samescore.contract"], f"{name}: samescore.contract"),
        golden=entries["samescore.golden"],
        proof=entries.get("samescore.proof"),
        profile=entries.get("samescore.profile"),
        provenance=entries.get("samescore.provenance"),
    )


def read_artifact(source: Source) -> Artifact:
    """Read a file or bytes and check the integrity: steps 1 and 2 of loading. No model is opened.

    Raises:
        InputError: a file that cannot be read.
        ArtifactError: ``not_an_artifact``, ``unknown_format``, ``integrity``.
    """
    name, content = read_content(source)
    checksum, entries = read_entries(content, name)
    check_integrity(checksum, entries, name)
    return build(name, content, entries)
