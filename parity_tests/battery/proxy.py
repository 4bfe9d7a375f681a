"""A small proxy in front of several instances: a connection goes to the next one that takes it."""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
from collections.abc import Iterator, Sequence


@contextlib.contextmanager
def proxy(backends: Sequence[int]) -> Iterator[int]:
    """The port of a TCP proxy that takes turns over the backends' ports, and passes over one that refuses."""
    listener = socket.create_server(("127.0.0.1", 0))
    turns = itertools.count()

    def accept() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            first = next(turns)
            for step in range(len(backends)):
                try:
                    backend = socket.create_connection(("127.0.0.1", backends[(first + step) % len(backends)]), 5)
                except OSError:
                    continue
                threading.Thread(target=_connect, args=(client, backend), daemon=True).start()
                break
            else:
                client.close()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        listener.close()


def _connect(client: socket.socket, backend: socket.socket) -> None:
    with client, backend:
        back = threading.Thread(target=_pass_on, args=(backend, client), daemon=True)
        back.start()
        _pass_on(client, backend)
        back.join()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while part := source.recv(65536):
            target.sendall(part)
    for one in (source, target):
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
