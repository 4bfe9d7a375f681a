"""A changed artifact is refused: one threshold, one coefficient, one label, one golden; and an old one still loads."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from parity_tests.prepared import Size, prepare
from samescore_runtime import ArtifactError, InputError, load
from samescore_runtime.cli import main

GOLDENS = Path(__file__).resolve().parent / "goldens"


def _nudge(values: np.ndarray) -> np.ndarray:
    changed = values.copy()
    changed.flat[values.size // 2] = np.nextafter(changed.flat[values.size // 2], np.inf)
    return changed


def one_threshold(proto: onnx.ModelProto) -> None:
    node = next(node for node in proto.graph.node if node.op_type == "TreeEnsemble")
    splits = next(attribute for attribute in node.attribute if attribute.name == "nodes_splits")
    splits.t.CopyFrom(numpy_helper.from_array(_nudge(numpy_helper.to_array(splits.t))))


def one_coefficient(proto: onnx.ModelProto) -> None:
    largest = max(
        (t for t in proto.graph.initializer if t.data_type == onnx.TensorProto.DOUBLE), key=lambda t: t.ByteSize()
    )
    largest.CopyFrom(numpy_helper.from_array(_nudge(numpy_helper.to_array(largest)), largest.name))


def class_order(proto: onnx.ModelProto) -> None:
    # Two classes may be a constant each.
    tensors = [t for t in proto.graph.initializer if t.data_type == onnx.TensorProto.STRING]
    labels = [label for tensor in tensors for label in tensor.string_data][::-1]
    for tensor in tensors:
        count = len(tensor.string_data)
        tensor.string_data[:], labels = labels[:count], labels[count:]


def the_contract(proto: onnx.ModelProto) -> None:
    entry = next(prop for prop in proto.metadata_props if prop.key == "samescore.contract")
    entry.value = entry.value.replace('"nullable":false', '"nullable":true', 1).replace(
        '"finite":true', '"finite":false', 1
    )


def a_golden(proto: onnx.ModelProto) -> None:
    entry = next(prop for prop in proto.metadata_props if prop.key == "samescore.golden")
    golden = json.loads(entry.value)
    golden["outputs"]["predict"]["data"][0] = "changed"
    entry.value = json.dumps(golden)


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("tampering")
    chosen = {"forest": "forest/mixed table", "linear": "linear/LogisticRegression, 2 classes"}
    return {name: prepare(case_id, folder, Size(budget=100)).path for name, case_id in chosen.items()}


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("forest", one_threshold),
        ("linear", one_coefficient),
        ("forest", class_order),
        ("linear", class_order),
        ("forest", the_contract),
        ("linear", a_golden),
    ],
)
def test_a_changed_artifact_is_refused(
    artifacts: dict[str, Path], tmp_path: Path, name: str, change: Callable[[onnx.ModelProto], None]
) -> None:
    proto = onnx.ModelProto.FromString(artifacts[name].read_bytes())
    before = proto.SerializeToString(deterministic=True)
    change(proto)
    assert proto.SerializeToString(deterministic=True) != before
    changed = tmp_path / "changed.onnx"
    changed.write_bytes(proto.SerializeToString(deterministic=True))
    with pytest.raises(ArtifactError) as caught:
        load(changed)
    assert caught.value.code == "integrity"
    assert main(["verify", str(changed)]) == 1


def test_a_file_without_the_evidence_is_no_artifact(artifacts: dict[str, Path], tmp_path: Path) -> None:
    proto = onnx.ModelProto.FromString(artifacts["forest"].read_bytes())
    del proto.metadata_props[:]
    foreign = tmp_path / "foreign.onnx"
    foreign.write_bytes(proto.SerializeToString())
    with pytest.raises(ArtifactError, match=r"samescore\.contract") as caught:
        load(foreign)
    assert caught.value.code == "not_an_artifact"


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.999])
def test_a_truncated_file_is_refused(artifacts: dict[str, Path], tmp_path: Path, share: float) -> None:
    content = artifacts["forest"].read_bytes()
    short = tmp_path / "short.onnx"
    short.write_bytes(content[: int(len(content) * share)])
    with pytest.raises((ArtifactError, InputError)):
        load(short)


@pytest.mark.parametrize("path", sorted(GOLDENS.glob("*.onnx")), ids=lambda path: path.name)
def test_artifacts_of_every_format_still_load(path: Path) -> None:
    assert load(path).artifact.golden["format"] == 1


def test_there_is_an_artifact_of_the_current_format() -> None:
    assert (GOLDENS / "format-1.onnx").exists()
