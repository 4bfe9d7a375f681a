"""An artifact that takes arrays of two axes a row, and gives two rows for one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from samescore_runtime import load
from samescore_runtime.batch.writers import by_row, flat
from samescore_runtime.errors import InputError
from samescore_runtime.model import Model
from samescore_runtime.service.app import create_app
from samescore_runtime.service.models import load_models
from samescore_runtime.service.places import find

ROOT = Path(__file__).parents[2]
PATCHES = ROOT / "java-client/src/test/resources/artifacts/patches.onnx"
IMAGES = np.random.default_rng(0).normal(size=(5, 2, 3))
CUT = np.concatenate([[image[:, :2], image[:, 1:]] for image in IMAGES])


@pytest.fixture(scope="module")
def model() -> Model:
    return load(PATCHES)


def test_arrays(model: Model) -> None:
    for images in (IMAGES, np.asfortranarray(IMAGES)):
        np.testing.assert_array_equal(model.score(images)["transform"], CUT)
    assert model.score(IMAGES[:0])["transform"].shape == (0, 2, 2)
    assert model.score(IMAGES[:0])["predict"].shape == (0,)


@pytest.mark.parametrize("images", [IMAGES.reshape(5, 6), IMAGES.transpose(0, 2, 1), IMAGES[0], IMAGES[..., None]])
def test_arrays_of_other_shapes(model: Model, images: Any) -> None:
    with pytest.raises(InputError, match=r"array: the shape \(.*\); \(rows, 2, 3\)"):
        model.score(images)


def test_rows_and_tables(model: Model) -> None:
    names = [column.name for column in model.contract.columns]
    rows = [dict(zip(names, image.ravel().tolist(), strict=True)) for image in IMAGES]
    np.testing.assert_array_equal(model.score(rows)["transform"], CUT)
    outputs = by_row(model.contract, model.score(rows))
    assert (outputs["transform"].shape, outputs["predict"].shape) == ((5, 2, 2, 2), (5, 2))
    columns = flat(model.contract, outputs)
    assert list(columns)[-2:] == ["predict[0]", "predict[1]"]
    np.testing.assert_array_equal(columns["transform[5]"], IMAGES[:, 0, 2])


def test_over_http(model: Model) -> None:
    client = create_app(load_models(find(PATCHES))).test_client()
    names = [column.name for column in model.contract.columns]
    rows = [dict(zip(names, image.ravel().tolist(), strict=True)) for image in IMAGES]
    answer = client.post("/models/patches/score", json={"rows": rows})
    assert answer.status_code == 200
    np.testing.assert_array_equal(np.array(answer.get_json()["outputs"]["transform"]), CUT)
    tensor = {"name": "float64", "datatype": "FP64", "shape": [5, 6], "data": IMAGES.ravel().tolist()}
    answer = client.post("/v2/models/patches/infer", json={"inputs": [tensor]})
    (found,) = (item for item in answer.get_json()["outputs"] if item["name"] == "transform")
    assert found["shape"] == [10, 2, 2]
    np.testing.assert_array_equal(np.reshape(found["data"], (10, 2, 2)), CUT)


def test_the_contract_keeps_the_schema(model: Model) -> None:
    contract = json.loads(json.dumps(model.contract.to_json()))
    Draft202012Validator(json.loads((ROOT / "docs" / "contract.schema.json").read_text())).validate(contract)
    assert contract["row_shape"] == [2, 3]
    assert [output["each"] for output in contract["outputs"]] == [2, 2]
