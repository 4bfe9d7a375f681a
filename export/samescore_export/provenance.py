"""Where an artifact came from: no clock and no path, so that the same model gives the same bytes."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Any

from samescore_export.sample import Sample
from samescore_runtime import __version__

PACKAGES = (
    "scikit-learn",
    "numpy",
    "scipy",
    "onnx",
    "onnx-ir",
    "onnxruntime",
    "skl2onnx",
    "xgboost",
    "lightgbm",
    "catboost",
)


def make_provenance(estimator: Any, sample: Sample, commit: str | None) -> dict[str, Any]:
    """The entry ``samescore.provenance``. ``commit`` is the code's, if the caller knows it."""
    kind = type(estimator)
    return {
        "format": 1,
        "samescore": __version__,
        "estimator": f"{kind.__module__.split('._')[0]}.{kind.__qualname__}",
        "packages": {name: found for name in PACKAGES if (found := _version(name)) is not None},
        "sample": {"sha256": sample.sha256(), "rows": sample.rows},
        "training": getattr(estimator, "samescore_provenance_", None),
        "commit": commit,
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
