"""Feature hashing: MurmurHash3 (32 bits) over spans of UTF-8 bytes, and the sparse rows that scikit-learn makes of it."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from samescore_export.graph import Graph
from samescore_export.operations.looping import counting
from samescore_export.operations.ragged import before, counted, largest, length, spread, to_int64

_C1, _C2 = 0xCC9E2D51, 0x1B873593


def _u32(graph: Graph, number: int) -> ir.Value:
    return graph.constant(number, np.uint32)


def _rotated(graph: Graph, value: ir.Value, bits: int) -> ir.Value:
    left = graph.op("BitShift", value, _u32(graph, bits), direction="LEFT")
    return graph.op("BitwiseOr", left, graph.op("BitShift", value, _u32(graph, 32 - bits), direction="RIGHT"))


def _scrambled(graph: Graph, word: ir.Value) -> ir.Value:
    word = _rotated(graph, graph.op("Mul", word, _u32(graph, _C1)), 15)
    return graph.op("Mul", word, _u32(graph, _C2))


def utf8_lengths(graph: Graph, text: ir.Value) -> ir.Value:
    """int64 (rows, length): the bytes of each code point, 0 of a negative one."""
    total: ir.Value | None = None
    for least in (0, 0x80, 0x800, 0x10000):
        more = to_int64(graph, graph.op("GreaterOrEqual", text, graph.constant(least, np.int32)))
        total = more if total is None else graph.op("Add", total, more)
    assert total is not None
    return total


def utf8_words(graph: Graph, text: ir.Value, sizes: ir.Value) -> ir.Value:
    """uint32 (rows, bytes): for each byte of the text the four from it on, the first lowest; zeros behind the end."""
    code = to_int64(graph, text)
    ends = counted(graph, sizes)
    starts = graph.op("Sub", ends, sizes)
    most = largest(graph, ends)
    width = graph.op("Add", most, graph.constant([5], np.int64))
    zero = graph.constant(0, np.int64)
    stream = spread(graph, text, width, zero)
    dump = graph.op("Add", most, graph.constant([4], np.int64))

    def number(value: int) -> ir.Value:
        return graph.constant(value, np.int64)

    lead = graph.op("Gather", graph.constant([0, 0, 0xC0, 0xE0, 0xF0], np.int64), sizes, axis=0)
    for place in range(4):
        # Byte ``place`` of a character of n bytes holds six bits, from bit 6 (n - 1 - place) on; the first one is marked by n.
        left = graph.op("Sub", graph.op("Sub", sizes, number(1)), number(place))
        there = graph.op("GreaterOrEqual", left, zero)
        unit = graph.op("Gather", graph.constant([1, 64, 4096, 262144], np.int64), graph.op("Max", left, zero), axis=0)
        part = graph.op("Div", code, unit)
        if place == 0:
            value = graph.op("Add", part, lead)
        else:
            value = graph.op("Add", graph.op("Mod", part, number(64)), number(0x80))
        target = graph.op("Where", there, graph.op("Add", starts, number(place)), dump)
        stream = graph.op("ScatterElements", stream, target, value, axis=1)
    stream = graph.op("Slice", stream, graph.constant([0], np.int64), dump, graph.constant([1], np.int64))
    words = stream
    for place in (1, 2, 3):
        later = graph.op("Mul", before(graph, stream, zero, -place), number(256**place))
        words = graph.op("Add", words, later)
    return graph.op("Cast", words, to=int(ir.DataType.UINT32))


def murmur3(graph: Graph, words: ir.Value, starts: ir.Value, sizes: ir.Value) -> ir.Value:
    """uint32: MurmurHash3_x86_32 with seed 0 of the bytes [start, start + size) of each row; ``words`` of :func:`utf8_words`."""
    four = graph.constant(4, np.int64)
    blocks = graph.op("Div", sizes, four)
    most = graph.op("Reshape", largest(graph, blocks), graph.constant(np.zeros(0), np.int64))
    zeros = graph.op("Expand", _u32(graph, 0), graph.op("Shape", sizes))

    def step(inner: Graph, count: ir.Value, state: ir.Value) -> ir.Value:
        there = inner.op("Less", count, blocks)
        place = inner.op("Add", starts, inner.op("Mul", count, four))
        word = inner.op("GatherElements", words, inner.op("Where", there, place, inner.constant(0, np.int64)), axis=1)
        mixed = _rotated(inner, inner.op("BitwiseXor", state, _scrambled(inner, word)), 13)
        mixed = inner.op("Add", inner.op("Mul", mixed, _u32(inner, 5)), _u32(inner, 0xE6546B64))
        # onnxruntime has Where of uint32 only from 1.32 on, and not on the JVM (1.29).
        kept = inner.op("Where", there, to_int64(inner, mixed), to_int64(inner, state))
        return inner.op("Cast", kept, to=int(ir.DataType.UINT32))

    value = counting(graph, most, zeros, ir.DataType.UINT32, step)
    rest = graph.op("Sub", sizes, graph.op("Mul", blocks, four))
    place = graph.op("Add", starts, graph.op("Mul", blocks, four))
    some = graph.op("Greater", rest, graph.constant(0, np.int64))
    tail = graph.op("GatherElements", words, graph.op("Where", some, place, graph.constant(0, np.int64)), axis=1)
    masks = graph.constant([0, 0xFF, 0xFFFF, 0xFFFFFF], np.uint32)
    tail = graph.op("BitwiseAnd", tail, graph.op("Gather", masks, rest, axis=0))
    value = graph.op("BitwiseXor", value, _scrambled(graph, tail))
    value = graph.op("BitwiseXor", value, graph.op("Cast", sizes, to=int(ir.DataType.UINT32)))
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35), (16, None)):
        value = graph.op("BitwiseXor", value, graph.op("BitShift", value, _u32(graph, shift), direction="RIGHT"))
        if factor is not None:
            value = graph.op("Mul", value, _u32(graph, factor))
    return value


def places(graph: Graph, hashes: ir.Value, features: int, alternate: bool) -> tuple[ir.Value, ir.Value]:
    """The column of each hash (int64), and the sign that its value gets (float64)."""
    number = to_int64(graph, hashes)
    negative = graph.op("GreaterOrEqual", number, graph.constant(2**31, np.int64))
    size = graph.op("Where", negative, graph.op("Sub", graph.constant(2**32, np.int64), number), number)
    column = graph.op("Mod", size, graph.constant(features, np.int64))
    if not alternate:
        return column, graph.op("Expand", graph.constant(1.0), graph.op("Shape", column))
    return column, graph.op("Where", negative, graph.constant(-1.0), graph.constant(1.0))


def summed(
    graph: Graph, columns: ir.Value, values: ir.Value, width: int, dtype: str = "float64"
) -> tuple[ir.Value, ir.Value]:
    """scipy's ``sum_duplicates``: column numbers in order, each once, and the sums; ``width`` and 0.0 behind the end.

    What is no element comes with the column ``width`` and the value 0.0.
    """
    # One place more, so that there is always one.
    pads = graph.constant([0, 0, 0, 1], np.int64)
    nowhere = graph.constant(width, np.int64)
    columns = graph.op("Pad", columns, pads, nowhere)
    zero = graph.constant(0.0, dtype)
    values = graph.op("Pad", values, pads, zero)
    ordered, order = graph.ops("TopK", columns, length(graph, columns), outputs=2, axis=1, largest=0)
    values = graph.op("GatherElements", values, order, axis=1)
    new = graph.op("Not", graph.op("Equal", ordered, before(graph, ordered, graph.constant(-1, np.int64))))
    place = graph.op("Sub", counted(graph, to_int64(graph, new)), graph.constant(1, np.int64))
    blank = spread(graph, columns, length(graph, columns), nowhere)
    kept = graph.op("ScatterElements", blank, place, ordered, axis=1)
    zeros = spread(graph, columns, length(graph, columns), zero)
    return kept, graph.op("ScatterElements", zeros, place, values, axis=1, reduction="add")
