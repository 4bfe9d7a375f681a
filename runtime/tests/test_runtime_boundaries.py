"""What the runtime may not load: checked in fresh interpreters."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("sklearn", "scipy", "onnx", "skl2onnx", "pandas", "polars", "pyarrow", "samescore_export", "samescore_train")


def loaded(code: str, *arguments: str) -> set[str]:
    """The top-level modules loaded after some code, and onnxruntime's tools if they came along."""
    told = "import sys\n" + code + "\nprint('\\n'.join(sorted({name.split('.')[0] for name in sys.modules})))"
    done = subprocess.run([sys.executable, "-c", told, *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_importing_the_package_is_light() -> None:
    modules = loaded("import samescore_runtime")
    assert not modules & {*HEAVY, "flask", "numpy", "onnxruntime", "click", "granian"}


@pytest.mark.parametrize(
    "code",
    [
        "import samescore_runtime.cli as c; assert c.main(['--help']) == 0",
        "import samescore_runtime.service.app, samescore_runtime.service.launch, samescore_runtime.service.models",
        "import samescore_runtime.commands.verify, samescore_runtime.commands.inspect, samescore_runtime.commands.score",
        "import samescore_runtime as s; s.load(sys.argv[1]).score_rows([{'price': 1, 'size': 2}])",
    ],
    ids=["help", "service", "commands", "scoring"],
)
def test_the_runtime_loads_nothing_heavy(artifact_folder: Path, code: str) -> None:
    assert not loaded(code, str(artifact_folder / "classifier.onnx")) & set(HEAVY)


def test_scoring_loads_no_flask(artifact_folder: Path) -> None:
    code = "import samescore_runtime as s; s.load(sys.argv[1])"
    assert not loaded(code, str(artifact_folder / "classifier.onnx")) & {"flask", "click", "granian"}


def test_the_watching_process_of_the_service_is_checked_without_models() -> None:
    assert not loaded("import samescore_runtime.commands.serve") & {"numpy", "onnxruntime", "flask"}
