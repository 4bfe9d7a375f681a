"""What is scored: a file, or a folder of files of one kind, in chunks that are the same each time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from samescore_runtime.batch.readers import READERS, Chunk
from samescore_runtime.contract import Contract
from samescore_runtime.errors import InputError

_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Input:
    """Files of rows, in order; ``name`` is how the caller named them."""

    name: str
    files: tuple[Path, ...]

    def digest(self) -> str:
        """SHA-256 over the files' names and contents, in hex."""
        whole = hashlib.sha256()
        for file in self.files:
            content = hashlib.sha256()
            with file.open("rb") as opened:
                while block := opened.read(_BLOCK):
                    content.update(block)
            whole.update(f"{file.name}\n{content.hexdigest()}\n".encode())
        return whole.hexdigest()

    def chunks(self, contract: Contract, keys: Sequence[str], chunk_rows: int) -> Iterator[Chunk]:
        """All rows, at most ``chunk_rows`` at a time; no chunk spans two files."""
        for file in self.files:
            yield from READERS[file.suffix.lower()](file, contract, keys, chunk_rows)


def find_input(source: Path) -> Input:
    """The input that a path names.

    Raises:
        InputError: no such file, or of an unknown kind; a folder without files of rows, or with several kinds of them.
    """
    if source.is_dir():
        files = tuple(
            sorted(
                file
                for file in source.iterdir()
                if file.suffix.lower() in READERS and not file.name.startswith((".", "_"))
            )
        )
        kinds = sorted({file.suffix.lower() for file in files})
        if len(kinds) != 1:
            raise InputError(
                str(source), f"files of rows: {', '.join(kinds) or 'none'}", f"files of one of {', '.join(READERS)}"
            )
        return Input(str(source), files)
    if source.suffix.lower() not in READERS:
        raise InputError(str(source), f"the ending {source.suffix!r}", f"one of {', '.join(READERS)}")
    if not source.is_file():
        raise InputError(str(source), "no such file", "a readable file")
    return Input(str(source), (source,))
