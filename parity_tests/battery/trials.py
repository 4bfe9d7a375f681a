"""The trials of the battery. Each gives what it measured and whether the service passed; none asserts a time."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.footprint import family, free_port, pss
from parity_tests.battery import bodies, probes
from parity_tests.battery.load import BODY, Load, expected
from parity_tests.battery.proxy import proxy
from parity_tests.services import is_ready, running
from samescore_runtime.repository import operations


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one trial found."""

    name: str
    passed: bool
    figures: str


class Stand:
    """A repository with two good artifacts of one model, and what each of them answers."""

    def __init__(self, folder: Path, contents: tuple[bytes, bytes]) -> None:
        self.folder, self.root, self.contents = folder, folder / "models", contents
        for number, content in enumerate(contents):
            self.publish(content, f"good-{number}")
        self.promote("1")
        self.answers = expected(contents)
        self.digests = [hashlib.sha256(content).hexdigest() for content in contents]

    def publish(self, content: bytes, name: str) -> str:
        """Publish without any check, as whoever writes into the folder by hand could."""
        file = self.folder / f"{name}.onnx"
        file.write_bytes(content)
        return operations.publish(self.root, "churn", file, lambda content, signature: None, "battery")

    def promote(self, version: str) -> None:
        operations.promote(self.root, "churn", version, "champion", "battery")


def metric(port: int, name: str) -> float:
    """The sum of a metric's samples."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as page:
        lines = page.read().decode().splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))


def wait_for(holds: Callable[[], bool], seconds: float) -> bool:
    """Whether something holds within the time."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def _told(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items()))


def flips(stand: Stand, seconds: float) -> Outcome:
    """The alias flips under load: no failed request, and every answer is exactly one model's."""
    port, times = free_port(), 0
    with running(stand.root, port, "--workers", "2"), Load(port, stand.answers, retry=False) as load:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            times += 1
            stand.promote(str(1 + times % 2))
            time.sleep(0.4)
    both = all(load.digests[digest] for digest in stand.digests)
    passed = set(load.counts) == {"good"} and both
    return Outcome(
        "alias flips under load", passed, f"{times} flips; {_told(load.counts)}; both artifacts answered: {both}"
    )


def corruptions(stand: Stand, count: int) -> Outcome:
    """Artifacts changed in one bit at offsets spread over the file are never served."""
    port, good = free_port(), stand.contents[0]
    stand.promote("1")
    refused = 0
    with running(stand.root, port, "--workers", "1"), Load(port, stand.answers, clients=1, pause=0.01) as load:
        for number in range(count):
            content = bytearray(good)
            offset = (2 * number + 1) * len(content) // (2 * count)
            content[offset] ^= 1 << (number % 8)
            before = metric(port, "samescore_model_reload_failures_total")
            stand.promote(stand.publish(bytes(content), "bad"))
            refused += wait_for(lambda seen=before: metric(port, "samescore_model_reload_failures_total") > seen, 20)
    passed = set(load.counts) == {"good"} and set(load.digests) == {stand.digests[0]} and refused == count
    stand.promote("1")
    return Outcome(f"artifacts corrupted at {count} offsets", passed, f"{refused} refused; {_told(load.counts)}")


def kills(stand: Stand, seconds: float) -> Outcome:
    """A worker is killed every two seconds: a client that asks again loses nothing."""
    port, killed = free_port(), 0
    with running(stand.root, port, "--workers", "2") as process, Load(port, stand.answers) as load:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(2)
            workers = family(process.pid)[1:]
            if len(workers) == 2:
                os.kill(workers[killed % 2], signal.SIGKILL)
                killed += 1
    # At most what was in flight: a request for each client.
    broken, most = load.counts["broken"], 4 * killed
    passed = (
        killed > 0
        and broken <= most
        and not load.counts["lost"]
        and not load.counts["wrong"]
        and load.counts["good"] > 0
    )
    return Outcome(
        "kill -9 of a worker every 2 s",
        passed,
        f"{killed} killed; {_told(load.counts)}; broken {broken} of the {most} that may have been in flight",
    )


def ending(stand: Stand) -> Outcome:
    """SIGTERM under load: not ready at once, what is asked before the end of draining is answered, exit code 0."""
    port = free_port()
    with running(stand.root, port, "--workers", "2", "--drain", "2") as process:
        with Load(port, stand.answers, retry=False) as load:
            time.sleep(1)
            process.send_signal(signal.SIGTERM)
            unready = wait_for(lambda: not is_ready(port), 1.5)
            time.sleep(0.2)
        draining = dict(load.counts)
        process.wait(30)
    passed = set(draining) == {"good"} and unready and process.returncode == 0
    return Outcome(
        "SIGTERM under load",
        passed,
        f"{_told(draining)} while draining; not ready: {unready}; exit code {process.returncode}",
    )


