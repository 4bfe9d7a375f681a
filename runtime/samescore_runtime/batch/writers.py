"""Writers of score files. Outputs of several columns become one column each, named after label or position."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import numpy as np
from numpy.typing import NDArray

from samescore_runtime.contract import Contract, Output
from samescore_runtime.errors import MissingExtraError
from samescore_runtime.score_json import dumps, json_values

Keys = Mapping[str, Sequence[Any]]
Outputs = Mapping[str, NDArray[Any]]
Write = Callable[[Keys, Outputs], None]


def by_row(contract: Contract, outputs: Outputs) -> dict[str, NDArray[Any]]:
    """The outputs with one row for one row read: where a row gives several, these side by side on an axis of their own."""
    each = {name: contract.output_named(name).each for name in outputs}
    return {
        name: array if each[name] == 1 else array.reshape(len(array) // each[name], each[name], *array.shape[1:])
        for name, array in outputs.items()
    }


def flat(contract: Contract, outputs: Outputs) -> dict[str, NDArray[Any]]:
    """1-D columns of the outputs: ``predict``, ``predict_proba[spam]``, ``transform[0]``."""
    columns: dict[str, NDArray[Any]] = {}
    for name, array in outputs.items():
        if array.ndim == 1:
            columns[name] = array
            continue
        table = array.reshape(len(array), math.prod(array.shape[1:]))
        titles = _titles(contract.output_named(name), table.shape[1])
        columns |= {title: table[:, position] for position, title in enumerate(titles)}
    return columns


def flat_names(output: Output) -> list[str]:
    """The names of an output's columns in :func:`flat`; its sizes must be known."""
    width = math.prod(size or 0 for size in output.shape[1:])
    return [output.name] if len(output.shape) == 1 else _titles(output, width)


def _titles(output: Output, width: int) -> list[str]:
    labels = output.labels
    return [
        f"{output.name}[{title}]" for title in (labels if labels is not None and len(labels) == width else range(width))
    ]


@contextmanager
def csv_stream(file: TextIO, contract: Contract) -> Iterator[Write]:
    """Writes CSV: a header with the first chunk, doubles in the shortest form that reads back the same."""
    lines = csv.writer(file, lineterminator="\n")
    started = False

    def write(keys: Keys, outputs: Outputs) -> None:
        nonlocal started
        columns = flat(contract, outputs)
        if not started:
            lines.writerow([*keys, *columns])
            started = True
        lines.writerows(zip(*keys.values(), *map(_texts, columns.values()), strict=True))

    yield write


def _texts(column: NDArray[Any]) -> list[Any]:
    values = json_values(column)
    return [("true" if value else "false") for value in values] if column.dtype == np.bool_ else values


@contextmanager
def csv_file(path: Path, contract: Contract) -> Iterator[Write]:
    with path.open("w", newline="", encoding="utf-8") as file, csv_stream(file, contract) as write:
        yield write


@contextmanager
def jsonl_file(path: Path, contract: Contract) -> Iterator[Write]:
    """One object per row; an output of several columns is a list. Non-finite numbers are strings, as over HTTP."""
    with path.open("wb") as file:

        def write(keys: Keys, outputs: Outputs) -> None:
            names = [*keys, *outputs]
            columns = [*keys.values(), *map(json_values, outputs.values())]
            for values in zip(*columns, strict=True):
                file.write(dumps(dict(zip(names, values, strict=True))) + b"\n")

        yield write


@contextmanager
def parquet_file(path: Path, contract: Contract) -> Iterator[Write]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ModuleNotFoundError as error:
        raise MissingExtraError(str(path), "pyarrow", "parquet") from error
    writer: Any = None
    try:

        def write(keys: Keys, outputs: Outputs) -> None:
            nonlocal writer
            columns = {name: pa.array(array) for name, array in flat(contract, outputs).items()}
            carried = {name: pa.array(values) for name, values in keys.items()}
            table = pa.table({**carried, **columns})
            if writer is None:
                writer = pq.ParquetWriter(path, table.schema)
            writer.write_table(table.cast(writer.schema))

        yield write
    finally:
        if writer is not None:
            writer.close()


WRITERS: Mapping[str, Any] = {".csv": csv_file, ".jsonl": jsonl_file, ".parquet": parquet_file}
