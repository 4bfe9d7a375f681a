"""The service's footprint: time until ready, and memory of all its processes while idle."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(member for child in children for member in family(int(child)))]


def pss(pid: int) -> float:
    """Proportional set size of a process in megabytes."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise OSError(f"/proc/{pid}/smaps_rollup: no line Pss; one")


def serve_and_measure(artifacts: Path) -> tuple[float, float]:
    """Seconds until ready, and megabytes idle, of ``samescore serve`` over a folder."""
    port = free_port()
    script = Path(sys.executable).parent / "samescore"
    start = time.perf_counter()
    server = subprocess.Popen(
        [script, "serve", artifacts, "--port", str(port), "--workers", "1"], stderr=subprocess.DEVNULL
    )
    try:
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/v2/health/ready", timeout=1).close()
                break
            except (urllib.error.URLError, ConnectionError):
                if server.poll() is not None or time.perf_counter() - start > 30:
                    raise
                time.sleep(0.01)
        ready = time.perf_counter() - start
        time.sleep(1)
        return ready, sum(pss(member) for member in family(server.pid))
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(10)
