"""The demo: train, export, prove, serve and score the three scenarios, and compare every backend. ``make demo`` runs it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

SCENARIOS = ("demand", "recommender", "spam")
BUILD = Path("build")
BIN = Path(sys.executable).parent

#: What is asked of each model over HTTP; None is filled with the last row of its sample.
QUESTIONS: dict[str, list[dict[str, Any]] | None] = {
    "demand": None,
    "recommender": None,
    "spam": [
        {"text": "WINNER!! You have won a FREE prize, text CLAIM to 80086 now"},
        {"text": "Sorry, I'll be late - can you pick up the kids? 😀"},
    ],
}


def step(number: int, text: str) -> None:
    """Announce a step of the demo."""
    print(f"\n\033[1m[{number}/5] {text}\033[0m" if sys.stdout.isatty() else f"\n[{number}/5] {text}", flush=True)


def run(*arguments: str | Path) -> None:
    """Show a command and run it; the demo ends where it fails."""
    names = {str(BIN / "samescore"): "samescore", sys.executable: "python"}
    shown = " ".join(names.get(str(item), str(item)) for item in arguments)
    print(f"$ {shown}", flush=True)
    done = subprocess.run([str(item) for item in arguments], check=False)
    if done.returncode:
        sys.exit(f"demo: `{shown}` ended with {done.returncode}; 0")


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ask(url: str, body: Any = None) -> Any:
    """GET, or POST of JSON; the answer as JSON."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read())


def wait_ready(base: str, server: subprocess.Popen[bytes]) -> float:
    """Seconds until the service says that it is ready; at most twenty."""
    start = time.monotonic()
    while time.monotonic() - start < 20:
        if server.poll() is not None:
            sys.exit(f"demo: the service ended with {server.returncode}; ready")
        try:
            ask(f"{base}/v2/health/ready")
            return time.monotonic() - start
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.02)
    sys.exit("demo: the service was not ready within 20 s; ready")


def question(name: str) -> list[dict[str, Any]]:
    """Rows to ask a model, as JSON values."""
    rows = QUESTIONS[name]
    if rows is not None:
        return rows
    import pandas as pd

    # pandas writes missing values as null and lists as lists.
    last = pd.read_parquet(BUILD / "samples" / f"{name}.parquet").tail(1)
    return json.loads(last.to_json(orient="records"))


def score_over_http() -> None:
    """Start the service over the three artifacts, ask each, and stop it."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    command = [str(BIN / "samescore"), "serve", str(BUILD / "artifacts" / "scenarios"), "--port", str(port)]
    print("$ samescore serve build/artifacts/scenarios", flush=True)
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        print(f"ready after {wait_ready(base, server):.2f} s")
        for name in SCENARIOS:
            rows = question(name)
            print(f"$ curl {base}/models/{name}/score -d '{json.dumps({'rows': rows}, ensure_ascii=False)[:160]}...'")
            print(json.dumps(ask(f"{base}/models/{name}/score", {"rows": rows}), ensure_ascii=False)[:600])
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(10)


def main() -> None:
    """Run all five steps."""
    os.chdir(Path(__file__).resolve().parent.parent)
    samescore = BIN / "samescore"
    artifacts, reports = BUILD / "artifacts" / "scenarios", BUILD / "reports"
    for folder in (BUILD / "models", BUILD / "samples", artifacts, reports):
        folder.mkdir(parents=True, exist_ok=True)

    step(1, "Train three models as a data scientist would")
    for name in SCENARIOS:
        sample = BUILD / "samples" / f"{name}.parquet"
        run(samescore, "train", name, "-o", BUILD / "models" / f"{name}.skops", "--sample", sample)

    step(2, "Export each to one .onnx file, and prove that it gives the same scores")
    for name in SCENARIOS:
        model, sample = BUILD / "models" / f"{name}.skops", BUILD / "samples" / f"{name}.parquet"
        trust = ["--trust", "samescore_train.recommender.ItemToItemRecommender"] if name == "recommender" else []
        run(
            samescore,
            "export",
            model,
            "--sample",
            sample,
            "-o",
            artifacts / f"{name}.onnx",
            "--report",
            reports / name,
            *trust,
        )

    step(3, "Check the files as any other machine would")
    run(samescore, "verify", *(artifacts / f"{name}.onnx" for name in SCENARIOS))

    step(4, "Serve them, and score over HTTP")
    score_over_http()

    step(5, "Compare scikit-learn, onnxruntime, HTTP and the JVM on every probe")
    run(sys.executable, "-m", "parity_tests.report", "-o", reports / "parity", "--only", "scenario")

    print("\nDone. Look at:")
    for name in SCENARIOS:
        print(f"  {reports / name / 'report.html'}    the proof of {name}")
    print(f"  {reports / 'parity' / 'report.html'}    every case on every backend")
    print("  make serve    to keep the service running")


if __name__ == "__main__":
    main()
