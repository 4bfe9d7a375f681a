"""Where training data comes from: a file, a folder, or a URL. Names are shown, paths and URLs never: they may hold secrets."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from samescore_runtime.errors import InputError

#: Seconds to wait for a web server.
TIMEOUT = 60.0
ACCEPTED = (
    "a file, a folder of Parquet files, or a URL (https, s3, gs, abfs, hdfs, or any scheme of an installed fsspec)"
)


@dataclass(frozen=True, slots=True)
class Source:
    """Readable files under one name.

    Attributes:
        name: the last part of the path or URL.
        parts: file names relative to the folder, sorted; one file has just its own name.
        folder: whether it is a folder.
        read: the bytes of one of ``parts``.
    """

    name: str
    parts: tuple[str, ...]
    folder: bool
    read: Callable[[str], bytes]


def open_source(location: str | Path) -> Source:
    """The files behind a path or URL.

    Hidden files and those starting with an underscore (``_SUCCESS``) are no data.

    Raises:
        InputError: nothing there, an empty folder, or a scheme nobody here can read.
    """
    from pyarrow.fs import LocalFileSystem

    text = os.fspath(location)
    if "://" not in text:
        path = Path(text).absolute()
        return _open(path.name, LocalFileSystem(), path.as_posix())
    url = urlsplit(text)
    name = unquote(PurePosixPath(url.path).name) or url.scheme
    if url.scheme in ("http", "https"):
        return Source(name, (name,), False, lambda _: _download(text, name))
    return _open(name, *_filesystem(text, name))


def reference_file(name: str) -> Path | None:
    """A file of the reference data, or None: in ``$SAMESCORE_DATA`` if that is set, else in ``../shared/data`` beside the
    checkout or the current folder."""
    chosen = os.environ.get("SAMESCORE_DATA")
    beside = [root.parent / "shared" / "data" for root in (Path(__file__).resolve().parents[2], Path.cwd())]
    for folder in [Path(chosen)] if chosen else beside:
        if (folder / name).is_file():
            return folder / name
    return None


def _filesystem(uri: str, name: str) -> tuple[Any, str]:
    from pyarrow import ArrowException, fs

    try:
        filesystem, path = fs.FileSystem.from_uri(uri)
    except (ArrowException, OSError, ValueError):
        return _by_fsspec(uri, name)
    return filesystem, str(path)


def _by_fsspec(uri: str, name: str) -> tuple[Any, str]:
    from importlib import import_module

    from pyarrow import fs

    try:
        filesystem, path = import_module("fsspec").core.url_to_fs(uri)
    except (ImportError, ValueError, OSError):
        raise InputError(name, f"a location of the scheme {urlsplit(uri).scheme!r}", ACCEPTED) from None
    return fs.PyFileSystem(fs.FSSpecHandler(filesystem)), str(path)


def _open(name: str, filesystem: Any, path: str) -> Source:
    from pyarrow import fs

    try:
        info = filesystem.get_file_info(path)
        if info.type == fs.FileType.File:
            return Source(name, (name,), False, lambda _: _read(filesystem, path, name))
        if info.type == fs.FileType.NotFound:
            raise InputError(name, "no such file or folder", ACCEPTED)
        found = filesystem.get_file_info(fs.FileSelector(path, recursive=True))
    except OSError as error:
        raise InputError(name, f"cannot be read ({type(error).__name__})", ACCEPTED) from None
    root = PurePosixPath(path)
    relative = (str(PurePosixPath(item.path).relative_to(root)) for item in found if item.type == fs.FileType.File)
    parts = tuple(sorted(part for part in relative if not _is_hidden(part)))
    if not parts:
        raise InputError(name, "a folder without data files", "a folder of Parquet files")
    return Source(name, parts, True, lambda part: _read(filesystem, str(root / part), part))


def _is_hidden(part: str) -> bool:
    return any(piece.startswith(("_", ".")) for piece in PurePosixPath(part).parts)


def _read(filesystem: Any, path: str, name: str) -> bytes:
    try:
        with filesystem.open_input_stream(path, compression=None) as stream:
            return bytes(stream.read())
    except OSError as error:
        raise InputError(name, f"cannot be read ({type(error).__name__})", ACCEPTED) from None


def _download(url: str, name: str) -> bytes:
    from urllib.error import HTTPError
    from urllib.request import urlopen

    try:
        with urlopen(url, timeout=TIMEOUT) as answer:
            return bytes(answer.read())
    except HTTPError as error:
        # The error is also the open answer.
        error.close()
        raise InputError(name, f"cannot be downloaded (HTTP {error.code})", ACCEPTED) from None
    except (OSError, ValueError) as error:
        raise InputError(name, f"cannot be downloaded ({type(error).__name__})", ACCEPTED) from None
