"""Where an artifact came from: no clock and no path, so that the same model gives the same bytes."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from samescore_export.sample import Sample
from samescore_runtime import __version__

#: What every export hangs on.
PACKAGES = ("scikit-learn", "numpy", "scipy", "onnx", "onnx-ir", "onnxruntime", "skl2onnx")

#: Top-level module of an estimator -> the packages that may bring it; named where the model has such an estimator.
OF_ESTIMATORS: Mapping[str, tuple[str, ...]] = {
    "xgboost": ("xgboost", "xgboost-cpu"),
    "lightgbm": ("lightgbm",),
    "catboost": ("catboost",),
}


def make_provenance(estimator: Any, sample: Sample, commit: str | None) -> dict[str, Any]:
    """The entry ``samescore.provenance``. ``commit`` is the code's, if the caller knows it."""
    kind = type(estimator)
    used = [name for module in sorted(_modules(estimator)) for name in OF_ESTIMATORS.get(module, ())]
    return {
        "format": 1,
        "samescore": __version__,
        "estimator": f"{kind.__module__.split('._')[0]}.{kind.__qualname__}",
        "packages": {name: found for name in (*PACKAGES, *used) if (found := _version(name)) is not None},
        "sample": {"sha256": sample.sha256(), "rows": sample.rows},
        "training": getattr(estimator, "samescore_provenance_", None),
        "commit": commit,
    }


def _modules(estimator: Any) -> set[str]:
    """The top-level modules of the estimator and of all among its parameters."""
    found: set[str] = set()
    pending, seen = [estimator], set[int]()
    while pending:
        item = pending.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, (list, tuple)):
            pending.extend(item)
        elif hasattr(item, "get_params") and not isinstance(item, type):
            found.add(type(item).__module__.partition(".")[0])
            pending.extend(item.get_params(deep=False).values())
    return found


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
