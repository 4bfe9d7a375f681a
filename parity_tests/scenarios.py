"""The three scenarios as artifacts, made through the public commands from the simulators, once per test run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCENARIOS = ("demand", "recommender", "spam")
RECOMMENDER = "samescore_train.recommender.ItemToItemRecommender"


def samescore(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the ``samescore`` script of this environment and give what it printed; its exit code is the caller's to judge."""
    script = Path(sys.executable).parent / "samescore"
    return subprocess.run([str(script), *map(str, arguments)], capture_output=True, text=True, check=False)


def make_scenario(name: str, folder: Path) -> Path:
    """Train one scenario on its simulator and export it into ``folder``: NAME.skops, NAME.parquet (sample), NAME.onnx.

    Raises:
        RuntimeError: a command failed; with what it printed.
    """
    model, sample, artifact = (folder / f"{name}.{suffix}" for suffix in ("skops", "parquet", "onnx"))
    for command in (
        ("train", name, "--simulate", "-o", model, "--sample", sample),
        ("export", model, "--sample", sample, "-o", artifact, "--trust", RECOMMENDER),
    ):
        done = samescore(*command)
        if done.returncode:
            raise RuntimeError(f"samescore {command[0]} {name} ended with {done.returncode}\n{done.stderr}")
    return artifact
