"""The lean runtime of samescore: load an artifact, check it, score with it."""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# From 1.29 on, onnxruntime on Linux and macOS reports its use to its maker, with a device identifier that it keeps in the home folder, unless
# this says no before it is imported. Scoring is nobody else's business; who wants to report sets it to 0.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

#: Public name -> its module; imported on first use, so that importing the package stays light.
_HOME = {
    "load": "model",
    "Model": "model",
    "Artifact": "artifact",
    "read_artifact": "artifact",
    "verify": "verification",
    "Contract": "contract",
    "SamescoreError": "errors",
    "InputError": "errors",
    "ArtifactError": "errors",
    "ContractError": "errors",
    "MissingExtraError": "errors",
    "Problem": "errors",
}

if TYPE_CHECKING:
    from samescore_runtime.artifact import Artifact, read_artifact
    from samescore_runtime.contract import Contract
    from samescore_runtime.errors import (
        ArtifactError,
        ContractError,
        InputError,
        MissingExtraError,
        Problem,
        SamescoreError,
    )
    from samescore_runtime.model import Model, load
    from samescore_runtime.verification import verify

__all__ = [
    "Artifact",
    "ArtifactError",
    "Contract",
    "ContractError",
    "InputError",
    "MissingExtraError",
    "Model",
    "Problem",
    "SamescoreError",
    "__version__",
    "load",
    "read_artifact",
    "verify",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
