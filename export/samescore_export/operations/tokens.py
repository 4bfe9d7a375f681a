"""Tokens of a text in the graph: which characters belong to one by a rule, without stop words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from samescore_export.graph import Graph
from samescore_export.operations.characters import CODE_POINTS, alphabet, character_numbers, look_up
from samescore_export.operations.ragged import before, compact, counted, positions, run_totals, to_int64
from samescore_export.operations.token_pattern import TokenRule

#: Bits of a key that one int64 look-up holds.
_BITS = 62


@dataclass(frozen=True, slots=True)
class Characters:
    """A text's code points (rows, length), -1 behind the end; those that ``through`` (CODE_POINTS,) still maps, if any."""

    value: ir.Value
    through: NDArray[np.int64] | None

    def numbers(self, graph: Graph, table: NDArray[np.int64], filling: int) -> ir.Value:
        """``table`` (CODE_POINTS,) at each character: int32 (rows, length)."""
        return look_up(graph, self.value, table if self.through is None else table[self.through], filling)

    def where(self, graph: Graph, members: NDArray[np.bool_]) -> ir.Value:
        """Whether each character is one of ``members``; not behind the end."""
        return graph.op("Greater", self.numbers(graph, members.astype(np.int64), 0), graph.constant(0, np.int32))


def token_characters(graph: Graph, text: Characters, rule: TokenRule, stop_words: Iterable[str]) -> ir.Value:
    """A condition (rows, length): the character belongs to a token that is kept. Two tokens never touch."""
    no = graph.constant(False, np.bool_)
    body = text.where(graph, rule.body)
    if rule.joiners is not None:
        between = graph.op("And", before(graph, body, no), before(graph, body, no, -1))
        body = graph.op("Or", body, graph.op("And", text.where(graph, rule.joiners), between))
    if rule.left == "trim":
        body = _cut(graph, body, text.where(graph, rule.head), reverse=False)
    if rule.right == "trim":
        body = _cut(graph, body, text.where(graph, rule.tail), reverse=True)
    first = graph.op("And", body, graph.op("Not", before(graph, body, no)))
    # Runs are numbered from 1; what is no token has the number 0, which collects what nobody asks for.
    run = graph.op("Mul", counted(graph, to_int64(graph, first)), to_int64(graph, body))
    good: list[ir.Value] = []
    one = graph.constant(1, np.int64)
    if rule.shortest > 1 or rule.longest is not None:
        size = run_totals(graph, run, graph.op("Expand", one, graph.op("Shape", run)))
        if rule.shortest > 1:
            good.append(graph.op("GreaterOrEqual", size, graph.constant(rule.shortest, np.int64)))
        if rule.longest is not None:
            good.append(graph.op("LessOrEqual", size, graph.constant(rule.longest, np.int64)))
    bad: list[ir.Value] = []
    word = text.where(graph, rule.words) if "edge" in (rule.left, rule.right) else no
    if rule.left == "edge":
        wrong = before(graph, word, no)
        if not np.array_equal(rule.head, rule.body):
            wrong = graph.op("Or", wrong, graph.op("Not", text.where(graph, rule.head)))
        bad.append(graph.op("And", first, wrong))
    if rule.right == "edge":
        last = graph.op("And", body, graph.op("Not", before(graph, body, no, -1)))
        bad.append(graph.op("And", last, before(graph, word, no, -1)))
    good += [
        graph.op("Equal", run_totals(graph, run, to_int64(graph, item)), graph.constant(0, np.int64)) for item in bad
    ]
    words = sorted(set(stop_words))
    if words:
        good.append(graph.op("Not", _stopped(graph, text, run, first, words)))
    kept = body
    for condition in good:
        # GatherElements knows every type; a bool comes as an int64 here, whose kernel is everywhere.
        found = graph.op("GatherElements", to_int64(graph, condition), run, axis=1)
        kept = graph.op("And", kept, graph.op("Greater", found, graph.constant(0, np.int64)))
    return kept


def _cut(graph: Graph, body: ir.Value, anchor: ir.Value, reverse: bool) -> ir.Value:
    """Each run of ``body`` without what comes before its first ``anchor`` (behind its last, if reversed)."""
    no = graph.constant(False, np.bool_)
    first = graph.op("And", body, graph.op("Not", before(graph, body, no)))
    run = graph.op("Mul", counted(graph, to_int64(graph, first)), to_int64(graph, body))
    number = to_int64(graph, graph.op("And", body, anchor))
    axis = graph.constant(1, np.int64)
    running = graph.op("CumSum", number, axis, reverse=int(reverse))
    totals = run_totals(graph, run, number)
    others = graph.op("CumSum", totals, axis, exclusive=1, reverse=int(reverse))
    base = graph.op("GatherElements", others, run, axis=1)
    return graph.op("And", body, graph.op("Greater", running, base))


