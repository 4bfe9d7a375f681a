"""The conformance checks: our server keeps them all, and servers that break a rule are found out."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server
from xml.etree import ElementTree

import pytest

from samescore_runtime.cli import main
from samescore_runtime.conformance.checks import CHECKS
from samescore_runtime.service.app import create_app
from samescore_runtime.service.models import load_models
from samescore_runtime.service.places import find
from samescore_runtime.service.worker import Worker


class Quiet(WSGIRequestHandler):
    """Says nothing, and does not make up a Content-Type as its base does."""

    def get_environ(self) -> dict[str, Any]:
        kind = self.headers.get("Content-Type") or ""
        return {**super().get_environ(), "CONTENT_TYPE": kind}

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def application(artifact_folder: Path) -> Any:
    return create_app(Worker(load_models(find(artifact_folder / "classifier.onnx")))).wsgi_app


def serving(application: Any) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, application, handler_class=Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def url(application: Any) -> Iterator[str]:
    yield from serving(application)


def test_our_server_keeps_everything(url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["oip-check", url, "--strict", "--json", "--junit", str(tmp_path / "oip.xml")]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["passed"] is True
    assert [(check["check"], check["result"]) for check in told["checks"]] == [(c.name, "passed") for c in CHECKS]
    suite = ElementTree.parse(tmp_path / "oip.xml").getroot()
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == (str(len(CHECKS)), "0", "0")
    assert main(["oip-check", url]) == 0
    assert f"{len(CHECKS)} of {len(CHECKS)} passed, 0 not run: good" in capsys.readouterr().out


def body_changed(change: Callable[[str, dict[str, Any]], Any]) -> Callable[[Any], Any]:
    """An application whose JSON answers with 200 are changed."""

    def wrapped(application: Any) -> Any:
        def serve(environ: dict[str, Any], start_response: Any) -> Any:
            held: list[Any] = []
            parts = application(environ, lambda *answer: held.append(answer))
            body = b"".join(parts)
            status, headers = held[0][:2]
            if status.startswith("200") and dict(headers).get("Content-Type") == "application/json":
                body = json.dumps(change(environ["PATH_INFO"], json.loads(body))).encode()
                headers = [
                    (name, value) for name, value in headers if name not in ("Content-Length", "Content-Encoding")
                ]
            start_response(status, headers)
            return [body]

        return serve

    return wrapped


def without(key: str, path: str) -> Callable[[Any], Any]:
    return body_changed(
        lambda where, body: {k: v for k, v in body.items() if k != key} if where.endswith(path) else body
    )


def first_output(**more: Any) -> Callable[[Any], Any]:
    def change(where: str, body: Any) -> Any:
        if where.endswith("/infer"):
            body["outputs"][-1].update(more)
        return body

    return body_changed(change)


def header_changed(name: str, value: str | None, only: str = "") -> Callable[[Any], Any]:
    def wrapped(application: Any) -> Any:
        def serve(environ: dict[str, Any], start_response: Any) -> Any:
            def start(status: str, headers: Any, *_: Any) -> None:
                if not status.startswith(only):
                    start_response(status, headers)
                    return
                kept = [(key, old) for key, old in headers if key != name]
                start_response(status, kept if value is None else [*kept, (name, value)])

            return application(environ, start)

        return serve

    return wrapped


def always_200(application: Any) -> Any:
    def serve(environ: dict[str, Any], start_response: Any) -> Any:
        return application(environ, lambda status, headers, *_: start_response("200 OK", headers))

    return serve


def ignoring(key: str) -> Callable[[Any], Any]:
    """An application that never sees a key of the request."""

    def wrapped(application: Any) -> Any:
        def serve(environ: dict[str, Any], start_response: Any) -> Any:
            import io

            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            try:
                request = json.loads(body)
                request.pop(key, None)
                body = json.dumps(request).encode()
            except (ValueError, AttributeError):
                pass
            return application(
                {**environ, "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}, start_response
            )

        return serve

    return wrapped


BROKEN: dict[str, tuple[Callable[[Any], Any], set[str]]] = {
    "no model_name": (without("model_name", "/infer"), {"infer", "infer by version", "nested data"}),
    "no id": (without("id", "/infer"), {"id is echoed"}),
    "no ready": (without("ready", "/ready"), {"health in JSON", "model ready in JSON"}),
    "no platform": (without("platform", "/classifier"), {"model metadata"}),
    "no server name": (without("name", "/v2"), {"server metadata"}),
    "wrong datatype": (first_output(datatype="FP128"), {"infer"}),
    "wrong shape": (first_output(shape=[7, 7]), {"infer"}),
    "errors with a charset": (header_changed("Content-Type", "application/json; charset=utf-8", "4"),
                              {"errors are exactly application/json"}),
    "no header length": (header_changed("Inference-Header-Content-Length", None), {"binary outputs", "one binary output"}),
    "errors are 200": (always_200, {"unknown model is not ready", "unknown model is an error", "malformed bodies are errors",
                                    "unknown input is an error", "unknown output is an error", "too few values is an error"}),
    "outputs ignored": (ignoring("outputs"), {"outputs that are asked for", "unknown output is an error", "classification"}),
    "index of nothing": (body_changed(lambda where, body: [] if where.endswith("/index") else body), {"repository index"}),
    "statistics that stand still": (
        body_changed(lambda where, body: {"model_stats": []} if where.endswith("/stats") else body), {"statistics"}),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_servers_that_break_a_rule_are_found_out(
    application: Any, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    breaks, found_by = BROKEN[name]
    for url in serving(breaks(application)):
        assert main(["oip-check", url, "--model", "classifier", "--strict", "--json"]) == 1
        told = json.loads(capsys.readouterr().out)
        failed = {check["check"] for check in told["checks"] if check["result"] == "failed"}
        assert found_by <= failed, failed
        assert all(check["reason"] for check in told["checks"] if check["result"] != "passed")


def test_what_only_clients_rely_on_fails_only_strictly(application: Any, capsys: pytest.CaptureFixture[str]) -> None:
    breaks = header_changed("Content-Type", "application/json; charset=utf-8", "4")
    for url in serving(breaks(application)):
        assert main(["oip-check", url]) == 0
        assert main(["oip-check", url, "--strict"]) == 1
        assert "failed   client    errors are exactly application/json" in capsys.readouterr().out


def test_a_server_that_offers_little_is_not_asked_for_more(
    application: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    little = body_changed(lambda where, body: {**body, "extensions": []} if where == "/v2" else body)
    for url in serving(little(application)):
        assert main(["oip-check", url, "--model", "classifier", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {check["result"] for check in told["checks"] if check["level"] == "extension"} == {"not run"}


def test_misuse(url: str, tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert main(["oip-check", f"http://127.0.0.1:{port}"]) == 2
    assert main(["oip-check", "localhost"]) == 2
    (tmp_path / "bad.json").write_text("{")
    assert main(["oip-check", url, "--request", str(tmp_path / "bad.json")]) == 2
    assert main(["oip-check", url, "--header", "nothing"]) == 2
    body = {"inputs": [{"name": "price", "datatype": "FP64", "shape": [1], "data": [1]},
                       {"name": "size", "datatype": "FP64", "shape": [1], "data": [1]}]}  # fmt: skip
    (tmp_path / "good.json").write_text(json.dumps(body))
    assert main(["oip-check", url, "--request", str(tmp_path / "good.json"), "--header", "X-A: b"]) == 0
