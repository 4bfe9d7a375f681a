"""Nothing is reported to anybody: onnxruntime's own telemetry stays off, and nothing is left in the home folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SCORE = "import sys; from samescore_runtime import load; print(load(sys.argv[1]).score_rows([{'price': 1.0, 'size': 2.0}])['predict'][0])"
EXPORT = """
import numpy as np, sys
from samescore_export import export
from sklearn.linear_model import LinearRegression
X = np.arange(20.0).reshape(10, 2)
export(LinearRegression().fit(X, X[:, 0]), X, sys.argv[1] + ".again.onnx")
"""


@pytest.mark.parametrize("program", [SCORE, EXPORT], ids=["score", "export"])
def test_the_home_folder_stays_empty(program: str, classifier: Any, tmp_path: Path) -> None:
    artifact, home = tmp_path / "shop.onnx", tmp_path / "home"
    artifact.write_bytes(classifier.build())
    home.mkdir()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("ORT_", "XDG_"))}
    command = [sys.executable, "-c", program, str(artifact)]
    subprocess.run(command, env=environment | {"HOME": str(home)}, check=True, stdout=subprocess.DEVNULL)
    assert [path for path in home.rglob("*") if "icrosoft" in path.name or "onnxruntime" in path.name] == []
