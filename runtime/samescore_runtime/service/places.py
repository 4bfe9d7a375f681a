"""Artifacts on disk, and what they are called in the service; nothing is loaded here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from samescore_runtime.errors import InputError

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


@dataclass(frozen=True, slots=True)
class Place:
    """Where an artifact lies on disk, and what it is called in the service."""

    name: str
    version: str
    path: Path


def find(path: Path) -> tuple[Place, ...]:
    """The artifacts at a path: one file, or a folder of ``NAME.onnx`` and ``NAME/VERSION/model.onnx``.

    Raises:
        InputError: no such path, no artifact in it, or a name that does not fit into an address.
    """
    if path.is_file():
        places = [Place(path.stem, "1", path)]
    elif path.is_dir():
        places = [Place(file.stem, "1", file) for file in sorted(path.glob("*.onnx"))]
        # What is being published lies in a folder with a dot until it is whole.
        nested = [file for file in sorted(path.glob("*/*/model.onnx")) if not file.parent.name.startswith(".")]
        places += [Place(file.parent.parent.name, file.parent.name, file) for file in nested]
    else:
        raise InputError(str(path), "no such file or folder", "an .onnx file, or a folder of them")
    if not places:
        raise InputError(str(path), "a folder without artifacts", "NAME.onnx or NAME/VERSION/model.onnx")
    taken: set[tuple[str, str]] = set()
    for place in places:
        if not _NAME.fullmatch(place.name) or not _NAME.fullmatch(place.version):
            raise InputError(str(place.path), "a name that does not fit into an address", "letters, digits, _ . -")
        if (place.name, place.version) in taken:
            raise InputError(str(path), f"version {place.version} of {place.name} twice", "one file per version")
        taken.add((place.name, place.version))
    return tuple(places)
