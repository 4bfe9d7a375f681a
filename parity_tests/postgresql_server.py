"""A PostgreSQL of a test's or a benchmark's own: in a folder, on a port of the loopback address, gone afterwards."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


def binaries() -> Path:
    """Where ``initdb`` is; skips where there is none, but fails on CI."""
    known = [Path(folder) for folder in os.environ["PATH"].split(os.pathsep)]
    known += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = next((folder for folder in known if (folder / "initdb").exists() and (folder / "pg_ctl").exists()), None)
    if found is None:
        assert os.environ.get("CI") != "true", "no PostgreSQL; CI needs one"
        pytest.skip("no PostgreSQL here")
    return found


class Server:
    """A running server; ``url`` is a database in it."""

    def __init__(self, folder: Path) -> None:
        self._bin = binaries()
        self._folder = folder
        self._data = folder / "data"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.url = f"postgresql://tester@127.0.0.1:{self.port}/postgres"
        # The server refuses to run as root.
        self._as = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.getuid() == 0 else []
        if self._as:
            shutil.chown(folder, 65534, 65534)
        self._run("initdb", "-D", str(self._data), "-U", "tester", "-A", "trust", "--no-sync", "-E", "UTF8")
        self.start()

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self._as, str(self._bin / program), *arguments]
        done = subprocess.run(command, cwd=self._folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self._folder}"
        log = self._folder / "log"
        self._run("pg_ctl", "-D", str(self._data), "-l", str(log), "-o", options, "-w", "start")

    def stop(self, mode: str = "fast") -> None:
        self._run("pg_ctl", "-D", str(self._data), "-m", mode, "-w", "stop")

    def restart_at_once(self) -> None:
        """As after a power cut: without a checkpoint."""
        self.stop("immediate")
        self.start()


@contextlib.contextmanager
def server(folder: Path) -> Iterator[Server]:
    """A server as long as the block lasts."""
    # The folders above it must let the server's user through.
    temporary = Path(tempfile.gettempdir())
    for parent in (folder, *folder.parents):
        if parent.is_relative_to(temporary) and parent != temporary and os.access(parent, os.W_OK):
            parent.chmod(parent.stat().st_mode | 0o011)
    running = Server(folder)
    try:
        yield running
    finally:
        with contextlib.suppress(AssertionError):
            running.stop("immediate")
