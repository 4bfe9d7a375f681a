"""Bearer tokens: who may score, and who may also load and unload models."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samescore_runtime.errors import InputError
from samescore_runtime.service.failures import RequestError

#: Two tokens may be live, so that one can be replaced by the other.
LIVE = 2
_SHORTEST = 16


def read_tokens(text: str, where: str) -> tuple[bytes, ...]:
    """Tokens, one a line; lines that begin with ``#`` are remarks.

    Raises:
        InputError: none, more than two, a short one, or one that does not fit into a header.
    """
    lines = [line.strip() for line in text.splitlines()]
    tokens = [line for line in lines if line and not line.startswith("#")]
    if not 1 <= len(tokens) <= LIVE:
        raise InputError(where, f"{len(tokens)} tokens", f"one or {LIVE}, one a line")
    for token in tokens:
        if len(token) < _SHORTEST or not token.isascii() or not token.isprintable() or " " in token:
            raise InputError(
                where,
                "a token that is short or does not fit into a header",
                f"{_SHORTEST} printable characters or more",
            )
    return tuple(token.encode() for token in tokens)


@dataclass(frozen=True, slots=True)
class Access:
    """The live tokens; none for scoring means that everybody may score.

    ``admin`` are those for loading and unloading; without any, nobody may.
    """

    tokens: tuple[bytes, ...] = ()
    admin: tuple[bytes, ...] = ()

    def check(self, environ: Mapping[str, Any]) -> None:
        """Raises RequestError ``unauthorized`` for a request without a live token."""
        if self.tokens and not _holds(environ, self.tokens + self.admin):
            raise RequestError("unauthorized", "Authorization", "no live token", "Bearer TOKEN")

    def check_admin(self, environ: Mapping[str, Any]) -> None:
        """Raises RequestError ``unauthorized``, or ``forbidden`` for a token that may only score."""
        if _holds(environ, self.admin):
            return
        self.check(environ)
        raise RequestError("forbidden", "Authorization", "no administrator's token", "a token of --admin-tokens")


def _holds(environ: Mapping[str, Any], tokens: tuple[bytes, ...]) -> bool:
    scheme, _, given = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() != "bearer":
        return False
    try:
        presented = given.strip().encode("latin-1")
    except UnicodeEncodeError:
        return False
    # Every token is compared, each in constant time: the time tells neither which was close nor that one was.
    found = False
    for token in tokens:
        found |= hmac.compare_digest(presented, token)
    return found


@dataclass(frozen=True, slots=True)
class TokenFiles:
    """Where tokens come from: files, read anew when they change, or the text of an environment variable."""

    tokens: Path | None = None
    admin: Path | None = None
    text: str | None = None

    def read(self) -> Access:
        """Raises InputError for files that hold no tokens."""
        scoring = self._file(self.tokens) or (() if self.text is None else read_tokens(self.text, "SAMESCORE_TOKENS"))
        return Access(scoring, self._file(self.admin))

    def stamp(self) -> tuple[int, ...]:
        """Changes when a file does."""
        return tuple(
            path.stat().st_mtime_ns for path in (self.tokens, self.admin) if path is not None and path.exists()
        )

    @staticmethod
    def _file(path: Path | None) -> tuple[bytes, ...]:
        if path is None:
            return ()
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(str(path), "unreadable", "a file with tokens") from error
        return read_tokens(text, str(path))
