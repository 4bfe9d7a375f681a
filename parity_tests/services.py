"""The real server in a process of its own, for tests and for the battery."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path


def is_ready(port: int) -> bool:
    """Whether the service on a port says that it is ready."""
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/v2/health/ready", timeout=5).close()
    except (urllib.error.URLError, OSError):
        return False
    return True


@contextlib.contextmanager
def running(path: Path, port: int, *options: str, seconds: float = 60) -> Iterator[subprocess.Popen[bytes]]:
    """``samescore serve`` on a path, ready when the block begins and stopped at its end.

    Raises:
        OSError: it ended, or was not ready in time.
    """
    command = [sys.executable, "-m", "samescore_runtime", "serve", str(path), "--port", str(port), *options]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + seconds
        while not is_ready(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise OSError(f"{' '.join(command)}: not ready (exit code {process.poll()}); a service that starts")
            time.sleep(0.05)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
