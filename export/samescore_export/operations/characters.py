"""Texts as code points in the graph: lower case as Python does it, and a small number for each character.

Everything here works on int32 tensors (rows, length) filled up with -1, so that no operator for strings takes part: those
need a locale (StringNormalizer), are contrib (Tokenizer), and refuse the surrogates that the JVM binding makes of emoji.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from samescore_export.graph import Graph

CODE_POINTS = 0x110000
DOTTED_I, COMBINING_DOT = 0x130, 0x307
CAPITAL_SIGMA, FINAL_SIGMA = 0x3A3, 0x3C2
_PAGE = 256


def python_lower(code_point: int) -> int:
    """``chr(c).lower()`` as one code point; the two characters that Python treats otherwise are expanded before."""
    lowered = chr(code_point).lower()
    return ord(lowered) if len(lowered) == 1 else code_point


@cache
def word_characters() -> NDArray[np.bool_]:
    """(CODE_POINTS,) whether ``\\w`` of Python's re matches; surrogates do not."""
    return np.array([re.match(r"\w", chr(c)) is not None for c in range(CODE_POINTS)])


@cache
def lowered() -> NDArray[np.int64]:
    """(CODE_POINTS,) lower case by :func:`python_lower`."""
    return np.array([python_lower(c) for c in range(CODE_POINTS)], np.int64)


def look_up(graph: Graph, text: ir.Value, numbers: NDArray[np.int64], filling: int) -> ir.Value:
    """``numbers[c]`` for each code point c and ``filling`` for -1: int32 (rows, length).

    The table is stored by pages of 256, equal pages once: a table of all code points would be 4 MB.
    """
    shifted = np.concatenate([[filling], numbers])
    padded = np.concatenate([shifted, np.zeros(-len(shifted) % _PAGE, np.int64)]).astype(np.int32)
    pages, which = np.unique(padded.reshape(-1, _PAGE), axis=0, return_inverse=True)
    place = graph.op("Add", text, graph.constant(1, np.int32))
    size = graph.constant(_PAGE, np.int32)
    page = graph.op("Gather", graph.constant(which.ravel() * _PAGE, np.int32), graph.op("Div", place, size), axis=0)
    cell = graph.op("Add", page, graph.op("Mod", place, size))
    return graph.op("Gather", graph.constant(pages.ravel(), np.int32), cell, axis=0)


def lower_case(graph: Graph, text: ir.Value, sigma: bool) -> ir.Value:
    """Make the two characters plain that need their surroundings or become two, so that a table can do the rest.

    U+0130 (dotted capital I) becomes ``i`` and U+0307, as Python lowers it. A capital sigma at the end of a word becomes the final
    sigma (only if ``sigma`` asks: where no pattern contains a sigma it makes no difference). Texts without them skip all this.
    """
    special = [DOTTED_I, *([CAPITAL_SIGMA] if sigma else [])]
    found = graph.op("Equal", text, graph.constant(special[0], np.int32))
    for code_point in special[1:]:
        found = graph.op("Or", found, graph.op("Equal", text, graph.constant(code_point, np.int32)))
    # ReduceMax knows no bool before opset 20 kernels of every build; uint8 does.
    number = graph.op("Cast", found, to=int(ir.DataType.INT32))
    # A batch without rows or characters has no largest element: one zero is put before all others.
    flat = graph.op(
        "Concat", graph.constant([0], np.int32), graph.op("Reshape", number, graph.constant([-1], np.int64)), axis=0
    )
    some = graph.op("Greater", graph.op("ReduceMax", flat, keepdims=0), graph.constant(0, np.int32))

    def plain(inner: Graph) -> list[ir.Value]:
        value = _final_sigma(inner, text) if sigma else text
        return [_split_dotted_i(inner, value)]

    return graph.choose(some, plain, lambda _: [text])[0]


def _split_dotted_i(graph: Graph, text: ir.Value) -> ir.Value:
    dotted = graph.op("Equal", text, graph.constant(DOTTED_I, np.int32))
    extra = graph.op("Cast", dotted, to=int(ir.DataType.INT64))
    before = graph.op("CumSum", extra, graph.constant(1, np.int64), exclusive=1)
    length = graph.op("Shape", text, start=1, end=2)
    place = graph.op("Add", graph.op("Range", *_scalars(graph, length)), before)
    most = graph.op("ReduceMax", graph.op("ReduceSum", extra, graph.constant([1], np.int64), keepdims=1), keepdims=0)
    width = graph.op("Add", length, graph.op("Reshape", most, graph.constant([1], np.int64)))
    rows = graph.op("Shape", text, start=0, end=1)
    filling = _filled(graph, rows, width, -1)
    plain = graph.op("Where", dotted, graph.constant(ord("i"), np.int32), text)
    result = graph.op("ScatterElements", filling, place, plain, axis=1)
    # The combining dot goes right behind its i; the places of all other characters keep what they have.
    behind = graph.op("Add", place, extra)
    dots = graph.op("Where", dotted, graph.constant(COMBINING_DOT, np.int32), plain)
    return graph.op("ScatterElements", result, behind, dots, axis=1)


