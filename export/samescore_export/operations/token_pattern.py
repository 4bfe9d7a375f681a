"""Which tokens a ``token_pattern`` finds, for the regular expressions that are runs of characters of one class.

``re.findall`` with such a pattern gives maximal runs, maybe cut at both sides; that can be told from a few facts about each
character, without a regular expression in the graph. What is not of this form is refused by name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from samescore_export.operations.characters import CODE_POINTS

_ATOM = r"\\[wWdDsS]|\\[^\w\s]|\[\^?\]?(?:\\.|[^\]\\])*\]|[^\\\[\](){}|^$*+?.]|\."
_PIECE = re.compile(rf"({_ATOM})(\+|\*|\{{\d+(?:,\d*)?\}})?(?![?+*])")
_JOINED = re.compile(rf"(?:\\b)?({_ATOM})\+\(\?:({_ATOM})\1\+\)\*(\\b)?")

#: How a side of a run is: as it comes, only where a word begins or ends, or cut back to a character of a class.
Side = Literal["open", "edge", "trim"]


@dataclass(frozen=True, slots=True)
class TokenRule:
    """Tokens are the maximal runs of ``body``, (CODE_POINTS,) conditions, and of joiners between two of it.

    Attributes:
        left: ``edge``: the run must begin at no word character's right, with a character of ``head``; ``trim``: it is cut to begin with one of ``head``.
        right: ``edge``: the run must end at no word character's left; ``trim``: cut to end with one of ``tail``.
        shortest: characters a token has at least.
        longest: and at most; None for any number.
        words: what ``\\w`` is under the pattern's flags.
    """

    body: NDArray[np.bool_]
    head: NDArray[np.bool_]
    tail: NDArray[np.bool_]
    joiners: NDArray[np.bool_] | None
    left: Side
    right: Side
    shortest: int
    longest: int | None
    words: NDArray[np.bool_]

    @property
    def plain(self) -> bool:
        """Whether every run that is long enough is a token whatever is around it."""
        sides = ("open", "edge") if np.array_equal(self.body, self.words) else ("open",)
        return (
            self.joiners is None
            and self.longest is None
            and self.left in sides
            and self.right in sides
            and np.array_equal(self.head, self.body)
        )


@cache
def _every_character() -> str:
    return "".join(map(chr, range(CODE_POINTS)))


@cache
def members(atom: str, flags: int) -> NDArray[np.bool_]:
    """(CODE_POINTS,) the characters that a pattern of one character matches; no surrogates."""
    found = np.zeros(CODE_POINTS, bool)
    found[[match.start() for match in re.finditer(atom, _every_character(), flags)]] = True
    found[0xD800:0xE000] = False
    return found


def _times(quantifier: str | None) -> tuple[int, int | None]:
    if quantifier is None:
        return 1, 1
    if quantifier in "+*":
        return int(quantifier == "+"), None
    low, comma, high = quantifier[1:-1].partition(",")
    return int(low), (int(high) if high else None) if comma else int(low)


def token_rule(pattern: str) -> TokenRule | None:
    """The rule of a pattern, None if it is none of those that this module knows."""
    inline = re.match(r"\(\?([aiu]+)\)", pattern)
    flags = 0
    if inline:
        pattern = pattern[inline.end() :]
        flags = sum({"a": re.ASCII, "i": re.IGNORECASE, "u": 0}[letter] for letter in set(inline.group(1)))
    if joined := _JOINED.fullmatch(pattern):
        return _joined(joined.group(1), joined.group(2), r"\b" in pattern, flags)
    group = re.fullmatch(r"(\\b)?\(((?:\\.|[^()\\])*)\)(\\b)?", pattern)
    if group:
        pattern = (group.group(1) or "") + group.group(2) + (group.group(3) or "")
    left, right = pattern.startswith(r"\b"), pattern.endswith(r"\b")
    inner = pattern[2 if left else 0 : -2 if right else None]
    pieces: list[tuple[NDArray[np.bool_], int, int | None]] = []
    at = 0
    while at < len(inner):
        piece = _PIECE.match(inner, at)
        if piece is None:
            return None
        pieces.append((members(piece.group(1), flags), *_times(piece.group(2))))
        at = piece.end()
    return _rule(pieces, left, right, members(r"\w", flags))


def _joined(body: str, joiner: str, edges: bool, flags: int) -> TokenRule | None:
    inside, between, words = members(body, flags), members(joiner, flags), members(r"\w", flags)
    if (inside & between).any() or (edges and not np.array_equal(inside, words)):
        return None
    return TokenRule(inside, inside, inside, between, "open", "open", 1, None, words)


def _rule(
    pieces: list[tuple[NDArray[np.bool_], int, int | None]], left: bool, right: bool, words: NDArray[np.bool_]
) -> TokenRule | None:
    if not pieces:
        return None
    # The class of the run is the widest; one character of a narrower one may stand before and behind it.
    body = max((piece[0] for piece in pieces), key=np.count_nonzero)
    first, last = pieces[0], pieces[-1]
    narrow_head = not np.array_equal(first[0], body)
    narrow_tail = len(pieces) > 1 and not np.array_equal(last[0], body)
    inner = pieces[int(narrow_head) : len(pieces) - int(narrow_tail)]
    if any(not np.array_equal(piece[0], body) for piece in inner):
        return None
    for narrow, piece in ((narrow_head, first), (narrow_tail, last)):
        if narrow and ((piece[0] & ~body).any() or piece[1:] != (1, 1)):
            return None
    shortest = sum(piece[1] for piece in pieces)
    ends = [piece[2] for piece in pieces]
    longest = None if None in ends else sum(end for end in ends if end is not None)
    if shortest < 1:
        return None
    if not (body & ~words).any():  # only word characters: \b is the edge of the run
        if narrow_tail or (longest is not None and not (left and right)):
            return None
        sides: tuple[Side, Side] = (
            "edge" if left else ("trim" if narrow_head else "open"),
            "edge" if right else "open",
        )
        return TokenRule(body, first[0], body, None, *sides, shortest, longest, words)
    if longest is not None:
        return None
    if not left and not right:
        if narrow_tail:
            return None
        return TokenRule(body, first[0], body, None, "trim" if narrow_head else "open", "open", shortest, None, words)
    # Word characters and others: between two \b stands what is left of the run from its first word character to its last.
    ends_allowed = all(
        not narrow or np.array_equal(piece[0], words) for narrow, piece in ((narrow_head, first), (narrow_tail, last))
    )
    if left and right and ends_allowed and not (words & ~body).any():
        return TokenRule(body, words, words, None, "trim", "trim", shortest, None, words)
    return None
