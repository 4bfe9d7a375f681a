"""The real server in a process of its own, on a loopback port."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from samescore_runtime.cli import main

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
        process.communicate(timeout=60)


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


def test_a_port_is_not_shared_with_another_service(server: tuple[int, Any], artifact_folder: Path) -> None:
    process = start(artifact_folder / "classifier.onnx", server[0])
    told = process.communicate(timeout=20)[1].decode()
    assert process.returncode == 2
    assert f"127.0.0.1:{server[0]}: address already in use" in told


def test_port_0_is_any_free_one(artifact_folder: Path) -> None:
    process = start(artifact_folder / "classifier.onnx", 0, "--workers", "2")
    try:
        assert process.stderr is not None
        line = next(line for line in process.stderr if b"listening" in line)
        port = int(line.rpartition(b":")[2])
        wait_until_ready(port, process)
        assert {ask(port, "POST", "/models/classifier/score", GOOD)[0] for _ in range(10)} == {200}
    finally:
        process.kill()
        process.communicate(timeout=60)


def test_no_worker_outlives_a_killed_parent(artifact_folder: Path) -> None:
    port = free_port()
    process = start(artifact_folder / "classifier.onnx", port)
    try:
        wait_until_ready(port, process)
    finally:
        process.kill()
    # The pipe closes only when the worker is gone too.
    process.communicate(timeout=60)
    with pytest.raises(OSError, match="refused"):
        ask(port, "GET", "/v2/health/live")


def retried(port: int, body: bytes = GOOD, name: str = "classifier") -> dict[str, Any]:
    """A client that asks again when a connection breaks or the service has no room, for 20 seconds."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            status, answer = ask(port, "POST", f"/models/{name}/score", body)
        except (OSError, http.client.HTTPException):
            time.sleep(0.02)
            continue
        if status == 200:
            return answer
        assert status == 503, answer
        time.sleep(0.02)
    raise AssertionError("no answer in 20 seconds")


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_a_killed_worker_is_replaced_as_often_as_it_takes(artifact_folder: Path) -> None:
    port = free_port()
    process = start(artifact_folder / "classifier.onnx", port, "--workers", "2")
    try:
        wait_until_ready(port, process)
        for _ in range(4):
            victim = children(process.pid)[0]
            os.kill(victim, signal.SIGKILL)
            assert retried(port)["outputs"]["predict"] == ["no"]
            deadline = time.monotonic() + 15
            while time.monotonic() < deadline and (victim in children(process.pid) or len(children(process.pid)) < 2):
                time.sleep(0.05)
            assert len(children(process.pid)) == 2
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 0


def test_draining(artifact_folder: Path) -> None:
    port = free_port()
    process = start(artifact_folder / "classifier.onnx", port, "--drain", "1.5", "--workers", "1")
    try:
        wait_until_ready(port, process)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        assert ask(port, "GET", "/v2/health/ready")[0] == 503
        assert ask(port, "POST", "/models/classifier/score", GOOD)[0] == 200
        process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 0


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_client_that_never_ends_its_request_keeps_no_service_from_ending(artifact_folder: Path, how: int) -> None:
    port = free_port()
    process = start(artifact_folder / "classifier.onnx", port, "--drain", "0", "--grace", "1", "--workers", "1")
    try:
        wait_until_ready(port, process)
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(HEAD + b"Content-Length: 1000\r\n\r\n{")
            time.sleep(0.3)
            process.send_signal(how)
            # The pipe closes only when the worker is gone too.
            process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == (0 if how == signal.SIGTERM else -signal.SIGKILL)


def test_logs_are_whole_when_the_service_ends(artifact_folder: Path, tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "access.jsonl"
    process = start(
        artifact_folder / "classifier.onnx", port, "--drain", "0", "--access-log", str(log),
        "--prediction-log", str(tmp_path / "kept"), "--redact", "size",
    )  # fmt: skip
    try:
        wait_until_ready(port, process)
        ids = [ask(port, "POST", "/models/classifier/score", GOOD)[1]["id"] for _ in range(5)]
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)
    finally:
        process.kill()
    scored = [line["id"] for line in map(json.loads, log.read_text().splitlines()) if line.get("model")]
    kept = [json.loads(line) for file in (tmp_path / "kept").iterdir() for line in file.read_text().splitlines()]
    assert sorted(scored) == sorted(ids) == sorted(line["id"] for line in kept)
    assert kept[0]["rows"] == [{"price": 1, "size": "[redacted]"}]


