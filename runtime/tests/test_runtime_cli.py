"""The command line: exit codes, words on standard error, and files that come out whole or not at all."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from samescore_runtime import cli, load
from samescore_runtime.batch import progress
from samescore_runtime.cli import COMMANDS, main, samescore

OWN = [name for name, known in COMMANDS.items() if known.place]


@pytest.fixture
def classifier_file(artifact_folder: Path) -> str:
    return str(artifact_folder / "classifier.onnx")


@pytest.fixture
def tampered(artifact_folder: Path, tmp_path: Path) -> str:
    content = bytearray((artifact_folder / "classifier.onnx").read_bytes())
    content[content.index(b"coefficients")] ^= 1
    path = tmp_path / "tampered.onnx"
    path.write_bytes(content)
    return str(path)


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    page = capsys.readouterr().out
    assert all(f"  {name} " in page for name in COMMANDS)


@pytest.mark.parametrize("name", OWN)
def test_every_command_has_help_with_examples(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, "--help"]) == 0
    page = capsys.readouterr().out
    assert f"samescore {name} " in page
    assert "Examples:" in page


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["verify"], ["verify", "--nonsense", "x"], ["score", "x"]])
def test_misuse_is_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.err
    assert "Traceback" not in captured.err


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("samescore, version ")


def test_verify_good_and_bad(classifier_file: str, tampered: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", classifier_file]) == 0
    assert f"{classifier_file}: good" in capsys.readouterr().out
    assert main(["verify", classifier_file, tampered]) == 1
    page = capsys.readouterr().out
    assert f"{tampered}: BAD" in page
    assert "integrity  failed" in page


def test_verify_as_json(classifier_file: str, tampered: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "--json", classifier_file, tampered]) == 1
    result = json.loads(capsys.readouterr().out)
    assert result["passed"] is False
    assert [file["passed"] for file in result["files"]] == [True, False]
    failed = [check for check in result["files"][1]["checks"] if check["result"] == "failed"]
    assert [check["code"] for check in failed] == ["integrity"]


def test_verify_of_a_missing_file_is_2(classifier_file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "none.onnx", classifier_file]) == 2
    captured = capsys.readouterr()
    assert "none.onnx: no such file or directory" in captured.err
    assert "good" in captured.out


def test_verify_of_a_truncated_or_foreign_file_is_1(classifier_file: str, tmp_path: Path) -> None:
    for content in (Path(classifier_file).read_bytes()[:-7], b"something else", b""):
        path = tmp_path / "bad.onnx"
        path.write_bytes(content)
        assert main(["verify", str(path)]) == 1


def test_inspect(classifier_file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", classifier_file]) == 0
    page = capsys.readouterr().out
    for words in ("price", "EUR", "predict_proba", "proven", "4 ulp, floor 1.0", "tree_splits", "digest", "Pipeline"):
        assert words in page
    assert main(["inspect", "--json", classifier_file]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["contract"]["columns"][0]["name"] == "price"
    assert shown["digest"] == load(classifier_file).digest


@pytest.mark.parametrize("command", ["inspect", "score", "serve"])
def test_files_that_are_no_artifact_are_2(
    command: str, classifier_file: str, tampered: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    truncated, foreign, rows = tmp_path / "truncated.onnx", tmp_path / "foreign.onnx", tmp_path / "rows.csv"
    truncated.write_bytes(Path(classifier_file).read_bytes()[:500])
    foreign.write_bytes(b"PK\x03\x04")
    rows.write_text("price,size\n1,2\n")
    more = ["--input", str(rows), "--output", "-"] if command == "score" else []
    for file in (str(truncated), str(foreign), tampered, str(tmp_path / "none.onnx")):
        assert main([command, file, *more]) == 2
        told = capsys.readouterr().err
        assert told.startswith("samescore: ")
        assert "Traceback" not in told


ROWS = [("a", 1.5, 2.0), ("b", None, 0.1), ("c", -1e-300, 123456789.123456789)]


@pytest.fixture(params=["csv", "jsonl", "parquet"])
def rows_file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / f"rows.{request.param}"
    if request.param == "csv":
        lines = [f"{key},{'' if price is None else repr(price)},{size!r},ignored" for key, price, size in ROWS]
        path.write_text("\n".join(["id,price,size,other", *lines]) + "\n")
    elif request.param == "jsonl":
        rows = [{"id": key, "price": price, "size": size} for key, price, size in ROWS]
        path.write_text("\n".join(map(json.dumps, rows)) + "\n\n")
    else:
        ids, prices, sizes = zip(*ROWS, strict=True)
        pq.write_table(pa.table({"id": ids, "price": prices, "size": sizes, "other": [1, 2, 3]}), path)
    return path


def read_scores(path: Path) -> list[tuple[str, str, float, float]]:
    if path.suffix == ".csv":
        with path.open(newline="") as file:
            return [
                (row["id"], row["predict"], float(row["predict_proba[no]"]), float(row["predict_proba[yes]"]))
                for row in csv.DictReader(file)
            ]
    if path.suffix == ".jsonl":
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        return [(row["id"], row["predict"], *row["predict_proba"]) for row in rows]
    return [tuple(row.values()) for row in pq.read_table(path).to_pylist()]


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize("chunk", ["1", "2", "8192"])
def test_scores_of_a_file_are_those_of_the_model(
    rows_file: Path, ending: str, chunk: str, classifier_file: str, tmp_path: Path
) -> None:
    target = tmp_path / f"scores.{ending}"
    arguments = ["--input", str(rows_file), "--output", str(target), "--key", "id", "--chunk-rows", chunk]
    assert main(["score", classifier_file, *arguments]) == 0
    scores = load(classifier_file).score_rows([{"price": price, "size": size} for _, price, size in ROWS])
    expected = [
        (row[0], label, *probabilities)
        for row, label, probabilities in zip(
            ROWS, scores["predict"].tolist(), scores["predict_proba"].tolist(), strict=True
        )
    ]
    assert read_scores(target) == expected
    assert list(tmp_path.glob("*.part")) == []


def test_scores_to_standard_output(classifier_file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("price,size\n1,2\n")
    assert main(["score", classifier_file, "--input", str(rows), "--output", "-"]) == 0
    captured = capsys.readouterr()
    assert captured.out.splitlines()[0] == "predict,predict_proba[no],predict_proba[yes]"
    assert captured.err == "samescore: 1 rows scored\n"


def test_a_file_without_rows_gives_a_header(classifier_file: str, tmp_path: Path) -> None:
    rows, target = tmp_path / "rows.csv", tmp_path / "scores.csv"
    rows.write_text("price,size\n")
    assert main(["score", classifier_file, "--input", str(rows), "--output", str(target)]) == 0
    assert target.read_text() == "predict,predict_proba[no],predict_proba[yes]\n"
    empty = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"price": pa.array([], pa.float64()), "size": pa.array([], pa.float64())}), empty)
    assert main(["score", classifier_file, "--input", str(empty), "--output", str(target)]) == 0


BAD_ROWS = [
    ("rows.csv", "price,size\n1,abc\n", 'rows[0].size: the string "abc"; a finite number'),
    ("rows.csv", "price,size\n1,1\n1,\n", "rows[1].size: null; a finite number"),
    ("rows.csv", "price,size\n1,1_0\n", 'rows[0].size: the string "1_0"'),
    ("rows.csv", "price,size\n1,1e999\n", 'rows[0].size: the string "1e999"'),
    ("rows.csv", "price,size\n1,inf\n", "rows[0].size: Infinity; a finite number"),
    ("rows.csv", "price\n1\n", "rows.size: no such column; a finite number"),
    ("rows.csv", "price,size,size\n1,2,3\n", "the column size twice"),
    ("rows.csv", "price,size\n1,2,3\n", "a row of 3 cells"),
    ("rows.csv", "", "an empty file"),
    ("rows.jsonl", '{"price": 1, "size": NaN}\n', "rows.jsonl: line 1: malformed JSON"),
    ("rows.jsonl", '{"price": 1, "size": 1}\n[1]\n', "rows.jsonl: line 2: JSON that is no object"),
    ("rows.jsonl", '{"price": 1}\n', "rows[0].size: no such column"),
    ("rows.parquet", "no parquet", "unreadable as Parquet"),
    ("rows.xlsx", "x", "the ending '.xlsx'; one of .csv, .jsonl, .parquet"),
]


@pytest.mark.parametrize(("name", "text", "words"), BAD_ROWS)
def test_bad_rows_are_2_and_leave_no_output(
    name: str, text: str, words: str, classifier_file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows, target = tmp_path / name, tmp_path / "scores.csv"
    rows.write_text(text)
    assert main(["score", classifier_file, "--input", str(rows), "--output", str(target)]) == 2
    told = capsys.readouterr().err
    assert words in told
    assert "Traceback" not in told
    assert sorted(path.name for path in tmp_path.iterdir()) == [name]


def test_problems_are_numbered_as_in_the_file(
    classifier_file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("price,size\n" + "1,1\n" * 5 + "1,x\n")
    arguments = ["score", classifier_file, "--input", str(rows), "--output", "-", "--chunk-rows", "2"]
    assert main(arguments) == 2
    assert "rows[5].size" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--output", "scores.txt"], "the ending '.txt'"),
        (["--output", "-", "--key", "nowhere"], "no column nowhere for --key"),
        (["--output", "-", "--key", "predict"], "which is an output of the model"),
    ],
)
def test_wrong_options_of_score(
    more: list[str], words: str, classifier_file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("price,size\n1,2\n")
    assert main(["score", classifier_file, "--input", str(rows), *more]) == 2
    assert words in capsys.readouterr().err


def test_csv_cells_of_every_type(artifact_folder: Path, tmp_path: Path) -> None:
    rows, target = tmp_path / "rows.csv", tmp_path / "scores.jsonl"
    with rows.open("w", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["price", "count", "stock", "open", "shop", "colour", "day", "ratio", "text", "items"])
        lines.writerow(["", "9007199254740993", "", "True", "east", "", "2020-01-02", " 0.5", "", '["a", "b"]'])
        lines.writerow(["nan", "3.0", "7", "false", "west", "red", "5", "1", "None", ""])
    arguments = ["--input", str(rows), "--output", str(target)]
    assert main(["score", str(artifact_folder / "mixed.onnx"), *arguments]) == 0
    first, second = map(json.loads, target.read_text().splitlines())
    assert first["numbers"] == ["NaN", "NaN"]
    assert first["integers"] == [9007199254740993, 1_577_923_200_000_000]
    assert (first["open"], first["strings"], first["strings.missing"]) == ([True], ["east", ""], [False, True])
    assert first["items"] == ["a", "b"]
    assert second["numbers"] == ["NaN", 7.0]
    assert (second["integers"], second["strings"], second["items"]) == ([3, 5], ["west", "red"], ["", ""])
    assert second["text"] == [78, 111, 110, 101]


def test_parquet_without_pyarrow_names_the_extra(
    classifier_file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"price": [1.0], "size": [1.0]}), rows)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert main(["score", classifier_file, "--input", str(rows), "--output", "-"]) == 2
    assert 'pip install "samescore[parquet]"' in capsys.readouterr().err


def test_long_runs_tell_their_progress(
    classifier_file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("price,size\n" + "1,2\n" * 10)
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    arguments = ["score", classifier_file, "--input", str(rows), "--output", "-", "--chunk-rows", "5"]
    assert main(arguments) == 0
    told = capsys.readouterr().err.splitlines()
    assert told[0].startswith("samescore: 5 rows, ")
    assert told[-1] == "samescore: 10 rows scored"


def test_a_command_whose_extra_is_missing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    entries = [
        EntryPoint("export", "nowhere_to_be_found:command", cli.GROUP),
        EntryPoint("train", "nowhere_to_be_found:command", cli.GROUP),
        EntryPoint("mine", "nowhere_to_be_found:command", cli.GROUP),
    ]
    monkeypatch.setattr(cli, "_entries", lambda: entries)
    for name, words in (("export", "samescore[export]"), ("train", "samescore[train]"), ("mine", "nowhere_to_be")):
        assert main([name, "--help"]) == 2
        assert words in capsys.readouterr().err
    assert main(["--help"]) == 0
    assert "  mine" in capsys.readouterr().out


def test_a_command_that_is_not_installed_at_all(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli, "_entries", list)
    assert main(["prove", "x"]) == 2
    assert 'pip install "samescore[export]"' in capsys.readouterr().err


def test_a_joined_command_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [EntryPoint("again", "samescore_runtime.commands.verify:verify_command", cli.GROUP)]
    monkeypatch.setattr(cli, "_entries", lambda: entries)
    assert main(["again", "none.onnx"]) == 2


def test_exit_codes_reach_the_shell(classifier_file: str) -> None:
    done: Any = CliRunner().invoke(samescore, ["verify", classifier_file], standalone_mode=False)
    assert done.return_value == 0


def test_doubles_survive_csv(artifact_folder: Path, tmp_path: Path) -> None:
    values = np.random.default_rng(0).standard_normal((200, 2)) * 10.0 ** np.arange(-100, 100)[:, None]
    rows, target = tmp_path / "rows.csv", tmp_path / "scores.csv"
    rows.write_text("price,size\n" + "".join(f"{a!r},{b!r}\n" for a, b in values.tolist()))
    classifier = artifact_folder / "classifier.onnx"
    assert main(["score", str(classifier), "--input", str(rows), "--output", str(target)]) == 0
    expected = load(classifier).score(values)["predict_proba"]
    with target.open(newline="") as file:
        got = [[float(row["predict_proba[no]"]), float(row["predict_proba[yes]"])] for row in csv.DictReader(file)]
    np.testing.assert_array_equal(np.array(got), expected)


def test_a_reader_that_stops_early_is_no_error(classifier_file: str, tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("price,size\n" + "1,2\n" * 50_000)
    command = [
        sys.executable,
        "-m",
        "samescore_runtime",
        "score",
        classifier_file,
        "--input",
        str(rows),
        "--output",
        "-",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        told = process.stderr.read()
        assert process.wait(timeout=30) == 141
    assert told == b""
