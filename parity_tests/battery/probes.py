"""Raw HTTP that is ambiguous, broken or hostile."""

from __future__ import annotations

import socket
from collections.abc import Mapping

GOOD = b'{"rows": [{"price": 1.5, "size": 2.0}]}'
HEAD = b"POST /models/churn/score HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
LENGTH = b"Content-Length: %d\r\n" % len(GOOD)
CHUNKED = b"%x\r\n%b\r\n0\r\n\r\n" % (len(GOOD), GOOD)
NEXT = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"

#: Name -> bytes that must not be answered with 200.
REFUSED: Mapping[str, bytes] = {
    "length and chunked": HEAD + LENGTH + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKED,
    "chunked and length": HEAD + b"Transfer-Encoding: chunked\r\n" + LENGTH + b"\r\n" + CHUNKED,
    "chunked": HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKED,
    "xchunked": HEAD + b"Transfer-Encoding: xchunked\r\n\r\n" + CHUNKED,
    "chunked, identity": HEAD + b"Transfer-Encoding: chunked, identity\r\n\r\n" + CHUNKED,
    "chunked twice": HEAD + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKED,
    "chunked with a tab": HEAD + b"Transfer-Encoding:\tchunked\r\n\r\n" + CHUNKED,
    "chunk size 0x": HEAD + b"Transfer-Encoding: chunked\r\n\r\n0x" + CHUNKED,
    "chunk size negative": HEAD + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n" + GOOD,
    "chunk size enormous": HEAD + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n" + GOOD,
    "two lengths": HEAD + LENGTH + b"Content-Length: 5\r\n\r\n" + GOOD,
    "list of lengths": HEAD + b"Content-Length: %d, 5\r\n\r\n" % len(GOOD) + GOOD,
    "negative length": HEAD + b"Content-Length: -1\r\n\r\n" + GOOD,
    "length with a plus": HEAD + b"Content-Length: +%d\r\n\r\n" % len(GOOD) + GOOD,
    "length in hexadecimal": HEAD + b"Content-Length: 0x20\r\n\r\n" + GOOD,
    "length that is enormous": HEAD + b"Content-Length: 99999999999999999999\r\n\r\n" + GOOD,
    "no length": HEAD + b"\r\n" + GOOD,
    "space before the colon": HEAD + b"Content-Length : %d\r\n\r\n" % len(GOOD) + GOOD,
    "a folded header": HEAD + b"X-A: b\r\n c\r\n" + b"Content-Length : 5\r\n\r\n" + GOOD,
    "NUL in a header": HEAD + b"X-A: \x00\r\n" + LENGTH + b"\r\n" + GOOD,
    "no host, no version": b"POST /models/churn/score\r\n\r\n",
    "HTTP/3": b"POST /models/churn/score HTTP/3.0\r\nHost: a\r\n" + LENGTH + b"\r\n" + GOOD,
    "nonsense": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "a long line": b"GET /" + b"a" * 1_000_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    "many headers": HEAD + b"".join(b"X-%d: a\r\n" % number for number in range(5000)) + LENGTH + b"\r\n" + GOOD,
    "a long header": HEAD + b"X-A: " + b"a" * 1_000_000 + b"\r\n" + LENGTH + b"\r\n" + GOOD,
    "a path outside": b"GET /../../etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n",
    "a path outside, encoded": b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n",
    "a path with NUL": b"GET /models/%00 HTTP/1.1\r\nHost: a\r\n\r\n",
    "another host's address": b"GET http://other/models/x HTTP/1.1\r\nHost: a\r\n\r\n",
    "CONNECT": b"CONNECT other:443 HTTP/1.1\r\nHost: other\r\n\r\n",
    "another method": b"SCORE /models/churn/score HTTP/1.1\r\nHost: a\r\n" + LENGTH + b"\r\n" + GOOD,
    "a body in a GET that hides a request": (
        b"GET /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(NEXT) + NEXT
    ),
}

#: Without a length there is no body, and what follows is a second request: that gets an answer of its own.
TWO = frozenset({"no length"})


def answers(port: int, request: bytes) -> list[int]:
    """The statuses of everything that comes back within a second."""
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.settimeout(1)
        try:
            connection.sendall(request)
            while part := connection.recv(65536):
                received += part
        except OSError:
            pass
    parts = received.split(b"HTTP/1.")[1:]
    return [int(part.split(b" ")[1]) for part in parts]
