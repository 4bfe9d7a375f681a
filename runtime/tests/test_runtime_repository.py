"""The repository on disk: publishing, moving aliases, and what happens when callers collide or the disk is full."""

from __future__ import annotations

import itertools
import json
import multiprocessing
import resource
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from samescore_runtime.artifact import read_artifact
from samescore_runtime.cli import main
from samescore_runtime.errors import InputError
from samescore_runtime.repository import operations, state
from samescore_runtime.repository.state import ConflictError, State


def unchecked(content: bytes, signature: bytes | None) -> None:
    """For tests of the disk alone."""


def publish(root: Path, content: bytes, name: str = "churn") -> str:
    file = root.parent / "to-publish.onnx"
    file.write_bytes(content)
    return operations.publish(root, name, file, unchecked, "me")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "models"


def test_versions_aliases_and_history(root: Path) -> None:
    assert [publish(root, text) for text in (b"one", b"two", b"three")] == ["1", "2", "3"]
    assert publish(root, b"two") == "2"
    for version in ("1", "3", "3"):
        operations.promote(root, "churn", version, "champion", "me", "because")
    operations.promote(root, "churn", "2", "challenger", "me")
    (model,) = operations.list_models(root)
    assert model.versions == ("1", "2", "3")
    assert model.state.current == {"champion": "3", "challenger": "2"}
    assert operations.rollback(root, "churn", "champion", "you").current["champion"] == "1"
    with pytest.raises(InputError, match="no version before this one"):
        operations.rollback(root, "churn", "champion", "you")
    events = state.read(root / "churn").history
    assert [event.generation for event in events] == list(range(1, len(events) + 1))
    assert (events[-1].action, events[-1].old, events[-1].new, events[-1].by) == ("rollback", "3", "1", "you")
    assert events[3].reason == "because"


def test_a_caller_that_saw_an_older_generation_changes_nothing(root: Path) -> None:
    publish(root, b"one")
    operations.promote(root, "churn", "1", "champion", "me", expected=1)
    before = state.read(root / "churn")
    with pytest.raises(ConflictError, match="generation 2; generation 1, as expected"):
        operations.promote(root, "churn", "1", "other", "me", expected=1)
    assert state.read(root / "churn") == before


@pytest.mark.parametrize("name", ["../up", "a/b", "", ".hidden", "a b"])
def test_names_that_do_not_fit(root: Path, name: str) -> None:
    root.mkdir()
    with pytest.raises(InputError, match="does not fit"):
        publish(root, b"one", name)
    with pytest.raises(InputError, match="not in the repository"):
        operations.promote(root, name, "1", "champion", "me")


def test_what_is_not_there_is_refused(root: Path) -> None:
    publish(root, b"one")
    with pytest.raises(InputError, match="version 2: not published; one of 1"):
        operations.promote(root, "churn", "2", "champion", "me")
    with pytest.raises(InputError, match="alias"):
        operations.promote(root, "churn", "1", "1", "me")
    with pytest.raises(InputError, match="no such alias"):
        operations.rollback(root, "churn", "champion", "me")
    with pytest.raises(InputError, match="no such alias"):
        operations.divert(root, "churn", "split", "challenger", 10, "me")
    operations.promote(root, "churn", "1", "challenger", "me")
    with pytest.raises(InputError, match="from 0 to 100"):
        operations.divert(root, "churn", "split", "challenger", 101, "me")


def test_a_split_is_part_of_the_state(root: Path) -> None:
    publish(root, b"one")
    operations.promote(root, "churn", "1", "challenger", "me")
    operations.divert(root, "churn", "split", "challenger", 12.5, "me")
    operations.divert(root, "churn", "shadow", "challenger", 100, "me")
    assert state.read(root / "churn").split == state.Split("challenger", 12.5)
    operations.divert(root, "churn", "split", None, 0, "me")
    found = state.read(root / "churn")
    assert found.split is None
    assert found.shadow == state.Split("challenger", 100)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": 2}', '{"format": 1}'])
def test_a_state_that_is_none_is_refused(root: Path, text: str) -> None:
    publish(root, b"one")
    (root / "churn" / state.FILE).write_text(text)
    with pytest.raises(InputError):
        operations.list_models(root)


def hammer(root: Path, number: int, times: int) -> None:
    """Promotions and rollbacks as fast as they go, and every tenth against a stated generation."""
    for turn in range(times):
        try:
            if turn % 3 == 2:
                operations.rollback(root, "churn", "champion", str(number))
            else:
                seen = state.read(root / "churn").generation if turn % 10 == 0 else None
                operations.promote(root, "churn", str(1 + (turn + number) % 3), "champion", str(number), None, seen)
        except (ConflictError, InputError):
            continue


def test_concurrent_callers_leave_one_line_of_history(root: Path) -> None:
    for text in (b"one", b"two", b"three"):
        publish(root, text)
    operations.promote(root, "churn", "1", "champion", "me")
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=hammer, args=(root, number, 40)) for number in range(6)]
    for worker in workers:
        worker.start()
    seen: list[State] = []
    while any(worker.is_alive() for worker in workers):
        seen.append(state.read(root / "churn"))
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    final = state.read(root / "churn")
    assert [event.generation for event in final.history] == list(range(1, final.generation + 1))
    assert final.generation > 100
    moves = [event for event in final.history if event.alias == "champion"]
    for earlier, later in itertools.pairwise(moves):
        assert later.old == earlier.new
    # Whatever was read on the way is a beginning of that line.
    for one in seen:
        assert one.history == final.history[: one.generation]
    assert {event.by for event in moves} >= {str(number) for number in range(6)}


