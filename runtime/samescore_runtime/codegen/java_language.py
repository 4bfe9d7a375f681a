"""Java's words: what no identifier may be, and texts as string literals and in Javadoc."""

from __future__ import annotations

import re

KEYWORDS = frozenset(
    [
        "abstract",
        "assert",
        "boolean",
        "break",
        "byte",
        "case",
        "catch",
        "char",
        "class",
        "const",
        "continue",
        "default",
        "do",
        "double",
        "else",
        "enum",
        "extends",
        "false",
        "final",
        "finally",
        "float",
        "for",
        "goto",
        "if",
        "implements",
        "import",
        "instanceof",
        "int",
        "interface",
        "long",
        "native",
        "new",
        "null",
        "package",
        "private",
        "protected",
        "public",
        "return",
        "short",
        "static",
        "strictfp",
        "super",
        "switch",
        "synchronized",
        "this",
        "throw",
        "throws",
        "transient",
        "true",
        "try",
        "void",
        "volatile",
        "while",
        "var",
        "record",
        "yield",
        "sealed",
        "permits",
    ]
)
#: What a record component may not be called, as every object has a method of that name, or the record itself.
METHODS = frozenset(
    ["clone", "finalize", "getClass", "hashCode", "notify", "notifyAll", "toString", "wait", "equals", "toRow"]
)


def java_string(value: str) -> str:
    """A Java string literal in ASCII."""
    units = value.encode("utf-16-be")
    found = []
    for at in range(0, len(units), 2):
        unit = int.from_bytes(units[at : at + 2], "big")
        plain = chr(unit)
        found.append(
            plain
            if 0x20 <= unit < 0x7F and plain not in '"\\'
            else f"\\u{unit:04x}"
            if unit > 0x7E
            else f"\\{unit:03o}"
        )
    return '"' + "".join(found) + '"'


def javadoc(value: str) -> str:
    """Text that ends no comment and is no markup of Javadoc; its Unicode escapes do not count."""
    safe = (
        value.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace("@", "&#64;")
        .replace("*/", "*&#47;")
        .replace("\\", "&#92;")
    )
    return re.sub(r"\s+", " ", "".join(c if c.isascii() else f"&#{ord(c)};" for c in safe)).strip() or "(blank)"
