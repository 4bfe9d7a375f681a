"""Detached signatures: made, checked before anything is parsed, and required where that is asked for."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from samescore_runtime import signatures
from samescore_runtime.cli import main
from samescore_runtime.errors import ArtifactError, InputError


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    for name in ("release", "other"):
        assert main(["keygen", "-o", str(folder / name)]) == 0
    return folder


@pytest.fixture
def signed(keys: Path, tmp_path: Path, classifier: Any) -> Path:
    file = tmp_path / "churn.onnx"
    file.write_bytes(classifier.build())
    assert main(["sign", str(file), "--key", str(keys / "release.key")]) == 0
    return file


def test_keys_are_pem_and_the_secret_one_is_for_its_owner(keys: Path) -> None:
    assert (keys / "release.key").read_text().startswith("-----BEGIN PRIVATE KEY-----")
    assert (keys / "release.pub").read_text().startswith("-----BEGIN PUBLIC KEY-----")
    assert stat.S_IMODE((keys / "release.key").stat().st_mode) == 0o600
    assert main(["keygen", "-o", str(keys / "release")]) == 2


def test_a_signature_is_64_raw_bytes_that_openssl_checks(keys: Path, signed: Path) -> None:
    signature = signed.with_name("churn.onnx.sig")
    assert len(signature.read_bytes()) == 64
    if shutil.which("openssl") is None:
        assert os.environ.get("CI") != "true", "no openssl; CI needs one"
        pytest.skip("no openssl here")
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", keys / "release.pub", "-rawin", "-in", signed]
    done = subprocess.run([*command, "-sigfile", signature], capture_output=True, text=True, check=False)
    assert "Signature Verified Successfully" in done.stdout


def test_verify_signature(keys: Path, signed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    public = str(keys / "release.pub")
    assert main(["verify-signature", str(signed), "--public-key", public]) == 0
    # Two keys are good while one is being replaced by the other.
    both = ["--public-key", str(keys / "other.pub"), "--public-key", public]
    assert main(["verify-signature", str(signed), *both]) == 0
    assert main(["verify-signature", str(signed), "--public-key", str(keys / "other.pub")]) == 1
    assert "a signature that no trusted key made" in capsys.readouterr().err


@pytest.mark.parametrize("damage", ["content", "signature", "short", "missing"])
def test_damage_is_seen_before_anything_is_parsed(
    keys: Path, signed: Path, damage: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    target = signed if damage == "content" else signed.with_name("churn.onnx.sig")
    content = bytearray(target.read_bytes())
    content[-1] ^= 1
    if damage == "missing":
        target.unlink()
    else:
        target.write_bytes(content[:63] if damage == "short" else content)

    def parsed(*_: Any) -> Any:
        raise AssertionError("the file was parsed")

    monkeypatch.setattr("samescore_runtime.integrity.read", parsed)
    public = ["--public-key", str(keys / "release.pub"), "--require-signature"]
    assert main(["verify", str(signed), "--json", *public]) == 1
    (entry,) = json.loads(capsys.readouterr().out)["files"]
    assert [check["result"] for check in entry["checks"]] == ["failed", *["skipped"] * 4]
    assert entry["checks"][0]["code"] == "signature"
    root = str(signed.parent / "models")
    assert main(["publish", "churn", str(signed), "--repository", root, *public]) == 1


def test_a_signed_artifact_is_published_with_its_signature(keys: Path, signed: Path) -> None:
    public = ["--public-key", str(keys / "release.pub"), "--require-signature"]
    root = signed.parent / "models"
    assert main(["publish", "churn", str(signed), "--repository", str(root), *public]) == 0
    published = root / "churn" / "1" / "model.onnx"
    assert main(["verify", str(published), *public]) == 0


def test_what_is_no_key(keys: Path, signed: Path, tmp_path: Path) -> None:
    (tmp_path / "no.pem").write_text("nothing")
    for path in (tmp_path / "no.pem", keys / "release.key", tmp_path / "absent"):
        with pytest.raises(InputError):
            signatures.trust([path])
    with pytest.raises(InputError):
        signatures.private_key(keys / "release.pub")
    with pytest.raises(InputError, match="no key to check it with"):
        signatures.trust([], required=True)


def test_without_keys_nothing_is_required() -> None:
    assert signatures.Trust().check("f", b"content", b"anything") is False
    with pytest.raises(ArtifactError):
        signatures.Trust(required=True).check("f", b"content", None)
