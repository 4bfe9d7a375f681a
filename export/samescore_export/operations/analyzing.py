"""What a text vectorizer counts: its n-grams of words or of characters, as a sequence of numbers or as spans of bytes.

Mirrors ``_VectorizerMixin`` of ``sklearn.feature_extraction.text``: preprocessing, tokens, stop words, n-grams.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import onnx_ir as ir

from samescore_export.graph import Graph
from samescore_export.operations.accents import strip_accents
from samescore_export.operations.characters import CODE_POINTS, look_up, lower_case, lowered
from samescore_export.operations.hashing import utf8_lengths
from samescore_export.operations.ragged import before, compact, counted, expand, to_int64
from samescore_export.operations.token_pattern import TokenRule, members, token_rule
from samescore_export.operations.tokens import Characters, spelled_out, token_characters
from samescore_export.scope import Scope

SPACE = ord(" ")

#: Starts and sizes in bytes of n-grams, int64 (rows, k), and whether there is one.
Spans = tuple[ir.Value, ir.Value, ir.Value]


@dataclass(frozen=True)
class Analysis:
    """The analyzer of a fitted vectorizer."""

    estimator: Any
    rule: TokenRule | None

    @property
    def words(self) -> bool:
        return bool(self.estimator.analyzer == "word")

    @property
    def lengths(self) -> tuple[int, int]:
        low, high = self.estimator.ngram_range
        return int(low), int(high)

    @cached_property
    def stop_words(self) -> frozenset[str]:
        return frozenset(self.estimator.get_stop_words() or ()) if self.words else frozenset()

    def characters(self, graph: Graph, text: ir.Value, sigma: bool) -> Characters:
        """The preprocessed text; ``sigma`` says that a final sigma makes a difference."""
        lower = bool(self.estimator.lowercase)
        if lower:
            text = lower_case(graph, text, sigma)
        if self.estimator.strip_accents is None:
            return Characters(text, lowered() if lower else None)
        if lower:
            text = look_up(graph, text, lowered(), -1)
        return Characters(strip_accents(graph, text, self.estimator.strip_accents), None)

    def producible(self, term: str) -> bool:
        """Whether the analyzer can give a term of the vocabulary (one given by hand may hold others)."""
        low, high = self.lengths
        if not self.words:
            if self.estimator.analyzer == "char":
                return low <= len(term) <= high
            return 1 <= len(term) <= high
        assert self.rule is not None
        single = self.rule.body[SPACE] or (self.rule.joiners is not None and self.rule.joiners[SPACE])
        tokens = [term] if single else term.split(" ")
        find = self.estimator.build_tokenizer()
        return low <= len(tokens) <= high and all(
            find(token) == [token] and token not in self.stop_words for token in tokens
        )


def analysis(estimator: Any, scope: Scope) -> Analysis:
    """The analyzer, or an error that names the option that has no lowering."""
    if callable(estimator.analyzer):
        raise scope.refuse(f"{type(estimator).__name__}(analyzer=a function)", "analyzer='word', 'char' or 'char_wb'")
    for option in ("preprocessor", "tokenizer"):
        if getattr(estimator, option) is not None and (option == "preprocessor" or estimator.analyzer == "word"):
            raise scope.refuse(f"{type(estimator).__name__}({option}=a function)", f"{option}=None")
    if callable(estimator.strip_accents):
        accepted = "strip_accents=None, 'unicode' or 'ascii'"
        raise scope.refuse(f"{type(estimator).__name__}(strip_accents=a function)", accepted)
    if estimator.input != "content":
        raise scope.refuse(f"{type(estimator).__name__}(input={estimator.input!r})", "input='content'")
    if estimator.analyzer != "word":
        return Analysis(estimator, None)
    rule = token_rule(estimator.token_pattern)
    if rule is None:
        raise scope.refuse(
            f"{type(estimator).__name__}(token_pattern={estimator.token_pattern!r})",
            r"runs of characters of one class, such as r'\w+', r'(?u)\b\w\w+\b', r'[A-Za-z]{2,}', r'\S+', r'\b[^\W\d]\w*\b', "
            r"r'\w+(?:[-\']\w+)*'",
        )
    if estimator.ngram_range[1] > 1 and (rule.body[SPACE] or (rule.joiners is not None and rule.joiners[SPACE])):
        raise scope.refuse(
            f"{type(estimator).__name__}(token_pattern={estimator.token_pattern!r}, ngram_range={estimator.ngram_range})",
            "tokens without spaces in n-grams",
        )
    return Analysis(estimator, rule)


def one_space(graph: Graph, text: Characters, values: ir.Value, space: int) -> ir.Value:
    """int32 ``values`` of the characters with every run of two and more white spaces as one ``space``; -1 behind the end."""
    no = graph.constant(False, np.bool_)
    blank = text.where(graph, members(r"\s", 0))
    again = graph.op("And", blank, before(graph, blank, no))
    first = graph.op("And", blank, before(graph, blank, no, -1))
    shown = graph.op("Where", first, graph.constant(space, np.int32), values)
    there = graph.op("GreaterOrEqual", text.value, graph.constant(0, np.int32))
    keep = graph.op("And", there, graph.op("Not", again))
    return compact(graph, keep, [(shown, graph.constant(-1, np.int32))])[0]


def words_in_spaces(graph: Graph, text: Characters, values: ir.Value, space: int) -> ir.Value:
    """Every word between white spaces with a space before and behind it, and 0 before that: what char_wb cuts up.

    int32 ``values`` of the characters in; 0 behind the end too.
    """
    no = graph.constant(False, np.bool_)
    there = graph.op("GreaterOrEqual", text.value, graph.constant(0, np.int32))
    inner = graph.op("And", there, graph.op("Not", text.where(graph, members(r"\s", 0))))
    first = to_int64(graph, graph.op("And", inner, graph.op("Not", before(graph, inner, no))))
    last = to_int64(graph, graph.op("And", inner, graph.op("Not", before(graph, inner, no, -1))))
    two = graph.op("Add", first, first)
    counts = graph.op("Add", to_int64(graph, inner), graph.op("Add", two, last))
    source, offset, inside = expand(graph, counts)
    # Around a character of place 0 stand 0 and a space (-2, -1) and a space (1).
    offset = graph.op("Sub", offset, graph.op("GatherElements", two, source, axis=1))
    shown = graph.op("GatherElements", values, source, axis=1)
    blank, nothing = graph.constant(space, np.int32), graph.constant(0, np.int32)
    zero = graph.constant(0, np.int64)
    shown = graph.op("Where", graph.op("Equal", offset, zero), shown, blank)
    shown = graph.op("Where", graph.op("Equal", offset, graph.constant(-2, np.int64)), nothing, shown)
    return graph.op("Where", inside, shown, nothing)


def code_points(graph: Graph, text: Characters) -> ir.Value:
    """The characters themselves."""
    return text.value if text.through is None else look_up(graph, text.value, text.through, -1)


def spans(graph: Graph, analysis: Analysis, text: Characters) -> tuple[ir.Value, ir.Value, Spans]:
    """The text that all n-grams are pieces of, its characters' sizes in UTF-8, and where its n-grams are."""
    characters = code_points(graph, text)
    low, high = analysis.lengths
    zero, no = graph.constant(0, np.int64), graph.constant(False, np.bool_)
    least = graph.constant(0, np.int32)
    if analysis.estimator.analyzer == "char":
        stream = one_space(graph, text, characters, SPACE)
        sizes = utf8_lengths(graph, stream)
        ends = counted(graph, sizes)
        there = graph.op("GreaterOrEqual", stream, least)
        found = [_grams(graph, graph.op("Sub", ends, sizes), ends, there, n) for n in range(low, high + 1)]
    elif analysis.words:
        assert analysis.rule is not None
        kept = token_characters(graph, text, analysis.rule, analysis.stop_words)
        # Code point 0 may be a character of a token: separators are told from it by a number of their own.
        stream = spelled_out(graph, characters, kept, CODE_POINTS)
        apart = graph.op("Equal", stream, graph.constant(CODE_POINTS, np.int32))
        inner = graph.op("And", graph.op("GreaterOrEqual", stream, least), graph.op("Not", apart))
        stream = graph.op("Where", apart, graph.constant(SPACE, np.int32), stream)
        sizes = utf8_lengths(graph, stream)
        ends = counted(graph, sizes)
        starts = graph.op("Sub", ends, sizes)
        first = graph.op("And", inner, graph.op("Not", before(graph, inner, no)))
        last = graph.op("And", inner, graph.op("Not", before(graph, inner, no, -1)))
        (begin,) = compact(graph, first, [(starts, zero)])
        (end,) = compact(graph, last, [(ends, zero)])
        there = graph.op("Greater", end, zero)
        found = [_grams(graph, begin, end, there, n) for n in range(low, high + 1)]
    else:
        stream, sizes, found = _inside_words(graph, text, characters, low, high)
    joined = [graph.op("Concat", *parts, axis=1) if len(parts) > 1 else parts[0] for parts in zip(*found, strict=True)]
    return stream, sizes, (joined[0], joined[1], joined[2])


