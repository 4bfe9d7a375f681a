"""Places where artifacts are scored, behind one interface: Python's runtime, plain onnxruntime, HTTP, the JVM."""

from __future__ import annotations

import contextlib
import fcntl
import json
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from parity_tests.prepared import Prepared
from parity_tests.rows_json import json_rows
from samescore_runtime import load
from samescore_runtime.arrays import decode_array
from samescore_runtime.contract import Output
from samescore_runtime.frames import encode_frame

ROOT = Path(__file__).resolve().parent.parent

#: What a backend gives for a case: its outputs, or in words why there are none.
Found = Mapping[str, NDArray[Any]] | str


class UnavailableError(Exception):
    """A backend that this machine does not have; the message says what is missing."""


def score_runtime(prepared: Sequence[Prepared], folder: Path) -> dict[str, Found]:
    """samescore_runtime.load(path).score(X), as a user calls it."""
    return {item.case_id: load(item.path).score(item.rows.native()) for item in prepared}


def score_plain(prepared: Sequence[Prepared], folder: Path) -> dict[str, Found]:
    """A plain onnxruntime.InferenceSession with one thread, as anybody may open the file."""
    found: dict[str, Found] = {}
    for item in prepared:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(item.path, options, providers=["CPUExecutionProvider"])
        feed = encode_frame(item.contract, item.rows.native())
        names = list(item.expected)
        found[item.case_id] = dict(zip(names, session.run(names, feed), strict=True))
    return found


def score_http(prepared: Sequence[Prepared], folder: Path) -> dict[str, Found]:
    """``samescore serve`` over the folder on a loopback port, and POST /models/NAME/score with rows."""
    with _service(folder) as address:
        return {item.case_id: _post(f"{address}/models/{item.name}/score", item) for item in prepared}


@contextlib.contextmanager
def _service(folder: Path) -> Iterator[str]:
    """The address of a service of this folder. A port that was free may be somebody else's a moment later: then another is tried."""
    for _ in range(5):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [str(Path(sys.executable).parent / "samescore"), "serve", str(folder), "--port", str(port)]
        server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        try:
            if _ready(f"http://127.0.0.1:{port}", server, {path.stem for path in folder.glob("*.onnx")}):
                yield f"http://127.0.0.1:{port}"
                return
        finally:
            server.send_signal(signal.SIGTERM)
            _, told = server.communicate(timeout=60)
    raise RuntimeError(f"the service ended with {server.returncode}: {told}")


def _ready(address: str, server: subprocess.Popen[str], names: Collection[str]) -> bool:
    """Whether this server serves these models, as soon as it does; False if it ended, as one does whose port is taken.

    Raises:
        RuntimeError: neither within a minute.
    """
    for _ in range(1200):
        if server.poll() is not None:
            return False
        try:
            with urllib.request.urlopen(f"{address}/models", timeout=2) as answer:
                found = {model["name"] for model in json.loads(answer.read())["models"]}
        except (urllib.error.URLError, ConnectionError):
            found = set()
        if found == set(names):
            return True
        time.sleep(0.05)
    raise RuntimeError("the service was not ready within 60 s")


def _post(url: str, item: Prepared) -> Found:
    body = json.dumps({"rows": json_rows(item.rows, item.contract)}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            scores = json.loads(answer.read())["outputs"]
    except urllib.error.HTTPError as error:
        return f"HTTP {error.code}: {error.read().decode()[:300]}"
    contract = item.contract
    return {name: _from_json(scores[name], contract.output_named(name)) for name in item.expected}


def _from_json(values: Any, output: Output) -> NDArray[Any]:
    if output.type == "string":
        return np.array(values, dtype=object)
    # Python's float reads "NaN", "Infinity" and "-Infinity" as the service writes them.
    return (
        np.array(values).astype(float).astype(output.type) if "float" in output.type else np.array(values, output.type)
    )


def jvm_classpath() -> str:
    """Compiles the Java client; what ``java -cp`` takes to find it and its dependencies.

    Raises:
        UnavailableError: no JDK or Maven.
    """
    client = ROOT / "java-client"
    with _maven() as quiet:
        _checked([*quiet, "compile", "dependency:build-classpath", "-Dmdep.outputFile=target/classpath"], client)
    return f"{client / 'target/classes'}:{(client / 'target/classpath').read_text().strip()}"


def build_project(name: str) -> Path:
    """Builds a project below ``java-client`` against the client as it is now, which goes into the local Maven repository; its folder.

    Raises:
        UnavailableError: no JDK or Maven.
    """
    folder = ROOT / "java-client" / name
    with _maven() as quiet:
        skipped = ["-Dmaven.test.skip", "-Dmaven.javadoc.skip", "-Dmaven.source.skip"]
        _checked([*quiet, *skipped, "install"], ROOT / "java-client")
        _checked([*quiet, "package"], folder)
    return folder


@contextlib.contextmanager
def _maven() -> Iterator[Sequence[str]]:
    """Maven's command line, for one process at a time: two would write the same classes.

    Raises:
        UnavailableError: no JDK or Maven.
    """
    lacking = [tool for tool in ("javac", "mvn") if shutil.which(tool) is None]
    if lacking:
        raise UnavailableError(f"not run: no {' and no '.join(lacking)} here")
    lock = ROOT / "java-client/target/.lock"
    lock.parent.mkdir(exist_ok=True)
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield ["mvn", "-B", "-q", "-ntp", "-DskipTests"]


def score_jvm(prepared: Sequence[Prepared], folder: Path) -> dict[str, Found]:
    """The Java client's parity mode, one JVM for all artifacts.

    Raises:
        UnavailableError: no JDK or Maven.
    """
    _checked(["java", "-cp", jvm_classpath(), "io.samescore.Main", "parity", str(folder.resolve())], ROOT)
    found: dict[str, Found] = {}
    for item in prepared:
        answer = json.loads((folder / f"{item.name}.jvm.json").read_text())
        found[item.case_id] = answer.get("error") or {
            name: decode_array(array) for name, array in answer["outputs"].items()
        }
    return found


def _checked(command: Sequence[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


#: Column of the report -> how its scores are made.
BACKENDS: Mapping[str, Callable[[Sequence[Prepared], Path], dict[str, Found]]] = {
    "runtime": score_runtime,
    "onnxruntime": score_plain,
    "HTTP": score_http,
    "JVM": score_jvm,
}
