"""Generated code: Java that compiles without a warning and scores the same, TypeScript that type-checks, JSON Schema that accepts what the contract does."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from benchmarks.footprint import free_port
from parity_tests.backends import UnavailableError, jvm_classpath
from parity_tests.services import running
from samescore_export import export
from samescore_runtime import load
from samescore_runtime.cli import main
from samescore_runtime.codegen.names import identifiers

ROOT = Path(__file__).parents[1]
#: Names that are keywords, methods of every object, the same but for their signs, or none of Java's letters.
NAMES = ["class", "hash code", "a-b", "a b", 'q"\\u0022', "größe", "1st", "*/ @x <b>"]


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Odd names, every kind of column that a table has, missing values, and string labels that need escapes."""
    rng = np.random.default_rng(0)
    rows = 400
    frame = pd.DataFrame({name: rng.normal(size=rows) for name in NAMES})
    frame["whole"] = rng.integers(0, 9, rows)
    frame["flag"] = rng.random(rows) > 0.5
    frame["shop"] = rng.choice(["east", "we\nst", 'no"rth'], rows).astype(object)
    frame["colour"] = rng.choice(np.array(["red", "blue", None], dtype=object), rows)
    numbers = [name for name in frame if name not in ("shop", "colour")]
    columns = ColumnTransformer(
        [
            ("numbers", "passthrough", numbers),
            ("shop", OneHotEncoder(), ["shop"]),
            ("colour", OneHotEncoder(handle_unknown="ignore"), ["colour"]),
        ]
    )
    labels = np.where(frame["class"] + frame["whole"] > 4, "yes 😀", 'no"\\')
    path = tmp_path_factory.mktemp("codegen") / "shop-model.onnx"
    model = make_pipeline(columns, LogisticRegression(max_iter=2000)).fit(frame, labels)
    export(model, frame, path)
    return path


ROW: dict[str, Any] = {
    **dict.fromkeys(NAMES, 0.25),
    "whole": 3,
    "flag": True,
    "shop": "we\nst",
    "colour": None,
}


@pytest.fixture(scope="module")
def classpath() -> str:
    try:
        return jvm_classpath()
    except UnavailableError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(error))


