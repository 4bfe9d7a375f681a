"""The real server in a process of its own, on a loopback port."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

GOOD = b'{"rows": [{"price": 1, "size": 2}]}'


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def start(path: Path, port: int, *more: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "samescore_runtime", "serve", str(path), "--port", str(port), *more]
    return subprocess.Popen(command, stderr=subprocess.PIPE, env={**os.environ, "PYTHONWARNINGS": "default"})


def ask(port: int, method: str, path: str, body: bytes | None = None) -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def wait_until_ready(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if ask(port, "GET", "/v2/health/ready")[0] == 200:
                return
        except OSError:
            time.sleep(0.02)
    raise AssertionError("the service did not become ready")


@pytest.fixture(scope="module")
def server(artifact_folder: Path) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    port = free_port()
    process = start(artifact_folder, port)
    try:
        wait_until_ready(port, process)
        yield port, process
    finally:
        process.kill()
        process.communicate(timeout=10)


def raw(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(request)
        connection.settimeout(2)
        received = b""
        try:
            while part := connection.recv(65536):
                received += part
                if b"}" in received:
                    break
        except TimeoutError:
            pass
        return received


def test_scores_through_a_socket(server: tuple[int, Any]) -> None:
    port, _ = server
    status, answer = ask(port, "POST", "/models/classifier/score", GOOD)
    assert status == 200
    assert answer["outputs"]["predict"] == ["no"]
    assert ask(port, "GET", "/v2/models/text/ready") == (200, {"name": "text", "ready": True})
    assert ask(port, "POST", "/models/classifier/score", b"{")[0] == 400
    assert ask(port, "GET", "/nowhere")[0] == 404


HEAD = b"POST /models/classifier/score HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
CHUNKED = b"23\r\n" + GOOD + b"\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    "request_bytes",
    [
        HEAD + b"Content-Length: 35\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKED,
        HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 35\r\n\r\n" + CHUNKED,
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKED,
        HEAD + b"Transfer-Encoding: xchunked\r\n\r\n" + CHUNKED,
        HEAD + b"Content-Length: 35\r\nContent-Length: 36\r\n\r\n" + GOOD,
        HEAD + b"Content-Length: -1\r\n\r\n" + GOOD,
        HEAD + b"Content-Length: +35\r\n\r\n" + GOOD,
        HEAD + b"Content-Length : 35\r\n\r\n" + GOOD,
        b"nonsense\r\n\r\n",
    ],
    ids=["both", "both reversed", "chunked", "xchunked", "two lengths", "negative", "plus", "space", "nonsense"],
)
def test_ambiguous_framing_is_never_scored(server: tuple[int, Any], request_bytes: bytes) -> None:
    received = raw(server[0], request_bytes)
    assert b" 200 " not in received
    if received:
        assert received.split(b" ")[1].startswith(b"4")


def test_a_client_that_leaves_stops_nobody(server: tuple[int, Any]) -> None:
    port, _ = server
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(HEAD + b"Content-Length: 1000\r\n\r\n{")
    assert ask(port, "POST", "/models/classifier/score", GOOD)[0] == 200


@pytest.mark.parametrize("workers", ["1", "2"])
def test_stops_on_sigterm_with_0(artifact_folder: Path, workers: str) -> None:
    port = free_port()
    process = start(artifact_folder / "classifier.onnx", port, "--workers", workers)
    try:
        wait_until_ready(port, process)
        assert ask(port, "POST", "/models/classifier/score", GOOD)[0] == 200
        process.send_signal(signal.SIGTERM)
        told = process.communicate(timeout=15)[1].decode()
    finally:
        process.kill()
    assert process.returncode == 0
    assert f"listening on http://127.0.0.1:{port}" in told
    assert "Traceback" not in told


def test_no_worker_outlives_a_killed_parent(artifact_folder: Path) -> None:
    port = free_port()
    process = start(artifact_folder / "classifier.onnx", port)
    try:
        wait_until_ready(port, process)
    finally:
        process.kill()
    # The pipe closes only when the worker is gone too.
    process.communicate(timeout=10)
    with pytest.raises(OSError, match="refused"):
        ask(port, "GET", "/v2/health/live")


def test_an_artifact_that_fails_its_self_check_is_not_served(classifier: Any, tmp_path: Path) -> None:
    content = classifier.build()
    golden = json.loads(next(text for key, text in metadata(content).items() if key == "samescore.golden"))
    golden["outputs"]["predict"]["data"][0] = "yes"
    (tmp_path / "bad.onnx").write_bytes(classifier.build(golden=golden))
    process = start(tmp_path, free_port())
    try:
        told = process.communicate(timeout=20)[1].decode()
    finally:
        process.kill()
    assert process.returncode == 1
    assert "expected 'yes', got 'no'" in told
    assert "Traceback" not in told


def metadata(content: bytes) -> dict[str, str]:
    from samescore_runtime import integrity

    return integrity.read(content)[1]