def overload(stand: Stand, seconds: float) -> Outcome:
    """Eight times as many connections as there is room for: only 200 and 503."""
    port = free_port()
    with running(stand.root, port, "--workers", "1", "--max-connections", "8"):
        with Load(port, stand.answers, clients=64, retry=False, pause=0.01) as load:
            time.sleep(seconds)
        recovered = wait_for(lambda: is_ready(port), 5)
        shed = metric(port, "samescore_shed_total")
    passed = set(load.counts) <= {"good", "shed"} and load.counts["good"] > 0 and load.counts["shed"] > 0 and recovered
    return Outcome(
        "64 connections where 8 have room",
        passed,
        f"{_told(load.counts)}; {shed:,.0f} counted as shed; ready afterwards: {recovered}",
    )


def slow_clients(stand: Stand) -> Outcome:
    """200 connections that send half a request and wait do not keep the others waiting."""
    port = free_port()
    half = b"POST /models/churn/score HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"
    with running(stand.root, port, "--workers", "1"), contextlib.ExitStack() as held:
        with Load(port, stand.answers, clients=2, retry=False) as before:
            time.sleep(3)
        for number in range(200):
            connection = held.enter_context(socket.create_connection(("127.0.0.1", port), 5))
            connection.sendall(half if number % 2 else half[:30])
        with Load(port, stand.answers, clients=2, retry=False) as load:
            time.sleep(3)
    passed = set(load.counts) == {"good"} and load.counts["good"] > before.counts["good"] / 4
    shown = f"{before.quantile(0.99) * 1000:.1f} ms without, {load.quantile(0.99) * 1000:.1f} ms with"
    return Outcome("200 clients that send half a request", passed, f"{_told(load.counts)}; p99 {shown}")


def _post(port: int, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("POST", path, body, {"Content-Type": "application/json", **headers})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def malformed(stand: Stand) -> Outcome:
    """Bodies that are wrong: an error in JSON, never a 5xx, never a word from inside."""
    port, statuses, leaks = free_port(), Counter[int](), []
    with running(stand.root, port, "--workers", "1") as process:
        for name, way, body, headers in bodies.malformed():
            path = "/models/churn/score" if way == "score" else "/v2/models/churn/infer"
            status, answer = _post(port, path, body, headers)
            statuses[status] += 1
            if status >= 500 or status == 200 or b"Traceback" in answer or str(stand.root).encode() in answer:
                leaks.append(f"{way} {name}: {status}")
        alive = process.poll() is None and _post(port, "/models/churn/score", BODY, {})[0] == 200
    shown = ", ".join(f"{count} x {status}" for status, count in sorted(statuses.items()))
    return Outcome(
        f"{sum(statuses.values())} malformed bodies",
        not leaks and alive,
        f"{shown}; {'; '.join(leaks) or 'none leaked'}",
    )


def raw_probes(stand: Stand) -> Outcome:
    """Raw HTTP that is ambiguous or broken: one refusal at most, never a score, never a second answer."""
    port, bad, statuses = free_port(), [], Counter[str]()
    with running(stand.root, port, "--workers", "1") as process:
        for name, request in probes.REFUSED.items():
            found = probes.answers(port, request)
            statuses[str(found[0]) if found else "closed"] += 1
            if len(found) > 1 + (name in probes.TWO) or any(status < 400 or status >= 500 for status in found):
                bad.append(f"{name}: {found}")
        alive = process.poll() is None and _post(port, "/models/churn/score", BODY, {})[0] == 200
    shown = ", ".join(f"{count} x {status}" for status, count in sorted(statuses.items()))
    return Outcome(
        f"{len(probes.REFUSED)} raw HTTP probes", not bad and alive, f"{shown}; {'; '.join(bad) or 'none scored'}"
    )


_SCHEMATHESIS = Path(".venv-clients/schemathesis/bin/schemathesis").absolute()
_CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


def generated(stand: Stand, cases: int) -> Outcome:
    """schemathesis on the service's own OpenAPI document: what the document promises holds, and nothing is a 5xx."""
    if not _SCHEMATHESIS.exists():
        return Outcome("schemathesis", False, f"no {_SCHEMATHESIS}; make clients")
    port, found, made = free_port(), [], 0
    with running(stand.root, port, "--workers", "1") as process:
        for checks, more in ((_CHECKS, ()), ("positive_data_acceptance", ("--include-path", "/models/churn/score"))):
            command = [
                _SCHEMATHESIS,
                "run",
                f"http://127.0.0.1:{port}/openapi.json",
                "-n",
                str(cases),
                "--checks",
                checks,
                *more,
            ]
            command += [
                "--phases",
                "examples,coverage,fuzzing",
                "--continue-on-failure",
                "--generation-deterministic",
                "--no-color",
            ]
            # It leaves a folder behind where it runs.
            done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=stand.folder)
            counted = re.search(r"(\d[\d,]*) generated(.*)", done.stdout)
            made += int(counted[1].replace(",", "")) if counted else 0
            if done.returncode != 0:
                found.append((counted[2] if counted else done.stdout[-300:]).strip(" ,"))
        alive = process.poll() is None and _post(port, "/models/churn/score", BODY, {})[0] == 200
    return Outcome(
        "schemathesis on the OpenAPI document",
        not found and alive,
        f"{made:,} cases; {'; '.join(found) or 'no failure'}",
    )


