"""The wheel alone in a clean environment: small, without the training stack, and scoring all three artifacts there."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from parity_tests.scenarios import SCENARIOS, make_scenario

ROOT = Path(__file__).resolve().parent.parent

#: What the lean environment may weigh: everything in site-packages as files are long, without pip itself.
MOST_MEBIBYTES, MOST_PACKAGES = 180, 18

SCORE = """
import json, sys
from samescore_runtime import load
for path in sys.argv[1:]:
    model = load(path)
    print(json.dumps([model.artifact.name.rpartition('/')[2], model.digest, sorted(model.contract.column_named)]))
loaded = sorted({name.partition(".")[0] for name in sys.modules})
print(json.dumps([name for name in loaded if name in ("sklearn", "onnx", "pandas", "skl2onnx", "samescore_export", "scipy")]))
"""


@pytest.fixture(scope="module")
def lean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a clean environment with nothing but the wheel and what it needs, at the pinned versions."""
    folder = tmp_path_factory.mktemp("lean")
    pins = folder / "pins.txt"
    # A constraints file with hashes would ask for a hash of the wheel itself.
    pins.write_text("\n".join(re.findall(r"^[a-z0-9._-]+==[^\s\\]+", (ROOT / "constraints.txt").read_text(), re.M)))
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT],
        check=True,
        capture_output=True,
    )
    (wheel,) = folder.glob("samescore-*.whl")
    venv.create(folder / "venv", with_pip=True)
    subprocess.run(
        [folder / "venv/bin/python", "-m", "pip", "install", "--quiet", "-c", pins, wheel],
        check=True,
        capture_output=True,
    )
    return folder / "venv"


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("scenarios")
    return [make_scenario(name, folder) for name in SCENARIOS]


def run(lean: Path, *command: str | Path) -> subprocess.CompletedProcess[str]:
    # No locale and no path into this checkout: what a slim container has.
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "LANG", "LC_ALL")}
    command = (lean / "bin" / command[0], *command[1:])
    return subprocess.run(
        list(map(str, command)),
        capture_output=True,
        text=True,
        check=False,
        cwd=lean,
        env={**environment, "LC_ALL": "C"},
    )


def test_all_three_scenarios_load_and_check_themselves_without_the_training_stack(
    lean: Path, artifacts: list[Path]
) -> None:
    done = run(lean, "python", "-W", "error", "-c", SCORE, *artifacts)
    assert done.returncode == 0, done.stderr
    *loaded, foreign = map(json.loads, done.stdout.splitlines())
    assert [name for name, _, _ in loaded] == [path.name for path in artifacts]
    assert foreign == []


def test_the_training_stack_is_not_even_installed(lean: Path) -> None:
    done = run(lean, "python", "-c", "import sklearn")
    assert "ModuleNotFoundError" in done.stderr


def test_the_environment_is_lean(lean: Path) -> None:
    (site,) = lean.glob("lib/python*/site-packages")
    packages = sorted(
        path.name for path in site.glob("*.dist-info") if not path.name.startswith(("pip-", "setuptools-"))
    )
    size = sum(
        path.lstat().st_size
        for path in site.rglob("*")
        if path.is_file()
        and path.relative_to(site).parts[0].partition("-")[0] not in ("pip", "setuptools", "pkg_resources")
    )
    assert len(packages) <= MOST_PACKAGES, packages
    assert size <= MOST_MEBIBYTES * 2**20, f"{size / 2**20:.1f} MiB"


def test_the_command_line_works_there(lean: Path, artifacts: list[Path]) -> None:
    done = run(lean, "samescore", "verify", *artifacts)
    assert done.returncode == 0, done.stderr + done.stdout


PAGES = """
import sys
from pathlib import Path
from samescore_runtime.service.app import create_app
from samescore_runtime.service.models import load_models
from samescore_runtime.service.places import find
client = create_app(load_models(find(Path(sys.argv[1])))).test_client()
(name,) = [model["name"] for model in client.get("/models").json["models"]]
for path in ("/", "/docs", "/openapi.json", f"/models/{name}/page", "/metrics"):
    assert client.get(path).status_code == 200, path
"""


def test_the_pages_come_with_the_wheel(lean: Path, artifacts: list[Path]) -> None:
    for artifact in artifacts:
        done = run(lean, "python", "-W", "error", "-c", PAGES, artifact)
        assert done.returncode == 0, done.stderr


def test_a_key_without_its_extra_names_it(lean: Path, artifacts: list[Path], tmp_path: Path) -> None:
    (tmp_path / "release.pub").write_text("")
    done = run(lean, "samescore", "verify", artifacts[0], "--public-key", tmp_path / "release.pub")
    assert done.returncode == 2
    assert "samescore[sign]" in done.stderr


@pytest.mark.parametrize(("command", "extra"), [("export", "export"), ("train", "train")])
def test_a_command_whose_extra_is_missing_names_it(lean: Path, command: str, extra: str) -> None:
    arguments = {"export": ["m.skops", "--sample", "x.csv", "-o", "m.onnx"], "train": ["spam", "-o", "m.skops"]}[
        command
    ]
    done = run(lean, "samescore", command, *arguments)
    assert done.returncode == 2
    assert f"samescore[{extra}]" in done.stderr
    assert "Traceback" not in done.stderr
