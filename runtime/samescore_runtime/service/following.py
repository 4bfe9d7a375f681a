"""Following the repository: new artifacts are tried out, loaded and swapped in; whatever is wrong, the old one stays."""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

from samescore_runtime.artifact import read_content
from samescore_runtime.errors import ArtifactError, SamescoreError
from samescore_runtime.model import load
from samescore_runtime.repository.durable import replace
from samescore_runtime.repository.trial import Bounds, try_out
from samescore_runtime.service.models import Entry, Models, Served
from samescore_runtime.service.plan import Wanted, plan, stamp
from samescore_runtime.signatures import Trust, beside

_LOG = logging.getLogger(__name__)

Trial = Callable[[str, bytes, str], None]


class Follower:
    """What is served, and the way to what should be.

    Args:
        path: the file, folder or repository.
        trust: whose signatures count.
        common: a folder shared with the service's other processes. There each model's last accepted plan is kept, which a process
            that starts later begins with; and whether an artifact passed its trial, so that one process tries for all.
    """

    def __init__(self, path: Path, trust: Trust, common: Path, bounds: Bounds | None = None) -> None:
        self._path = path
        self._trust = trust
        self._common = common
        self._bounds = bounds
        self._stamp = stamp(path)
        self._wanted: dict[str, Wanted] = {}
        self.entries: dict[str, Entry] = {}
        self.unloaded: frozenset[str] = frozenset()
        #: Model -> why its latest change was refused.
        self.refused: dict[str, str] = {}

    def start(self) -> Models:
        """Load everything: as last accepted by the service's processes, or if there is nothing yet, as on disk.

        Raises:
            SamescoreError: an artifact that must not be served.
        """
        accepted = self._accepted()
        for name, wanted in (accepted or plan(self._path)).items():
            # Nothing is served yet that a crash could take along, so nothing is tried out.
            self._adopt(name, wanted, None)
        if accepted:
            # What has changed since is tried out like any change.
            self._stamp = ()
        return self.models()

    def models(self) -> Models:
        """The snapshot to serve."""
        return Models(entries={name: entry for name, entry in self.entries.items() if name not in self.unloaded})

    def follow(self, force: frozenset[str] = frozenset()) -> tuple[list[str], list[str]]:
        """Take over what changed on disk; ``force`` names models to read anew even if nothing seems to have changed.

        Returns:
            The models that changed, and those whose change was refused.
        """
        now = stamp(self._path)
        if now == self._stamp and not force:
            return [], []
        self._stamp = now
        try:
            wanted = plan(self._path)
        except (SamescoreError, OSError) as error:
            _LOG.error("the repository cannot be read: %s", error)
            self.refused = {**self.refused, "": "the repository cannot be read"}
            return [], [""]
        self.refused.pop("", None)
        changed, refused = [], []
        for name, one in wanted.items():
            if one == self._wanted.get(name) and name not in force:
                continue
            try:
                self._adopt(name, one, self._try)
            except (SamescoreError, OSError) as error:
                # Told to the log alone: the words may name files.
                _LOG.error("%s: what is served stays: %s", name, error)
                self.refused[name] = error.code if isinstance(error, ArtifactError) else "unreadable"
                refused.append(name)
            else:
                self.refused.pop(name, None)
                changed.append(name)
        if self._path.is_dir():
            for name in set(self.entries) - set(wanted):
                del self.entries[name]
                self._wanted.pop(name, None)
                (self._common / f"{name}.accepted").unlink(missing_ok=True)
                changed.append(name)
        return changed, refused

    def _adopt(self, name: str, wanted: Wanted, trial: Trial | None) -> None:
        old = self.entries.get(name)
        versions = {
            version: self._served(name, version, Path(file), wanted.digests.get(version), old, trial)
            for version, file in wanted.files.items()
        }
        self.entries[name] = Entry.of(wanted, versions)
        self._wanted[name] = wanted
        digests = {version: served.model.digest for version, served in versions.items()}
        record = {**wanted.to_json(), "digests": digests}
        replace(self._common / f"{name}.accepted", json.dumps(record).encode())

    def _served(
        self, name: str, version: str, file: Path, digest: str | None, old: Entry | None, trial: Trial | None
    ) -> Served:
        label, content = read_content(file)
        found = hashlib.sha256(content).hexdigest()
        if digest is not None and found != digest:
            raise ArtifactError("integrity", label, "another file than was published", f"the digest {digest}")
        same = old.versions.get(version) if old is not None else None
        if same is not None and same.model.digest == found:
            return same
        signed = self._trust.check(label, content, beside(file))
        if trial is not None:
            trial(label, content, found)
        try:
            # The bytes that were checked, not the file, which may be another by now.
            model = load(content)
        except ArtifactError as error:
            raise ArtifactError(
                error.code, error.where.replace("artifact", label, 1), error.found, error.accepted
            ) from error
        return Served(name, version, model, signed)

    def _try(self, label: str, content: bytes, digest: str) -> None:
        """Try an artifact out, unless another process has: the first one does it while the others wait."""
        with ExitStack() as held:
            lock = os.open(self._common / "trial.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            held.callback(os.close, lock)
            fcntl.flock(lock, fcntl.LOCK_EX)
            passed = self._common / f"{digest}.passed"
            if not passed.exists():
                try_out(label, content, self._bounds)
                passed.touch()

    def _accepted(self) -> dict[str, Wanted]:
        found: dict[str, Wanted] = {}
        for file in sorted(self._common.glob("*.accepted")):
            data: Mapping[str, object] = json.loads(file.read_bytes())
            wanted = Wanted.from_json(data)
            found[wanted.name] = wanted
        return found
