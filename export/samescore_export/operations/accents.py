"""``strip_accents``: every character replaced by what is left of its compatibility decomposition.

Both of scikit-learn's functions drop what Unicode reorders (marks of a combining class), so that each character can be looked up by itself.
"""

from __future__ import annotations

import unicodedata
from functools import cache

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from samescore_export.graph import Graph
from samescore_export.operations.characters import CODE_POINTS, look_up
from samescore_export.operations.ragged import expand, to_int64


def stripped(character: str, kind: str) -> str:
    """``strip_accents_unicode`` or ``strip_accents_ascii`` of one character."""
    decomposed = unicodedata.normalize("NFKD", character)
    if kind == "ascii":
        return "".join(c for c in decomposed if ord(c) < 128)
    return "".join(c for c in decomposed if not unicodedata.combining(c))


@cache
def _tables(kind: str) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """By code point: the first character left, how many are left, and where the others stand; and these others."""
    first, count, start = np.arange(CODE_POINTS), np.ones(CODE_POINTS, np.int64), np.zeros(CODE_POINTS, np.int64)
    pool: list[int] = []
    for code_point in range(128, CODE_POINTS):
        if 0xD800 <= code_point < 0xE000:
            continue
        left = stripped(chr(code_point), kind)
        if left == chr(code_point):
            continue
        count[code_point], start[code_point] = len(left), len(pool)
        first[code_point] = ord(left[0]) if left else 0
        if len(left) > 1:
            pool.extend(map(ord, left))
    return first, count, start, np.array(pool or [0], np.int64)


def strip_accents(graph: Graph, text: ir.Value, kind: str) -> ir.Value:
    """Code points (rows, length) with -1 behind the end, as ``kind`` (unicode or ascii) leaves them; the length may change."""
    first, count, start, pool = _tables(kind)
    counts = look_up(graph, text, count, 1)
    odd = graph.op("Cast", graph.op("Equal", counts, graph.constant(1, np.int32)), to=int(ir.DataType.INT32))
    flat = graph.op("Reshape", odd, graph.constant([-1], np.int64))
    alone = graph.op("ReduceMin", graph.op("Concat", graph.constant([1], np.int32), flat, axis=0), keepdims=0)

    def one_for_one(inner: Graph) -> list[ir.Value]:
        return [look_up(inner, text, first, -1)]

    def many(inner: Graph) -> list[ir.Value]:
        source, offset, inside = expand(inner, to_int64(inner, counts))
        character = inner.op("GatherElements", text, source, axis=1)
        single = inner.op("Equal", inner.op("GatherElements", counts, source, axis=1), inner.constant(1, np.int32))
        place = inner.op("Add", to_int64(inner, look_up(inner, character, start, 0)), offset)
        beside = inner.op("Or", single, inner.op("Not", inside))
        place = inner.op("Where", beside, inner.constant(0, np.int64), place)
        other = inner.op("Gather", inner.constant(pool, np.int32), place, axis=0)
        found = inner.op("Where", single, look_up(inner, character, first, -1), other)
        return [inner.op("Where", inside, found, inner.constant(-1, np.int32))]

    return graph.choose(graph.op("Greater", alone, graph.constant(0, np.int32)), one_for_one, many)[0]
