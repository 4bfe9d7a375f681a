"""Training data as a versioned snapshot: a table, and the hash of the very bytes it was read from.

The hash of one file is the SHA-256 of its bytes, as ``sha256sum`` prints it. That of a folder is the SHA-256 over its files in the
order of their relative names: the length of the name's UTF-8 bytes (8 bytes, little-endian), the name, the file's own SHA-256.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote, unquote

import pandas as pd

from samescore_runtime.errors import InputError
from samescore_train.parsing import parse_table
from samescore_train.sources import open_source

#: How Hive, Spark and Arrow write a missing value into a folder's name.
MISSING_PARTITION = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True)
class Snapshot:
    """A table and where it came from.

    Attributes:
        frame: the rows as published, not yet checked.
        sha256: the hash of the snapshot, 64 hex digits.
        source: the file's or folder's name alone.
        simulated: whether the project's own simulator made it.
    """

    frame: pd.DataFrame
    sha256: str
    source: str
    simulated: bool = False

    def provenance(self) -> dict[str, Any]:
        """What a model keeps about its training data."""
        return {"sha256": self.sha256, "source": self.source, "simulated": self.simulated}


def read_snapshot(location: str | Path, parse: Callable[[str, bytes], pd.DataFrame] = parse_table) -> Snapshot:
    """The table in a file, a folder of (partitioned) Parquet files, or behind a URL.

    Every file is read once, and what is hashed is what is parsed. A partition ``key=value`` in a path becomes the column
    ``key``: int64 if all its values are whole numbers, else strings.

    Raises:
        InputError: nothing there, or no table.
    """
    source = open_source(location)
    if not source.folder:
        content = source.read(source.parts[0])
        return Snapshot(parse(source.name, content), hashlib.sha256(content).hexdigest(), source.name)
    strange = [part for part in source.parts if not part.endswith(".parquet")]
    if strange:
        raise InputError(source.name, f"the files {', '.join(strange[:5])}", "a folder of .parquet files alone")
    hashes: list[str] = []
    frames: list[pd.DataFrame] = []
    for part in source.parts:
        content = source.read(part)
        hashes.append(hashlib.sha256(content).hexdigest())
        frames.append(parse(part, content).assign(**_partition(part)))
    frame = pd.concat(frames, ignore_index=True)
    for key in _partition(source.parts[0]):
        frame[key] = _whole_numbers(frame[key])
    return Snapshot(frame, _folder_hash(source.parts, hashes), source.name)


def hash_snapshot(location: str | Path) -> str:
    """The hash of a file or folder, 64 hex digits, without parsing it."""
    source = open_source(location)
    hashes = [hashlib.sha256(source.read(part)).hexdigest() for part in source.parts]
    return _folder_hash(source.parts, hashes) if source.folder else hashes[0]


def write_snapshot(frame: pd.DataFrame, folder: str | Path, partition_by: Sequence[str] = ()) -> str:
    """Write a table as a folder of Parquet files, one per value of the partition columns.

    Args:
        frame: at least one row.
        folder: made anew; it must not exist or be empty, so that a snapshot never changes.
        partition_by: columns that become folders ``column=value``.

    Returns:
        The snapshot's hash.

    Raises:
        InputError: a folder with something in it, no rows, or a partition column that is not there.
    """
    target = Path(folder)
    absent = [name for name in partition_by if name not in frame.columns]
    if absent:
        raise InputError(target.name, f"no columns {', '.join(absent)} to partition by", "columns of the table")
    if frame.empty:
        raise InputError(target.name, "no rows", "at least one row")
    if target.exists() and any(target.iterdir()):
        raise InputError(target.name, "a folder that is not empty", "a new folder: snapshots never change")
    scratch = target.with_name(f".{target.name}.partial")
    shutil.rmtree(scratch, ignore_errors=True)
    for place, rows in _partitions(frame, partition_by):
        (scratch / place).mkdir(parents=True, exist_ok=True)
        rows.drop(columns=list(partition_by)).to_parquet(scratch / place / "part-0.parquet", index=False)
    if target.exists():
        target.rmdir()
    scratch.rename(target)
    return hash_snapshot(target)


def simulated_snapshot(frame: pd.DataFrame, source: str) -> Snapshot:
    """A simulator's table; the hash is that of the table as CSV."""
    content = frame.to_csv(index=False, lineterminator="\n").encode()
    return Snapshot(frame, hashlib.sha256(content).hexdigest(), source, simulated=True)


def _partitions(frame: pd.DataFrame, keys: Sequence[str]) -> Iterable[tuple[PurePosixPath, pd.DataFrame]]:
    if not keys:
        yield PurePosixPath(), frame
        return
    groups: Any = frame.groupby(list(keys), dropna=False, sort=True)
    for values, rows in groups:
        names = [MISSING_PARTITION if pd.isna(value) else quote(str(value), safe="") for value in values]
        yield PurePosixPath(*(f"{key}={name}" for key, name in zip(keys, names, strict=True))), rows


def _partition(part: str) -> dict[str, str | None]:
    pairs = [piece.split("=", 1) for piece in PurePosixPath(part).parts[:-1] if "=" in piece]
    return {key: None if value == MISSING_PARTITION else unquote(value) for key, value in pairs}


def _whole_numbers(values: pd.Series) -> pd.Series:
    texts = values.astype(object)
    if all(isinstance(text, str) and text.isascii() and text.isdigit() for text in texts):
        return texts.astype("int64")
    return values


def _folder_hash(names: Sequence[str], hashes: Sequence[str]) -> str:
    sha = hashlib.sha256()
    for name, content in zip(names, hashes, strict=True):
        encoded = name.encode()
        sha.update(len(encoded).to_bytes(8, "little") + encoded + bytes.fromhex(content))
    return sha.hexdigest()
