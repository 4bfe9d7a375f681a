"""Changes of what an artifact says of itself, behind a renewed checksum: its contract, its goldens."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np

from samescore_runtime.arrays import decode_array, encode_array

Entries: TypeAlias = "dict[str, Any]"

#: Gives changed copies of an artifact's entries, and what was changed.
MetadataMutation: TypeAlias = "Callable[[Entries, np.random.Generator], Iterator[tuple[str, Entries]]]"


def _columns(change: Callable[[dict[str, Any], np.random.Generator], str | None]) -> MetadataMutation:
    """One column of the contract changed."""

    def mutate(entries: Entries, rng: np.random.Generator) -> Iterator[tuple[str, Entries]]:
        for place in rng.permutation(len(entries["contract"]["columns"]))[:2].tolist():
            mutant = copy.deepcopy(entries)
            column = mutant["contract"]["columns"][place]
            what = change(column, rng)
            if what is not None:
                yield f"{column['name']}: {what}", mutant

    return mutate


def _flipped(field: str) -> Callable[[dict[str, Any], np.random.Generator], str]:
    def change(column: dict[str, Any], rng: np.random.Generator) -> str:
        column[field] = not column[field]
        return field

    return change


def _category_lost(column: dict[str, Any], rng: np.random.Generator) -> str | None:
    if not column["categories"]:
        return None
    del column["categories"][int(rng.integers(len(column["categories"])))]
    return "a category lost"


def _limit(column: dict[str, Any], rng: np.random.Generator) -> str:
    column["limit"] = None if column["limit"] is not None else 1.0
    return "limit"


def _other_type(column: dict[str, Any], rng: np.random.Generator) -> str:
    column["type"] = {"float64": "int64", "int64": "float64", "string": "float64"}.get(column["type"], "string")
    return f"type {column['type']}"


def _exchanged_columns(entries: Entries, rng: np.random.Generator) -> Iterator[tuple[str, Entries]]:
    """The places of two columns of one type exchanged: callers send the one as the other."""
    columns = entries["contract"]["columns"]
    for i in range(len(columns) - 1):
        if columns[i]["place"]["tensor"] == columns[i + 1]["place"]["tensor"]:
            mutant = copy.deepcopy(entries)
            one, other = mutant["contract"]["columns"][i : i + 2]
            one["place"], other["place"] = other["place"], one["place"]
            yield f"places of {one['name']} and {other['name']}", mutant
            return


def _exchanged_names(entries: Entries, rng: np.random.Generator) -> Iterator[tuple[str, Entries]]:
    columns = entries["contract"]["columns"]
    if len(columns) > 1:
        mutant = copy.deepcopy(entries)
        mutant["contract"]["columns"].reverse()
        yield "columns in another order", mutant


def _labels(entries: Entries, rng: np.random.Generator) -> Iterator[tuple[str, Entries]]:
    for place, output in enumerate(entries["contract"]["outputs"]):
        if output["labels"] and len(output["labels"]) > 1:
            mutant = copy.deepcopy(entries)
            mutant["contract"]["outputs"][place]["labels"].reverse()
            yield f"labels of {output['name']}", mutant


def _output_renamed(entries: Entries, rng: np.random.Generator) -> Iterator[tuple[str, Entries]]:
    mutant = copy.deepcopy(entries)
    mutant["contract"]["outputs"][0]["name"] += "x"
    yield "an output renamed", mutant


def _golden_scores(entries: Entries, rng: np.random.Generator) -> Iterator[tuple[str, Entries]]:
    """One golden score another: a label its neighbour, a number by a millionth (an ulp where it is exact)."""
    for name, item in entries["golden"]["outputs"].items():
        values = decode_array(item, name).copy()
        if not values.size:
            continue
        mutant = copy.deepcopy(entries)
        flat = values.reshape(-1)
        place = int(rng.integers(len(flat)))
        if flat.dtype.kind == "f":
            exact = item["tolerance"]["kind"] == "exact"
            size = max(1.0, item["tolerance"].get("floor", 1.0))
            other = flat.dtype.type(np.inf)
            if not np.isfinite(flat[place]):
                flat[place] = 0.0
            else:
                step = flat[place] + flat.dtype.type(size * 1e-2)
                flat[place] = np.nextafter(flat[place], other) if exact else step
        elif flat.dtype == object:
            flat[place] = f"{flat[place]}x"
        elif flat.dtype == bool:
            flat[place] = not flat[place]
        else:
            flat[place] += 1
        mutant["golden"]["outputs"][name] = {**encode_array(values), "tolerance": item["tolerance"]}
        yield f"golden {name}[{place}]", mutant


def _golden_tolerance(entries: Entries, rng: np.random.Generator) -> Iterator[tuple[str, Entries]]:
    for name in entries["golden"]["outputs"]:
        mutant = copy.deepcopy(entries)
        tolerance = mutant["golden"]["outputs"][name]["tolerance"]
        wider = {"kind": "ulp", "ulp": 2.0 * tolerance.get("ulp", 1.0) + 8.0, "floor": tolerance.get("floor", 1.0)}
        mutant["golden"]["outputs"][name]["tolerance"] = wider
        yield f"tolerance of {name}", mutant


def _golden_output_lost(entries: Entries, rng: np.random.Generator) -> Iterator[tuple[str, Entries]]:
    name = next(iter(entries["golden"]["outputs"]))
    mutant = copy.deepcopy(entries)
    del mutant["golden"]["outputs"][name]
    yield f"goldens without {name}", mutant


METADATA: Mapping[str, MetadataMutation] = MappingProxyType(
    {
        "contract: places of two columns": _exchanged_columns,
        "contract: columns in another order": _exchanged_names,
        "contract: a category lost": _columns(_category_lost),
        "contract: missing values": _columns(_flipped("nullable")),
        "contract: unknown categories": _columns(_flipped("closed")),
        "contract: infinities": _columns(_flipped("finite")),
        "contract: a limit": _columns(_limit),
        "contract: another type": _columns(_other_type),
        "contract: labels in another order": _labels,
        "contract: an output renamed": _output_renamed,
        "goldens: a score": _golden_scores,
        "goldens: a wider tolerance": _golden_tolerance,
        "goldens: an output lost": _golden_output_lost,
    }
)
