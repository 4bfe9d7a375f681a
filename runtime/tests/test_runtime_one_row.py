"""One row through bound memory: the same scores as in a batch, and no less strict."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from onnx import helper

from samescore_runtime import Model, load, read_artifact
from samescore_runtime.one_row import LARGEST, can_bind


def numbers_alone(recipe: Any) -> Any:
    """The classifier without its labels, which are strings."""
    contract = {**recipe.contract, "outputs": recipe.contract["outputs"][1:]}
    return replace(recipe, contract=contract, nodes=recipe.nodes[:-2])


@pytest.fixture(scope="module")
def model(classifier: Any) -> Model:
    return load(numbers_alone(classifier).build())


def rows(count: int) -> np.ndarray[Any, Any]:
    return np.random.default_rng(0).normal(size=(count, 2))


def test_one_row_has_the_scores_of_a_batch(model: Model) -> None:
    assert model._one_row is not None
    data = rows(50)
    batch = model.run({"float64": data})
    single = [model.run({"float64": row[None]}) for row in data]
    for name, expected in batch.items():
        found = np.concatenate([scores[name] for scores in single])
        assert found.dtype == expected.dtype
        # All are kept while later rows are scored: none may look into memory that the next call writes.
        np.testing.assert_array_equal(found, expected)


def test_threads_do_not_share_rows(model: Model) -> None:
    data = rows(2000)
    expected = model.run({"float64": data})["predict_proba"]
    with ThreadPoolExecutor(4) as callers:
        found = list(callers.map(lambda row: model.run({"float64": row[None]})["predict_proba"], data))
    np.testing.assert_array_equal(np.concatenate(found), expected)


@pytest.mark.parametrize(
    "tensors",
    [
        {"float64": np.zeros((1, 2), np.float32)},
        {"float64": np.zeros((1, 1))},
        {"float64": np.zeros((1, 3))},
        {"float64": np.zeros((1, 2, 1))},
        {"other": np.zeros((1, 2))},
        {"float64": np.zeros((1, 2)), "other": np.zeros((1, 2))},
    ],
    ids=["dtype", "narrow", "wide", "rank", "name", "more"],
)
def test_other_tensors_are_the_session_s_to_refuse(model: Model, tensors: Mapping[str, Any]) -> None:
    with pytest.raises(Exception, match=r"(?i)invalid|unexpected|required"):
        model.run(tensors)


def test_what_is_not_bound(classifier: Any, mixed: Any) -> None:
    assert not can_bind(read_artifact(classifier.build()).contract)
    assert not can_bind(read_artifact(mixed.build()).contract)
    # A transform so wide that copying it would cost more than is saved.
    wide = numbers_alone(classifier)
    width = LARGEST // 8
    tiled = helper.make_node("Expand", ["total", "shape"], ["transform"])
    total = helper.make_node("ReduceSum", ["float64", "axis"], ["total"], keepdims=1)
    contract = {**wide.contract, "outputs": [{**wide.contract["outputs"][0], "name": "transform", "labels": None}]}
    contract["outputs"][0]["shape"] = [None, width]
    constants = {"axis": np.array([1]), "shape": np.array([1, width])}
    built = replace(wide, contract=contract, nodes=[total, tiled], constants=constants)
    assert not can_bind(read_artifact(built.build()).contract)
