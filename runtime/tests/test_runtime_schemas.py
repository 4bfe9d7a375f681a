"""The published schemas, against real artifacts and the shared contracts."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from samescore_runtime import integrity
from samescore_runtime.contract import Contract

ROOT = Path(__file__).parents[2]
CONTRACT: dict[str, Any] = json.loads((ROOT / "docs" / "contract.schema.json").read_text())
ARTIFACT: dict[str, Any] = json.loads((ROOT / "docs" / "artifact.schema.json").read_text())
REGISTRY: Any = Registry().with_resource(CONTRACT["$id"], Resource.from_contents(CONTRACT))
SHARED: dict[str, Any] = json.loads((ROOT / "parity_tests" / "contract_cases.json").read_text())

contracts = Draft202012Validator(CONTRACT)
artifacts = Draft202012Validator(ARTIFACT, registry=REGISTRY)


def entries(content: bytes) -> dict[str, Any]:
    return {key: json.loads(text) for key, text in integrity.read(content)[1].items()}


def test_the_schemas_are_schemas() -> None:
    Draft202012Validator.check_schema(CONTRACT)
    Draft202012Validator.check_schema(ARTIFACT)


@pytest.mark.parametrize("name", SHARED["contracts"])
def test_the_shared_contracts_keep_the_schema_and_survive_reading(name: str) -> None:
    contract = SHARED["contracts"][name]
    contracts.validate(contract)
    assert json.loads(json.dumps(Contract.from_json(contract).to_json())) == contract


@pytest.mark.parametrize("name", ["classifier", "mixed", "text"])
def test_artifacts_keep_the_schema(artifact_folder: Path, name: str) -> None:
    artifacts.validate(entries((artifact_folder / f"{name}.onnx").read_bytes()))


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (lambda item: item["samescore.contract"].update(format=2), "format"),
        (lambda item: item["samescore.contract"]["columns"][0].pop("unit"), "unit"),
        (lambda item: item["samescore.contract"]["columns"][0].update(type="int32"), "type"),
        (lambda item: item["samescore.contract"]["columns"][0].update(max_length=3), "max_length"),
        (lambda item: item["samescore.golden"]["outputs"]["predict"].pop("tolerance"), "tolerance"),
        (lambda item: item["samescore.golden"]["columns"]["price"].update(dtype="float16"), "dtype"),
        (lambda item: item["samescore.integrity"].update(sha256="abc"), "sha256"),
        (lambda item: item.pop("samescore.proof"), "proof"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_breaks_the_schema_is_seen(artifact_folder: Path, change: Any, key: str) -> None:
    item = copy.deepcopy(entries((artifact_folder / "classifier.onnx").read_bytes()))
    change(item)
    assert not artifacts.is_valid(item), key
