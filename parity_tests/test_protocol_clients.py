"""The protocol's real clients against the real server. ``make clients`` makes their environments; in CI a missing one is a failure."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from benchmarks.footprint import free_port
from parity_tests.services import running
from samescore_export import export

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = {"triton": "triton_client.py", "kserve": "kserve_client.py", "mlserver": "mlserver_codecs.py"}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A model of two columns, missing prices allowed, that answers yes or no."""
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline

    folder = tmp_path_factory.mktemp("service")
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"price": random.normal(size=200), "size": random.normal(size=200)})
    labels = np.where(frame["price"] + frame["size"] > 0, "yes", "no")
    frame.loc[::17, "price"] = np.nan
    model = make_pipeline(SimpleImputer(strategy="constant", fill_value=0.5), LogisticRegression()).fit(frame, labels)
    export(model, frame, folder / "churn.onnx")
    port = free_port()
    with running(folder, port, "--workers", "1"):
        yield f"http://127.0.0.1:{port}"


@pytest.mark.parametrize("client", SCRIPTS)
def test_clients(service: str, client: str) -> None:
    python = ROOT / ".venv-clients" / client / "bin" / "python"
    if not python.exists():
        assert os.environ.get("CI") != "true", f"no {python}; make clients"
        pytest.skip(f"no environment of {client}: make clients")
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    command = [python, ROOT / "parity_tests" / "clients" / SCRIPTS[client], service, "churn"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]


def test_the_conformance_checks_on_the_real_server(service: str, tmp_path: Path) -> None:
    junit = tmp_path / "oip.xml"
    command = [sys.executable, "-m", "samescore_runtime", "oip-check", service, "--strict", "--junit", str(junit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout
    assert "0 not run: good" in done.stdout
    assert 'failures="0"' in junit.read_text()
