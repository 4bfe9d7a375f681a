"""Loading an artifact in a child process first: what crashes, hangs or takes too much memory there, does so to nobody else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass

from samescore_runtime.errors import ArtifactError, SamescoreError


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the child may use: seconds by the clock and of the processor, and bytes of address space beside the file's own.

    Attributes:
        memory: onnxruntime reserves much more than it touches, so this is wide.
    """

    seconds: float = 60.0
    cpu_seconds: int = 60
    memory: int = 4 << 30

    def address_space(self, size: int) -> int:
        """For a file of ``size`` bytes, which is held several times while it is opened."""
        return self.memory + 32 * size


def try_out(name: str, content: bytes, bounds: Bounds | None = None) -> None:
    """Load an artifact and score its goldens in a child process.

    Raises:
        ArtifactError: with the code that loading gave, or ``crashed`` if the child ended, hung or was stopped by a bound.
    """
    bounds = Bounds() if bounds is None else bounds
    limits = [str(bounds.address_space(len(content))), str(bounds.cpu_seconds)]
    command = [sys.executable, "-m", "samescore_runtime.repository.trial", *limits]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            command, input=content, capture_output=True, timeout=bounds.seconds, check=False, env=environment
        )
    except subprocess.TimeoutExpired:
        raise _crashed(name, f"loading took more than {bounds.seconds:g} s") from None
    except OSError as error:
        raise _crashed(name, f"no process to try it in ({error.strerror})") from error
    if done.returncode == 0:
        return
    try:
        told = json.loads(done.stdout)
        raise ArtifactError(told["code"], name, told["found"], told["accepted"])
    except (ValueError, KeyError, TypeError):
        how = f"signal {-done.returncode}" if done.returncode < 0 else f"exit code {done.returncode}"
        raise _crashed(name, f"loading it ended the process ({how})") from None


def _crashed(name: str, found: str) -> ArtifactError:
    return ArtifactError("crashed", name, found, "a file that loads within the bounds")


def main() -> int:
    """The child: bounds as arguments, the file on standard input, what was wrong as JSON on standard output."""
    import resource

    memory, seconds = map(int, sys.argv[1:3])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    from samescore_runtime.model import load

    try:
        load(sys.stdin.buffer.read())
    except SamescoreError as error:
        code = error.code if isinstance(error, ArtifactError) else "not_an_artifact"
        print(json.dumps({"code": code, "found": error.found, "accepted": error.accepted}), flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