def test_connections_beyond_the_bound_are_told_to_come_back(artifact_folder: Path) -> None:
    port = free_port()
    process = start(artifact_folder / "classifier.onnx", port, "--workers", "1", "--max-connections", "4")
    held = []
    try:
        wait_until_ready(port, process)
        for _ in range(4):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("GET", "/v2/health/live")
            connection.getresponse().read()
            held.append(connection)
        request = HEAD + b"Content-Length: %d\r\n\r\n" % len(GOOD) + GOOD
        for _ in range(3):
            received = raw(port, request)
            assert received.startswith(b"HTTP/1.1 503 ")
            assert b"Retry-After: 1" in received
            assert json.loads(received.partition(b"\r\n\r\n")[2])["code"] == "unavailable"
        held[0].request("POST", "/models/classifier/score", GOOD, {"Content-Type": "application/json"})
        assert held[0].getresponse().status == 200
        while held:
            held.pop().close()
        assert retried(port)["outputs"]["predict"] == ["no"]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as page:
            assert b'samescore_shed_total{reason="connections"} 3' in page.read()
    finally:
        for connection in held:
            connection.close()
        process.kill()
        process.communicate(timeout=60)


def test_all_processes_follow_the_repository(classifier: Any, tmp_path: Path) -> None:
    root, port = tmp_path / "models", free_port()
    digests = []
    for number in range(2):
        file = tmp_path / f"{number}.onnx"
        file.write_bytes(classifier.build(provenance={"format": 1, "commit": str(number)}))
        digests.append(hashlib.sha256(file.read_bytes()).hexdigest())
        assert main(["publish", "churn", str(file), "--repository", str(root)]) == 0
    assert main(["promote", "churn", "1", "--repository", str(root)]) == 0
    (tmp_path / "admin").write_text("an-administrators-token")
    process = start(root, port, "--workers", "2", "--admin-tokens", str(tmp_path / "admin"))
    admin = {"Authorization": "Bearer an-administrators-token"}

    def served() -> set[str]:
        return {retried(port, name="churn")["digest"] for _ in range(30)}

    def until(wanted: set[str]) -> None:
        deadline = time.monotonic() + 20
        while served() != wanted:
            assert time.monotonic() < deadline
            time.sleep(0.1)

    def control(what: str) -> int:
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/v2/repository/models/churn/{what}",
            b"{}",
            {"Content-Type": "application/json", **admin},
        )
        with urllib.request.urlopen(request, timeout=60) as response:
            return int(response.status)

    try:
        wait_until_ready(port, process)
        assert served() == {digests[0]}
        assert main(["promote", "churn", "2", "--repository", str(root)]) == 0
        until({digests[1]})
        assert main(["rollback", "churn", "--repository", str(root)]) == 0
        until({digests[0]})
        # The answer comes when every process has followed.
        assert control("unload") == 200
        assert {ask(port, "POST", "/models/churn/score", GOOD)[0] for _ in range(20)} == {404}
        assert control("load") == 200
        assert served() == {digests[0]}
    finally:
        process.kill()
        process.communicate(timeout=60)


def test_tokens_from_the_environment(artifact_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMESCORE_TOKENS", "a-token-of-some-length")
    port = free_port()
    process = start(artifact_folder / "classifier.onnx", port, "--workers", "1")
    try:
        wait_until_ready(port, process)
        assert ask(port, "POST", "/models/classifier/score", GOOD)[0] == 401
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/models/classifier/score",
            GOOD,
            {"Content-Type": "application/json", "Authorization": "Bearer a-token-of-some-length"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 200
    finally:
        process.kill()
        process.communicate(timeout=60)


def test_only_signed_artifacts_are_served_where_that_is_asked(classifier: Any, tmp_path: Path) -> None:
    file = tmp_path / "churn.onnx"
    file.write_bytes(classifier.build())
    assert main(["keygen", "-o", str(tmp_path / "release")]) == 0
    asked = ["--require-signature", "--public-key", str(tmp_path / "release.pub")]
    assert main(["serve", str(file), "--port", str(free_port()), *asked]) == 2
    assert main(["sign", str(file), "--key", str(tmp_path / "release.key")]) == 0
    port = free_port()
    process = start(file, port, *asked)
    try:
        wait_until_ready(port, process)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as page:
            assert b'signed="true"' in page.read()
    finally:
        process.kill()
        process.communicate(timeout=60)


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