def _scalars(graph: Graph, length: ir.Value) -> tuple[ir.Value, ir.Value, ir.Value]:
    stop = graph.op("Reshape", length, graph.constant(np.zeros(0), np.int64))
    return graph.constant(0, np.int64), stop, graph.constant(1, np.int64)


def _filled(graph: Graph, rows: ir.Value, width: ir.Value, number: int) -> ir.Value:
    shape = graph.op("Concat", rows, width, axis=0)
    return graph.op("Expand", graph.constant(number, np.int32), shape)


@cache
def _casing() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Per code point: 1 if Python counts it as cased, and 1 if as case-ignorable, for the rule of the final sigma.

    Found by asking ``str.lower``: a sigma between ``a`` and x is final if x is neither cased nor ignorable, and so on.
    """
    cased = np.zeros(CODE_POINTS, np.int64)
    ignorable = np.zeros(CODE_POINTS, np.int64)
    for c in range(CODE_POINTS):
        if 0xD800 <= c < 0xE000:
            continue
        x = chr(c)
        # "a" + x + sigma: final unless x is neither cased nor ignorable (the search backwards stops at x).
        after_x = ("a" + x + "\u03a3").lower()[-1] == "\u03c2"
        # x + sigma alone: final exactly if x is cased and not ignorable.
        alone = (x + "\u03a3").lower()[-1] == "\u03c2"
        ignorable[c] = int(after_x and not alone)
        cased[c] = int(alone)
    return cased, ignorable


def _final_sigma(graph: Graph, text: ir.Value) -> ir.Value:
    """CPython's handle_capital_sigma: final if the nearest character before it that is not case-ignorable is cased, and the nearest
    one after it is not."""
    cased, ignorable = _casing()
    kind = look_up(graph, text, np.where(ignorable == 1, 0, np.where(cased == 1, 2, 1)), 1)
    sigma = graph.op("Equal", text, graph.constant(CAPITAL_SIGMA, np.int32))
    before = _nearest(graph, kind, reverse=False)
    after = _nearest(graph, kind, reverse=True)
    two = graph.constant(2, np.int32)
    cased_before = graph.op("Equal", before, two)
    cased_after = graph.op("Equal", after, two)
    final = graph.op("And", sigma, graph.op("And", cased_before, graph.op("Not", cased_after)))
    return graph.op("Where", final, graph.constant(FINAL_SIGMA, np.int32), text)


def _nearest(graph: Graph, kind: ir.Value, reverse: bool) -> ir.Value:
    """The nearest element before (after) each place that is not 0, or 0 if there is none.

    The n-th element that is not 0 is found by counting: CumSum numbers them, ScatterElements lists them by number.
    """
    real = graph.op("Cast", graph.op("Greater", kind, graph.constant(0, np.int32)), to=int(ir.DataType.INT64))
    count = graph.op("CumSum", real, graph.constant(1, np.int64), exclusive=1, reverse=int(reverse))
    one = graph.constant(1, np.int64)
    # An element that is 0 is listed at place 0, which is then cleared: it stands for "none".
    place = graph.op("Mul", real, graph.op("Add", count, one))
    rows = graph.op("Shape", kind, start=0, end=1)
    length = graph.op("Shape", kind, start=1, end=2)
    listed = graph.op("ScatterElements", _filled(graph, rows, graph.op("Add", length, one), 0), place, kind, axis=1)
    first = graph.constant(0, np.int64)
    none = graph.op("Equal", count, first)
    nearest = graph.op("GatherElements", listed, count, axis=1)
    return graph.op("Where", none, graph.constant(0, np.int32), nearest)


def alphabet(patterns: Iterable[str]) -> dict[str, int]:
    """A number from 2 on for each character of the patterns, in code point order; 0 and 1 are for the caller."""
    return {character: number for number, character in enumerate(sorted(set().union(*map(set, patterns))), start=2)}


def character_numbers(
    known: dict[str, int], lowercase: bool, other: Callable[[], NDArray[np.int64]]
) -> NDArray[np.int64]:
    """(CODE_POINTS,) the number of each character after lowering: ``known``, else what ``other`` (CODE_POINTS,) says."""
    numbers = other().copy()
    for character, number in known.items():
        numbers[ord(character)] = number
    return numbers[lowered()] if lowercase else numbers
