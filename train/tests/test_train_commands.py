"""``samescore train`` as it is typed."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from pathlib import Path

import click
import pandas as pd
import pytest
from click.testing import CliRunner, Result

from samescore_runtime.errors import InputError
from samescore_train.commands import train_command


def run(*words: str) -> Result:
    # Before click 8.2 the two streams were mixed unless told otherwise.
    apart = {"mix_stderr": False} if "mix_stderr" in inspect.signature(CliRunner).parameters else {}
    return CliRunner(**apart).invoke(train_command, list(words))


@pytest.mark.parametrize("scenario", ["demand", "recommender", "spam"])
def test_each_scenario_trains_and_says_how_good_it_is(
    scenario: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAMESCORE_DATA", str(tmp_path))
    model, sample = tmp_path / "m.skops", tmp_path / "s.parquet"
    result = run(scenario, "--seed", "1", "-o", str(model), "--sample", str(sample), "--sample-rows", "50")
    assert result.exit_code == 0, result.output
    assert "SIMULATED DATA, not real: no " in result.stderr
    assert result.stdout.splitlines()[-1].startswith(f"{scenario}: time split at ")
    assert model.is_file()
    assert len(pd.read_parquet(sample)) == 50


def test_json_is_one_object_and_progress_stays_out_of_it(tmp_path: Path) -> None:
    result = run("spam", "--simulate", "--json", "-o", str(tmp_path / "m.skops"))
    found = json.loads(result.stdout)
    assert found["scenario"] == "spam"
    assert found["model"] == "m.skops"
    assert found["snapshot"]["simulated"] is True
    assert set(found["scores"]["baselines"]) == {"always ham", "always spam"}
    assert "asked for" in result.stderr


def test_given_data_is_used_and_its_hash_kept(tmp_path: Path) -> None:
    from samescore_train.snapshot import hash_snapshot, write_snapshot
    from samescore_train.spam_simulator import simulate_messages

    write_snapshot(simulate_messages(5, rows=300), tmp_path / "texts", ["is_spam"])
    result = run("spam", "--data", str(tmp_path / "texts"), "--json", "-o", str(tmp_path / "m.skops"))
    assert result.exit_code == 0, result.output
    snapshot = json.loads(result.stdout)["snapshot"]
    assert snapshot == {"sha256": hash_snapshot(tmp_path / "texts"), "source": "texts", "simulated": False}
    assert str(tmp_path) not in result.stdout


def test_a_csv_sample_and_a_forest(tmp_path: Path) -> None:
    sample = tmp_path / "s.csv"
    result = run("demand", "--model", "forest", "--simulate", "-o", str(tmp_path / "m.skops"), "--sample", str(sample))
    assert result.exit_code == 0, result.output
    assert pd.read_csv(sample, dtype={"stock_code": str}).columns[0] == "stock_code"


def test_misuse_is_found_before_any_work(tmp_path: Path) -> None:
    output = str(tmp_path / "m.skops")
    assert run("spam", "--simulate", "--data", "x.csv", "-o", output).exit_code == 2
    assert run("spam", "--simulate", "--seed", "-1", "-o", output).exit_code == 2
    assert run("spam", "--simulate").exit_code == 2
    for words, message in [
        (("-o", str(tmp_path / "m.pkl")), "m.pkl: the suffix '.pkl'; .skops"),
        (("-o", str(tmp_path / "none" / "m.skops")), "none: no such folder"),
        (("-o", output, "--sample", "s.json"), "s.json: the suffix '.json'; .parquet or .csv"),
        (("-o", output, "--data", str(tmp_path / "none.csv")), "none.csv: no such file or folder"),
    ]:
        result = run("spam", *words)
        assert isinstance(result.exception, InputError)
        assert message in str(result.exception)
        assert not Path(output).exists()


@pytest.mark.parametrize("words", [[], ["demand"], ["recommender"], ["spam"]])
def test_every_help_has_examples_and_is_quick(words: list[str]) -> None:
    result = run(*words, "--help")
    assert result.exit_code == 0
    assert "samescore train" in result.output.split("Examples:")[1]


def test_help_imports_nothing_heavy() -> None:
    code = "import sys, samescore_train.commands; print([m for m in ('pandas', 'sklearn', 'numpy', 'pyarrow') if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONPATH": ":".join(sys.path)}
    )
    assert done.stdout.strip() == "[]"


def test_the_commands_are_a_click_group() -> None:
    assert isinstance(train_command, click.Group)
    assert sorted(train_command.commands) == ["demand", "recommender", "spam"]