def test_java_compiles_and_scores_the_same(artifact: Path, classpath: str, tmp_path: Path) -> None:
    sources = tmp_path / "src"
    assert main(["codegen", "java", str(artifact), "--package", "com.example.scores", "-o", str(sources)]) == 0
    values = ", ".join("0.25" for _ in NAMES)
    (sources / "Try.java").write_text(
        f"""
import com.example.scores.*;
import java.nio.file.Path;
import java.util.List;

final class Try {{
    public static void main(String[] arguments) {{
        ShopModelRow row = new ShopModelRow({values}, 3L, true, "we\\nst", null);
        try (ShopModelScorer scorer = ShopModelScorer.open(Path.of(arguments[0]))) {{
            ShopModelScores one = scorer.score(row);
            ShopModelScores second = scorer.score(List.of(row, row)).get(1);
            String label = one.predict();
            System.out.println(label.codePoints().sum());
            System.out.println(Double.doubleToRawLongBits(one.predictProba(label)));
            System.out.println(second.predictProba(label) == one.predictProba()[label.startsWith("yes") ? 1 : 0]);
        }}
        try {{
            ShopModelScorer.open(Path.of(arguments[1])).close();
        }} catch (IllegalArgumentException error) {{
            System.out.println(error.getMessage().contains("; columns [class: float64"));
        }}
    }}
}}
""",
        encoding="utf-8",
    )
    files = sorted(map(str, sources.rglob("*.java")))
    lint = ["javac", "-encoding", "UTF-8", "-Xlint:all", "-Werror", "-proc:none", "-cp", classpath]
    done = subprocess.run([*lint, "-d", str(tmp_path), *files], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    other = ROOT / "java-client/src/test/resources/artifacts/regressor.onnx"
    command = ["java", "-cp", f"{tmp_path}:{classpath}", "Try", str(artifact), str(other)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    expected = load(artifact).score([ROW])
    label = expected["predict"][0]
    position = 1 if label.startswith("yes") else 0
    bits = int(expected["predict_proba"][0, position : position + 1].view(np.int64)[0])
    assert done.stdout.split() == [str(sum(map(ord, label))), str(bits), "true", "true"]


def test_one_row_over_the_network_as_in_the_jvm(artifact: Path, classpath: str, tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text("\n".join(json.dumps(ROW | {"class": value}) for value in (0.1, -2.5, 1e300, 5e-324)) + "\n")
    command = ["java", "-cp", classpath, "io.samescore.Main", "score"]
    port = free_port()
    with running(artifact, port):
        address = f"http://127.0.0.1:{port}/models/shop-model"
        remote = subprocess.run([*command, address, str(rows)], capture_output=True, text=True, check=False)
    local = subprocess.run([*command, str(artifact), str(rows)], capture_output=True, text=True, check=False)
    assert (remote.returncode, local.returncode) == (0, 0), remote.stderr + local.stderr
    assert len(local.stdout.splitlines()) == 4
    assert remote.stdout == local.stdout


@pytest.fixture(scope="module")
def tsc() -> Path:
    found = ROOT / ".venv-clients/typescript/node_modules/.bin/tsc"
    if not found.exists() and os.environ.get("CI") != "true":
        pytest.skip("no TypeScript: make clients")
    return found


TYPED = """
import { scoreShopModel, ShopModelAnswer, ShopModelRow } from "./shop";

const row: ShopModelRow = ROW;
const label: (answer: ShopModelAnswer) => "no\\"\\\\" | "yes 😀" = (answer) => answer.outputs.predict[0];
async function first(): Promise<number | string> {
  return label(await scoreShopModel("http://127.0.0.1:1", [row], { signal: AbortSignal.timeout(1000) }));
}
void first;
WRONG
"""


def test_typescript_type_checks(artifact: Path, tsc: Path, tmp_path: Path) -> None:
    node = shutil.which("node", path=f"{ROOT / '.venv-clients/typescript/bin'}:{os.environ['PATH']}")
    assert node is not None
    assert main(["codegen", "typescript", str(artifact), "-o", str(tmp_path / "shop.ts")]) == 0
    strict = [
        node,
        str(tsc.resolve()),
        "--noEmit",
        "--strict",
        "--target",
        "es2022",
        "--lib",
        "es2022,dom",
    ]
    for wrong, expected in (
        ("", 0),
        ("export const other: ShopModelRow = { ...row, shop: 'south' };", 2),
        ("export const none: ShopModelRow = { ...row, flag: null };", 2),
    ):
        text = TYPED.replace("ROW", json.dumps(ROW)).replace("WRONG", wrong)
        (tmp_path / "try.ts").write_text(text, encoding="utf-8")
        done = subprocess.run([*strict, "try.ts"], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == expected, done.stdout


def test_json_schema_takes_what_the_contract_takes(artifact: Path, tmp_path: Path) -> None:
    path = tmp_path / "schema.json"
    assert main(["codegen", "json-schema", str(artifact), "-o", str(path)]) == 0
    schema = json.loads(path.read_text(encoding="utf-8"))
    check = jsonschema.Draft202012Validator(schema)
    check.check_schema(schema)
    assert check.is_valid({"rows": [ROW]})
    for wrong in ({"shop": "south"}, {"flag": None}, {"whole": "3"}, {"class": "Infinite"}):
        assert not check.is_valid({"rows": [ROW | wrong]})
    absent = {name: value for name, value in ROW.items() if name != "flag"}
    assert not check.is_valid({"rows": [absent]})


def test_misuse(artifact: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, said in (
        (["java", str(artifact)], "codegen java: no --package and -o; both"),
        (["java", str(artifact), "--package", "a.class", "-o", str(tmp_path)], "--package: 'a.class'; a Java package"),
        (["typescript", str(artifact), "--package", "a"], "--package: a package for typescript"),
        (["java", str(tmp_path / "absent.onnx"), "--package", "a", "-o", str(tmp_path)], "absent.onnx"),
    ):
        assert main(["codegen", *arguments]) == 2
        assert said in capsys.readouterr().err


def test_identifiers_are_distinct() -> None:
    found = identifiers([*NAMES, "*/", "a_b", "class_value"], {"class", "hashCode"})
    assert len(set(found.values())) == len(found)
    assert not {"class", "hashCode"} & set(found.values())
    assert all(name.isidentifier() and name.isascii() for name in found.values())