def publish_many(root: Path, number: int) -> None:
    for turn in range(10):
        file = root.parent / f"{number}.onnx"
        file.write_bytes(f"{number} {turn}".encode())
        operations.publish(root, "churn", file, unchecked, str(number))


def test_concurrent_publishers_get_a_version_each(root: Path) -> None:
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=publish_many, args=(root, number)) for number in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    (model,) = operations.list_models(root)
    assert model.versions == tuple(map(str, range(1, 41)))
    contents = {(root / "churn" / version / "model.onnx").read_bytes() for version in model.versions}
    assert len(contents) == 40


def _publish_on_a_full_disk(root: Path) -> None:
    # A file may not grow beyond this: the write fails in its midst, as on a full disk.
    import signal

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
    with pytest.raises(OSError, match="large"):
        operations.publish(root, "churn", root.parent / "big.onnx", unchecked, "me")


def test_a_full_disk_changes_nothing(root: Path) -> None:
    publish(root, b"one")
    operations.promote(root, "churn", "1", "champion", "me")
    before = sorted(str(path) for path in root.rglob("*")), state.read(root / "churn")
    (root.parent / "big.onnx").write_bytes(b"x" * 100_000)
    worker = multiprocessing.get_context("fork").Process(target=_publish_on_a_full_disk, args=(root,))
    worker.start()
    worker.join()
    assert worker.exitcode == 0
    assert (sorted(str(path) for path in root.rglob("*")), state.read(root / "churn")) == before
    assert publish(root, b"two") == "2"


FULL = """
mount -t tmpfs -o size=64k tmpfs "$1" || exit 77
shift
exec "$@"
"""


def test_a_disk_that_is_full_in_earnest(root: Path, tmp_path: Path, classifier: Any) -> None:
    """A file system of 64 kB: the state stays readable and the error is told in one line."""
    (tmp_path / "good.onnx").write_bytes(classifier.build())
    (tmp_path / "big.onnx").write_bytes(classifier.build(provenance={"format": 1, "packages": {"x": "y" * 100_000}}))
    root.mkdir()
    steps = """
import sys, pathlib
from samescore_runtime.cli import main
root, folder = sys.argv[1], pathlib.Path(sys.argv[2])
assert main(["publish", "churn", str(folder / "good.onnx"), "--repository", root, "--alias", "champion"]) == 0
assert main(["publish", "churn", str(folder / "big.onnx"), "--repository", root]) == 2
assert main(["list", "--repository", root, "--json"]) == 0
assert main(["promote", "churn", "1", "--repository", root]) == 0
"""
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", FULL, "sh", root, sys.executable, "-c", steps, root, tmp_path],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 77 or "unshare" in done.stderr:
        # No tool is missing then: the kernel lets nobody mount, as in most containers.
        pytest.skip("no file system of one's own may be mounted here")
    assert done.returncode == 0, done.stderr
    assert "No space left on device" in done.stderr
    assert '"aliases": {"champion": "1"}' in done.stdout


def run(*arguments: object) -> int:
    return main(list(map(str, arguments)))


def test_the_commands(root: Path, tmp_path: Path, classifier: Any, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(2):
        content = classifier.build(provenance={"format": 1, "commit": str(number)})
        (tmp_path / f"{number}.onnx").write_bytes(content)
        assert run("publish", "churn", tmp_path / f"{number}.onnx", "--repository", root, "--alias", "champion") == 0
    assert capsys.readouterr().out.split() == ["1", "2"]
    assert run("rollback", "churn", "--repository", root, "--reason", "worse", "--by", "ann") == 0
    assert run("promote", "churn", 2, "--repository", root, "--alias", "challenger", "--expect", 5) == 0
    assert run("promote", "churn", 2, "--repository", root, "--expect", 5) == 1
    assert run("split", "churn", "--repository", root, "--percent", 25) == 0
    assert run("shadow", "churn", "--repository", root, "--percent", 50) == 0
    assert run("shadow", "churn", "--repository", root, "--off") == 0
    capsys.readouterr()
    assert run("list", "--repository", root, "--json", "--history") == 0
    (model,) = json.loads(capsys.readouterr().out)["models"]
    assert model["aliases"] == {"champion": "1", "challenger": "2"}
    assert model["split"] == {"alias": "challenger", "percent": 25.0}
    assert model["shadow"] is None
    assert model["versions"]["2"] == read_artifact(tmp_path / "1.onnx").digest
    assert run("list", "churn", "--repository", root, "--history") == 0
    page = capsys.readouterr().out
    assert "ann: rollback champion 2 -> 1 (worse)" in page
    assert "split: 25 % to challenger" in page
    assert run("list", "other", "--repository", root) == 2
    assert run("promote", "churn", 9, "--repository", root) == 2
    assert run("list", "--repository", tmp_path / "nowhere") == 2


def test_a_bad_artifact_is_not_published(
    root: Path, tmp_path: Path, classifier: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    content = bytearray(classifier.build())
    content[len(content) // 2] ^= 1
    (tmp_path / "bad.onnx").write_bytes(content)
    assert run("publish", "churn", tmp_path / "bad.onnx", "--repository", root) == 1
    assert not root.exists()
    assert "Traceback" not in capsys.readouterr().err
    assert run("publish", "churn", tmp_path / "none.onnx", "--repository", root) == 2
    check = partial(operations.publish, root, "churn", tmp_path / "none.onnx", unchecked, "me")
    with pytest.raises(InputError):
        check()
