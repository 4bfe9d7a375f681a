"""Small artifacts, written with onnx.helper and nothing of the exporter, for every test of the runtime."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from samescore_runtime import integrity
from samescore_runtime.arrays import encode_array
from samescore_runtime.contract import Contract
from samescore_runtime.packing import encode_golden

# Older Polars, which other tests load into the same process, warns of forks; those here fork to write files.
os.environ.setdefault("POLARS_ALLOW_FORKING_THREAD", "1")

ELEMENTS = {
    "float64": TensorProto.DOUBLE,
    "float32": TensorProto.FLOAT,
    "int64": TensorProto.INT64,
    "int32": TensorProto.INT32,
    "bool": TensorProto.BOOL,
    "string": TensorProto.STRING,
}


def column(name: str, kind: str, tensor: str, position: int = 0, **changes: Any) -> dict[str, Any]:
    """A column of a contract with every key, plain unless changed."""
    base = {
        "name": name,
        "type": kind,
        "nullable": False,
        "finite": False,
        "limit": None,
        "range": None,
        "categories": None,
        "closed": False,
        "max_length": None,
        "unit": None,
        "description": None,
        "place": {"tensor": tensor, "position": position},
    }
    return {**base, **changes}


def tensor(name: str, kind: str, width: int | None, missing: str | None = None) -> dict[str, Any]:
    return {"name": name, "type": kind, "shape": [None, width], "missing": missing}


def output(name: str, kind: str, *shape: int | None, labels: Any = None, index: str | None = None) -> dict[str, Any]:
    return {"name": name, "type": kind, "shape": [None, *shape], "labels": labels, "index": index}


@dataclass(frozen=True)
class Recipe:
    """A graph, its contract and golden columns; :meth:`build` gives the bytes of the artifact."""

    contract: dict[str, Any]
    nodes: Sequence[onnx.NodeProto]
    constants: Mapping[str, np.ndarray[Any, Any]]
    golden: Mapping[str, np.ndarray[Any, Any]]
    tolerance: Mapping[str, Any] = field(default_factory=lambda: {"kind": "exact"})

    def model(self) -> onnx.ModelProto:
        def value(item: Mapping[str, Any]) -> onnx.ValueInfoProto:
            shape = ["n" if size is None and axis == 0 else size for axis, size in enumerate(item["shape"])]
            return helper.make_tensor_value_info(item["name"], ELEMENTS[item["type"]], shape)

        graph = helper.make_graph(
            list(self.nodes),
            "model",
            [value(item) for item in self.contract["tensors"]],
            [value(item) for item in self.contract["outputs"]],
            [numpy_helper.from_array(array, name) for name, array in self.constants.items()],
        )
        return helper.make_model(graph, ir_version=10, opset_imports=[helper.make_opsetid("", 21)])

    def build(self, **entries: Any) -> bytes:
        """The artifact; ``entries`` replaces metadata entries by their last name, or drops them with None."""
        model = self.model()
        session = onnxruntime.InferenceSession(model.SerializeToString())
        names = [item["name"] for item in self.contract["outputs"]]
        scores = session.run(names, encode_golden(Contract.from_json(self.contract), self.golden))
        metadata: dict[str, Any] = {
            "contract": self.contract,
            "golden": {
                "format": 1,
                "columns": {name: encode_array(values) for name, values in self.golden.items()},
                "outputs": {
                    name: {**encode_array(array), "tolerance": dict(self.tolerance)}
                    for name, array in zip(names, scores, strict=True)
                },
            },
            "proof": PROOF,
            "profile": {"format": 1, "rows": 2, "columns": {}, "outputs": {}},
            "provenance": PROVENANCE,
            **entries,
        }
        return seal(model, {f"samescore.{key}": item for key, item in metadata.items() if item is not None})


PROOF: dict[str, Any] = {
    "format": 1,
    "seed": 0,
    "budget": 2000,
    "outputs": {
        "predict": {
            "sameness": "proven",
            "rows": 2000,
            "bit_equal": 2000,
            "largest_ulp": 0,
            "flips": 0,
            "within_bound": 0,
            "tolerance": {"kind": "exact"},
            "default_session": {"bit_equal": 2000, "largest_ulp": 0},
            "reason": None,
        }
    },
    "certificates": [
        {
            "at": "steps.model",
            "kind": "tree_splits",
            "claim": "every split decides alike",
            "checked": 31,
            "scope": "all",
        }
    ],
    "coverage": {"rows": 2000},
    "not_covered": ["another CPU"],
    "onnxruntime": {"proven_on": onnxruntime.__version__, "lowest": "1.23.0"},
}
PROVENANCE: dict[str, Any] = {
    "format": 1,
    "samescore": "0.1.0",
    "estimator": "sklearn.pipeline.Pipeline",
    "packages": {"scikit-learn": "1.9.1"},
    "sample": {"sha256": "00", "rows": 2},
    "training": None,
    "commit": None,
}


def seal(model: onnx.ModelProto, metadata: Mapping[str, Any]) -> bytes:
    """The model with metadata entries and a checksum that holds."""
    entries = {key: json.dumps(item, ensure_ascii=True) for key, item in metadata.items()}
    helper.set_model_props(model, entries)
    checksum, _ = integrity.read(model.SerializeToString())
    entries[integrity.INTEGRITY_KEY] = json.dumps({"format": 1, "sha256": checksum})
    helper.set_model_props(model, entries)
    return bytes(model.SerializeToString())


def classifier_recipe() -> Recipe:
    """Two float columns -> string labels and probabilities, by a product, a softmax and an argmax in double."""
    contract = {
        "format": 1,
        "layout": "packed",
        "columns": [
            column("price", "float64", "float64", 0, finite=True, nullable=True, unit="EUR"),
            column("size", "float64", "float64", 1, finite=True, range=[0.0, 9.0]),
        ],
        "tensors": [tensor("float64", "float64", 2)],
        "outputs": [
            output("predict", "string", labels=["no", "yes"]),
            output("predict_proba", "float64", 2, labels=["no", "yes"]),
        ],
    }
    nodes = [
        helper.make_node("IsNaN", ["float64"], ["gone"]),
        helper.make_node("Where", ["gone", "fill", "float64"], ["filled"]),
        helper.make_node("MatMul", ["filled", "coefficients"], ["product"]),
        helper.make_node("Add", ["product", "intercepts"], ["raw"]),
        helper.make_node("Softmax", ["raw"], ["predict_proba"], axis=1),
        helper.make_node("ArgMax", ["predict_proba"], ["index"], axis=1, keepdims=0),
        helper.make_node("Gather", ["classes", "index"], ["predict"]),
    ]
    constants = {
        "fill": np.array(0.5),
        "coefficients": np.array([[0.25, -0.5], [1.5, 0.125]]),
        "intercepts": np.array([0.1, 0.2]),
        "classes": np.array(["no", "yes"], object),
    }
    golden = {
        "price": np.array([1.0, np.nan, -3.5, 0.1, 7.25]),
        "size": np.array([0.0, 2.0, -1.0, 9.5, 0.3]),
    }
    return Recipe(contract, nodes, constants, golden, {"kind": "ulp", "ulp": 4, "floor": 1.0})


def mixed_recipe() -> Recipe:
    """Every kind of tensor -> echoes of it, so that a test sees what arrived in the graph."""
    contract = {
        "format": 1,
        "layout": "packed",
        "columns": [
            column("price", "float64", "float64", 0, nullable=True),
            column("count", "int64", "int64", 0),
            column("stock", "int64", "float64", 1, nullable=True),
            column("open", "bool", "bool", 0),
            column("shop", "string", "string", 0, categories=["east", "west"], closed=True),
            column("colour", "string", "string", 1, nullable=True),
            column("day", "datetime", "int64", 1),
            column("ratio", "float32", "float32", 0, finite=True, limit=3.4028235677973362e38),
            column("text", "string", "text.text", 0),
            column("items", "list<string>", "list.items", 0, max_length=4),
        ],
        "tensors": [
            tensor("float64", "float64", 2),
            tensor("float32", "float32", 1),
            tensor("int64", "int64", 2),
            tensor("bool", "bool", 1),
            tensor("string", "string", 2, "string.missing"),
            tensor("string.missing", "bool", 2),
            tensor("text.text", "int32", None),
            tensor("list.items", "string", None, "list.items.missing"),
            tensor("list.items.missing", "bool", None),
        ],
        "outputs": [
            output("numbers", "float64", 2),
            output("ratio", "float32", 1),
            output("integers", "int64", 2),
            output("open", "bool", 1),
            output("strings", "string", 2),
            output("strings.missing", "bool", 2),
            output("text", "int32", None),
            output("items", "string", None, index="items.missing"),
            output("items.missing", "bool", None),
        ],
    }
    pairs = zip([item["name"] for item in contract["tensors"]], [o["name"] for o in contract["outputs"]], strict=True)
    # The input `float32` and the output `ratio` differ in name; only equal names would clash.
    nodes = [helper.make_node("Identity", [source], [target]) for source, target in pairs if source != target]
    golden: dict[str, np.ndarray[Any, Any]] = {
        "price": np.array([1.5, np.nan]),
        "count": np.array([2**53 + 1, -4], np.int64),
        "stock": np.array([3.0, np.nan]),
        "open": np.array([True, False]),
        "shop": np.array(["east", "west"], object),
        "colour": np.array([None, "ré\U0001f600"], object),
        "day": np.array([0, 1_300_000_000_000_000], np.int64),
        "ratio": np.array([0.1, 2.5], np.float32),
        "text": np.array(["a\U0001f600", ""], object),
        "items": _lists([["a", "b"], ["c", "d"]]),
    }
    return Recipe(contract, nodes, {}, golden)


def _lists(items: Sequence[Sequence[str]]) -> np.ndarray[Any, Any]:
    array = np.empty(len(items), object)
    for index, item in enumerate(items):
        array[index] = list(item)
    return array


def text_recipe() -> Recipe:
    """One text column -> its number of code points."""
    contract = {
        "format": 1,
        "layout": "packed",
        "columns": [column("text", "string", "text.text", 0)],
        "tensors": [tensor("text.text", "int32", None)],
        "outputs": [output("predict", "int64")],
    }
    nodes = [
        helper.make_node("GreaterOrEqual", ["text.text", "zero"], ["present"]),
        helper.make_node("Cast", ["present"], ["ones"], to=TensorProto.INT64),
        helper.make_node("ReduceSum", ["ones", "axes"], ["predict"], keepdims=0),
    ]
    constants = {"zero": np.array(0, np.int32), "axes": np.array([1], np.int64)}
    return Recipe(contract, nodes, constants, {"text": np.array(["ab", "", "\U0001f600"], object)})


@pytest.fixture(scope="session")
def classifier() -> Recipe:
    return classifier_recipe()


@pytest.fixture(scope="session")
def mixed() -> Recipe:
    return mixed_recipe()


@pytest.fixture(scope="session")
def text_model() -> Recipe:
    return text_recipe()


@pytest.fixture(scope="session")
def resealed() -> Callable[[onnx.ModelProto, Mapping[str, Any]], bytes]:
    return seal


@pytest.fixture(scope="session")
def artifact_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``classifier.onnx``, ``mixed.onnx`` and ``text.onnx``; not to be changed."""
    folder = tmp_path_factory.mktemp("artifacts")
    for name, recipe in (("classifier", classifier_recipe()), ("mixed", mixed_recipe()), ("text", text_recipe())):
        (folder / f"{name}.onnx").write_bytes(recipe.build())
    return folder
