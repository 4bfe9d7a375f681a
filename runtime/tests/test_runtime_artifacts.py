"""Loading: what passes, and every way in which a file is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from samescore_runtime import ArtifactError, InputError, integrity, load, read_artifact, verify

ROWS = [{"price": 1.0, "size": 2.0}, {"price": None, "size": -1}]


@pytest.fixture(scope="module")
def content(classifier: Any) -> bytes:
    built: bytes = classifier.build()
    return built


def refused(content: bytes) -> ArtifactError:
    with pytest.raises(ArtifactError) as caught:
        load(content)
    result = verify(content)
    assert not result.passed
    assert caught.value.code in {check.code for check in result.checks}
    return caught.value


def changed_model(content: bytes, change: Any) -> bytes:
    model = onnx.load_from_string(content)
    change(model)
    return bytes(model.SerializeToString())


def resealed_model(content: bytes, seal: Any, change: Any) -> bytes:
    """The change with a checksum that holds again, so that only the goldens can see it."""
    model = onnx.load_from_string(content)
    change(model)
    kept = {item.key: json.loads(item.value) for item in model.metadata_props if item.key != integrity.INTEGRITY_KEY}
    sealed: bytes = seal(model, kept)
    return sealed


def set_constant(name: str, array: np.ndarray[Any, Any]) -> Any:
    def change(model: onnx.ModelProto) -> None:
        constant = next(item for item in model.graph.initializer if item.name == name)
        constant.CopyFrom(numpy_helper.from_array(array, name))

    return change


def test_scores_by_rows_arrays_and_files(artifact_folder: Path) -> None:
    model = load(artifact_folder / "classifier.onnx")
    by_rows = model.score_rows(ROWS)
    by_array = model.score(np.array([[1.0, 2.0], [np.nan, -1.0]]))
    assert by_rows["predict"].tolist() == by_array["predict"].tolist()
    assert by_rows["predict_proba"].dtype == np.float64
    np.testing.assert_array_equal(by_rows["predict_proba"], by_array["predict_proba"])
    assert all(type(label) is str for label in by_rows["predict"])
    assert model.digest == read_artifact(artifact_folder / "classifier.onnx").digest
    assert len(model.digest) == 64


def test_no_rows_give_no_scores(artifact_folder: Path) -> None:
    for name in ("classifier", "mixed", "text"):
        model = load(artifact_folder / f"{name}.onnx")
        assert {len(array) for array in model.score([]).values()} == {0}
        assert {len(array) for array in model.score_rows([]).values()} == {0}


def test_companion_outputs_stay_inside(artifact_folder: Path) -> None:
    model = load(artifact_folder / "mixed.onnx")
    assert "items.missing" not in model.output_names
    assert "items" in model.output_names


def test_threads_share_a_model(artifact_folder: Path) -> None:
    model = load(artifact_folder / "classifier.onnx")
    expected = model.score_rows(ROWS)["predict_proba"].tobytes()
    with ThreadPoolExecutor(4) as pool:
        got = list(pool.map(lambda _: model.score_rows(ROWS)["predict_proba"].tobytes(), range(200)))
    assert set(got) == {expected}


def test_verify_tells_every_check(content: bytes) -> None:
    result = verify(content)
    assert result.passed
    assert [check.name for check in result.checks] == [
        "format", "integrity", "contract", "goldens.predict", "goldens.predict_proba",
    ]  # fmt: skip


CHANGES = {
    "coefficient": set_constant("coefficients", np.array([[0.25, -0.5], [1.5, np.nextafter(0.125, 1)]])),
    "class order": set_constant("classes", np.array(["yes", "no"], object)),
    "threshold": set_constant("intercepts", np.array([np.nextafter(0.1, 1), 0.2])),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_inside_the_model_is_seen(content: bytes, change: str) -> None:
    assert refused(changed_model(content, CHANGES[change])).code == "integrity"


@pytest.mark.parametrize("key", ["contract", "golden", "proof", "provenance"])
def test_a_change_of_the_metadata_is_seen(content: bytes, key: str) -> None:
    def change(model: onnx.ModelProto) -> None:
        entry = next(item for item in model.metadata_props if item.key == f"samescore.{key}")
        entry.value = entry.value.replace("0", "1", 1)

    assert refused(changed_model(content, change)).code in {"integrity", "unknown_format", "not_an_artifact"}


def test_the_goldens_see_what_a_new_checksum_hides(content: bytes, resealed: Any) -> None:
    change = set_constant("classes", np.array(["yes", "no"], object))
    error = refused(resealed_model(content, resealed, change))
    assert error.code == "self_check"
    assert "row 0: expected 'no', got 'yes'" in str(error)


def test_flipped_bytes_are_never_loaded(content: bytes) -> None:
    offsets = range(0, len(content), max(1, len(content) // 400))
    for offset in offsets:
        broken = bytearray(content)
        broken[offset] ^= 1 << (offset % 8)
        with pytest.raises(ArtifactError):
            read_artifact(bytes(broken))


def test_truncated_files_are_never_loaded(content: bytes) -> None:
    for length in (0, 1, 2, 10, len(content) // 2, len(content) - 1):
        assert refused(content[:length]).code in {"not_an_artifact", "integrity"}


@pytest.mark.parametrize("tail", [b"\x00", b"x", b"\x72\x00", b"\x0b", b"\x08\x01"])
def test_bytes_behind_are_seen(content: bytes, tail: bytes) -> None:
    assert refused(content + tail).code in {"not_an_artifact", "integrity"}


@pytest.mark.parametrize("other", [b"", b"PK\x03\x04zip", b"%PDF-1.7", b"\xff" * 40, b"plain text\n"])
def test_other_files_are_refused(other: bytes) -> None:
    assert refused(other).code == "not_an_artifact"


def test_a_plain_onnx_model_is_no_artifact(classifier: Any) -> None:
    error = refused(classifier.model().SerializeToString())
    assert error.code == "not_an_artifact"
    assert "samescore.contract" in str(error)


def test_an_unknown_format_names_the_known_ones(classifier: Any) -> None:
    error = refused(classifier.build(proof={"format": 2}))
    assert error.code == "unknown_format"
    assert "format 2; format 1" in str(error)


@pytest.mark.parametrize("proof", [[], {}, {"format": "1"}, {"format": True}, {"format": 1.0}])
def test_an_entry_without_a_format_is_refused(classifier: Any, proof: Any) -> None:
    assert refused(classifier.build(proof=proof)).code == "not_an_artifact"


@pytest.mark.parametrize("golden", [{"format": 1}, {"format": 1, "columns": {}, "outputs": {}}, None])
def test_unreadable_goldens_are_refused(classifier: Any, golden: Any) -> None:
    assert refused(classifier.build(golden=golden)).code in {"not_an_artifact", "self_check"}


def test_an_artifact_without_checksum_is_refused(content: bytes) -> None:
    def change(model: onnx.ModelProto) -> None:
        kept = [item for item in model.metadata_props if item.key != integrity.INTEGRITY_KEY]
        del model.metadata_props[:]
        model.metadata_props.extend(kept)

    assert refused(changed_model(content, change)).code == "integrity"


def test_a_metadata_key_twice_is_refused(content: bytes) -> None:
    def change(model: onnx.ModelProto) -> None:
        model.metadata_props.append(model.metadata_props[0])

    assert refused(changed_model(content, change)).code == "not_an_artifact"


@pytest.mark.parametrize(
    "change",
    [
        lambda contract: contract["tensors"][0].update(type="float32"),
        lambda contract: contract["tensors"][0].update(name="other"),
        lambda contract: contract["outputs"][1].update(shape=[None]),
        lambda contract: contract["outputs"].pop(),
        lambda contract: contract["columns"][1]["place"].update(position=0),
        lambda contract: contract["columns"][0]["place"].update(tensor="nowhere"),
        lambda contract: contract["columns"][0].update(type="decimal"),
    ],
    ids=["type", "name", "rank", "output", "position", "tensor", "column type"],
)
def test_a_contract_of_another_model_is_refused(classifier: Any, change: Any) -> None:
    contract = json.loads(json.dumps(classifier.contract))
    change(contract)
    assert refused(classifier.build(contract=contract)).code == "contract_mismatch"


def test_a_missing_file_is_an_input_error(tmp_path: Path) -> None:
    for call in (load, verify, read_artifact):
        with pytest.raises(InputError, match="no such file"):
            call(tmp_path / "none.onnx")
    with pytest.raises(InputError, match="is a directory"):
        load(tmp_path)


def test_nothing_is_printed_in_normal_use(artifact_folder: Path) -> None:
    code = (
        "import sys, samescore_runtime as s\n"
        "m = s.load(sys.argv[1])\n"
        "assert len(m.score_rows([])['predict']) == 0\n"
        "try: s.load(open(sys.argv[1], 'rb').read()[:-1])\n"
        "except s.ArtifactError: pass\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(artifact_folder / "classifier.onnx")], capture_output=True, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
