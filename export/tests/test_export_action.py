"""The composite action of docs/ci: its steps run, report, and fail the job when they must."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import skops.io
import yaml
from sklearn.tree import DecisionTreeRegressor

ACTION = yaml.safe_load((Path(__file__).resolve().parents[2] / "docs" / "ci" / "gate" / "action.yml").read_text())
X = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 2)), columns=["a", "b"])


def run(tmp_path, **inputs):
    (step,) = ACTION["runs"]["steps"]
    given = {name: item.get("default", "") for name, item in ACTION["inputs"].items()} | inputs
    environment = {key: given[value.split("inputs.")[1].split(" ")[0]] for key, value in step["env"].items()}
    environment |= {"GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md")}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    return subprocess.run(
        command, cwd=tmp_path, env=os.environ | environment, capture_output=True, text=True, check=False
    )


@pytest.fixture
def folder(tmp_path):
    X.to_parquet(tmp_path / "X.parquet")
    skops.io.dump(DecisionTreeRegressor(random_state=0).fit(X, X["a"]), tmp_path / "model.skops")
    return tmp_path


def test_it_exports_reports_and_compares(folder):
    done = run(folder, model="model.skops", sample="X.parquet", output="champion.onnx")
    assert done.returncode == 0, done.stderr
    done = run(folder, model="model.skops", sample="X.parquet", champion="champion.onnx")
    assert done.returncode == 0, done.stderr
    summary = (folder / "summary.md").read_text()
    assert "the same scores" in summary
    assert "No row changes" in summary


def test_it_fails_the_job(folder):
    done = run(folder, model="missing.skops", sample="X.parquet")
    assert done.returncode == 2
    done = run(folder, model="model.skops", sample="X.parquet", arguments="--methods transform")
    assert done.returncode == 1
    assert not (folder / "model.onnx").exists()
