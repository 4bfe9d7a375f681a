"""Probes: rows chosen from the model to expose a difference, within a seeded budget whose coverage is stated.

Random rows almost never sit on a split. Each probe is a row of the sample with one cell replaced: by the float64 numbers either
side of a split, a float32 neighbour, a special number, a known, unknown or missing category, an odd text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samescore_export.operations.categories import is_missing
from samescore_export.ordered import crossing, next_up
from samescore_export.sample import Sample
from samescore_export.values import Hint
from samescore_runtime.contract import Column, Contract

#: Texts that tokenizers get wrong: scripts, case, combining marks, final sigma, dotted I, emoji, NUL, blanks.
ODD_TEXTS: tuple[str, ...] = (
    "", " ", "a", "İstanbul İİ", "ΛΌΓΟΣ", "ΛΌΓΟΣ ΣΊΣΥΦΟΣ σίσυφοσ ΑΣ.", "ΛΌΓΟΣ'Α Σ ΣΣ aΣ", "straße STRASSE ẞ", "naïve cafe\u0301",
    "日本語 テスト", "Привет МИР", "don't e-mail x@y.com", "ǅ ﬃ ﬀ", "😀 a😀b 👩‍👩‍👧", "a\u200db\u00adc", "tab\tnew\nline\r\n  x", "nul\0nul",
    "٣٤ ² x₂", "under_score __ 1_2", "ＦＵＬＬ width", "x" * 300,
)  # fmt: skip


#: The kind of a row that is one of all combinations of categories.
COMBINATION = "combination"

#: Splits of one hint that are looked for in the raw column.
MOST_SPLITS = 4000

#: Probes beside one split: the float64 numbers on either side, and the float32 ones.
PER_SPLIT = 4


@dataclass(frozen=True, slots=True)
class Refused:
    """Probes that are not compared, all for one cause: the model's own words, or ours."""

    cause: str
    kind: str
    rows: int


@dataclass(frozen=True, slots=True)
class Beside:
    """Splits of one hint that were chosen to be probed: the largest value of the lower side and the smallest of the upper, of each.

    ``source`` tells hints apart; one that is given twice, to be probed more, has the same.
    """

    source: int
    column: str
    splits: NDArray[np.float64]
    below: NDArray[Any]
    above: NDArray[Any]


@dataclass(frozen=True)
class Probes:
    """Rows to compare, and why each was chosen.

    Attributes:
        sample: the rows.
        kinds: (rows,) ``sample``, ``split``, ``special``, ``category`` or ``text``; ``combination`` in a domain that is gone through.
        columns: (rows,) the column replaced; empty for rows of the sample.
        splits: how many distinct splits the hints name.
        beside: those of them that probes were made for.
        refused: what was made and is not among the rows.
    """

    sample: Sample
    kinds: NDArray[np.str_]
    columns: NDArray[np.str_]
    splits: int
    beside: tuple[Beside, ...]
    refused: tuple[Refused, ...] = ()

    @property
    def both_sides(self) -> int:
        """How many splits have, among the rows as they are now, a probe at the number on either side."""
        found: dict[int, set[Any]] = {}
        for item in self.beside:
            values = self.sample.columns[item.column]
            if values.dtype == object:
                values = np.array([float(value) for value in values if not is_missing(value)])
            values = np.unique(values)
            both = np.isin(item.below, values) & np.isin(item.above, values)
            found.setdefault(item.source, set()).update(item.splits[both].tolist())
        return sum(map(len, found.values()))

    def kept(self, rows: NDArray[np.bool_], cause: Callable[[int], str]) -> Probes:
        """Those of the rows alone; each other is counted under its ``cause``."""
        counts = Counter((cause(int(row)), str(self.kinds[row])) for row in np.flatnonzero(~rows))
        refused = (*self.refused, *(Refused(*what, count) for what, count in counts.items()))
        return replace(
            self, sample=self.sample.take(rows), kinds=self.kinds[rows], columns=self.columns[rows], refused=refused
        )


@dataclass(frozen=True, slots=True)
class _Cell:
    kind: str
    column: str
    value: Any


