"""The shared cases of parity_tests/comparison_cases.json: goldens against scores, as every reader must judge them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from samescore_runtime.arrays import decode_array, encode_array
from samescore_runtime.comparison import compare
from samescore_runtime.errors import ArtifactError, InputError
from samescore_runtime.model import load
from samescore_runtime.self_check import read_expected

CASES = json.loads((Path(__file__).parents[2] / "parity_tests" / "comparison_cases.json").read_text("utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_goldens_are_judged_as_the_shared_cases_say(case: Any) -> None:
    if case.get("refused"):
        with pytest.raises(InputError, match="floors"):
            read_expected(case["expected"], "predict")
        return
    scores, tolerance, floors = read_expected(case["expected"], "predict")
    assert compare(scores, decode_array(case["got"]), tolerance, floor=floors).passed == case["same"]


def _with_floors(recipe: Any, floors: Any) -> bytes:
    """The artifact, its first float golden one spacing off under ``floors``."""
    content = recipe.build()
    golden = json.loads(json.dumps(load(content).artifact.golden))
    name = next(name for name, item in golden["outputs"].items() if item["dtype"] == "float64")
    item = golden["outputs"][name]
    scores = decode_array(item)
    item.update(encode_array(np.full_like(scores, 2.0**-60) + scores))
    item["floors"] = encode_array(floors(scores))
    sealed: bytes = recipe.build(golden=golden)
    return sealed


def test_a_file_with_floors_is_judged_by_them_and_loads(classifier: Any) -> None:
    load(_with_floors(classifier, lambda scores: np.ones_like(scores)))


def test_unreadable_floors_refuse_a_file(classifier: Any) -> None:
    content = _with_floors(classifier, lambda scores: scores.ravel()[:1])
    with pytest.raises(ArtifactError, match="unreadable") as caught:
        load(content)
    assert caught.value.code == "not_an_artifact"
