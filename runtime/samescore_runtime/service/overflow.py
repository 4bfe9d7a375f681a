"""Answering 503 to connections beyond the bound, instead of letting them wait in the kernel without a word.

The server stops accepting at its bound of connections. This thread looks how many wait in the listening socket's queue (the kernel
tells, for a listening socket, as ``tcpi_unacked``); those that still wait at the next look are accepted and told to come back.
It costs the requests nothing.
"""

from __future__ import annotations

import contextlib
import os
import socket
import stat
import struct
import sys
import threading
import time

from samescore_runtime.monitor.metrics import sample
from samescore_runtime.monitor.slots import Series
from samescore_runtime.service.failures import RequestError, failure

#: Seconds between two looks, and connections told at one look.
LOOK, AT_ONCE = 0.05, 256


def refusal() -> bytes:
    """The whole answer."""
    status, body = failure(
        RequestError("unavailable", "service", "no room for more connections", "the same request later")
    )
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nRetry-After: 1\r\nConnection: close\r\n\r\n"
    return head.encode() + body


def listening(port: int) -> socket.socket | None:
    """This process's own listening socket on a port; None if it has none (yet)."""
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            if not stat.S_ISSOCK(os.fstat(int(name)).st_mode):
                continue
            found = socket.socket(fileno=os.dup(int(name)))
            if (
                found.family in (socket.AF_INET, socket.AF_INET6)
                and found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
                and found.getsockname()[1] == port
            ):
                return found
            found.close()
    return None


def waiting(listener: socket.socket) -> int:
    """Connections in the listener's queue."""
    info = listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
    # struct tcp_info: 8 bytes of flags, then u32: rto, ato, snd_mss, rcv_mss, unacked.
    return int(struct.unpack_from("=5I", info, 8)[4])


def shed_overflow(series: Series, port: int) -> None:
    """Start the thread, on Linux."""
    if sys.platform == "linux":
        threading.Thread(target=_shed, args=(series, port), name="samescore-overflow", daemon=True).start()


def _shed(series: Series, port: int) -> None:
    while (listener := listening(port)) is None:
        time.sleep(LOOK)
    listener.setblocking(False)
    answer = refusal()
    before = 0
    while True:
        time.sleep(LOOK)
        try:
            now = waiting(listener)
            for _ in range(min(before, now, AT_ONCE)):
                connection, _ = listener.accept()
                # A client that sends slowly is not worth a thread: what it gets, it gets now.
                _tell(connection, answer)
                series.add(sample("samescore_shed_total", reason="connections"))
            before = waiting(listener)
        except BlockingIOError:
            before = 0
        except OSError:
            return


def _tell(connection: socket.socket, answer: bytes) -> None:
    with connection, contextlib.suppress(OSError):
        connection.settimeout(0.05)
        # What was sent is read first: closing with bytes unread would reset the connection and lose the answer.
        with contextlib.suppress(TimeoutError):
            connection.recv(65536)
        connection.sendall(answer)
        connection.shutdown(socket.SHUT_WR)
        with contextlib.suppress(TimeoutError):
            while connection.recv(65536):
                pass
