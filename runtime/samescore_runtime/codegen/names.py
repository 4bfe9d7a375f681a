"""Names of columns, outputs and models as identifiers of other languages."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable


def words(text: str) -> list[str]:
    """The words of a name: parted by what is no ASCII letter or digit, and before a capital behind a small letter."""
    return re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+", text)


def capitalised(text: str) -> str:
    """``unit_price`` as ``UnitPrice``; ``Model`` where nothing is left."""
    found = "".join(word[0].upper() + word[1:].lower() for word in words(text))
    return found if found and not found[0].isdigit() else f"Model{found}"


def identifiers(names: Iterable[str], taken: Collection[str]) -> dict[str, str]:
    """An identifier for each name, like ``unitPrice``: none twice, and none of ``taken``."""
    found: dict[str, str] = {}
    used = set(taken)
    for name in names:
        parts = words(name)
        plain = "".join(
            [part.lower() if k == 0 else part[0].upper() + part[1:].lower() for k, part in enumerate(parts)]
        )
        if not plain or plain[0].isdigit():
            plain = f"x{plain}"
        candidate, count = plain, 1
        while candidate in used:
            count += 1
            candidate = f"{plain}{count}" if plain not in taken else f"{plain}Value{count if count > 2 else ''}"
        used.add(candidate)
        found[name] = candidate
    return found
