"""Readers of row files: each gives chunks of at most so many rows."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from samescore_runtime.batch.csv_cells import typed
from samescore_runtime.contract import Contract
from samescore_runtime.errors import InputError, MissingExtraError
from samescore_runtime.strict_json import MalformedJsonError, parse


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some rows of a file: data in a form that a model scores, and the columns to carry over."""

    data: Any
    keys: Mapping[str, Sequence[Any]]
    rows: int


Read = Callable[[Path, Contract, Sequence[str], int], Iterator[Chunk]]


def read_csv(path: Path, contract: Contract, keys: Sequence[str], chunk_rows: int) -> Iterator[Chunk]:
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    with path.open(newline="", encoding="utf-8-sig") as file:
        lines = csv.reader(file)
        try:
            header = next(lines, None)
            if header is None:
                raise InputError(str(path), "an empty file", "a line of column names")
            if len(set(header)) != len(header):
                twice = next(name for name in header if header.count(name) > 1)
                raise InputError(str(path), f"the column {twice} twice", "each column once")
            _require(path, keys, header)
            places = {name: position for position, name in enumerate(header)}
            first = True
            while (records := list(islice(lines, chunk_rows))) or first:
                yield _csv_chunk(path, contract, keys, places, records)
                first = False
        except (csv.Error, UnicodeDecodeError) as error:
            raise InputError(f"{path}: line {lines.line_num}", str(error), "CSV in UTF-8") from error


def _csv_chunk(
    path: Path, contract: Contract, keys: Sequence[str], places: Mapping[str, int], records: list[list[str]]
) -> Chunk:
    # The csv module gives an empty list for an empty line; a column of empty cells needs one cell per row.
    records = [record or [""] for record in records] if len(places) == 1 else [record for record in records if record]
    for record in records:
        if len(record) != len(places):
            raise InputError(str(path), f"a row of {len(record)} cells ({record[0]!r}, ...)", f"{len(places)} cells")
    cells = list(zip(*records, strict=True)) or [()] * len(places)
    data = {
        column.name: typed(column, cells[places[column.name]]) for column in contract.columns if column.name in places
    }
    return Chunk(data, {key: cells[places[key]] for key in keys}, len(records))


def read_jsonl(path: Path, contract: Contract, keys: Sequence[str], chunk_rows: int) -> Iterator[Chunk]:
    with path.open("rb") as file:
        first, number = True, 0
        while (lines := list(islice(file, chunk_rows))) or first:
            rows = []
            for line in lines:
                number += 1
                if line.strip():
                    rows.append(_json_row(f"{path}: line {number}", line))
            for key in keys:
                if any(key not in row for row in rows):
                    raise InputError(str(path), f"a row without the key {key}", "the key in every row")
            yield Chunk(rows, {key: [row[key] for row in rows] for key in keys}, len(rows))
            first = False


def _json_row(where: str, line: bytes) -> dict[str, Any]:
    try:
        row = parse(line)
    except MalformedJsonError as error:
        raise InputError(where, error.found, "one JSON object per line") from error
    if not isinstance(row, dict):
        raise InputError(where, "JSON that is no object", "one JSON object per line")
    return row


def read_parquet(path: Path, contract: Contract, keys: Sequence[str], chunk_rows: int) -> Iterator[Chunk]:
    pa = _pyarrow(path)
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            wanted = _wanted(path, contract, keys, file.schema_arrow.names)
            empty = file.schema_arrow.empty_table().select(wanted)
            batches = file.iter_batches(chunk_rows, columns=wanted) if file.metadata.num_rows else [empty]
            for batch in batches:
                yield _arrow_chunk(batch, keys)
    except pa.ArrowException as error:
        raise InputError(str(path), "unreadable as Parquet", "a Parquet file") from error


def read_arrow(path: Path, contract: Contract, keys: Sequence[str], chunk_rows: int) -> Iterator[Chunk]:
    """Arrow's own format, as a file (Feather) or as a stream; batches larger than a chunk are cut."""
    pa = _pyarrow(path)
    try:
        with pa.memory_map(str(path)) as source:
            try:
                reader = pa.ipc.open_file(source)
                batches = map(reader.get_batch, range(reader.num_record_batches))
            except pa.ArrowInvalid:
                source.seek(0)
                reader = pa.ipc.open_stream(source)
                batches = iter(reader)
            wanted = _wanted(path, contract, keys, reader.schema.names)
            some = False
            for batch in batches:
                for start in range(0, batch.num_rows, chunk_rows):
                    some = True
                    yield _arrow_chunk(batch.slice(start, chunk_rows).select(wanted), keys)
            if not some:
                yield _arrow_chunk(reader.schema.empty_table().select(wanted), keys)
    except pa.ArrowException as error:
        raise InputError(str(path), "unreadable as Arrow", "a file or a stream of Arrow record batches") from error


def _pyarrow(path: Path) -> Any:
    try:
        import pyarrow
    except ModuleNotFoundError as error:
        raise MissingExtraError(str(path), "pyarrow", "parquet") from error
    return pyarrow


def _wanted(path: Path, contract: Contract, keys: Sequence[str], names: Sequence[str]) -> list[str]:
    """The columns to read: the contract's and the keys."""
    _require(path, keys, names)
    return [name for name in names if name in contract.column_named or name in keys]


def _arrow_chunk(batch: Any, keys: Sequence[str]) -> Chunk:
    return Chunk(batch, {key: batch.column(key).to_pylist() for key in keys}, batch.num_rows)


def _require(path: Path, keys: Sequence[str], names: Sequence[str]) -> None:
    for key in keys:
        if key not in names:
            raise InputError(str(path), f"no column {key} for --key", f"one of {', '.join(names)}")


READERS: Mapping[str, Read] = {
    ".csv": read_csv,
    ".jsonl": read_jsonl,
    ".parquet": read_parquet,
    ".arrow": read_arrow,
    ".feather": read_arrow,
}
