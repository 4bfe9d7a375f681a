"""Every check that loading does, with a result for each, for people and machines to read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal

from samescore_runtime import artifact as reading
from samescore_runtime.artifact import Artifact, Source
from samescore_runtime.errors import ArtifactError
from samescore_runtime.model import Model
from samescore_runtime.self_check import compare_goldens


@dataclass(frozen=True, slots=True)
class Check:
    """One check: ``passed``, ``failed`` or, behind a failed one, ``skipped``; ``reason`` in words."""

    name: str
    result: Literal["passed", "failed", "skipped"]
    reason: str
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Verification:
    """The result for one file; ``digest`` is None if it could not be read as an artifact."""

    name: str
    digest: str | None
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        return all(check.result == "passed" for check in self.checks)

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "passed": self.passed,
            "digest": self.digest,
            "checks": [asdict(check) for check in self.checks],
        }


STEPS = ("format", "integrity", "contract", "goldens")


def verify(source: Source) -> Verification:
    """Check a file or bytes as :func:`samescore_runtime.load` does, and tell the result of each check.

    Raises:
        InputError: a file that cannot be read at all.
    """
    name, content = reading.read_content(source)
    checks: list[Check] = []
    artifact: Artifact | None = None
    try:
        checksum, entries = reading.read_entries(content, name)
        artifact = reading.build(name, content, entries)
        checks.append(Check("format", "passed", "an artifact of a known format"))
        reading.check_integrity(checksum, entries, name)
        checks.append(Check("integrity", "passed", "the checksum covers every byte"))
        model = Model(artifact)
        checks.append(Check("contract", "passed", "inputs and outputs are those of the contract"))
        checks.extend(_goldens(artifact, model.run))
    except ArtifactError as error:
        checks.append(Check(STEPS[len(checks)], "failed", f"{error.found}; {error.accepted}", error.code))
        checks.extend(Check(step, "skipped", "a check before it failed") for step in STEPS[len(checks) :])
    return Verification(name, artifact.digest if artifact else None, tuple(checks))


def _goldens(artifact: Artifact, run: Callable[[Any], Any]) -> list[Check]:
    return [
        Check(f"goldens.{name}", "passed", str(result))
        if result.passed
        else Check(f"goldens.{name}", "failed", str(result), "self_check")
        for name, result in compare_goldens(artifact, run).items()
    ]