def _inside_words(
    graph: Graph, text: Characters, characters: ir.Value, low: int, high: int
) -> tuple[ir.Value, ir.Value, list[Spans]]:
    """char_wb: n-grams within ``" word "``, and a word that is shorter than the shortest of them as a whole."""
    stream = words_in_spaces(graph, text, graph.op("Add", characters, graph.constant(1, np.int32)), SPACE + 1)
    # Code points are one more here, so that 0 is the gap between words alone.
    gap = graph.op("Equal", stream, graph.constant(0, np.int32))
    there = graph.op("Greater", stream, graph.constant(0, np.int32))
    stream = graph.op("Sub", stream, graph.constant(1, np.int32))
    sizes = utf8_lengths(graph, stream)
    ends = counted(graph, sizes)
    starts = graph.op("Sub", ends, sizes)
    word = counted(graph, to_int64(graph, gap))
    found: list[Spans] = []
    for n in range(low, high + 1):
        begin, size, ok = _grams(graph, starts, ends, there, n)
        same = graph.op("Equal", word, before(graph, word, graph.constant(-1, np.int64), -(n - 1)) if n > 1 else word)
        found.append((begin, size, graph.op("And", there, graph.op("And", ok, same))))
    if low > 3:
        zero, no = graph.constant(0, np.int64), graph.constant(False, np.bool_)
        first = graph.op("And", there, graph.op("Not", before(graph, there, no)))
        last = graph.op("And", there, graph.op("Not", before(graph, there, no, -1)))
        place = counted(graph, to_int64(graph, there))
        begin, left = compact(graph, first, [(starts, zero), (place, zero)])
        end, right = compact(graph, last, [(ends, zero), (place, zero)])
        characters_of = graph.op("Sub", right, left)
        short = graph.op(
            "And", graph.op("Less", characters_of, graph.constant(low - 1, np.int64)), graph.op("Greater", end, zero)
        )
        found.append((begin, graph.op("Sub", end, begin), short))
    return stream, sizes, found


def _grams(graph: Graph, starts: ir.Value, ends: ir.Value, there: ir.Value, n: int) -> Spans:
    """n neighbours in a row: from the start of each to the end of the last."""
    if n == 1:
        return starts, graph.op("Sub", ends, starts), there
    last = before(graph, ends, graph.constant(0, np.int64), -(n - 1))
    ok = before(graph, there, graph.constant(False, np.bool_), -(n - 1))
    size = graph.op("Where", ok, graph.op("Sub", last, starts), graph.constant(0, np.int64))
    return starts, size, ok
