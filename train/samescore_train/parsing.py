"""From the bytes of one file to a table."""

from __future__ import annotations

import gzip
import io
import zlib
from pathlib import PurePosixPath

import pandas as pd

from samescore_runtime.errors import InputError

ACCEPTED = "a table as .csv, .tsv, .txt (tabs), .parquet or .xlsx; the text ones also as .gz"
SEPARATORS = {".csv": ",", ".tsv": "\t", ".tab": "\t", ".txt": "\t"}


def parse_table(name: str, content: bytes) -> pd.DataFrame:
    """The table in a file's bytes; the name's suffix says of what kind.

    Cells of text files stay strings, so that a code such as ``007`` stays one; an empty cell is the empty string.

    Raises:
        InputError: another suffix, or bytes that are no such table.
    """
    name, content = unpack(name, content)
    suffix = PurePosixPath(name).suffix.lower()
    try:
        if suffix == ".parquet":
            return pd.read_parquet(io.BytesIO(content))
        if suffix == ".xlsx":
            return pd.read_excel(io.BytesIO(content))
        if suffix in SEPARATORS:
            text = io.StringIO(decode(name, content), newline="")
            return pd.read_csv(text, sep=SEPARATORS[suffix], dtype=str, keep_default_na=False)
    except ImportError as error:
        raise InputError(
            name, f"the package {error.name or 'openpyxl'} is not installed", "the same table as .csv"
        ) from None
    except (OSError, ValueError) as error:
        raise InputError(name, f"cannot be read ({type(error).__name__}: {error})", ACCEPTED) from error
    raise InputError(name, f"the suffix {suffix!r}", ACCEPTED)


def unpack(name: str, content: bytes) -> tuple[str, bytes]:
    """Name and bytes without gzip, if the name ends in ``.gz``."""
    if not name.lower().endswith(".gz"):
        return name, content
    try:
        return name[:-3], gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(name, f"cannot be unpacked ({type(error).__name__})", "a whole gzip file") from error


def decode(name: str, content: bytes) -> str:
    """UTF-8, or else Windows-1252, in which some copies of the public files are kept.

    Raises:
        InputError: neither.
    """
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InputError(name, "bytes that are neither UTF-8 nor Windows-1252", "a text file in UTF-8")
