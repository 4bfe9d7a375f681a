"""``make bench-service``: the service against a bare WSGI function on the same server, in one interleaved run under wrk."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.footprint import family, free_port

BUILD = Path("build/bench-service")
COLUMNS = 10

_RATE = re.compile(r"Requests/sec:\s*([0-9.]+)")
_BAD = re.compile(r"Non-2xx or 3xx responses: (\d+)|Socket errors: (.*)")


@dataclass(frozen=True, slots=True)
class Case:
    """One contestant: where it is asked, and with what."""

    name: str
    url: str
    script: Path


def artifact() -> Path:
    """RandomForest(100, depth 8) over ten float columns, exported and proven."""
    path = BUILD / "forest.onnx"
    if not path.exists():
        import pandas as pd
        from sklearn.datasets import make_classification
        from sklearn.ensemble import RandomForestClassifier

        from samescore_export import export

        X, y = make_classification(4000, COLUMNS, n_informative=8, random_state=0)
        frame = pd.DataFrame(X, columns=[f"x{index}" for index in range(COLUMNS)])
        model = RandomForestClassifier(100, max_depth=8, random_state=0).fit(frame, y)
        path.parent.mkdir(parents=True, exist_ok=True)
        export(model, frame, path)
    return path


def wrk_script(name: str, body: bytes, headers: dict[str, str]) -> Path:
    """A script that lets wrk post a body; the bytes are written as Lua escapes."""
    text = "".join(f"\\{byte:03d}" for byte in body)
    lines = ['wrk.method = "POST"', f'wrk.body = "{text}"']
    lines += [f'wrk.headers["{key}"] = "{value}"' for key, value in headers.items()]
    path = BUILD / f"{name}.lua"
    path.write_text("\n".join(lines))
    return path


def bodies() -> dict[str, tuple[bytes, dict[str, str]]]:
    """Name -> body and headers."""
    random = np.random.default_rng(0)
    kind = {"Content-Type": "application/json"}

    def rows(count: int) -> bytes:
        values = random.normal(size=(count, COLUMNS)).tolist()
        return json.dumps(
            {"rows": [dict(zip([f"x{index}" for index in range(COLUMNS)], row, strict=True)) for row in values]}
        ).encode()

    values = random.normal(size=(1000, COLUMNS))
    header = json.dumps(
        {
            "inputs": [
                {
                    "name": "float64",
                    "shape": [1000, COLUMNS],
                    "datatype": "FP64",
                    "parameters": {"binary_data_size": values.nbytes},
                }
            ],
            "parameters": {"binary_data_output": True},
        }
    ).encode()
    binary = {"Content-Type": "application/octet-stream", "Inference-Header-Content-Length": str(len(header))}
    return {
        "1 row, JSON": (rows(1), kind),
        "1,000 rows, JSON": (rows(1000), kind),
        "1,000 rows, binary": (header + values.tobytes(), binary),
    }


@contextlib.contextmanager
def running(command: Sequence[str], port: int) -> Iterator[int]:
    """A server in a process of its own, stopped at the end; its id."""
    log = (BUILD / f"server-{port}.log").open("wb")
    process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        for _ in range(1500):
            with contextlib.suppress(urllib.error.URLError, ConnectionError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/v2/health/ready", timeout=1).close()
                break
            if process.poll() is not None:
                raise OSError(f"server {command}: ended with {process.returncode}; {log.name}")
            with contextlib.suppress(urllib.error.HTTPError, urllib.error.URLError, ConnectionError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/", b"{}", timeout=1).close()
            if _listens(port):
                break
            time.sleep(0.02)
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def _listens(port: int) -> bool:
    import socket

    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def processor_seconds(pid: int) -> float:
    """What a process and its descendants have used so far."""
    ticks = 0
    for member in family(pid):
        fields = Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Burst:
    """Requests a second, and microseconds of processor time of the server for each: the steadier figure on a shared machine."""

    rate: float
    processor: float


def burst(case: Case, connections: int, seconds: float, pid: int) -> Burst:
    """One burst of requests; an answer that is no 200 ends the run."""
    before = processor_seconds(pid)
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:g}s", "-s", str(case.script), case.url]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if _BAD.search(told):
        raise OSError(f"{case.name}: {_BAD.search(told)}; answers with 200 alone")
    found = _RATE.search(told)
    if found is None:
        raise OSError(f"wrk: {told!r}; a line Requests/sec")
    answered = re.search(r"(\d+) requests in", told)
    if answered is None or answered[1] == "0":
        raise OSError(f"{case.name}: {told!r}; answers")
    used = (processor_seconds(pid) - before) / int(answered[1])
    return Burst(float(found[1]), used * 1e6)


#: A peer's environment, made by ``make clients``; without it the peer is left out.
STARLETTE = Path(".venv-clients/starlette/bin/python")


def measure(options: Sequence[str], rounds: int, seconds: float = 1) -> Iterator[str]:
    """A Markdown table, a line a case, as it is measured; ratios are medians over the rounds."""
    path = artifact()
    ports = [free_port() for _ in range(3)]
    serve = [sys.executable, "-m", "samescore_runtime", "serve", str(path), "--port", str(ports[0]), "--workers", "1"]
    commands = [[*serve, *options], [sys.executable, "-m", "benchmarks.bare_wsgi", str(path), str(ports[1])]]
    if STARLETTE.exists():
        commands.append([str(STARLETTE), "benchmarks/starlette_peer.py", str(path), str(ports[2])])
    yield "| request | | requests /s | us of processor | samescore's rate to its | processor time to samescore's |"
    yield "| --- | --- | --- | --- | --- | --- |"
    with contextlib.ExitStack() as stack:
        pids = [stack.enter_context(running(command, port)) for command, port in zip(commands, ports, strict=False)]
        for number, (name, (body, headers)) in enumerate(bodies().items()):
            script = wrk_script(str(number), body, headers)
            binary = "binary" in name
            score = "/v2/models/forest/infer" if binary else "/models/forest/score"
            paths = {"samescore": score, "bare WSGI": "/binary" if binary else "/", "Starlette": "/"}
            servers = [
                one
                for one in zip(paths.items(), ports, pids, strict=False)
                if not (binary and one[0][0] == "Starlette")
            ]
            found: dict[str, list[Burst]] = {who: [] for (who, _), _, _ in servers}
            for _ in range(rounds):
                for (who, place), port, pid in servers:
                    found[who].append(burst(Case(who, f"http://127.0.0.1:{port}{place}", script), 8, seconds, pid))
            for who, bursts in found.items():
                rate = statistics.median(one.rate for one in bursts)
                used = statistics.median(one.processor for one in bursts)
                pairs = list(zip(found["samescore"], bursts, strict=True))
                by_rate = statistics.median(ours.rate / theirs.rate for ours, theirs in pairs)
                by_time = statistics.median(theirs.processor / ours.processor for ours, theirs in pairs)
                yield f"| {name} | {who} | {rate:,.0f} | {used:,.0f} | {by_rate:.2f} | {by_time:.2f} |"


def main() -> None:
    """Measure and print; further arguments go to ``samescore serve``."""
    if shutil.which("wrk") is None:
        raise SystemExit("benchmarks: no wrk; apt-get install wrk")
    rounds = int(os.environ.get("ROUNDS", "10"))
    for line in measure(sys.argv[1:], rounds):
        print(line, flush=True)


if __name__ == "__main__":
    main()