def _stopped(graph: Graph, text: Characters, run: ir.Value, first: ir.Value, words: list[str]) -> ir.Value:
    """(rows, length + 1) whether the run of that number is one of ``words``.

    A word is looked up by its characters packed into integers, exactly: a character outside the words' alphabet or beyond
    the longest of them rules a token out.
    """
    letters = alphabet(words)
    codes = {letter: number - 1 for letter, number in letters.items()}
    bits = len(codes).bit_length()
    share = _BITS // bits
    longest = max(map(len, words))
    code = to_int64(graph, text.numbers(graph, character_numbers(codes, False, _nothing), 0))
    place = positions(graph, run)
    zero = graph.constant(0, np.int64)
    here = graph.op("Expand", place, graph.op("Shape", run))
    begin = run_totals(graph, run, graph.op("Where", first, here, zero))
    place = graph.op("Sub", here, graph.op("GatherElements", begin, run, axis=1))
    far = graph.op("GreaterOrEqual", place, graph.constant(longest, np.int64))
    strange = graph.op("Or", far, graph.op("Equal", code, zero))
    out = graph.op("Greater", run_totals(graph, run, to_int64(graph, strange)), zero)
    powers = np.array([1 << (bits * (i % share)) for i in range(longest)], np.int64)
    weight = graph.op("Gather", graph.constant(powers), graph.op("Where", far, zero, place), axis=0)
    part = graph.op("Div", place, graph.constant(share, np.int64))
    worth = graph.op("Mul", code, weight)
    state: ir.Value | None = None
    ids = [0] * len(words)
    for number in range(-(-longest // share)):
        mine = graph.op("Equal", part, graph.constant(number, np.int64))
        key = run_totals(graph, run, graph.op("Where", mine, worth, zero))
        chunks = [
            sum(codes[c] * int(powers[i]) for i, c in enumerate(word[number * share : (number + 1) * share]))
            for word in words
        ]
        known = {chunk: index for index, chunk in enumerate(sorted(set(chunks)))}
        found = _looked_up(graph, key, known, len(known))
        if state is not None:
            size = len(known) + 1
            pairs = [ids[i] * size + known[chunk] for i, chunk in enumerate(chunks)]
            joint = {pair: index for index, pair in enumerate(sorted(set(pairs)))}
            both = graph.op("Add", graph.op("Mul", state, graph.constant(size, np.int64)), found)
            state, ids = _looked_up(graph, both, joint, len(joint)), [joint[pair] for pair in pairs]
        else:
            state, ids = found, [known[chunk] for chunk in chunks]
    assert state is not None
    listed = graph.op("Less", state, graph.constant(len(set(ids)), np.int64))
    return graph.op("And", listed, graph.op("Not", out))


def _nothing() -> NDArray[np.int64]:
    return np.zeros(CODE_POINTS, np.int64)


def _looked_up(graph: Graph, keys: ir.Value, known: dict[int, int], default: int) -> ir.Value:
    return graph.op(
        "LabelEncoder",
        keys,
        domain="ai.onnx.ml",
        keys_tensor=np.array(list(known), np.int64),
        values_tensor=np.array(list(known.values()), np.int64),
        default_tensor=np.array([default], np.int64),
    )


def spelled_out(graph: Graph, values: ir.Value, kept: ir.Value, separator: int) -> ir.Value:
    """The kept characters of int32 ``values`` moved together, one ``separator`` behind each token, -1 behind the last."""
    no = graph.constant(False, np.bool_)
    # One place more, so that a token at the very end has its separator too.
    pads = graph.constant([0, 0, 0, 1], np.int64)
    kept = graph.op("Pad", kept, pads, no)
    values = graph.op("Pad", values, pads, graph.constant(-1, np.int32))
    behind = graph.op("And", before(graph, kept, no), graph.op("Not", kept))
    shown = graph.op("Where", kept, values, graph.constant(separator, np.int32))
    return compact(graph, graph.op("Or", kept, behind), [(shown, graph.constant(-1, np.int32))])[0]