def make_probes(sample: Sample, contract: Contract, hints: Sequence[Hint], seed: int = 0, budget: int = 2000) -> Probes:
    """At most ``budget`` rows: up to a quarter rows of the sample, the rest probes; the same seed gives the same rows."""
    rng = np.random.default_rng(seed)
    kept = min(sample.rows, max(1, budget // 4))
    base = np.sort(rng.choice(sample.rows, kept, replace=False))
    cells = [cell for column in contract.columns for cell in _column_cells(column, sample)]
    cells += [
        cell for hint in hints if hint.kind != "split" for cell in _string_cells(hint, contract.column_named, rng)
    ]
    if len(cells) > budget // 3:
        cells = [cells[i] for i in np.sort(rng.choice(len(cells), budget // 3, replace=False))]
    room = budget - kept - len(cells)
    split_hints = [hint for hint in hints if hint.kind == "split"]
    split_cells, beside = _split_cells(split_hints, contract.column_named, rng, room)
    cells += split_cells
    rows = np.concatenate([base, rng.choice(sample.rows, len(cells))]).astype(np.int64)
    probed = sample.take(rows)
    columns = {name: values.copy() for name, values in probed.columns.items()}
    for row, cell in enumerate(cells, start=kept):
        columns[cell.column] = _with(columns[cell.column], row, cell.value)
    return Probes(
        replace(probed, columns=columns),
        np.array(["sample"] * kept + [cell.kind for cell in cells]),
        np.array([""] * kept + [cell.column for cell in cells]),
        sum({id(hint): len(hint.values) for hint in split_hints}.values()),
        tuple(beside),
    )


def _with(values: NDArray[Any], row: int, value: Any) -> NDArray[Any]:
    if values.dtype.kind == "M":
        values[row] = np.datetime64("NaT") if value is None else np.datetime64(int(value), "us")
    else:
        values[row] = value
    return values


def _column_cells(column: Column, sample: Sample) -> Iterator[_Cell]:
    """Special values of one column, as far as the contract accepts them."""
    name = column.name
    if column.type in ("float64", "float32"):
        numbers = (value for value in _special_numbers(column) if _allowed(column, value))
        yield from (_Cell("special", name, value) for value in numbers)
    elif column.type in ("int64", "bool") and sample.columns[name].dtype == object:
        yield _Cell("special", name, sample.absent[name])
    elif column.type == "int64":
        yield from (_Cell("special", name, value) for value in {0, 1, -1, *map(int, column.range or ())})
    elif column.type == "datetime":
        if column.nullable:
            yield _Cell("special", name, None)
    elif column.type == "string":
        if column.nullable:
            yield _Cell("category", name, sample.absent[name])
        yield from (_Cell("category", name, value) for value in (column.categories or ())[:200])
        if not column.closed:
            yield from (_Cell("text", name, value) for value in ODD_TEXTS)
    elif column.type == "bool":
        yield from (_Cell("special", name, value) for value in (False, True))
    else:
        yield from (_Cell("category", name, value) for value in _lists(column, sample))


def _special_numbers(column: Column) -> Iterator[float]:
    tiny = 1e-45 if column.type == "float32" else 5e-324
    yield from (0.0, -0.0, 1.0, -1.0, tiny, -tiny)
    low, high = column.range or (0.0, 1.0)
    yield from (float(low), float(high), float(low) - abs(float(low)) - 1.0, float(high) + abs(float(high)) + 1.0)
    if column.nullable:
        yield float("nan")
    if not column.finite:
        yield from (float("inf"), float("-inf"))
    if column.limit is not None:
        yield from (column.limit, -column.limit)


def _allowed(column: Column, value: float) -> bool:
    return column.limit is None or not abs(value) > column.limit


def _lists(column: Column, sample: Sample) -> Iterator[list[str]]:
    """Lists of the sample turned about: none, one, repeated, unknown, the most there may be."""
    known = sorted({str(item) for cell in sample.columns[column.name][:500] for item in cell})
    yield []
    yield ["never seen: \u2603"]
    most = column.max_length or 10
    for item in known[:20]:
        yield [item]
    if known:
        yield [known[0]] * min(3, most)
        yield [known[0], "never seen: \u2603", known[-1]][:most]
        yield (known * most)[:most]
        yield list(reversed(known))[:most]


def _string_cells(hint: Hint, columns: Mapping[str, Column], rng: np.random.Generator) -> Iterator[_Cell]:
    name = hint.origin.column
    values = [str(value) for value in hint.values]
    if not values or name not in columns:
        return
    if hint.kind == "category":
        yield from (_Cell("category", name, value) for value in values[:300])
        return
    for size in (1, 2, 5, 12):
        for _ in range(12):
            words = [values[i] for i in rng.integers(0, len(values), size)]
            joiner = (" ", ", ", "-", "\n", ". ", "😀")[int(rng.integers(0, 6))]
            text = joiner.join(words)
            yield _Cell("text", name, (text, text.upper(), text.swapcase(), text.title())[int(rng.integers(0, 4))])


def _shares(sizes: Sequence[int], most: int) -> list[int]:
    """How many of each size to take, ``most`` in all (one of each at least): alike, and what small ones leave goes to the others."""
    shares = [0] * len(sizes)
    left = max(most, len(sizes))
    for number, i in enumerate(sorted(range(len(sizes)), key=sizes.__getitem__)):
        shares[i] = min(sizes[i], left // (len(sizes) - number))
        left -= shares[i]
    return shares


def _split_cells(
    hints: Sequence[Hint], columns: Mapping[str, Column], rng: np.random.Generator, room: int
) -> tuple[list[_Cell], list[Beside]]:
    """Probes beside splits: as many splits as there is room for, spread over the columns evenly."""
    source = {id(hint): number for number, hint in enumerate(hints)}
    placed = [_placed(hint, source[id(hint)], column, rng) for hint, column in _with_columns(hints, columns)]
    # In whole numbers many splits have the same two neighbours.
    wanted = [np.unique(item.below) for item in placed]
    per = [2 if columns[item.column].type == "int64" else PER_SPLIT for item in placed]
    sizes = [len(values) * each for values, each in zip(wanted, per, strict=True)]
    groups: list[list[_Cell]] = []
    beside: list[Beside] = []
    for item, values, share, each in zip(placed, wanted, _shares(sizes, room), per, strict=True):
        chosen = np.sort(rng.choice(values, min(len(values), max(1, share // each)), replace=False))
        column = columns[item.column]
        groups += [[_Cell("split", column.name, value) for value in cells] for cells in _neighbours(chosen, column)]
        probed = np.isin(item.below, chosen)
        beside.append(replace(item, splits=item.splits[probed], below=item.below[probed], above=item.above[probed]))
    # Whole splits are left out, not single sides of many.
    if sum(map(len, groups)) > room:
        order = [groups[i] for i in rng.permutation(len(groups))]
        ends = np.cumsum([len(group) for group in order])
        groups = order[: int(np.searchsorted(ends, room, "right"))]
    return [cell for group in groups for cell in group], beside


def _with_columns(hints: Sequence[Hint], columns: Mapping[str, Column]) -> Iterator[tuple[Hint, Column]]:
    """The hints whose splits can be probed, and their columns."""
    for hint in hints:
        column = columns.get(hint.origin.column)
        if column is not None and column.type in ("float64", "float32", "int64") and len(hint.values):
            yield hint, column


def _placed(hint: Hint, source: int, column: Column, rng: np.random.Generator) -> Beside:
    """A hint's splits in its raw column; of very many a part."""
    splits = np.asarray(hint.values, np.float64)
    if len(splits) > MOST_SPLITS:
        splits = np.sort(rng.choice(splits, MOST_SPLITS, replace=False))
    highest = column.limit or np.finfo(np.float64).max
    below = crossing(hint.origin.forward, splits, -highest, highest)
    known = np.isfinite(below)
    if column.type == "int64":
        known &= np.abs(below) < 2**53
        whole = np.floor(below[known]).astype(np.int64)
        return Beside(source, column.name, splits[known], whole, whole + 1)
    return Beside(source, column.name, splits[known], below[known], next_up(below[known]))


def _neighbours(below: NDArray[Any], column: Column) -> Iterator[list[Any]]:
    """The values to probe beside each split: the two next to it and, of numbers that are not whole, the float32 ones."""
    if column.type == "int64":
        yield from ([value, value + 1] for value in below.tolist())
        return
    limit = column.limit or np.inf
    with np.errstate(over="ignore"):
        near = below.astype(np.float32)
        single = [near.astype(np.float64), np.nextafter(near, np.float32(np.inf)).astype(np.float64)]
    for group in zip(below.tolist(), next_up(below).tolist(), *(side.tolist() for side in single), strict=True):
        yield [value for value in group if np.isfinite(value) and abs(value) <= limit]