def two_instances(stand: Stand, seconds: float) -> Outcome:
    """Two instances over one repository behind a proxy: one is killed and comes back, both roll forward and back."""
    ports = [free_port()]
    stand.promote("1")
    with contextlib.ExitStack() as stack:
        stack.enter_context(running(stand.root, ports[0], "--workers", "1"))
        first = stack.enter_context(_replaceable(stand.root))
        front = stack.enter_context(proxy([*ports, first.port]))
        ports.append(first.port)
        load = stack.enter_context(Load(front, stand.answers, patience=60))
        time.sleep(seconds / 4)
        first.kill()
        time.sleep(seconds / 4)
        first.start()
        stand.promote("2")
        forward = wait_for(lambda: all(_digest(port) == stand.digests[1] for port in ports), 30)
        time.sleep(seconds / 4)
        operations.rollback(stand.root, "churn", "champion", "battery")
        back = wait_for(lambda: all(_digest(port) == stand.digests[0] for port in ports), 30)
        time.sleep(seconds / 4)
    passed = forward and back and not load.counts["lost"] and not load.counts["wrong"] and load.counts["good"] > 0
    return Outcome(
        "instances behind a proxy: kill one, roll forward, roll back",
        passed,
        f"{_told(load.counts)}; rolled forward: {forward}, back: {back}",
    )


class _Instance:
    """An instance that can be killed and started again on the same port."""

    def __init__(self, root: Path) -> None:
        self.root, self.port = root, free_port()
        self._stack = contextlib.ExitStack()
        self._process: Any = None

    def start(self) -> None:
        self._process = self._stack.enter_context(running(self.root, self.port, "--workers", "1"))

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        self._stack.close()


@contextlib.contextmanager
def _replaceable(root: Path) -> Iterator[_Instance]:
    instance = _Instance(root)
    instance.start()
    try:
        yield instance
    finally:
        instance.close()


def _digest(port: int) -> str:
    status, body = _post(port, "/models/churn/score", BODY, {})
    return str(json.loads(body)["digest"]) if status == 200 else ""


def soak(stand: Stand, seconds: float) -> Outcome:
    """Load and reloads for a while: memory and file handles stay level once everything has been used."""
    port = free_port()
    samples: list[tuple[float, int]] = []
    reloads = 0
    with running(stand.root, port, "--workers", "1", "--access-log", os.devnull) as process:
        end, begun = time.monotonic() + seconds, time.monotonic()
        with Load(port, stand.answers, clients=2) as load:
            while time.monotonic() < end:
                stand.promote(str(1 + reloads % 2))
                reloads += 1
                time.sleep(max(1.0, seconds / 100))
                if time.monotonic() - begun > seconds / 2:
                    pids = family(process.pid)
                    handles = sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in pids)
                    samples.append((sum(pss(pid) for pid in pids), handles))
    memory = [size for size, _ in samples]
    handles_seen = [count for _, count in samples]
    third = max(1, len(memory) // 3)
    first, last = (sum(part) / third for part in (memory[:third], memory[-third:]))
    passed = set(load.counts) == {"good"} and last < first * 1.05 and handles_seen[-1] <= handles_seen[0] + 4
    figures = f"{reloads} reloads; {_told(load.counts)}; memory {first:.1f} then {last:.1f} MB, file handles {handles_seen[0]} then {handles_seen[-1]}"
    return Outcome(f"soak of {seconds:.0f} s", passed, figures)
